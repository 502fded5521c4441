"""Pipfile: the dependencies of a Python project, as pipenv writes them."""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests.pyproject import Places

ECOSYSTEM = "pypi"


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the dependencies."""
    try:
        read = untrusted.read_toml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    places = Places(untrusted.lines(source))
    found = []
    for section, scope in (("packages", ""), ("dev-packages", "dev")):
        table = read.get(section)
        for name, said in table.items() if isinstance(table, dict) else ():
            wanted = said.get("version", "") if isinstance(said, dict) else said
            constraint = wanted if isinstance(wanted, str) and wanted != "*" else ""
            found.append([name, constraint, scope, places.of(section, name)])
    return {"manifest": {"dependencies": found}, "broken": False}
