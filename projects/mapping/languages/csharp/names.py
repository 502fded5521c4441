"""Which files the name of a C# type means.

Source of the rules: the C# specification, 7.8 (namespace and type names) and 14.5 (using
directives). A type in several parts means all of them. Extension methods, which name no type, and
what generators write are not seen; nor is which project refers to which.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from projects.mapping.languages.csharp.scopes import ATTRIBUTE, TYPE, VALUE
from projects.mapping.languages.csharp.usings import Levels
from projects.mapping.languages.nesting import nearest
from projects.mapping.sources import Resolved, Sources

HEURISTIC = True
Place = tuple[str, int, int]
"""File, index of the type whose body a name stands in, index of its namespace."""
_REMEMBERED = 50_000  # answers
_OPEN_FILES = 500
_DEEPEST = 40  # types that are looked up to look up another
_ANCESTORS = 200  # of one type


def resolve(sources: Sources) -> Resolved:
    """This function will find the files whose types each C# file names.

    What a file says is as `syntax` gives it.
    """
    tree = Tree(sources)
    found = Resolved()
    for path in sources.imports:
        said = tree.said(path)
        for scope, space, kind, name, line in said["uses"]:
            for full in tree.named((path, scope, space), kind, name):
                targets = tree.files(path, full)
                found.edges.update((path, target, line) for target in targets if target != path)
        for space, name, alias, static, _, line in said["usings"]:
            if not static and not alias:
                continue
            types = tree.named((path, -1, space), TYPE, name)
            targets = [target for full in types for target in tree.files(path, full)]
            found.edges.update((path, target, line) for target in targets if target != path)
            if name.rpartition(".")[0] in tree.spaces:
                found.inside += 1
                found.lost += [] if types or name in tree.spaces else [(path, line)]
    return found


class Tree:
    """The types of a repository by full name, and how a name leads to one.

    In a full name a `+` stands before a type that stands in another.
    """

    def __init__(self, sources: Sources) -> None:
        self._parts: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._members: dict[str, dict[str, str]] = {}
        self._values: dict[str, set[str]] = {}
        self._partial: set[str] = set()
        self.spaces: set[str] = set()
        self._full: dict[tuple[str, int], str] = {}
        self._levels = Levels(sources)
        for path in sorted(sources.imports):
            said = sources.imports[path]
            self._levels.take(path, said)
            self._declare(path, said)
        # Most words are no member of anything: nobody's ancestors need be looked through for them.
        self._known = {name for members in self._members.values() for name in members}
        self._named = {name for values in self._values.values() for name in values}
        self.said = lru_cache(_OPEN_FILES)(sources.imports.__getitem__)
        self._head = lru_cache(_REMEMBERED)(self._find)
        self.files = lru_cache(_REMEMBERED)(self._files)
        self._bases: dict[str, list[str]] = {}
        self._deep = 0

    def named(self, place: Place, kind: str, name: str) -> list[str]:
        """This method will give the full names of the types a name passes through."""
        if kind == ATTRIBUTE:
            return self._path(place, False, f"{name}Attribute") or self._path(place, False, name)
        return self._path(place, kind == VALUE, name)

    def _files(self, path: str, full: str) -> list[str]:
        """The files of a type: all parts, or of several types the nearest."""
        files = sorted({part for part, _ in self._parts[full]})
        if len(files) == 1:
            return files
        beside = path if path in files else nearest(files, path, str)
        if full not in self._partial:
            return [beside]
        return [other for other in files if self._levels.same_project(beside, other)]

    def _declare(self, path: str, said: Any) -> None:
        for space, _ in said["spaces"]:
            while space and space not in self.spaces:
                self.spaces.add(space)
                space = space.rpartition(".")[0]
        for index, (name, outer, space, _, partial, values) in enumerate(said["types"]):
            around = self._full[path, outer] if outer >= 0 else ""
            own = said["spaces"][space][0] if space >= 0 else ""
            full = f"{around}+{name}" if around else f"{own}.{name}" if own else name
            self._full[path, index] = full
            self._parts[full].append((path, index))
            if values:
                self._values.setdefault(full, set()).update(values)
            if partial:
                self._partial.add(full)
            if around:
                self._members.setdefault(around, {})[name] = full

    def _path(self, place: Place, value: bool, name: str) -> list[str]:
        """Through namespaces to a type, and on through the types that stand in it."""
        words = name.split(".")
        if words[0].endswith("::"):
            step = "" if words[0] == "global::" else None
        else:
            step = self._head(place, value, words[0])
        found: list[str] = []
        for word in [None, *words[1:]]:
            if word is not None and step is not None:
                step = self._step(step, word)
            if step is None:
                return found
            if step in self._parts:
                found.append(step)
        return found

    def _step(self, full: str, word: str) -> str | None:
        if full in self._parts:
            return self._member(full, word)
        inner = f"{full}.{word}" if full else word
        return inner if inner in self._parts or inner in self.spaces else None

    def _find(self, place: Place, value: bool, word: str) -> str | None:
        path, scope, space = place
        while scope >= 0:
            full = self._full[path, scope]
            if value and word in self._named and self._is_value(full, word):
                return None
            own, scope = self.said(path)["types"][scope][:2]
            found = full if own == word else self._member(full, word)
            if found:
                return found
        return next(self._outside(path, space, word), None)

    def _outside(self, path: str, space: int, word: str) -> Iterator[str | None]:
        for name, usings in self._levels.of(path, space):
            inner = f"{name}.{word}" if name else word
            if inner in self._parts or inner in self.spaces:
                yield inner
            if word in usings.aliases:
                alias = usings.aliases[word]  # of something else, it hides what comes after
                yield self._absolute(alias) or (alias if alias in self.spaces else None)
            for used in usings.spaces:
                yield from self._used(name, used, word)
            for used in usings.statics:
                owner = self._absolute(used)
                member = self._member(owner, word) if owner else None
                if member:
                    yield member

    def _used(self, name: str, used: str, word: str) -> Iterator[str]:
        """A namespace that is used may be named from the one around the directive."""
        while True:
            full = f"{name}.{used}.{word}" if name else f"{used}.{word}"
            if full in self._parts:
                yield full
            if not name:
                return
            name = name.rpartition(".")[0]

    def _absolute(self, name: str) -> str | None:
        step: str | None = ""
        for word in name.removeprefix("global::.").split("."):
            step = self._step(step, word) if step is not None else None
        return step if step in self._parts else None

    def _is_value(self, full: str, word: str) -> bool:
        return any(word in self._values.get(one, ()) for one in self._above(full))

    def _member(self, full: str, word: str) -> str | None:
        if word not in self._known:
            return None
        members = (self._members.get(one, {}).get(word) for one in self._above(full))
        return next(filter(None, members), None)

    def _above(self, full: str) -> Iterator[str]:
        """A type and what it inherits from, the nearest first."""
        return islice(self._ancestors(full), _ANCESTORS)

    def _ancestors(self, full: str) -> Iterator[str]:
        seen, waiting = {full}, [full]
        for one in waiting:
            yield one
            fresh = [parent for parent in self._parents(one) if parent not in seen]
            seen.update(fresh)
            waiting += fresh

    def _parents(self, full: str) -> list[str]:
        if full not in self._bases and self._deep < _DEEPEST:
            self._bases[full] = []  # while they are looked for: a type may inherit from itself
            self._deep += 1
            found = []
            for path, index in self._parts[full][:_ANCESTORS]:
                _, outer, space, names, _, _ = self.said(path)["types"][index]
                paths = [self._path((path, outer, space), False, name) for name in names]
                found += [types[-1] for types in paths if types]
            self._deep -= 1
            self._bases[full] = list(dict.fromkeys(found))
        return self._bases.get(full, [])
