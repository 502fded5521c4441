"""Building the map of one commit: survey, facts, edges, structure, digest."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from projects.git import reading
from projects.mapping import (
    extraction,
    files,
    languages,
    readers,
    resolving,
    roles,
    shares,
    structure,
)
from projects.mapping.attributes import Attributes
from projects.mapping.bounds import Bounds
from projects.mapping.extraction import Tools
from projects.mapping.files import File, Survey
from projects.mapping.linguist import tongues
from projects.mapping.made import Map, MapFile, Mark, document, pack
from projects.mapping.resolving import Resolution
from projects.mapping.said import Key, Spool
from projects.mapping.structure import components, globs, setups

_SAVED_AT_ONCE = 2000
_EXAMPLES = 20  # of imports that led nowhere
Stored = tuple[str, str, str, str]  # blob, key, head, said
Fresh = tuple[str, str, str, str, str]  # and definitions


@dataclass(slots=True)
class Facts:
    """What is kept in memory of one blob while a map is built."""

    lines: int = 0
    skip: str = ""
    broken: bool = False
    defined: int = 0
    language: str = ""  # where the content knows better than the name
    shown: tuple[str, ...] = ()  # of `linguist.signs`
    marks: list[Mark] = field(default_factory=list)


class Cache(Protocol):
    """Where facts are kept from map to map; their pieces are those of `extract`."""

    def known(self, wanted: Iterable[Key]) -> set[Key]:
        """This method will say of which blobs it has facts."""

    def load(self, known: set[Key]) -> Iterator[Stored]:
        """This method will give the facts of blobs it knows."""

    def save(self, found: list[Fresh]) -> None:
        """This method will keep facts."""


class NoCache:
    """Nothing is kept: every blob is read."""

    def known(self, wanted: Iterable[Key]) -> set[Key]:
        """This method will know nothing."""
        return set()

    def load(self, known: set[Key]) -> Iterator[Stored]:
        """This method will give what it knows: nothing."""
        return iter(())

    def save(self, found: list[Fresh]) -> None:
        """This method will forget it all."""


def build(git_dir: Path, commit: str, tools: Tools, cache: Cache) -> Map:
    """This function will map one commit of a repository on this disk.

    Raises what `reading.tree` and `extraction.extract` raise.
    """
    tell = tools.watch.on_progress
    tell("listing files", 0, 1)
    most = tools.bounds.files
    survey = files.survey(reading.tree(git_dir, commit, tools.watch, most), most)
    spool = Spool()
    facts = _facts(git_dir, survey.files, tools, cache, spool)
    declared = resolving.manifests(survey.files, spool)
    resolution = resolving.resolve(survey.files, spool, declared, tools)
    tell("finishing", 0, 1)
    made = _finish(commit, survey, facts, resolution, declared)
    made.counts["partial"] = _partial(made, survey, resolution, tools.bounds)
    return made


def _facts(
    git_dir: Path, found: list[File], tools: Tools, cache: Cache, spool: Spool
) -> dict[Key, Facts]:
    """What every blob says goes into the spool; what is new goes to the cache as it comes."""
    sizes = {(file.blob, file.key): file.size for file in found if file.key}
    facts: dict[Key, Facts] = {}

    def keep(blob: str, key: str, head: str, said: str) -> Facts:
        facts[blob, key] = read = _read(head)
        if said != "null":
            spool.keep((blob, key), said)
        return read

    def recall() -> None:
        for stored in cache.load(known):
            keep(*stored)

    known = cache.known(sizes)
    wanted = [(*key, size) for key, size in sizes.items() if key not in known]
    fresh: list[Fresh] = []

    def told(blob: str, key: str, pieces: list[str]) -> None:
        head, said, definitions = pieces
        if keep(blob, key, head, said).skip in ("", files.BINARY):
            fresh.append((blob, key, head, said, definitions))
        if len(fresh) == _SAVED_AT_ONCE:
            cache.save(fresh)
            fresh.clear()
        tools.watch.on_progress("reading files", len(facts), len(sizes))

    extraction.extract(git_dir, wanted, tools, told, meanwhile=recall)
    # What was pruned since it was known is read after all: it is not out of time.
    gone = [(*key, sizes[key]) for key in sizes if key in known and key not in facts]
    extraction.extract(git_dir, gone, tools, told)
    cache.save(fresh)
    return facts


def _read(head: str) -> Facts:
    told = json.loads(head)
    return Facts(
        told.get("lines", 0),
        told.get("skip", ""),
        told.get("broken", False),
        told.get("defined", 0),
        told.get("language") or _asked_for(told) or told.get("guess", ""),
        tuple(told.get("signs", ())),
        told.get("marks", []),
    )


def _asked_for(told: Mapping[str, Any]) -> str:
    """The language a file asks an editor for, or the one of the program it asks to run it."""
    named = tongues.called(told["mode"]) if "mode" in told else ""
    return named or tongues.BY_INTERPRETER.get(told.get("interpreter", ""), "")


def _finish(
    commit: str,
    survey: Survey,
    facts: Mapping[Key, Facts],
    resolution: Resolution,
    declared: Mapping[str, Mapping[str, Any]],
) -> Map:
    shown = {file.raw: file.path for file in survey.files}
    manifests: Mapping[str, Mapping[str, Any]] = {
        key: {shown[raw]: said for raw, said in by_path.items()}
        for key, by_path in declared.items()
    }
    read = {file.path: facts.get((file.blob, file.key)) for file in survey.files}
    marks = {path: facts.marks for path, facts in read.items() if facts and facts.marks}
    manifests = setups.added(manifests, marks)
    homes = components.assign(survey.files, manifests)
    said = Attributes(declared, globs.Size.of(file.path for file in survey.files))
    mapped, counted = _all_mapped(survey.files, read, homes.homes, said)
    found = structure.Found(mapped, resolution.edges, homes, marks, manifests)
    described = structure.describe(found)
    skips = _skips(mapped, survey.left_out)
    counts = _counts(mapped, resolution, survey.left_out)
    counts["cycles"] = described["cut"].get("cycles", len(described["cycles"]))
    counts["broken"] = sum(bool(facts and facts.broken) for facts in read.values())
    counts["attributes_left_out"] = said.left_out
    digest, packed = pack(document(mapped, resolution.edges.rows(), skips, described))
    return Map(
        commit,
        mapped,
        resolution.packages,
        resolution.edges,
        skips,
        counts,
        shares.of(mapped, counted),
        described,
        digest,
        packed,
    )


def _all_mapped(
    found: list[File],
    read: Mapping[str, Facts | None],
    homes: Mapping[str, str],
    attributes: Attributes,
) -> tuple[list[MapFile], set[str]]:
    """What is told of each file, and the paths of which a language may have a share."""
    counted: set[str] = set()
    mapped = []
    for file in found:
        said = attributes.of(file.raw)
        mapped.append(_mapped(file, read[file.path], homes[file.path], said, counted))
    return mapped, counted


def _skips(mapped: list[MapFile], left_out: list[tuple[str, str]]) -> list[tuple[str, str]]:
    skips = [(file.path, file.skip) for file in mapped if file.skip != files.NO_EXTRACTOR]
    return sorted([skip for skip in skips if skip[1]] + left_out)


def _mapped(
    file: File, facts: Facts | None, component: str, said: roles.Said, counted: set[str]
) -> MapFile:
    """What is told of one file; its path goes to those of which a language may have a share."""
    read = facts or Facts()
    language = tongues.called(str(said.get(roles.LANGUAGE, ""))) or read.language or file.language
    role, may = roles.decide(file.raw, file.role, read.shown, said)
    skip = read.skip or file.skip
    if file.key and facts is None:
        skip = files.OUT_OF_TIME
    if not skip and readers.is_manifest(file.key):
        skip = files.NO_EXTRACTOR  # it has no imports of its own
    if skip != files.BINARY and roles.has_share(language, may, said):
        counted.add(file.path)
    return MapFile(
        file.path,
        file.blob,
        language,
        file.size,
        read.lines,
        read.defined,
        skip,
        role,
        component,
        file.key,
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
        "resolved": {
            family: [inside, len(resolution.lost[family])]
            for family, inside in sorted(resolution.inside.items())
        },
        "lost": sorted(place for places in resolution.lost.values() for place in places)[
            :_EXAMPLES
        ],
        "heuristic": sorted(used),
    }


def _partial(made: Map, survey: Survey, resolution: Resolution, bounds: Bounds) -> list[str]:
    """What was left out for want of room or time, a sentence each; nothing in a whole map."""
    unread = made.counts["skipped"].get(files.OUT_OF_TIME, 0)
    beyond = resolution.edges.left_out
    unheard = made.counts["attributes_left_out"]
    told = {
        f"It has more than {bounds.files:,} files: the later ones are missing.": survey.more,
        f"{unread:,} files were not read within {bounds.read_s:,} s; sync to go on.": unread,
        f"{beyond:,} edges beyond {bounds.edges:,} are missing.": beyond,
        f"{unheard:,} lines of .gitattributes are not followed.": unheard,
    }
    return [sentence for sentence, true in told.items() if true]
