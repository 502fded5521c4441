"""package-lock.json and npm-shrinkwrap.json: the versions npm installs, and for whom.

A locked version has a fourth part here: the folder in whose `node_modules` it lies. What lies deeper
is nobody's own dependency.
"""

import re
from typing import Any

from projects.mapping import untrusted

ECOSYSTEM = "npm"
_PLACE = re.compile(
    r"(?:(?P<folder>(?:(?!node_modules/).)*)/)?node_modules/(?P<name>(?:@[^/]+/)?[^/]+)$"
)
_LINE = re.compile(r'\s*"([^"]+)": \{$')


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    try:
        read = untrusted.read_json(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    top = read if isinstance(read, dict) else {}
    lines: dict[str, int] = {}
    for line, text in enumerate(untrusted.lines(source), 1):
        if found := _LINE.match(text):
            lines.setdefault(found[1], line)
    packages = top.get("packages", top.get("dependencies"))
    locked = []
    for place, said in packages.items() if isinstance(packages, dict) else ():
        known = _PLACE.match(place if "packages" in top else f"node_modules/{place}")
        version = said.get("version") if isinstance(said, dict) else None
        if known and isinstance(version, str):
            locked.append([known["name"], version, lines.get(place, 1), known["folder"] or ""])
    return {"manifest": {"locked": locked}, "broken": not isinstance(read, dict)}
