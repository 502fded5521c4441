"""What the text of a file tells of its language where its suffix has several.

Runs in the child that reads blobs, which is told the suffix with its question.
Source of the rules: linguist's heuristics.yml; what its classifier would guess where none holds is
left to the suffix.
"""

import re
from functools import cache
from typing import NamedTuple

from projects.mapping import linguist

HEAD = 50 << 10  # bytes; as many as linguist looks at
_LONGEST = 300  # bytes of one line: what is longer costs the square of it


class Sign(NamedTuple):
    """An expression that must be found in a text, or must not."""

    text: str
    wanted: bool


class Rule(NamedTuple):
    """The language of a text with all of these signs."""

    language: str
    signs: list[Sign]


def _read() -> dict[str, list[Rule]]:
    rules: dict[str, list[Rule]] = {}
    named: dict[str, str] = {}
    signs: list[Sign] = []
    for line in linguist.lines("heuristics.tsv"):
        about, language, sign, text = line.split("\t")
        if about.startswith("@"):
            named[about] = text
            continue
        if language:
            signs = []
            for suffix in about.split():
                rules.setdefault(suffix, []).append(Rule(language, signs))
        signs.append(Sign(named.get(text, text), sign == "+"))
    return rules


_RULES = _read()
SUFFIXES = frozenset(_RULES)
"""Whose files tell their language only in their text."""
_compiled = cache(lambda text: re.compile(text.encode(), re.MULTILINE))


def language_of(suffix: str, head: bytes) -> str:
    """This function will name the language of a file with that suffix; '' when no rule holds."""
    lines = head[:HEAD].split(b"\n")
    text = b"\n".join(line[:_LONGEST] for line in lines)
    for language, signs in _RULES[suffix]:
        if all(bool(_compiled(sign).search(text)) is wanted for sign, wanted in signs):
            return language
    return ""
