"""Finding definitions and files of a repository's current map by name.

Names are searched where the facts of its blobs are: there is no copy that could be out of date.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from projects.models import SystemMap

LIMIT = 50
LONGEST = 200
# 0 as it is written, 1 in another case, 2 begins with it, 3 contains it.
_RANK = """
    CASE WHEN {0} = %(text)s THEN 0 WHEN lower({0}) = lower(%(text)s) THEN 1
         WHEN {0} ILIKE %(prefix)s THEN 2 ELSE 3 END
"""
_SYMBOLS = f"""
    WITH files AS MATERIALIZED (
      SELECT n.path, f.id, f.names FROM map_sighting s
      JOIN map_node n ON n.id = s.node_id
      JOIN blob_facts f ON f.blob = s.blob AND f.extractor = %(extractor)s
        AND f.language = s.reader
      WHERE s.repository_id = %(repository)s AND s.definitions > 0 AND f.names::text ILIKE %(within)s),
    best AS (
      SELECT files.path, files.id, e.name, e.place, {_RANK.format("e.name")} AS rank,
        count(*) OVER () AS total
      FROM files, jsonb_array_elements_text(files.names) WITH ORDINALITY AS e (name, place)
      WHERE e.name ILIKE %(pattern)s
      ORDER BY rank, length(name), name, path, place LIMIT %(limit)s)
    SELECT best.name, f.facts #>> ARRAY['definitions', (best.place - 1)::text, '0'], best.path,
      (f.facts #>> ARRAY['definitions', (best.place - 1)::text, '2'])::int, best.total
    FROM best JOIN blob_facts f ON f.id = best.id
    ORDER BY best.rank, length(best.name), best.name, best.path, best.place
"""  # noqa: S608 — of our own parts
_FILES = f"""
    WITH found AS (
      SELECT n.path, s.language, s.lines, substring(n.path FROM '[^/]*$') AS name
      FROM map_sighting s JOIN map_node n ON n.id = s.node_id
      WHERE s.repository_id = %(repository)s AND n.path ILIKE %(pattern)s)
    SELECT path, language, lines, count(*) OVER () FROM found
    ORDER BY {_RANK.format("path")}, {_RANK.format("name")}, length(path), path LIMIT %(limit)s
"""  # noqa: S608 — of our own parts


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition of the map's commit."""

    name: str
    kind: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Named:
    """A file of the map."""

    path: str
    language: str
    lines: int


@dataclass(frozen=True)
class Hits:
    """The best definitions and files, best first, and how many there are of each."""

    symbols: list[Symbol]
    symbols_total: int
    files: list[Named]
    files_total: int


def search(shown: SystemMap, text: str, limit: int = LIMIT) -> Hits:
    """This function will find what is named like `text` on a current map, at most `limit` of each.

    As it is written comes first, then in another case, then what begins with it, then what
    contains it; a single character finds only names that begin with it.
    """
    text = text.strip()[:LONGEST].replace("\0", "")
    if not text:
        return Hits([], 0, [], 0)
    literal = _literal(text)
    anywhere = "" if len(text) == 1 else "%"
    given = {
        "repository": shown.repository_id,
        "extractor": shown.extractor,
        "text": text,
        "prefix": f"{literal}%",
        "pattern": f"{anywhere}{literal}%",
        "within": f"%{_literal(json.dumps(text, ensure_ascii=False)[1:-1])}%",
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SYMBOLS, given)
        symbols = cursor.fetchall()
        cursor.execute(_FILES, given | {"pattern": f"%{literal}%"})
        files = cursor.fetchall()
    return Hits(
        [Symbol(*row[:4]) for row in symbols],
        symbols[0][4] if symbols else 0,
        [Named(*row[:3]) for row in files],
        files[0][3] if files else 0,
    )


def _literal(text: str) -> str:
    """As LIKE reads it when nothing in it means anything else."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def described(hits: Hits) -> dict[str, Any]:
    """This function will give what was found as JSON."""
    return {
        "symbols": [
            {"name": one.name, "kind": one.kind, "path": one.path, "line": one.line}
            for one in hits.symbols
        ],
        "symbols_total": hits.symbols_total,
        "files": [
            {"path": one.path, "language": one.language, "lines": one.lines} for one in hits.files
        ],
        "files_total": hits.files_total,
    }
