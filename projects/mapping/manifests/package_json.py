"""package.json: what a folder of JavaScript is called, offers and needs.

Source: the npm documentation of package.json, and Node's of "exports" and "imports".
"""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests import lined_json

ECOSYSTEM = "npm"
_SCOPES = {
    "dependencies": "",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
}
_TEXTS = ("name", "version", "main", "module", "types", "typings", "tsconfig", "type", "source")
_ANYTHING = ("exports", "imports")


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name, version, dependencies, scripts, bins and where imports lead.

    "bin" and "scripts" are lists of [name, text, line], "workspaces" is a list of globs, "exports"
    and "imports" stand as they are written.
    """
    try:
        read, lines = lined_json.read(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    said: dict[str, Any] = {key: read[key] for key in _TEXTS if isinstance(read.get(key), str)}
    said |= {key: read[key] for key in _ANYTHING if read.get(key) is not None}
    said["dependencies"] = _dependencies(read, lines)
    said["workspaces"] = _workspaces(read.get("workspaces"))
    said["scripts"] = _table(read, "scripts", lines)
    said["bin"] = _bins(read, lines)
    return {"manifest": said, "broken": False}


def _dependencies(read: dict[str, Any], lines: lined_json.Lines) -> list[list[Any]]:
    return [
        [name, constraint, scope, line]
        for key, scope in _SCOPES.items()
        for name, constraint, line in _table(read, key, lines)
    ]


def _table(read: dict[str, Any], key: str, lines: lined_json.Lines) -> list[list[Any]]:
    table = read.get(key)
    if not isinstance(table, dict):
        return []
    texts = {name: text for name, text in table.items() if isinstance(text, str)}
    return [[name, text, lines.get((key, name), 1)] for name, text in sorted(texts.items())]


def _bins(read: dict[str, Any], lines: lined_json.Lines) -> list[list[Any]]:
    if isinstance(read.get("bin"), str):
        name = str(read.get("name", "")).rpartition("/")[2]
        return [[name, read["bin"], lines["bin",]]]
    return _table(read, "bin", lines)


def _workspaces(said: Any) -> list[str]:
    """Yarn's first version wraps the list, to say beside it what is not hoisted."""
    globs = said.get("packages") if isinstance(said, dict) else said
    return [glob for glob in globs if isinstance(glob, str)] if isinstance(globs, list) else []
