"""All edges of a commit, anew from the facts of every file: a patched edge can be wrong."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping import files, languages, readers
from projects.mapping.files import File
from projects.mapping.made import MapEdge
from projects.mapping.sources import Resolved, Sources

IMPORT, PART = "import", "part"


@dataclass
class Resolution:
    """The edges, sorted, and how many imports led nowhere that must lead inside, by family."""

    edges: list[MapEdge] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    inside: dict[str, int] = field(default_factory=dict)
    lost: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def resolve(found: list[File], said: Mapping[str, Any]) -> Resolution:
    """This function will resolve what all files say, by raw path, family by family."""
    lines: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    answer = Resolution()
    shown = {file.raw: file.path for file in found}
    packages: set[str] = set()
    for family, sources in _families(found, said).items():
        resolved = languages.names(family).resolve(sources)
        parts = {package for package, _, _ in resolved.parts}
        names = shown | {package: files.shown(f"{package}/") for package in parts}
        packages.update(names[package] for package in parts)
        _collect(resolved, names, lines)
        answer.inside[family] = resolved.inside
        answer.lost[family] = sorted((shown[path], line) for path, line in resolved.lost)
    answer.edges = [MapEdge(*ends, sorted(lines[ends])) for ends in sorted(lines)]
    answer.packages = sorted(packages)
    return answer


def manifests(found: list[File], said: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """This function will give what manifests say, by key and raw path."""
    grouped: dict[str, dict[str, Any]] = defaultdict(dict)
    for file in found:
        if readers.is_manifest(file.key) and file.raw in said:
            grouped[file.key][file.raw] = said[file.raw]
    return dict(grouped)


def _families(found: list[File], said: Mapping[str, Any]) -> dict[str, Sources]:
    paths = frozenset(file.raw for file in found)
    declared = manifests(found, said)
    imports: dict[str, dict[str, Any]] = defaultdict(dict)
    for file in found:
        if file.raw in said and not readers.is_manifest(file.key):
            imports[languages.family(file.key)][file.raw] = said[file.raw]
    known = [family for family in languages.families() if family in imports]
    return {family: Sources(paths, imports[family], declared) for family in known}


def _collect(
    resolved: Resolved, names: Mapping[str, str], lines: dict[tuple[str, str, str], set[int]]
) -> None:
    for src, dst, line in resolved.edges:
        lines[names[src], names[dst], IMPORT].add(line)
    for package, path, line in resolved.parts:
        lines[names[package], names[path], PART].add(line)
