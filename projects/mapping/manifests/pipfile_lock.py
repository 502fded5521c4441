"""Pipfile.lock: the versions pipenv installs."""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests.requirements import exact

ECOSYSTEM = "pypi"


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    try:
        read = untrusted.read_json(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    lines = {
        text.strip().split('"')[1]: line
        for line, text in enumerate(untrusted.lines(source), 1)
        if text.rstrip().endswith("{") and text.count('"') == 2
    }
    found = []
    for section in ("default", "develop"):
        table = read.get(section) if isinstance(read, dict) else None
        for name, said in table.items() if isinstance(table, dict) else ():
            version = said.get("version") if isinstance(said, dict) else None
            if isinstance(version, str) and exact(version):
                found.append([name, exact(version), lines.get(name, 1)])
    return {"manifest": {"locked": found}, "broken": not isinstance(read, dict)}
