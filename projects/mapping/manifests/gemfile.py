"""A `Gemfile`: the gems an application asks for.

Source of the format: Bundler's manual, gemfile(5). It is Ruby and is not run: what is written out
line by line is read, what is computed is not.
"""

import re
from typing import Any

ECOSYSTEM = "rubygems"
_GEM = re.compile(r"""^\s*gem[\s(]+(["'])([\w.-]{1,200})\1(.*)""")
_CONSTRAINT = re.compile(r"""^\s*,\s*(["'])([^"'\n]{1,100})\1""")
_GROUP = re.compile(r"^\s*group[\s(]+([^\n]{1,300}?)\)?\s+do\b")
_BLOCK = re.compile(r"\bdo\b(?:\s*\|[^|\n]*\|)?\s*(?:#.*)?$")
_END = re.compile(r"^\s*end\b")
_NAMED_GROUP = re.compile(r"\bgroups?:\s*([^\n]+)|:groups?\s*=>\s*([^\n]+)")
_DEV = re.compile(r"development|test")
_MOST = 5000


def facts(source: bytes) -> dict[str, Any]:
    """This function will read one Gemfile."""
    found: list[list[Any]] = []
    groups: list[str] = []
    for number, line in enumerate(source.decode(errors="replace").splitlines(), 1):
        group = _GROUP.match(line[:1000])
        if group or _BLOCK.search(line[:1000]):
            groups.append(group[1] if group else "")
        elif _END.match(line):
            del groups[-1:]
        gem = _GEM.match(line[:1000])
        if gem:
            named = _NAMED_GROUP.search(gem[3])
            scope = "dev" if _DEV.search(" ".join([*groups, named[0] if named else ""])) else ""
            found.append([gem[2], ", ".join(constraints(gem[3])), scope, number])
    return {"manifest": {"dependencies": found[:_MOST]}, "broken": len(found) > _MOST}


def constraints(rest: str) -> list[str]:
    """This function will give the versions written behind a gem's name."""
    found = []
    while match := _CONSTRAINT.match(rest):
        found.append(match[2])
        rest = rest[match.end() :]
    return found
