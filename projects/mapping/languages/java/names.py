"""Which file the name of a Java type means.

Source of the rules: the Java language specification, 6.4.1 (shadowing), 6.5 (meaning of a name),
7.5 (imports) and 8.5 (member types are inherited). A package is what files say it is, wherever they
lie; where several files declare one type, the nearest to the asking file is meant.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any

from projects.mapping.languages.nesting import nearest
from projects.mapping.sources import Resolved, Sources

HEURISTIC = False
Type = tuple[str, int]  # file, index of the type in it
_REMEMBERED = 50_000  # answers
_OPEN_FILES = 500
_DEEPEST = 40  # packages in a name, and types that are looked up to look up another
_ANCESTORS = 200  # of one type


def resolve(sources: Sources) -> Resolved:
    """This function will find the files whose types each Java file names.

    An import leads to the file of the type it names, and so does every use of a name, with or
    without import. What a file says is as `syntax` gives it.
    """
    tree = Tree(sources.imports)
    found = Resolved()
    for path in sources.imports:
        said = tree.file(path).said
        for name, static, whole, line in said["imports"]:
            types = tree.imported(path, name)
            found.edges.update((path, target, line) for target, _ in types if target != path)
            if not static and not whole and tree.has(name.rpartition(".")[0]):
                found.inside += 1
                found.lost += [] if types else [(path, line)]
        for scope, name, line in said["uses"]:
            types = tree.named(path, scope, name)
            found.edges.update((path, target, line) for target, _ in types if target != path)
    return found


class Tree:
    """The types of a repository, and how a name leads to one."""

    def __init__(self, imports: Mapping[str, Any]) -> None:
        self._packages: dict[str, dict[str, list[Type]]] = defaultdict(dict)
        self._members: dict[Type, dict[str, int]] = {}
        for path in sorted(imports):
            said = imports[path]
            for index, (name, outer, _) in enumerate(said["types"]):
                if name and outer < 0:
                    self._packages[said["package"]].setdefault(name, []).append((path, index))
                elif name:
                    self._members.setdefault((path, outer), {}).setdefault(name, index)
        # Most words are no member of anything: nobody's ancestors need be looked through for them.
        self._known = {name for members in self._members.values() for name in members}
        self.file = lru_cache(_OPEN_FILES)(lambda path: File(self, path, imports[path]))
        self._simple = lru_cache(_REMEMBERED)(self._find)
        self._supers: dict[Type, list[Type]] = {}
        self._deep = 0

    def has(self, package: str) -> bool:
        """This method will say whether some file declares a package."""
        return package in self._packages

    def imported(self, path: str, name: str) -> list[Type]:
        """This method will give the types a fully qualified name passes through."""
        return self._qualified(path, name.split("."))

    def named(self, path: str, scope: int, name: str) -> list[Type]:
        """This method will give the types a name passes through in a type's body."""
        first, *rest = name.split(".")
        head = self._simple(path, scope, first)
        if head is None:
            return self._qualified(path, [first, *rest]) if rest else []
        return [head, *self._inner(head, rest)]

    def member(self, owner: Type, name: str) -> Type | None:
        """This method will give a member type, declared or inherited."""
        if name not in self._known:
            return None
        for one in islice(self._above(owner), _ANCESTORS):
            index = self._members.get(one, {}).get(name)
            if index is not None:
                return one[0], index
        return None

    def at(self, path: str, package: str, name: str) -> Type | None:
        """This method will give a type of a package, of several the nearest to a file."""
        found = self._packages[package].get(name) if package in self._packages else None
        return nearest(found, path, itemgetter(0)) if found else None

    def _find(self, path: str, scope: int, name: str) -> Type | None:
        file = self.file(path)
        while scope >= 0:
            own, outer, _ = file.said["types"][scope]
            found = (path, scope) if own == name else self.member((path, scope), name)
            if found:
                return found
            scope = outer
        if file.shadows(name):
            return file.single(name)
        return self.at(path, file.said["package"], name) or file.on_demand(name)

    def _above(self, owner: Type) -> Iterator[Type]:
        """A type and all it inherits from, the nearest first."""
        seen, waiting = {owner}, [owner]
        for one in waiting:
            yield one
            fresh = [parent for parent in self._parents(one) if parent not in seen]
            seen.update(fresh)
            waiting += fresh

    def _parents(self, owner: Type) -> list[Type]:
        if owner not in self._supers and self._deep < _DEEPEST:
            self._supers[owner] = []  # while they are looked for: a type may inherit from itself
            path, index = owner
            _, outer, names = self.file(path).said["types"][index]
            self._deep += 1
            found = [self.named(path, outer, name) for name in names]
            self._deep -= 1
            self._supers[owner] = [types[-1] for types in found if types]
        return self._supers.get(owner, [])

    def _qualified(self, path: str, words: list[str]) -> list[Type]:
        for end in range(1, min(len(words), _DEEPEST)):
            head = self.at(path, ".".join(words[:end]), words[end])
            if head:
                return [head, *self._inner(head, words[end + 1 :])]
        return []

    def _inner(self, head: Type, words: list[str]) -> Iterator[Type]:
        step: Type | None = head
        for word in words:
            step = self.member(step, word) if step else None
            if step is None:
                return
            yield step


class File:
    """One file, and what its imports make of a single word."""

    def __init__(self, tree: Tree, path: str, said: Any) -> None:
        self.said = said
        self._tree, self._path = tree, path
        named = [(name, static) for name, static, whole, _ in said["imports"] if not whole]
        self._single = {name.rpartition(".")[2]: name for name, _ in named}
        self._static = {name for name, static in named if static}
        self._whole = [name for name, _, whole, _ in said["imports"] if whole]

    def shadows(self, name: str) -> bool:
        """This method will say whether an import decides what a word means, here or elsewhere."""
        whole = self._single.get(name)
        return whole is not None and (whole not in self._static or self.single(name) is not None)

    def single(self, name: str) -> Type | None:
        """This method will give the type of an import that ends in a word."""
        found = self._tree.imported(self._path, self._single[name])
        if not found:
            return None
        path, index = found[-1]
        own = self._tree.file(path).said["types"][index][0]
        return found[-1] if own == name else None

    def on_demand(self, name: str) -> Type | None:
        """This method will give the type of an import of all of a package or of a type."""
        for whole in self._whole:
            found = self._tree.at(self._path, whole, name)
            owners = [] if found else self._tree.imported(self._path, whole)
            found = found or (self._tree.member(owners[-1], name) if owners else None)
            if found:
                return found
        return None
