"""Reading the document of a map: what every map keeps, in `made.COLUMNS` or in the first ones."""

from collections.abc import Mapping
from typing import Any

FIRST_COLUMNS = ("path", "blob", "language", "bytes", "lines", "definitions")
"""Of documents that do not name theirs."""


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
