"""Which file the name of a Java type means.

Source of the rules: the Java language specification, 6.4.1 (shadowing), 6.5 (meaning of a name),
7.5 (imports) and 8.5 (member types are inherited). A package is what files say it is, wherever they
lie; where several files declare one type, the nearest to the asking file is meant.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from projects.mapping.sources import Resolved, Sources

HEURISTIC = False
Type = tuple[str, int]  # file, index of the type in it


def resolve(sources: Sources) -> Resolved:
    """This function will find the files whose types each Java file names.

    An import leads to the file of the type it names, and so does every use of a name, with or
    without import. What a file says is as `syntax` gives it.
    """
    tree = Tree(sources.imports)
    found = Resolved()
    for path, said in sources.imports.items():
        for name, static, whole, line in said["imports"]:
            types = tree.imported(path, name)
            found.edges.update((path, target, line) for target, _ in types if target != path)
            package = name.rpartition(".")[0]
            if not static and not whole and package in tree.packages:
                found.inside += 1
                found.lost += [] if types else [(path, line)]
        for scope, name, line in said["uses"]:
            types = tree.named(path, scope, name)
            found.edges.update((path, target, line) for target, _ in types if target != path)
    return found


class Tree:
    """The types of a repository, and how a name leads to one."""

    def __init__(self, imports: Any) -> None:
        self._said = imports
        self.packages: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._members: dict[Type, dict[str, int]] = defaultdict(dict)
        self._roots = {path: _root(path, said["package"]) for path, said in imports.items()}
        for path, said in sorted(imports.items()):
            for index, (name, outer, _) in enumerate(said["types"]):
                if not name:
                    continue
                self._members[path, outer].setdefault(name, index)
                if outer < 0:
                    self.packages[said["package"]][name].append(path)
        self._files = {path: _Imports(self, path, said) for path, said in imports.items()}
        self._supers: dict[Type, list[Type]] = {}
        self._simple: dict[tuple[str, int, str], Type | None] = {}

    def imported(self, path: str, name: str) -> list[Type]:
        """This method will give the types a fully qualified name passes through."""
        return self._qualified(path, name.split("."))

    def named(self, path: str, scope: int, name: str) -> list[Type]:
        """This method will give the types a name passes through in a type's body."""
        first, *rest = name.split(".")
        head = self.simple(path, scope, first)
        if head is None:
            return self._qualified(path, [first, *rest]) if rest else []
        return [head, *self._inner(head, rest)]

    def simple(self, path: str, scope: int, name: str) -> Type | None:
        """This method will give the type a single word means in a type's body."""
        key = path, scope, name
        if key not in self._simple:
            self._simple[key] = None  # while it is looked for: a type may inherit from itself
            self._simple[key] = self._find(path, scope, name)
        return self._simple[key]

    def member(self, owner: Type, name: str, passed: frozenset[Type] = frozenset()) -> Type | None:
        """This method will give a member type, declared or inherited."""
        index = self._members[owner].get(name) if owner in self._members else None
        if index is not None:
            return owner[0], index
        for parent in self._parents(owner):
            if parent not in passed:
                found = self.member(parent, name, passed | {owner})
                if found:
                    return found
        return None

    def at(self, path: str, package: str, name: str) -> Type | None:
        """This method will give a type of a package, of several the nearest to a file."""
        paths = self.packages[package].get(name, []) if package in self.packages else []
        if not paths:
            return None
        best = paths[0] if len(paths) == 1 else min(paths, key=lambda one: self._far(path, one))
        return best, self._members[best, -1][name]

    def _find(self, path: str, scope: int, name: str) -> Type | None:
        types = self._said[path]["types"]
        while scope >= 0:
            own, outer, _ = types[scope]
            found = (path, scope) if own == name else self.member((path, scope), name)
            if found:
                return found
            scope = outer
        file = self._files[path]
        if file.shadows(name):
            return file.single(name)
        return self.at(path, self._said[path]["package"], name) or file.on_demand(name)

    def name(self, one: Type) -> str:
        """This method will give a type's own name."""
        return str(self._said[one[0]]["types"][one[1]][0])

    def _parents(self, owner: Type) -> list[Type]:
        if owner not in self._supers:
            self._supers[owner] = []  # while they are looked for
            path, index = owner
            _, outer, names = self._said[path]["types"][index]
            found = [self.named(path, outer, name) for name in names]
            self._supers[owner] = [types[-1] for types in found if types]
        return self._supers[owner]

    def _qualified(self, path: str, words: list[str]) -> list[Type]:
        for end in range(1, len(words)):
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

    def _far(self, path: str, other: str) -> tuple[bool, int, str]:
        """Those of the same source root first, then those that share most of the way."""
        here, there = self._roots[path].split("/"), self._roots[other].split("/")
        shared = next(
            (at for at, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]),
            min(len(here), len(there)),
        )
        return here != there, -shared, other


class _Imports:
    """What the imports of one file make of a single word."""

    def __init__(self, tree: Tree, path: str, said: Any) -> None:
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
        return found[-1] if found and self._tree.name(found[-1]) == name else None

    def on_demand(self, name: str) -> Type | None:
        """This method will give the type of an import of all of a package or of a type."""
        for whole in self._whole:
            found = self._tree.at(self._path, whole, name)
            owners = [] if found else self._tree.imported(self._path, whole)
            found = found or (self._tree.member(owners[-1], name) if owners else None)
            if found:
                return found
        return None


def _root(path: str, package: str) -> str:
    """The folder the packages of a file begin in, as far as they lie in folders of their names."""
    folder = path.rpartition("/")[0]
    return f"/{folder}".removesuffix("/" + package.replace(".", "/")).strip("/")
