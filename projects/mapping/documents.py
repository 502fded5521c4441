"""Reading the document of a map: what every map keeps, in `made.COLUMNS` or in the first ones."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from projects.mapping import made

FIRST_COLUMNS = ("path", "blob", "language", "bytes", "lines", "definitions")
"""Of documents that do not name theirs."""
_EDGES, _FILES, _SKIPS = b'],\n"edges":[', b'],\n"files":[', b'],\n"skips":['
_STRUCTURE = b'],\n"structure":'
_MARKS = {"edges": (_EDGES, _FILES), "files": (_FILES, _SKIPS)}
_BETWEEN = b"],\n["


def column(content: Mapping[str, Any], name: str) -> list[Any]:
    """This function will give one column of all files, in their order; empty texts if it has none."""
    columns = content.get("columns", FIRST_COLUMNS)
    if name not in columns:
        return [""] * len(content["files"])
    place = list(columns).index(name)
    return [row[place] for row in content["files"]]


def packages(content: Mapping[str, Any]) -> list[str]:
    """This function will give the ends of edges that are no file, sorted."""
    files = set(column(content, "path"))
    return sorted({end for edge in content["edges"] for end in edge[:2]} - files)


def rows(document: bytes, name: str) -> set[bytes]:
    """This function will give the rows of `edges` or `files` as they stand in a document.

    Documents are canonical, so equal rows are equal bytes, and what differs between two is found
    without reading what does not.
    """
    first, last = _MARKS[name]
    begin = document.index(first) + len(first)
    inside = document[begin : document.index(last, begin)]
    return set(inside.removeprefix(b"[").removesuffix(b"]").split(_BETWEEN)) if inside else set()


def read(some: Collection[bytes]) -> list[list[Any]]:
    """This function will read rows that `rows` gave, and sort them."""
    return sorted(json.loads(b"[[%s]]" % _BETWEEN.join(some))) if some else []


def structure(document: bytes) -> dict[str, Any]:
    """This function will read the structure of a document."""
    begin = document.index(_STRUCTURE, document.index(_SKIPS)) + len(_STRUCTURE)
    found: dict[str, Any] = json.loads(document[begin:-1])
    return found


def columns(document: bytes) -> list[str]:
    """This function will read the names of what a document says of each file."""
    found: list[str] = json.loads(document[: document.index(_EDGES)] + b"]}")["columns"]
    return found


def modern(document: bytes) -> bytes:
    """This function will write a document of an earlier version as those of today are."""
    if _STRUCTURE in document:
        return document
    content = {"columns": FIRST_COLUMNS, "structure": {}} | json.loads(document)
    return json.dumps(content, sort_keys=True, separators=made.SEPARATORS).encode()
