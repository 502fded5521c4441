"""lerna.json: which folders hold the packages of a repository of many."""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests import lined_json

ECOSYSTEM = ""


def facts(source: bytes) -> dict[str, Any]:
    """This function will give "workspaces", a list of globs."""
    try:
        read, _ = lined_json.read(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    said = read.get("packages")
    globs = [glob for glob in said if isinstance(glob, str)] if isinstance(said, list) else []
    return {"manifest": {"workspaces": globs}, "broken": False}
