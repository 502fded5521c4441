"""Building the map of one commit: survey, facts, edges, structure, digest."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from projects.git import reading
from projects.mapping import EXTRACTOR, extraction, files, languages, structure
from projects.mapping.extraction import Tools
from projects.mapping.files import File

Key = tuple[str, str]  # blob, folder of `languages`


@dataclass(slots=True)
class Facts:
    """What is kept of one blob while a map is built."""

    lines: int = 0
    skip: str = ""
    broken: bool = False
    definitions: int = 0
    imports: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MapEdge:
    """One file needs another; `lines` say where."""

    src: str
    dst: str
    kind: str
    lines: list[int]


@dataclass(frozen=True, slots=True)
class MapFile:
    """One file on the map; `skip` says why it was not parsed."""

    path: str
    blob: str
    language: str
    bytes: int
    lines: int
    definitions: int
    skip: str


@dataclass(frozen=True)
class Map:
    """A finished map: what is true of one commit, and how it was found."""

    commit: str
    files: list[MapFile]
    edges: list[MapEdge]
    skips: list[tuple[str, str]]
    counts: dict[str, Any]
    languages: dict[str, dict[str, int]]
    document: bytes
    digest: str
    extractor: str = EXTRACTOR


class Cache(Protocol):
    """Where facts are kept from map to map."""

    def load(self, wanted: Iterable[Key]) -> Mapping[Key, str]:
        """This method will give the facts it has, as JSON."""

    def save(self, found: Iterable[tuple[str, str, str]]) -> None:
        """This method will keep facts: blob, key, JSON."""


class NoCache:
    """Nothing is kept: every blob is read."""

    def load(self, wanted: Iterable[Key]) -> Mapping[Key, str]:
        """This method will know nothing."""
        return {}

    def save(self, found: Iterable[tuple[str, str, str]]) -> None:
        """This method will forget it all."""


def build(git_dir: Path, commit: str, tools: Tools, cache: Cache) -> Map:
    """This function will map one commit of a repository on this disk.

    All edges are resolved anew from the facts of every blob: an edge that was patched is an edge
    that can be wrong. Raises what `reading.tree` and `extraction.extract` raise.
    """
    tell = tools.watch.on_progress
    tell("listing files", 0, 1)
    found = files.survey(reading.tree(git_dir, commit, tools.watch))
    facts = _facts(git_dir, found.files, tools, cache)
    tell("resolving imports", 0, 1)
    edges, unresolved = _edges(found.files, facts)
    tell("finishing", 0, 1)
    mapped = [_mapped(file, facts.get((file.blob, file.key), Facts())) for file in found.files]
    skips = [(file.path, file.skip) for file in mapped if file.skip != files.NO_EXTRACTOR]
    skips = sorted([skip for skip in skips if skip[1]] + found.left_out)
    counts = _counts(mapped, edges, found.left_out) | {
        "unresolved": unresolved,
        "broken": sum(facts[file.blob, file.key].broken for file in found.files if file.key),
    }
    document = _document(mapped, edges, skips)
    digest = hashlib.sha256(document).hexdigest()
    return Map(commit, mapped, edges, skips, counts, _languages(mapped), document, digest)


def _facts(git_dir: Path, found: list[File], tools: Tools, cache: Cache) -> dict[Key, Facts]:
    sizes = {(file.blob, file.key): file.size for file in found if file.key}
    facts = {key: _read(text) for key, text in cache.load(sizes).items()}
    wanted = [(*key, size) for key, size in sizes.items() if key not in facts]
    fresh: list[tuple[str, str, str]] = []

    def told(blob: str, key: str, text: str) -> None:
        facts[blob, key] = _read(text)
        fresh.append((blob, key, text))
        tools.watch.on_progress("reading files", len(sizes) - len(wanted) + len(fresh), len(sizes))

    extraction.extract(git_dir, wanted, tools, told)
    cache.save(fact for fact in fresh if facts[fact[:2]].skip in ("", files.BINARY))
    return facts


def _read(text: str) -> Facts:
    told = json.loads(text)
    return Facts(
        told.get("lines", 0),
        told.get("skip", ""),
        told.get("broken", False),
        len(told.get("definitions", ())),
        told.get("imports", []),
    )


def _edges(found: list[File], facts: dict[Key, Facts]) -> tuple[list[MapEdge], int]:
    shown = {file.raw: file.path for file in found}
    lines: dict[tuple[str, str], set[int]] = defaultdict(set)
    lost = 0
    for key in languages.KEYS.values():
        imports = {
            file.raw: facts[file.blob, key].imports
            for file in found
            if file.key == key and not facts[file.blob, key].skip
        }
        edges, unresolved = languages.names(key).resolve(imports)
        lost += len(unresolved)
        for src, dst, line in edges:
            lines[shown[src], shown[dst]].add(line)
    return [MapEdge(*pair, "import", sorted(lines[pair])) for pair in sorted(lines)], lost


def _mapped(file: File, facts: Facts) -> MapFile:
    skip = facts.skip or file.skip
    return MapFile(
        file.path, file.blob, file.language, file.size, facts.lines, facts.definitions, skip
    )


def _counts(
    mapped: list[MapFile], edges: list[MapEdge], left_out: list[tuple[str, str]]
) -> dict[str, Any]:
    skipped = Counter(file.skip for file in mapped if file.skip)
    skipped.update(reason for _, reason in left_out)
    return {
        "files": len(mapped) + len(left_out),
        "parsed": sum(not file.skip for file in mapped),
        "skipped": dict(sorted(skipped.items())),
        "nodes": len(mapped),
        "edges": len(edges),
        "cycles": len(structure.cycles((edge.src, edge.dst) for edge in edges)),
        "definitions": sum(file.definitions for file in mapped),
    }


def _languages(mapped: list[MapFile]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for file in mapped:
        totals = found.setdefault(file.language, {"files": 0, "bytes": 0, "lines": 0})
        totals["files"] += 1
        totals["bytes"] += file.bytes
        totals["lines"] += file.lines
    return dict(sorted(found.items(), key=lambda item: (-item[1]["bytes"], item[0])))


def _document(mapped: list[MapFile], edges: list[MapEdge], skips: list[tuple[str, str]]) -> bytes:
    """The canonical form: sorted, without ids or times, the same bytes for the same truth."""
    content = {
        "files": sorted(
            [file.path, file.blob, file.language, file.bytes, file.lines, file.definitions]
            for file in mapped
        ),
        "edges": [[edge.src, edge.dst, edge.kind, edge.lines] for edge in edges],
        "skips": skips,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
