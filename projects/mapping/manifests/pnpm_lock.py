"""pnpm-lock.yaml: the versions pnpm installs, for each package of the workspace.

A locked version has a fourth part here: the folder of the package that asked for it.
"""

from collections.abc import Iterator
from typing import Any

from projects.mapping import untrusted
from projects.mapping.untrusted import Table

ECOSYSTEM = "npm"
_KINDS = ("dependencies", "devDependencies", "optionalDependencies")


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    try:
        read = untrusted.read_yaml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    locked: list[list[Any]] = []
    for top in read:
        importers = top.get("importers", {".": top}) if isinstance(top, Table) else {}
        for folder, said in importers.items():
            locked += _locked("" if folder == "." else folder, said)
    return {"manifest": {"locked": locked}, "broken": not isinstance((read or [0])[0], Table)}


def _locked(folder: str, said: Any) -> Iterator[list[Any]]:
    for kind in _KINDS:
        table = said.get(kind) if isinstance(said, Table) else None
        if not isinstance(table, Table):
            continue
        for name, entry in table.items():
            version = entry.get("version") if isinstance(entry, Table) else entry
            if isinstance(version, str) and ":" not in version:
                bare = version.partition("(")[0].partition("_")[0]
                yield [name, bare, table.lines[name], folder]
