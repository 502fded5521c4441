"""Building the map of one commit: survey, facts, edges, structure, digest."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from projects.git import reading
from projects.mapping import extraction, files, languages, readers, resolving, structure
from projects.mapping.extraction import Tools
from projects.mapping.files import File, Survey
from projects.mapping.made import COLUMNS, Map, MapEdge, MapFile, Mark
from projects.mapping.resolving import Resolution
from projects.mapping.structure import components

Key = tuple[str, str]  # blob, key of `readers`


@dataclass(slots=True)
class Facts:
    """What is kept of one blob while a map is built; `said` is for resolvers, in their shapes."""

    lines: int = 0
    skip: str = ""
    broken: bool = False
    definitions: int = 0
    said: Any = None
    marks: list[Mark] = field(default_factory=list)


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

    Raises what `reading.tree` and `extraction.extract` raise.
    """
    tell = tools.watch.on_progress
    tell("listing files", 0, 1)
    survey = files.survey(reading.tree(git_dir, commit, tools.watch))
    facts = _facts(git_dir, survey.files, tools, cache)
    tell("resolving imports", 0, 1)
    said = {
        file.raw: facts[file.blob, file.key].said
        for file in survey.files
        if file.key and facts[file.blob, file.key].said is not None
    }
    resolution = resolving.resolve(survey.files, said)
    tell("finishing", 0, 1)
    return _finish(commit, survey, facts, resolution, resolving.manifests(survey.files, said))


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
        told.get("imports", told.get("manifest")),
        told.get("marks", []),
    )


def _finish(
    commit: str,
    survey: Survey,
    facts: Mapping[Key, Facts],
    resolution: Resolution,
    manifests: dict[str, dict[str, Any]],
) -> Map:
    shown = {file.raw: file.path for file in survey.files}
    declared = {
        key: {shown[raw]: said for raw, said in by_path.items()}
        for key, by_path in manifests.items()
    }
    homes = components.assign(survey.files, declared)
    mapped = [_mapped(file, facts, homes.homes[file.path]) for file in survey.files]
    marks = {
        file.path: facts[file.blob, file.key].marks
        for file in survey.files
        if file.key and facts[file.blob, file.key].marks
    }
    found = structure.Found(mapped, resolution.edges, homes, marks, declared)
    described = structure.describe(found)
    skips = [(file.path, file.skip) for file in mapped if file.skip != files.NO_EXTRACTOR]
    skips = sorted([skip for skip in skips if skip[1]] + survey.left_out)
    counts = _counts(mapped, resolution, survey.left_out)
    counts["cycles"] = len(described["cycles"])
    counts["broken"] = sum(facts[file.blob, file.key].broken for file in survey.files if file.key)
    document = _document(mapped, resolution.edges, skips, described)
    return Map(
        commit,
        mapped,
        resolution.packages,
        resolution.edges,
        skips,
        counts,
        _languages(mapped),
        described,
        document,
        hashlib.sha256(document).hexdigest(),
    )


def _mapped(file: File, facts: Mapping[Key, Facts], component: str) -> MapFile:
    read = facts.get((file.blob, file.key), Facts())
    skip = read.skip or file.skip
    if not skip and readers.is_manifest(file.key):
        skip = files.NO_EXTRACTOR  # it has no imports of its own
    return MapFile(
        file.path,
        file.blob,
        file.language,
        file.size,
        read.lines,
        read.definitions,
        skip,
        file.role,
        component,
    )


def _counts(
    mapped: list[MapFile], resolution: Resolution, left_out: list[tuple[str, str]]
) -> dict[str, Any]:
    skipped = Counter(file.skip for file in mapped if file.skip)
    skipped.update(reason for _, reason in left_out)
    used = [family for family in resolution.inside if languages.names(family).HEURISTIC]
    return {
        "files": len(mapped) + len(left_out),
        "parsed": sum(not file.skip for file in mapped),
        "skipped": dict(sorted(skipped.items())),
        "nodes": len(mapped) + len(resolution.packages),
        "edges": len(resolution.edges),
        "definitions": sum(file.definitions for file in mapped),
        "inside": sum(resolution.inside.values()),
        "unresolved": sum(map(len, resolution.lost.values())),
        "heuristic": sorted(used),
    }


def _languages(mapped: list[MapFile]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for file in mapped:
        totals = found.setdefault(file.language, {"files": 0, "bytes": 0, "lines": 0})
        totals["files"] += 1
        totals["bytes"] += file.bytes
        totals["lines"] += file.lines
    return dict(sorted(found.items(), key=lambda item: (-item[1]["bytes"], item[0])))


def _document(
    mapped: list[MapFile],
    edges: list[MapEdge],
    skips: list[tuple[str, str]],
    described: dict[str, Any],
) -> bytes:
    """The canonical form: sorted, without ids or times, the same bytes for the same truth."""
    content = {
        "columns": COLUMNS,
        "files": sorted([getattr(file, column) for column in COLUMNS] for file in mapped),
        "edges": [[edge.src, edge.dst, edge.kind, edge.lines] for edge in edges],
        "skips": skips,
        "structure": described,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
