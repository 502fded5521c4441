"""Which package a Go import means, and which files a package is made of.

A file imports a folder; the folder's package is made of its files, whatever system they are built
for, save for those no build takes and those of tests. A test of the package's own name needs it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping.languages.go.modules import Modules
from projects.mapping.sources import Edge, Resolved, Sources

HEURISTIC = False
_TEST = "_test.go"


@dataclass
class Package:
    """The files of one folder that are built together, with the lines of their clauses."""

    name: str
    files: list[tuple[str, int]] = field(default_factory=list)


def resolve(sources: Sources) -> Resolved:
    """This function will find the package each import of the Go files means.

    What a file says is its package and its imports, as `syntax` gives them.
    """
    packages = _packages(sources.imports)
    modules = Modules(packages, sources.manifests)
    if any(modules.home(folder) is None for folder in packages):
        modules.guess(
            (_folder(path), name)
            for path, (_, _, _, imports) in sources.imports.items()
            for name, _ in imports
        )
    found = Resolved()
    for path, said in sources.imports.items():
        _file(path, said, modules, found)
        found.edges.update(_tested(path, said, packages))
    imported = sorted({package for _, package, _ in found.edges})
    found.parts.update((folder, *file) for folder in imported for file in packages[folder].files)
    return found


def _file(path: str, said: Any, modules: Modules, found: Resolved) -> None:
    package, _, _, imports = said
    folder = _folder(path)
    for name, line in imports:
        target = modules.target(folder, name)
        if target is not None and (target != folder or _is_outside(path, package)):
            found.edges.add((path, target, line))
        if modules.must_be_here(folder, name):
            found.inside += 1
            if target is None:
                found.lost.append((path, line))


def _tested(path: str, said: Any, packages: Mapping[str, Package]) -> set[Edge]:
    name, line, built, _ = said
    own = packages.get(_folder(path))
    if path.endswith(_TEST) and built and own and own.name == name:
        return {(path, _folder(path), line)}
    return set()


def _is_outside(path: str, package: str) -> bool:
    """A test may stand beside the package it imports."""
    return path.endswith(_TEST) and package.endswith("_test")


def _packages(said: Mapping[str, Any]) -> dict[str, Package]:
    """By folder. Where files name several packages, most of them are right."""
    built: dict[str, list[tuple[str, str, int]]] = {}
    for path, (name, line, possible, _) in said.items():
        if name and possible and not path.endswith(_TEST):
            built.setdefault(_folder(path), []).append((name, path, line))
    found = {}
    for folder, files in built.items():
        name = Counter(sorted(name for name, _, _ in files)).most_common(1)[0][0]
        own = sorted((path, line) for called, path, line in files if called == name)
        found[folder] = Package(name, own)
    return found


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
