"""composer.lock: the versions Composer installs."""

import re
from typing import Any

from projects.mapping import untrusted

ECOSYSTEM = "packagist"
_NAME = re.compile(r'^ {12}"name": "([^"]+)"', re.MULTILINE)


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    try:
        read = untrusted.read_json(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    if not isinstance(read, dict):
        return {"manifest": {}, "broken": True}
    lists = [read.get(key) for key in ("packages", "packages-dev")]
    packages = [one for some in lists if isinstance(some, list) for one in some]
    versions = {
        one["name"]: one["version"]
        for one in packages
        if isinstance(one, dict)
        and all(isinstance(one.get(key), str) for key in ("name", "version"))
    }
    lines = _lines(untrusted.text(source))
    locked = [[name, version, lines.get(name, 1)] for name, version in sorted(versions.items())]
    return {"manifest": {"locked": locked}, "broken": False}


def _lines(text: str) -> dict[str, int]:
    """Where each package begins, as Composer writes the file."""
    found: dict[str, int] = {}
    line, counted = 1, 0
    for match in _NAME.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        found[match[1]] = line
    return found
