"""The modules of a crate: files that declare each other with `mod`.

Source of the rules: the Rust reference, "Modules". A name may lead to several files, each for
another system; all of them are followed.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping.languages.rust.crates import Crate

_DEEPEST = 60  # modules inside each other
_COPIES = 3  # of each file, on average: it may be a module of several crates


@dataclass(eq=False, slots=True)
class Module:
    """One module: a file, or a part of one that is written out under the name `scope`."""

    file: str
    scope: str
    crate: Crate
    parent: "Module | None"
    depth: int
    is_open: bool = True  # to whom stands outside its parent; those written out are taken for it
    children: dict[str, list["Module"]] = field(default_factory=dict)
    uses: list[tuple[str, str]] = field(default_factory=list)  # path, name or *

    def is_inside(self, other: "Module | None") -> bool:
        """This method will say whether it is another module or lies somewhere in it."""
        module: Module | None = self
        while module is not None and module is not other:
            module = module.parent
        return module is not None

    @property
    def root(self) -> "Module":
        """This property will give the module the crate begins with."""
        module = self
        while module.parent:
            module = module.parent
        return module


class Trees:
    """The modules of all crates, by file, as they are planted one by one."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self._left = _COPIES * len(said) + 1000
        self.by_file: dict[str, list[dict[str, Module]]] = {}
        self.roots: dict[str, Module] = {}
        self.declared: set[tuple[str, str, int]] = set()  # file, file of its module, line
        self.lost: set[tuple[str, int]] = set()

    def plant(self, crate: Crate) -> None:
        """This method will follow the modules of one crate."""
        root = Module(crate.root, "", crate, None, 0)
        self.roots[crate.root] = root
        waiting = [(root, True)]
        while waiting and self._left:
            module, owns_folder = waiting.pop()
            self._left -= 1
            waiting += self._grown(module, owns_folder)

    def _grown(self, module: Module, owns_folder: bool) -> Iterator[tuple[Module, bool]]:
        """Gives the modules in other files, and whether their folder is that of their modules."""
        said = self._said[module.file]
        scopes = _inline(module, said["inline"])
        self.by_file.setdefault(module.file, []).append(scopes)
        for scope, path, name, _ in said["uses"]:
            scopes.get(scope, module).uses.append((path, name))
        for scope, name, files, is_open, line in said["mods"]:
            found = self._files(module.file, scope, name, files, owns_folder)
            if not found:
                self.lost.add((module.file, line))
            for file in found:
                above = scopes.get(scope, module)
                if not _repeats(module, file):
                    self.declared.add((module.file, file, line))
                    child = Module(file, "", module.crate, above, module.depth + 1, is_open)
                    above.children.setdefault(name, []).append(child)
                    yield child, _owns_folder(file, name, files)
        for name, line in said["included"]:
            file = _normal(posixpath.join(_folder(module.file), name))
            if file in self._said and not _repeats(module, file):
                self.declared.add((module.file, file, line))
                yield Module(file, "", module.crate, module, module.depth + 1), owns_folder

    def _files(self, own: str, scope: str, name: str, files: list[str], owns: bool) -> list[str]:
        """The files of `mod name`; "" among the files its attributes name is where it would be."""
        folder, inner = _folder(own), scope.replace("::", "/")
        home = folder if owns else own.removesuffix(".rs")
        base = posixpath.join(home, inner) if inner else folder
        named = [_normal(posixpath.join(base, file)) for file in files if file]
        place = _normal(posixpath.join(home, inner, name))
        usual = [file for file in (f"{place}.rs", f"{place}/mod.rs") if file in self._said]
        found = [file for file in named if file in self._said]
        return found + usual[:1] if not files or "" in files else found


def _owns_folder(file: str, name: str, files: list[str]) -> bool:
    """Whether modules inside it lie beside it: mod.rs does, and what an attribute names."""
    usual = file.endswith((f"/{name}.rs", f"/{name}/mod.rs")) and (not files or "" in files)
    return file.endswith("/mod.rs") or not usual


def _inline(module: Module, names: list[str]) -> dict[str, Module]:
    scopes = {"": module}
    for name in names:  # sorted, so what surrounds a module comes first
        above, own = name.rpartition("::")[0], name.rpartition("::")[2]
        parent = scopes.get(above, module)
        scopes[name] = Module(module.file, name, module.crate, parent, module.depth + 1)
        parent.children.setdefault(own, []).append(scopes[name])
    return scopes


def _repeats(module: Module, file: str) -> bool:
    above: Module | None = module
    while above is not None and above.file != file:
        above = above.parent
    return above is not None or module.depth > _DEEPEST


def _normal(path: str) -> str:
    return posixpath.normpath(path)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
