"""The crates of a repository: which files they begin with, and what they call each other.

Source of the rules: the Cargo book, "The manifest format" and "Cargo targets". Only what lies in
the same repository is followed: dependencies by path, and those a workspace gives or patches so.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_MANIFEST = "manifest.cargo_toml"
_KINDS = ("src/bin", "examples", "tests", "benches")


@dataclass(frozen=True)
class Crate:
    """A file a compiler begins with; `externs` are names of crates and the files those begin with."""

    root: str
    edition: str
    externs: Mapping[str, str]


class Crates:
    """Every package with a Cargo.toml, and the crates it builds."""

    def __init__(self, files: Iterable[str], manifests: Mapping[str, Mapping[str, Any]]) -> None:
        self._files = frozenset(files)
        self._said = {_folder(path): said for path, said in manifests.get(_MANIFEST, {}).items()}
        self._beside: dict[str, list[str]] = {}
        for path in sorted(self._files):
            self._beside.setdefault(_folder(path), []).append(path)
        self._mains = _mains(self._beside)

    def declared(self) -> Iterator[Crate]:
        """This method will give the crates manifests declare, packages in the order of folders."""
        for folder in sorted(self._said):
            library = self._library(folder)
            for root in sorted({*self._roots(folder), *([library] if library else [])}):
                if root in self._files:
                    yield self._crate(root, folder, root != library)

    def undeclared(self, root: str) -> Crate:
        """This method will take a file for a crate of the package around it."""
        folder: str | None = _folder(root)
        while folder is not None and folder not in self._said:
            folder = _folder(folder) if folder else None
        return Crate(root, "2021", {}) if folder is None else self._crate(root, folder, True)

    def _crate(self, root: str, folder: str, with_library: bool) -> Crate:
        said = self._said[folder]
        externs = {}
        for name, place in self._needed(folder):
            library = self._library(place)
            if library:
                externs[_called(name)] = library
        library = self._library(folder)
        if library and with_library:
            externs[self._library_name(folder)] = library
        return Crate(root, said["edition"] or self._inherited(folder, "edition") or "2015", externs)

    def _needed(self, folder: str) -> Iterator[tuple[str, str]]:
        """The names of what a package depends on, and the folders of those that are here."""
        above = self._workspace(folder)
        shared = {name: place for name, _, place in self._said.get(above, {}).get("shared", ())}
        patched = dict(self._said.get(above, {}).get("patched", ()))
        for name, package, path, inherits in self._said[folder]["local"]:
            if inherits:
                path, base = shared.get(name, ""), above
            else:
                base = folder
            if not path:
                path, base = patched.get(package, ""), above
            place = _climb(base, path) if path else None
            if place in self._said and place is not None:
                yield self._name_in(name, package, place), place

    def _name_in(self, name: str, package: str, place: str) -> str:
        """A dependency is called what its library is, unless it was given a name."""
        return name if name != package else self._library_name(place)

    def _workspace(self, folder: str) -> str:
        place: str | None = folder
        while place is not None:
            if self._said.get(place, {}).get("workspace"):
                return place
            place = _folder(place) if place else None
        return folder

    def _inherited(self, folder: str, key: str) -> str:
        return str(self._said.get(self._workspace(folder), {}).get(f"shared_{key}", ""))

    def _library(self, folder: str) -> str:
        path = _climb(folder, self._said[folder]["library"][1] or "src/lib.rs")
        return path if path in self._files and path is not None else ""

    def _library_name(self, folder: str) -> str:
        said = self._said[folder]
        return _called(said["library"][0] or said["name"])

    def _roots(self, folder: str) -> Iterator[str]:
        said = self._said[folder]
        if not said["name"]:
            return
        yield from (_climb(folder, path) or "" for path in said["targets"])
        yield _join(folder, said["build"] or "build.rs")
        if "src/bin" not in said["by_hand"]:
            yield _join(folder, "src/main.rs")
        for kind in _KINDS:
            if kind not in said["by_hand"]:
                yield from self._beside.get(_join(folder, kind), ())
                yield from self._mains.get(_join(folder, kind), ())


def _mains(folders: Iterable[str]) -> dict[str, list[str]]:
    """Programs of several files, such as src/bin/NAME/main.rs, by the folder of such programs."""
    found: dict[str, list[str]] = {}
    for place in folders:
        above = _folder(place)
        if any(above == kind or above.endswith(f"/{kind}") for kind in _KINDS):
            found.setdefault(above, []).append(f"{place}/main.rs")
    return found


def _called(name: str) -> str:
    return name.replace("-", "_")


def _climb(folder: str, path: str) -> str | None:
    place = posixpath.normpath(posixpath.join("/r", folder, path))
    if place == "/r":
        return ""
    return place.removeprefix("/r/") if place.startswith("/r/") else None


def _join(folder: str, rest: str) -> str:
    return f"{folder}/{rest}" if folder else rest


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
