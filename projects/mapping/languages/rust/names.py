"""Which file a Rust path means: the file of the deepest module that the path goes through.

Source of the rules: the Rust reference, "Paths" and "Use declarations". What a module takes from
another under a name, or all of it, is followed as far as it leads to modules; items are not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from projects.mapping.languages.rust.crates import Crates
from projects.mapping.languages.rust.tree import Module, Trees
from projects.mapping.sources import Edges, Resolved, Sources

HEURISTIC = False
_STEPS = 5_000_000  # of looking for names; a large crate takes a hundred thousand
_DEEPEST = 50  # names that stand for names
_BEGINNINGS = ("crate", "self", "super")


def resolve(sources: Sources) -> Resolved:
    """This function will find the file each module, use and path of the Rust files means.

    What a file says is what `syntax` gives under "imports".
    """
    trees = _planted(sources)
    paths = _Paths(trees)
    found = Resolved(Edges(sorted(trees.declared)), lost=sorted(trees.lost))
    for file, said in sources.imports.items():
        found.inside += len(said["mods"]) + sum(map(_is_inside, said["uses"]))
        for scopes in trees.by_file.get(file, ()):
            found.edges.update(_edges(paths, said, scopes))
    return found


def _planted(sources: Sources) -> Trees:
    """Files that no crate reaches may be compiled by a test: each begins a crate of its own."""
    trees = Trees(sources.imports)
    crates = Crates(sources.imports, sources.manifests)
    for crate in crates.declared():
        trees.plant(crate)
    for path in sorted(sources.imports, key=_likely_root):
        if path not in trees.by_file:
            trees.plant(crates.undeclared(path))
    return trees


def _likely_root(path: str) -> tuple[bool, int, str]:
    name = path.rpartition("/")[2]
    return name not in ("lib.rs", "main.rs", "mod.rs"), path.count("/"), path


def _is_inside(use: Any) -> bool:
    return use[1].partition("::")[0] in _BEGINNINGS


def _edges(
    paths: "_Paths", said: Mapping[str, Any], scopes: Mapping[str, Module]
) -> Iterator[tuple[str, str, int]]:
    for kind in ("uses", "paths"):
        for scope, path, _, line in said[kind]:
            module = scopes.get(scope, scopes[""])
            for target in paths.deepest(module, path, kind == "uses"):
                if target.file != module.file:
                    yield module.file, target.file, line


class _Paths:
    """Looks for modules by name."""

    def __init__(self, trees: Trees) -> None:
        self._roots = trees.roots
        self._known: dict[tuple[Module, str], list[Module]] = {}
        self._steps = _STEPS
        self._depth = 0

    def deepest(self, module: Module, path: str, is_use: bool) -> list[Module]:
        """This method will give the modules a path leads to, as far as its words name modules."""
        modules, rest = self._first(module, path, is_use)
        for word in rest:
            further = [one for place in modules for one in self._named(place, word, module)]
            if not further:
                break
            modules = further
        return modules

    def _whole(self, module: Module, path: str) -> list[Module]:
        modules, rest = self._first(module, path, True)
        for word in rest:
            modules = [one for place in modules for one in self._named(place, word, module)]
        return modules

    def _first(self, module: Module, path: str, is_use: bool) -> tuple[list[Module], list[str]]:
        word, *rest = path.removeprefix("::").split("::")
        if path.startswith("::"):
            return self._outside(module, word), rest
        if word not in _BEGINNINGS:
            return self._plain(module, word, is_use), rest
        place: Module | None = module.root if word == "crate" else module
        if word == "super":
            place = module.parent
        while rest and rest[0] == "super":
            place, rest = place.parent if place else None, rest[1:]
        return [place] if place else [], rest

    def _plain(self, module: Module, word: str, is_use: bool) -> list[Module]:
        found = self._named(module, word, module)
        if not found and is_use and module.crate.edition == "2015":
            found = self._named(module.root, word, module)
        return found or self._outside(module, word)

    def _outside(self, module: Module, word: str) -> list[Module]:
        if word == "self":
            return [module.root]
        renamed = [path for path, name in module.root.uses if name == word and path[:2] == "::"]
        for name in (word, *(path[2:] for path in renamed)):
            root = self._roots.get(module.crate.externs.get(name, ""))
            if root:
                return [root]
        return []

    def _named(self, module: Module, name: str, asking: Module) -> list[Module]:
        """What a name means in a module: one of its own, or one it takes from elsewhere."""
        own = module.children.get(name, [])
        if own and (any(one.is_open for one in own) or asking.is_inside(module)):
            return own
        key = module, name
        if key not in self._known:
            self._known[key] = []  # what is asked for again meanwhile leads in a circle
            if self._steps and self._depth < _DEEPEST:
                self._steps -= 1
                self._depth += 1
                self._known[key] = self._taken(module, name)
                self._depth -= 1
        return self._known[key]

    def _taken(self, module: Module, name: str) -> list[Module]:
        for path, own in module.uses:
            if own == name:
                found = self._whole(module, path)
                if found:
                    return found
        for path, own in module.uses:
            if own == "*":
                for place in self._whole(module, path):
                    found = self._named(place, name, module) if place is not module else []
                    if found:
                        return found
        return []
