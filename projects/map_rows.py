"""The rows of a repository's current map; of the next map, only what differs is written.

Rows are compared as lines of COPY, the form in which the database gives and takes them fastest.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import SimpleNamespace

from django.db import connection

from projects.mapping.made import Map
from projects.models import Node

AT_ONCE = 10_000
"""Rows of one statement, so a large repository stays within its memory."""

# No statement here joins: on tables the planner knows nothing of yet, it once chose to compare
# each of 7,000 paths with each (25 s instead of 1).
_KNOWN = "SELECT path, id FROM map_node WHERE repository_id = %s"
_NODES = """
    INSERT INTO map_node (repository_id, kind, path)
    SELECT %s, %s, u.path FROM unnest(%s::text[]) AS u (path) RETURNING path, id
"""
# As the database writes them.
_ESCAPED = str.maketrans(
    {"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
)


@dataclass(frozen=True)
class _Table:
    """Rows of repositories, each told apart by its `id`."""

    name: str
    columns: str

    def replace(self, repository: int, rows: Iterable[bytes], expected: int) -> None:
        """This method will make these all rows of a repository, or raise RuntimeError."""
        standing = self._standing(repository)
        fresh: Iterable[bytes] = (row for row in rows if standing.pop(row, None) is None)
        if standing:
            fresh = list(fresh)  # what goes must go first: a row that changes keeps its key
            self._remove(standing.values())
        self._insert(fresh)
        with connection.cursor() as cursor:
            counted = f"SELECT count(*) FROM {self.name} WHERE repository_id = %s"  # noqa: S608 — our own name
            cursor.execute(counted, [repository])
            written = cursor.fetchone()[0]
        if written != expected:
            raise RuntimeError(f"{self.name} has {written} rows where the map has {expected}")

    def _standing(self, repository: int) -> dict[bytes, int]:
        rows: dict[bytes, int] = {}

        def write(line: bytes) -> None:  # called with a row at a time
            number, _, row = line.partition(b"\t")
            rows[row] = int(number)

        said = f"SELECT id, {self.columns} FROM {self.name} WHERE repository_id = {repository:d}"  # noqa: S608 — a number
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY ({said}) TO STDOUT", SimpleNamespace(write=write))
        return rows

    def _remove(self, ids: Iterable[int]) -> None:
        # By the key of the table: without statistics the planner would compare all with all.
        statement, left = f"DELETE FROM {self.name} WHERE id = ANY(%s::bigint[])", iter(ids)  # noqa: S608 — our own name
        with connection.cursor() as cursor:
            while some := list(islice(left, AT_ONCE)):
                cursor.execute(statement, [some])

    def _insert(self, rows: Iterable[bytes]) -> None:
        statement, rows = f"COPY {self.name} ({self.columns}) FROM STDIN", iter(rows)
        with connection.cursor() as cursor:
            while some := b"".join(islice(rows, AT_ONCE)):
                cursor.copy_expert(statement, io.BytesIO(some))


_SIGHTINGS = _Table(
    "map_sighting",
    "repository_id, node_id, blob, language, bytes, lines, definitions, skip, role, component,"
    " reader",
)
_EDGES = _Table("map_edge", "repository_id, src_id, dst_id, kind, lines")


def replace(repository: int, made: Map) -> None:
    """This function will make the rows of a repository those of a map, and count them.

    Call it inside the transaction that locked the repository and shows the map.
    """
    nodes = _nodes(repository, made)
    _SIGHTINGS.replace(repository, _sightings(repository, made, nodes), len(made.files))
    _EDGES.replace(repository, _edges(repository, made, nodes), made.counts["edges"])


def _nodes(repository: int, made: Map) -> dict[str, int]:
    """The ids of files and packages by path; the ones that are new are made."""
    files = (file.path for file in made.files)
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [repository])
        known = dict(cursor.fetchall())
        for kind, paths in ((Node.Kind.FILE, files), (Node.Kind.PACKAGE, made.packages)):
            fresh = iter([path for path in paths if path not in known])
            while some := list(islice(fresh, AT_ONCE)):
                cursor.execute(_NODES, [repository, kind, some])
                known.update(cursor.fetchall())
    return known


def _sightings(repository: int, made: Map, nodes: dict[str, int]) -> Iterator[bytes]:
    for file in made.files:
        yield (
            f"{repository}\t{nodes[file.path]}\t{file.blob}\t{_text(file.language)}\t{file.bytes}"
            f"\t{file.lines}\t{file.definitions}\t{_text(file.skip)}\t{_text(file.role)}"
            f"\t{_text(file.component)}\t{_text(file.reader)}\n"
        ).encode()


def _edges(repository: int, made: Map, nodes: dict[str, int]) -> Iterator[bytes]:
    for src, dst, kind, lines in made.edges.rows():
        numbers = ",".join(map(str, lines))
        yield f"{repository}\t{nodes[src]}\t{nodes[dst]}\t{kind}\t{{{numbers}}}\n".encode()


@lru_cache(4096)
def _text(value: str) -> str:
    return value.translate(_ESCAPED)
