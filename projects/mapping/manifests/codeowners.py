"""CODEOWNERS: who is asked about which files. Source of the rules: GitHub, "About code owners"."""

import re
from typing import Any

from projects.mapping import untrusted

LONGEST, MOST = 1000, 20_000
_COMMENT = re.compile(r"(?<!\\)#.*")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_ESCAPED = re.compile(r"\\(.)")


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the rules in their order: pattern, owners, line."""
    rules = []
    for line, written in enumerate(untrusted.lines(source), 1):
        words = _words(written)
        # A section, as GitLab knows them, is no pattern; one longer than a path matches nothing.
        if words and not words[0].startswith(("[", "^[")) and len(words[0]) <= LONGEST:
            rules.append([words[0], words[1:], line])
    return {"manifest": {"rules": rules[:MOST]}, "broken": len(rules) > MOST}


def _words(written: str) -> list[str]:
    """Up to the comment; `\\ ` is a space in a name and `\\#` its sharp."""
    bare = _COMMENT.sub("", written)
    return [_ESCAPED.sub(r"\1", word) for word in _WORD.findall(bare)]
