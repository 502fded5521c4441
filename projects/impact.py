"""What could break when files change: whoever needs them, and how that is proved.

The edges say who needs whom; they are walked backwards, breadth first, so a proof is a shortest one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db import connection

from projects.mapping import documents, files, roles
from projects.models import Node, SystemMap

BLIND = ("dynamic imports", "callbacks", "injection", "string references")
"""What no map of imports sees."""
LONGEST_PROOF = 100  # steps; a generated chain of 10,000 files would repeat itself 50 million times
MOST_STARTS = 10_000

# UNION drops what is there already, so circles end.
_REACHED = """
    WITH RECURSIVE reached (node) AS (
      SELECT unnest(%(starts)s::bigint[])
      UNION
      SELECT e.src_id FROM reached r JOIN map_edge e ON e.repository_id = %(repository)s AND e.dst_id = r.node)
    SELECT e.src_id, e.dst_id, e.kind, e.lines[1]
    FROM reached r JOIN map_edge e ON e.repository_id = %(repository)s AND e.dst_id = r.node
"""
_DETAILS = """
    SELECT n.id, n.path, n.kind, s.role, s.component FROM map_node n
    LEFT JOIN map_sighting s ON s.repository_id = %s AND s.node_id = n.id
    WHERE n.id = ANY(%s::bigint[])
"""
_EXACTLY = """
    SELECT n.path, n.id FROM map_node n
    WHERE n.repository_id = %(repository)s AND n.kind IN ('file', 'package')
      AND n.path = ANY(%(paths)s::text[])
      AND (EXISTS (SELECT FROM map_sighting s WHERE s.repository_id = %(repository)s AND s.node_id = n.id)
           OR EXISTS (SELECT FROM map_edge e WHERE e.repository_id = %(repository)s AND e.dst_id = n.id)
           OR EXISTS (SELECT FROM map_edge e WHERE e.repository_id = %(repository)s AND e.src_id = n.id))
"""
_BELOW = """
    SELECT u.path, n.id FROM unnest(%(paths)s::text[]) AS u (path)
    JOIN map_node n ON n.repository_id = %(repository)s
      AND starts_with(n.path, rtrim(u.path, '/') || '/')
    JOIN map_sighting s ON s.repository_id = %(repository)s AND s.node_id = n.id
    LIMIT %(most)s
"""


class NotOnTheMap(Exception):
    """A path that names nothing on a map; the text names it and the cure, in one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file or package, as a map knows it."""

    path: str
    kind: str = Node.Kind.FILE
    role: str = ""
    component: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a proof: `src` needs `dst`, as `line` of it says."""

    src: str
    dst: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Affected:
    """What could break, how far it is from the change, and the way there."""

    place: Place
    distance: int
    step: Step
    commit: str
    after: "Affected | None" = field(repr=False, compare=False)  # None: the step ends at the change

    @property
    def proof(self) -> list[Step]:
        """The edges from this one to the changed one."""
        steps, one = [self.step], self.after
        while one is not None and len(steps) < LONGEST_PROOF:
            steps.append(one.step)
            one = one.after
        return steps

    @property
    def via(self) -> list[str]:
        """The paths of the proof, from this one to the changed one."""
        return [self.place.path, *(step.dst for step in self.proof)]


@dataclass(frozen=True)
class Impact:
    """All that could break, nearest first, tests first within a distance; and what is not known."""

    commit: str
    changed: list[str]
    affected: list[Affected]
    not_covered: list[str]
    unknown: list[str]  # what was asked for and is not on the map

    def insist(self) -> "Impact":
        """This method will give itself, or raise NotOnTheMap for the first unknown path."""
        if self.unknown:
            raise NotOnTheMap(
                f"path {self.unknown[0][:200]!a} is not on the map of {self.commit[:12]}; "
                "give a file or folder as the map shows it"
            )
        return self

    @property
    def tests(self) -> int:
        """How many of the affected are tests."""
        return sum(one.place.role == roles.TEST for one in self.affected)

    @property
    def components(self) -> list[tuple[str, int]]:
        """The components with affected files, those with most of them first."""
        found = Counter(
            one.place.component for one in self.affected if one.place.kind == Node.Kind.FILE
        )
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))

    @property
    def by_distance(self) -> list[tuple[int, int]]:
        """How many are affected at each distance."""
        return sorted(Counter(one.distance for one in self.affected).items())


def of_map(shown: SystemMap, paths: Sequence[str]) -> Impact:
    """This function will tell what needs these files or folders of a repository's current map."""
    starts, unknown = _starts(shown, paths)
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, {"repository": shown.repository_id, "starts": sorted(starts)})
        edges = cursor.fetchall()
        cursor.execute(
            _DETAILS, [shown.repository_id, list(starts.union(edge[0] for edge in edges))]
        )
        places = {
            row[0]: Place(row[1], row[2], row[3] or "", row[4] or "") for row in cursor.fetchall()
        }
    found = _impact(shown.commit, edges, starts, places, shown.counts)
    return replace(found, unknown=unknown)


def of_content(
    content: Mapping[str, Any], commit: str, paths: Sequence[str], counts: Mapping[str, Any]
) -> Impact:
    """This function will tell the same of a map that is only a document."""
    places = places_of(content)
    named = {path: _named(path, places) for path in sorted(set(map(_plain, paths)))}
    starts = {place for found in named.values() for place in found}
    edges = [(src, dst, kind, lines[0]) for src, dst, kind, lines in content["edges"]]
    found = _impact(commit, edges, starts, places, counts)
    return replace(found, unknown=[path for path, found in named.items() if not found])


