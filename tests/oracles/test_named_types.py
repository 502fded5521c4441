"""Whole repositories of Java and PHP, beside what javac and PHP-Parser say their sources name.

The checked-out repositories are named by ORACLE_TREES, as in `test_ecmascript`. Java needs a JDK of
17 or newer, PHP the packages php-cli and php-parser of Debian.
"""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from projects.mapping import languages, manifests
from projects.mapping.sources import Sources

HERE = Path(__file__).parent
TREES = [Path(name) for name in os.environ.get("ORACLE_TREES", "").split()]
GATE = 0.985
Pair = tuple[str, str]


@pytest.mark.parametrize("place", TREES, ids=lambda place: place.name)
def test_the_edges_of_a_repository_are_the_types_javac_finds_named(place: Path) -> None:
    """Left out are files whose types others declare, too: javac is given all as one module."""
    paths = _needed(place, ".java", "javac")

    said = _run(["java", str(HERE / "JavaNames.java"), str(place)], place, "\n".join(paths))

    twice = _twice(_sources(place, paths, "java").imports)
    theirs = {(line[0], line[1]) for line in said if not twice & set(line)}
    ours = {pair for pair in _ours(place, paths, "java") if not twice & set(pair)}
    _compare(place.name, ours, theirs)


@pytest.mark.parametrize("place", TREES, ids=lambda place: place.name)
def test_the_edges_of_a_repository_are_the_names_php_parser_resolves(place: Path) -> None:
    """Left out are what only an `include` names, and names that several files declare."""
    paths = _needed(place, ".php", "php")
    command = ["php", "-d", "memory_limit=2G", "-d", "error_reporting=0"]

    said = _run([*command, str(HERE / "php_names.php")], place, "\n".join(paths))

    declared: dict[str, set[str]] = defaultdict(set)
    for what, *rest in said:
        if what.startswith("D "):
            declared[f"{what[2:]} {rest[0].lower()}"].add(rest[1])
    theirs: set[Pair] = set()
    chosen: set[Pair] = set()
    for what, *rest in said:
        if what.startswith("R "):
            names = [f"{what[2:]} {name.lower()}" for name in rest[:2]]
            files = next((declared[name] for name in names if name in declared), set())
            pairs = {(rest[2], file) for file in files if file != rest[2]}
            (theirs if len(files) == 1 else chosen).update(pairs)
    ours = _ours(place, paths, "php")
    _compare(place.name, ours - (chosen - theirs) - _included(place, paths, theirs), theirs)


def _needed(place: Path, suffix: str, tool: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=place, capture_output=True, check=True)
    paths = [path for path in os.fsdecode(listed.stdout).split("\0") if path.endswith(suffix)]
    paths = [path for path in paths if (place / path).is_file()]
    if not paths or shutil.which(tool) is None:
        pytest.skip(f"no {suffix} here, or no {tool}")
    return sorted(paths)


def _run(command: list[str], place: Path, stdin: str) -> list[list[str]]:
    done = subprocess.run(
        command, input=stdin, cwd=place, capture_output=True, text=True, check=True
    )
    return [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]


def _sources(place: Path, paths: list[str], family: str) -> Sources:
    read = languages.reader(family)
    imports = {path: read((place / path).read_bytes())["imports"] for path in paths}
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    for file in sorted(place.rglob("composer.json")):
        found = manifests.reader("manifest.composer_json")(file.read_bytes())
        said["manifest.composer_json"][str(file.relative_to(place))] = found["manifest"]
    return Sources(frozenset(paths), imports, said)


def _twice(imports: Any) -> set[str]:
    declaring: dict[str, set[str]] = defaultdict(set)
    for path, said in imports.items():
        for name, outer, _ in said["types"]:
            if outer < 0:
                declaring[f"{said['package']}.{name}"].add(path)
    return {path for paths in declaring.values() if len(paths) > 1 for path in paths}


def _ours(place: Path, paths: list[str], family: str) -> set[Pair]:
    found = languages.names(family).resolve(_sources(place, paths, family))
    return {(src, dst) for src, dst, _ in found.edges}


def _included(place: Path, paths: list[str], theirs: set[Pair]) -> set[Pair]:
    """The edges that only an `include` makes."""
    sources = _sources(place, paths, "php")
    bare = {"declares": [], "names": [], "uses": []}
    only = {path: {**said, **bare} for path, said in sources.imports.items()}
    found = languages.names("php").resolve(Sources(sources.paths, only, {}))
    return {(src, dst) for src, dst, _ in found.edges} - theirs


def _compare(name: str, ours: set[Pair], theirs: set[Pair]) -> None:
    right = len(ours & theirs)
    sys.stdout.write(
        f"\n{name}: {len(ours)} edges, {len(theirs)} of the oracle; "
        f"precision {right / len(ours):.4f}, recall {right / len(theirs):.4f}\n"
    )
    for what, pairs in (("only ours", ours - theirs), ("only the oracle's", theirs - ours)):
        sys.stdout.writelines(f"  {what}: {src} -> {dst}\n" for src, dst in sorted(pairs)[:20])
    assert right / len(ours) >= GATE
    assert right / len(theirs) >= GATE
