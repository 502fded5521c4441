"""What programs write to colour their words on terminals: kept as far as it is harmless, or left out.

Of the control sequences of ECMA-48 only those that choose colours and weights (SGR, 8.3.117) are
kept; what moves the cursor, sets titles or links is taken out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_SGR = re.compile(r"\x1b\[([0-9;]{0,60})m")
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]{0,60}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)|[ -/]{1,8}[0-~]|[0-Z\\^-~])"
)
_WORDS = {1: "bold", 2: "dim", 3: "italic", 4: "under", 7: "inverse", 9: "struck"}
_ENDS = {22: ("bold", "dim"), 23: ("italic",), 24: ("under",), 27: ("inverse",), 29: ("struck",)}
# First code of eight colours, the sort of class, and the first of the eight.
_COLOURS = ((30, "f", 0), (40, "b", 0), (90, "f", 8), (100, "b", 8))


class Span(NamedTuple):
    """A piece of text that looks the same throughout; `looks` are words such as `bold` or `f1`."""

    looks: tuple[str, ...]
    text: str


def plain(text: str) -> str:
    """This function will take every control sequence out of a text."""
    return _SEQUENCE.sub("", text) if "\x1b" in text else text


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """This function will give each piece of text, without other sequences, and the codes before it."""
    codes = ""
    parts = _SGR.split(text)
    for index, part in enumerate(parts):
        if index % 2:
            codes = part
        else:
            yield codes, plain(part)


def spans(line: str) -> list[Span]:
    """This function will read one line; each line begins anew, whatever the one before it chose."""
    looks: dict[str, str] = {}
    found = []
    for number, (codes, text) in enumerate(pieces(line)):
        if number:
            looks = _chosen(looks, codes)
        if text:
            found.append(Span(tuple(looks.values()), text))
    return found


def _chosen(looks: dict[str, str], codes: str) -> dict[str, str]:
    """What is chosen after some codes, by what it concerns; what is unknown changes nothing."""
    numbers = [int(code) if code else 0 for code in codes[:60].split(";")]
    while numbers:
        code = numbers.pop(0)
        if code in (38, 48):
            looks = _of_palette(looks, "f" if code == 38 else "b", numbers)
        elif code == 0:
            looks = {}
        elif code in _WORDS:
            looks = looks | {_WORDS[code]: _WORDS[code]}
        elif code in _ENDS:
            looks = {name: look for name, look in looks.items() if name not in _ENDS[code]}
        else:
            looks = _coloured(looks, code)
    return looks


def _coloured(looks: dict[str, str], code: int) -> dict[str, str]:
    for first, sort, colour in _COLOURS:
        if first <= code < first + 8:
            return looks | {sort: f"{sort}{colour + code - first}"}
    if code in (39, 49):
        gone = "f" if code == 39 else "b"
        return {name: look for name, look in looks.items() if name != gone}
    return looks


def _of_palette(looks: dict[str, str], sort: str, numbers: list[int]) -> dict[str, str]:
    """Of 256 colours the first sixteen have names; others, and those by red, green and blue, none."""
    form = numbers.pop(0) if numbers else 0
    chosen = numbers[:1] if form == 5 else []
    del numbers[: {5: 1, 2: 3}.get(form, 0)]
    return looks | {sort: f"{sort}{chosen[0]}"} if chosen and chosen[0] < 16 else looks
