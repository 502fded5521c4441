"""The addresses Next.js answers: they are the paths of files, not calls in them.

Source: the documentation of Next.js, "Pages Router" and "App Router".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from projects.mapping import roles
from projects.mapping.made import MapFile

_NOT_OURS = (roles.TEST, roles.DOCUMENTATION, roles.VENDORED)
_PAGE = re.compile(r"(?:src/)?pages/(.+)\.[jt]sx?")
_PLACE = re.compile(r"(?:src/)?app/((?:[^/]+/)*)(?:page|route)\.[jt]sx?")
_SPECIAL = re.compile(r"_(app|document|error)|404|500")


def routes(
    files: Iterable[MapFile], manifests: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """This function will list the addresses of the pages of every package that needs `next`."""
    homes = {
        path.removesuffix("package.json")
        for path, said in manifests.get("manifest.package_json", {}).items()
        if any(name == "next" for name, *_ in said.get("dependencies", ()))
    }
    found = [
        {"path": file.path, "line": 1, "route": route, "framework": "next"}
        for file in (files if homes else ())
        if file.role not in _NOT_OURS and (route := _route(file.path, homes))
    ]
    return sorted(found, key=lambda one: str(one["path"]))


def _route(path: str, homes: set[str]) -> str:
    """What a file answers by its place in the nearest package that is a site."""
    cut = len(path)
    while cut >= 0:
        cut = path.rfind("/", 0, cut)
        if path[: cut + 1] in homes:
            return _address(path[cut + 1 :])
    return ""


def _address(path: str) -> str:
    page, place = _PAGE.fullmatch(path), _PLACE.fullmatch(path)
    if page and not path.endswith(".d.ts"):
        name = re.sub(r"(^|/)index\Z", "", page[1])
        return "" if _SPECIAL.fullmatch(name) else f"/{name}"
    if place:
        parts = place[1].rstrip("/").split("/")
        if not any(part.startswith("_") for part in parts):  # a private folder
            return "/" + "/".join(part for part in parts if part and part[0] not in "(@")
    return ""
