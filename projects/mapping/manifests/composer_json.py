"""composer.json: what a package of PHP is called, needs and loads. Source: Composer's schema."""

from collections.abc import Iterator
from typing import Any

from projects.mapping.manifests import lined_json
from projects.mapping.untrusted import Broken

ECOSYSTEM = "packagist"
_SCOPES = {"require": "", "require-dev": "dev"}
_LOADERS = {"psr-4": False, "psr-0": True}


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name, version, dependencies, programs and where classes lie.

    "autoload" is a list of [prefix, folder, whether the prefix is part of the path]. PHP itself and
    its extensions are no packages, and are left out.
    """
    try:
        read, lines = lined_json.read(source)
    except Broken:
        return {"manifest": {}, "broken": True}
    said: dict[str, Any] = {
        key: read[key] for key in ("name", "version") if isinstance(read.get(key), str)
    }
    said["dependencies"] = [
        [name, constraint, scope, lines.get((key, name), 1)]
        for key, scope in _SCOPES.items()
        for name, constraint in sorted(_table(read, key).items())
        if "/" in name and isinstance(constraint, str)
    ]
    said["autoload"] = sorted(
        loaded for key in ("autoload", "autoload-dev") for loaded in _autoload(_table(read, key))
    )
    bins = read.get("bin")
    listed = [bins] if isinstance(bins, str) else bins if isinstance(bins, list) else []
    said["bin"] = [
        [one.rpartition("/")[2], one, lines.get(("bin",), 1)]
        for one in listed
        if isinstance(one, str)
    ]
    return {"manifest": said, "broken": False}


def _table(read: dict[str, Any], key: str) -> dict[str, Any]:
    table = read.get(key)
    return table if isinstance(table, dict) else {}


def _autoload(said: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    for key, whole in _LOADERS.items():
        for prefix, folders in _table(said, key).items():
            for folder in folders if isinstance(folders, list) else [folders]:
                if isinstance(folder, str):
                    yield prefix, folder, whole
