"""What single files declare to the world: where it starts, what it answers, what it stores.

What tests, documentation and copies of others declare is not listed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from projects.mapping import roles
from projects.mapping.made import MapFile, Mark

_NOT_OURS = (roles.TEST, roles.DOCUMENTATION, roles.VENDORED)


def of_own(files: Iterable[MapFile], marks: Mapping[str, list[Mark]]) -> dict[str, list[Mark]]:
    """This function will keep the marks of the code itself."""
    roles_of = {file.path: file.role for file in files}
    return {path: said for path, said in marks.items() if roles_of[path] not in _NOT_OURS}


def entry_points(marks: Mapping[str, list[Mark]]) -> list[dict[str, Any]]:
    """This function will list the places where a program begins."""
    return [
        {"path": path, "line": line, "what": what} for path, line, what, _ in _of(marks, "entry")
    ]


def routes(marks: Mapping[str, list[Mark]]) -> list[dict[str, Any]]:
    """This function will list the HTTP addresses that are answered."""
    return [
        {"path": path, "line": line, "route": text, "framework": framework}
        for path, line, text, framework in _of(marks, "route")
    ]


def models(marks: Mapping[str, list[Mark]]) -> list[dict[str, Any]]:
    """This function will list the declarations of stored data."""
    return [
        {"path": path, "line": line, "name": name, "framework": framework}
        for path, line, name, framework in _of(marks, "model")
    ]


def _of(marks: Mapping[str, list[Mark]], kind: str) -> list[tuple[str, int, str, str]]:
    return sorted(
        (path, line, text, said.partition(":")[2])
        for path, all_ in marks.items()
        for said, text, line in all_
        if said.partition(":")[0] == kind
    )
