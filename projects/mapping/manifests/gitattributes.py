"""`.gitattributes`: what linguist is told of files.

Source: gitattributes(5). Only attributes that begin with `linguist-` are kept, in their order.
"""

import re
from typing import Any

_LONGEST, _MOST = 500, 1000
_PATTERN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"#!]\S*))\s+(\S.*)')


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the lines as [pattern, {attribute: true, false or a text}]."""
    rules = []
    for line in source.decode(errors="replace").splitlines():
        found = _PATTERN.match(line) if "linguist-" in line and len(line) <= _LONGEST else None
        said = _said(found[3]) if found else {}
        if found and said:
            rules.append([found[1] or found[2], said])
    return {"manifest": {"rules": rules[:_MOST]}, "broken": len(rules) > _MOST}


def _said(words: str) -> dict[str, bool | str]:
    found: dict[str, bool | str] = {}
    for word in words.split():
        name, _, value = word.lstrip("-").partition("=")
        if name.startswith("linguist-"):
            true = not word.startswith("-") and value.lower() not in ("false", "0")
            found[name] = value if value and name == "linguist-language" else true
    return found
