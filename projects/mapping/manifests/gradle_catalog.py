"""libs.versions.toml: the version catalogue of a Gradle build.

Source: Gradle's documentation, "Version catalogs".
"""

from collections.abc import Iterator
from typing import Any

from projects.mapping import untrusted

ECOSYSTEM = "maven"


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the libraries and plugins a build may use, as its dependencies."""
    try:
        read = untrusted.read_toml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    lines = _lines(untrusted.lines(source))
    versions = _table(read, "versions")
    found = [
        [name, version, scope, lines.get(alias, 1)]
        for scope, listed in (("", _libraries(read, versions)), ("build", _plugins(read, versions)))
        for alias, name, version in listed
    ]
    return {"manifest": {"dependencies": sorted(found)}, "broken": False}


def _libraries(read: dict[str, Any], versions: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for alias, said in _table(read, "libraries").items():
        if isinstance(said, str):
            group, _, rest = said.partition(":")
            name, _, version = rest.partition(":")
            yield alias, f"{group}:{name}", version
        elif isinstance(said, dict):
            module = said.get("module") or f"{said.get('group', '')}:{said.get('name', '')}"
            yield alias, str(module), _version(said.get("version"), versions)


def _plugins(read: dict[str, Any], versions: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for alias, said in _table(read, "plugins").items():
        if isinstance(said, str):
            name, _, version = said.partition(":")
            yield alias, name, version
        elif isinstance(said, dict):
            yield alias, str(said.get("id", "")), _version(said.get("version"), versions)


def _version(said: Any, versions: dict[str, Any]) -> str:
    """A text, a reference to [versions], or a rich version, of which the strictest word counts."""
    if isinstance(said, dict) and "ref" in said:
        said = versions.get(str(said["ref"]), "")
    if isinstance(said, dict):
        said = said.get("strictly") or said.get("require") or said.get("prefer") or ""
    return said if isinstance(said, str) else ""


def _table(read: dict[str, Any], key: str) -> dict[str, Any]:
    table = read.get(key)
    return table if isinstance(table, dict) else {}


def _lines(written: list[str]) -> dict[str, int]:
    """The last line that begins with each key: libraries and plugins stand after versions."""
    keys = enumerate((line.partition("=")[0].strip(" \t\"'") for line in written), 1)
    return {key: number for number, key in keys}
