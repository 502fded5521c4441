"""What two maps of a repository do not have in common: set algebra over their documents."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from projects.mapping import cycles, documents
from projects.models import SystemMap

COUNTED = ("files", "parsed", "nodes", "edges", "cycles", "definitions", "unresolved", "broken")
_EDGE = ("src", "dst", "kind", "line")


@dataclass(frozen=True)
class Side:
    """One of two maps: its document as it is stored, without compression."""

    commit: str
    extractor: str
    digest: str
    counts: Mapping[str, Any]
    document: bytes

    @cached_property
    def columns(self) -> list[str]:
        """The names of what its rows say of a file."""
        return documents.columns(self.document)

    @cached_property
    def rows(self) -> dict[str, set[bytes]]:
        """Its edges and files, unread."""
        return {name: documents.rows(self.document, name) for name in ("edges", "files")}

    @cached_property
    def structure(self) -> dict[str, Any]:
        """What the repository is made of."""
        return documents.structure(self.document)

    @cached_property
    def cycles(self) -> list[list[str]]:
        """Its circles; maps of earlier versions did not write theirs down."""
        if "cycles" in self.structure:
            return list(self.structure["cycles"])
        edges = documents.read(self.rows["edges"])
        return cycles.cycles((edge[0], edge[1]) for edge in edges)


@dataclass(frozen=True)
class Change:
    """What only one of two maps has; sorted."""

    added: list[Any]
    removed: list[Any]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True)
class Drift:
    """From an old map to a new one. `changed` are files of another content, `moved` of another
    path; an edge is (src, dst, kind, line)."""

    old: Side
    new: Side
    nodes: Change
    changed: list[str]
    moved: list[tuple[str, str]]
    edges: Change
    cycles: Change
    components: Change
    component_edges: Change
    dependencies: Change

    @property
    def counts(self) -> list[tuple[str, int | None, int | None]]:
        """What both maps counted; None where one did not count it."""
        old, new = self.old.counts, self.new.counts
        return [(name, old.get(name), new.get(name)) for name in COUNTED]


def side(kept: SystemMap) -> Side:
    """This function will give a stored map as one side of a comparison."""
    document = documents.modern(zlib.decompress(kept.document))
    return Side(kept.commit, kept.extractor, kept.digest, kept.counts, document)


def compare(old: Side, new: Side) -> Drift:
    """This function will tell how two maps differ; only rows that differ are read."""
    files = [_files(side, _only(side, other, "files")) for side, other in ((old, new), (new, old))]
    packages = [_packages(one) for one in (old, new)]
    nodes = _change(packages[0].union(files[0]), packages[1].union(files[1]))
    return Drift(
        old,
        new,
        nodes,
        sorted(path for path, blob in files[0].items() if files[1].get(path, blob) != blob),
        _moved(nodes, *files),
        _edges(old, new),
        _change(map(tuple, old.cycles), map(tuple, new.cycles)),
        _named(old, new, "components"),
        _change(_pairs(old.structure), _pairs(new.structure)),
        _change(_dependencies(old.structure), _dependencies(new.structure)),
    )


def _only(one: Side, other: Side, section: str) -> list[list[Any]]:
    return documents.read(one.rows[section] - other.rows[section])


def _files(one: Side, rows: Iterable[list[Any]]) -> dict[str, str]:
    path, blob = one.columns.index("path"), one.columns.index("blob")
    return {row[path]: row[blob] for row in rows}


def _packages(one: Side) -> set[str]:
    if b'/",\n"' not in one.document:
        return set()
    edges = documents.read(one.rows["edges"])
    return {end for edge in edges for end in edge[:2] if end.endswith("/")}


def _edges(old: Side, new: Side) -> Change:
    """An edge whose evidence stands on another line is the same edge."""
    before, after = (
        {tuple(edge[:3]): edge[3][0] for edge in _only(one, other, "edges")}
        for one, other in ((old, new), (new, old))
    )
    added = sorted((*edge, after[edge]) for edge in after.keys() - before.keys())
    removed = sorted((*edge, before[edge]) for edge in before.keys() - after.keys())
    return Change(added, removed)


def _moved(nodes: Change, old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str]]:
    """A content that left one path and came to another, where only these two can be meant."""
    left = {path: old[path] for path in nodes.removed if path in old}
    came = {path: new[path] for path in nodes.added if path in new}
    alone = [Counter(side.values()) for side in (left, came)]
    targets = {blob: path for path, blob in came.items() if alone[0][blob] == alone[1][blob] == 1}
    return sorted((path, targets[blob]) for path, blob in left.items() if blob in targets)


def _named(old: Side, new: Side, what: str) -> Change:
    return _change(*({one["name"] for one in side.structure.get(what, ())} for side in (old, new)))


def _pairs(structure: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(src, dst) for src, dst, _ in structure.get("component_edges", ())}


def _dependencies(structure: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """A new version is one that came and one that went."""
    return {
        tuple(str(one.get(name) or "") for name in ("ecosystem", "name", "constraint", "version"))
        for one in structure.get("dependencies", ())
    }


def _change(old: Iterable[Any], new: Iterable[Any]) -> Change:
    before, after = set(old), set(new)
    return Change(sorted(after - before), sorted(before - after))


def described(found: Drift) -> dict[str, Any]:
    """This function will give a drift as JSON."""
    return {
        "old": _head(found.old),
        "new": _head(found.new),
        "same": found.old.digest == found.new.digest,
        "counts": {name: {"old": old, "new": new} for name, old, new in found.counts},
        "nodes": _both(found.nodes, str)
        | {
            "changed": found.changed,
            "moved": [{"from": old, "to": new} for old, new in found.moved],
        },
        "edges": _both(found.edges, lambda edge: dict(zip(_EDGE, edge, strict=True))),
        "cycles": _both(found.cycles, list),
        "components": _both(found.components, str),
        "component_edges": _both(found.component_edges, list),
        "dependencies": _both(found.dependencies, dependency),
    }


def dependency(row: tuple[str, ...]) -> dict[str, str]:
    """This function will name the parts of a dependency of a drift."""
    return dict(zip(("ecosystem", "name", "constraint", "version"), row, strict=True))


def _head(one: Side) -> dict[str, str]:
    return {"commit": one.commit, "digest": one.digest, "extractor": one.extractor}


def _both(change: Change, shape: Any) -> dict[str, list[Any]]:
    return {"added": [*map(shape, change.added)], "removed": [*map(shape, change.removed)]}
