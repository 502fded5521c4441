"""poetry.lock, uv.lock and pdm.lock: the versions that are installed.

They are written by machines, one key a line, so they are read line by line: no TOML of a megabyte.
"""

import re
from typing import Any

from projects.mapping import untrusted

ECOSYSTEM = "pypi"
_KEY = re.compile(r'(name|version) = "([^"]*)"$')


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    found: list[list[Any]] = []
    said: dict[str, str] | None = None
    for line, text in enumerate(untrusted.lines(source), 1):
        if text.startswith("["):
            said = {} if text == "[[package]]" else None
        key = _KEY.match(text) if said is not None else None
        if said is None or key is None or key[1] in said:
            continue
        said[key[1]] = key[2]
        if len(said) == 2:
            found.append([said["name"], said["version"], line])
    return {"manifest": {"locked": found}, "broken": False}
