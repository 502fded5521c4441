"""`Cargo.lock`: the versions that are built with.

Source of the format: the Cargo book, "Cargo.toml vs Cargo.lock". Cargo writes it line by line, and
so it is read: packages of the repository itself have no source.
"""

import re
from typing import Any

from projects.mapping import untrusted

ECOSYSTEM = "cargo"
_LINE = re.compile(r'(name|version|source) = "([^"]*)"')


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the packages of registries and repositories elsewhere."""
    locked: list[list[Any]] = []
    package: dict[str, str] = {}
    begun = 0
    for line, text in enumerate([*untrusted.lines(source), "[[package]]"], 1):
        if text == "[[package]]":
            if package.keys() == {"name", "version", "source"}:
                locked.append([package["name"], package["version"], begun])
            package, begun = {}, line + 1
        elif match := _LINE.fullmatch(text):
            package[match[1]] = match[2]
    return {"manifest": {"locked": locked}, "broken": b"[[package]]" not in source}
