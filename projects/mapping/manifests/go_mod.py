"""`go.mod`: the module's path, what it requires, and what it replaces.

Source of the format: https://go.dev/ref/mod#go-mod-file. A required version is the one that is
built with, unless another requirement asks for a newer one; so it is given as locked too.
"""

import re
from collections.abc import Iterator
from typing import Any

ECOSYSTEM = "go"
INDIRECT = "indirect"
_WORDS = re.compile(r'"[^"]*"|`[^`]*`|//.*|[^\s"`]+')

Directive = tuple[list[str], str, int]  # words, comment, line


def facts(source: bytes) -> dict[str, Any]:
    """This function will read one go.mod; "replaced" is a list of [path, version, by, line]."""
    said: dict[str, Any] = {"name": "", "version": "", "go": "", "replaced": []}
    dependencies, locked = [], []
    for words, comment, line in directives(source):
        match words:
            case ["module", path]:
                said["name"] = path
            case ["go", version]:
                said["go"] = version
            case ["require", path, version]:
                scope = INDIRECT if comment.startswith(INDIRECT) else ""
                dependencies.append([path, version, scope, line])
                locked.append([path, version, line])
            case ["replace", *rest]:
                said["replaced"] += replaced(rest, line)
    said |= {"dependencies": dependencies, "locked": locked}
    return {"manifest": said, "broken": not said["name"]}


def directives(source: bytes) -> Iterator[Directive]:
    """This function will give each directive of a go.mod or go.work, those of blocks in full."""
    block = ""
    for line, text in enumerate(source.decode(errors="replace").splitlines(), 1):
        words = [word.strip('"`') for word in _WORDS.findall(text)]
        comment = words.pop()[2:].strip() if words and words[-1].startswith("//") else ""
        if words == [")"]:
            block = ""
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        elif words:
            yield ([block, *words] if block else words), comment, line


def replaced(words: list[str], line: int) -> list[list[Any]]:
    """This function will read what stands after `replace`: path, version, by what, line."""
    if "=>" not in words:
        return []
    at = words.index("=>")
    old, new = words[:at], words[at + 1 :]
    if not old or not new:
        return []
    return [[old[0], old[1] if len(old) > 1 else "", new[0], line]]
