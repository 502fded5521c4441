"""pnpm-workspace.yaml: which folders hold the packages of a repository of many."""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.untrusted import Items, Table

ECOSYSTEM = ""


def facts(source: bytes) -> dict[str, Any]:
    """This function will give "workspaces", a list of globs."""
    try:
        read = untrusted.read_yaml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    said = read[0].get("packages") if read and isinstance(read[0], Table) else None
    globs = [glob for glob in said if isinstance(glob, str)] if isinstance(said, Items) else []
    return {"manifest": {"workspaces": globs}, "broken": False}