def places_of(content: Mapping[str, Any]) -> dict[str, Place]:
    """This function will give the files and packages of a document by their paths."""
    columns = (documents.column(content, name) for name in ("path", "role", "component"))
    found = {
        path: Place(path, Node.Kind.FILE, role, component)
        for path, role, component in zip(*columns, strict=True)
    }
    return found | {path: Place(path, Node.Kind.PACKAGE) for path in documents.packages(content)}


def merged(first: Impact, *others: Impact) -> Impact:
    """This function will join what changes at several commits break; the nearest proof stays."""
    nearest: dict[str, Affected] = {}
    for one in (one for impact in (first, *others) for one in impact.affected):
        known = nearest.setdefault(one.place.path, one)
        if one.distance < known.distance:
            nearest[one.place.path] = one
    changed = list(dict.fromkeys(path for one in (first, *others) for path in one.changed))
    for path in changed:
        nearest.pop(path, None)
    said = dict.fromkeys(text for one in (first, *others) for text in one.not_covered)
    unknown = [path for one in (first, *others) for path in one.unknown]
    affected = sorted(nearest.values(), key=_rank)
    return Impact(first.commit, changed, affected, list(said), unknown)


def described(found: Impact, limit: int) -> dict[str, Any]:
    """This function will give an impact as JSON with the nearest `limit` affected."""
    return {
        "commit": found.commit,
        "total": len(found.affected),
        "tests": found.tests,
        "by_distance": [{"distance": far, "affected": number} for far, number in found.by_distance],
        "components": [{"name": name, "files": files} for name, files in found.components],
        "affected": [
            {
                "path": one.place.path,
                "kind": one.place.kind,
                "role": one.place.role,
                "component": one.place.component,
                "distance": one.distance,
                "commit": one.commit,
                "via": one.via,
                "proof": [asdict(step) for step in one.proof],
            }
            for one in found.affected[:limit]
        ],
        "not_covered": found.not_covered,
    }


def not_covered(counts: Mapping[str, Any], packages: bool = False) -> list[str]:
    """This function will name what a map cannot know, and what this one left out."""
    said = list(BLIND)
    if packages:
        said.append("files of the same package, which need each other without an import")
    for reason, number in counts.get("skipped", {}).items():
        said.append(f"files not parsed: {number} ({reason})")
    for name, what in (("unresolved", "unresolved imports"), ("broken", "files of broken syntax")):
        if counts.get(name):
            said.append(f"{what}: {counts[name]}")
    if counts.get("heuristic"):
        said.append(f"imports found by heuristic: {', '.join(counts['heuristic'])}")
    return said


def _starts(shown: SystemMap, paths: Sequence[str]) -> tuple[set[int], list[str]]:
    """A path means the file or package itself, or else every file of the folder."""
    missing = set(map(_plain, paths))
    given = {"repository": shown.repository_id, "most": MOST_STARTS}
    starts: set[int] = set()
    with connection.cursor() as cursor:
        for statement in (_EXACTLY, _BELOW):
            cursor.execute(statement, given | {"paths": sorted(missing)})
            found = cursor.fetchall()
            starts |= {node for _, node in found}
            missing -= {path for path, _ in found}
            if not missing:
                break
    return starts, sorted(missing)


def _named(path: str, places: Mapping[str, Place]) -> list[str]:
    folder = path.rstrip("/") + "/"
    found = [path] if path in places else [one for one in places if one.startswith(folder)]
    return found[:MOST_STARTS]


def _plain(path: str) -> str:
    """As the map shows it, whoever typed it."""
    path = path.removeprefix("./")
    return path if files.is_shown(path) else files.shown(path)


def _impact(
    commit: str,
    edges: Iterable[tuple[Any, Any, str, int]],
    starts: set[Any],
    places: Mapping[Any, Place],
    counts: Mapping[str, Any],
) -> Impact:
    needed: dict[Any, list[tuple[Any, str, int]]] = {}
    for src, dst, kind, line in edges:
        needed.setdefault(dst, []).append((src, kind, line))
    found = _walk(needed, starts, places, commit)
    packages = any(one.step.kind == "part" for one in found)
    changed = sorted(places[node].path for node in starts)
    return Impact(commit, changed, sorted(found, key=_rank), not_covered(counts, packages), [])


def _walk(
    needed: Mapping[Any, list[tuple[Any, str, int]]],
    starts: set[Any],
    places: Mapping[Any, Place],
    commit: str,
) -> list[Affected]:
    """Each level in the order of its paths, so the same map always gives the same proofs."""
    found: dict[Any, Affected | None] = dict.fromkeys(starts)
    level, distance = list(starts), 0
    while level:
        distance += 1
        following = []
        for node in sorted(level, key=lambda one: places[one].path):
            for src, kind, line in needed.get(node, ()):
                if src not in found:
                    step = Step(places[src].path, places[node].path, kind, line)
                    found[src] = Affected(places[src], distance, step, commit, found[node])
                    following.append(src)
        level = following
    return [one for one in found.values() if one is not None]


def _rank(one: Affected) -> tuple[int, bool, str]:
    return one.distance, one.place.role != roles.TEST, one.place.path
