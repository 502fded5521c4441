"""JSON as people write it: with comments, commas too many, and the lines its keys stand on."""

import json
import math
import re
from typing import Any

from projects.mapping import untrusted
from projects.mapping.untrusted import Broken

_LINES_TO = 3  # keys deeper than this are not asked for
_WORD = re.compile(
    r'(?:\s+|//[^\n]*|/\*.*?\*/)|("(?:[^"\\\n]|\\.)*")|([{}\[\]:,])|([-+.\w]+)', re.DOTALL
)

Lines = dict[tuple[str, ...], int]


def read(source: bytes) -> tuple[dict[str, Any], Lines]:
    """This function will give an object and the line of each of its outer keys, by their path.

    Raises Broken.
    """
    reader = _Reader(untrusted.text(source))
    value = reader.value(())
    if reader.word or not isinstance(value, dict):
        raise Broken("no object")
    return value, reader.lines


class _Reader:
    """One pass over the words, one of them ahead."""

    def __init__(self, text: str) -> None:
        self.lines: Lines = {}
        self._text = text
        self._at = self._line = 0
        self._counted = 0
        self.word = ""
        self._next()

    def value(self, place: tuple[str, ...]) -> Any:
        """This method will read what stands at a place."""
        if len(place) > untrusted.DEEPEST:
            raise Broken(f"more than {untrusted.DEEPEST} levels in each other")
        word = self._take()
        if word == "{":
            return self._object(place)
        if word == "[":
            return self._array(place)
        try:
            found = json.loads(word, strict=False)
        except ValueError:
            raise Broken(word[:200]) from None
        if isinstance(found, float) and not math.isfinite(found):
            raise Broken(word[:200])
        return found

    def _object(self, place: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.word != "}":
            line = self._line_here()
            if not self.word.startswith('"'):
                raise Broken("a key without quotes")
            key = json.loads(self._take(), strict=False)
            if self._take() != ":":
                raise Broken("a key without a colon")
            if len(place) < _LINES_TO:
                self.lines[*place, key] = line
            found[key] = self.value((*place, key))
            self._comma("}")
        self._next()
        return found

    def _array(self, place: tuple[str, ...]) -> list[Any]:
        found = []
        while self.word != "]":
            found.append(self.value((*place, "")))
            self._comma("]")
        self._next()
        return found

    def _comma(self, end: str) -> None:
        if self.word == ",":
            self._next()
        elif self.word != end:
            raise Broken("no comma")

    def _take(self) -> str:
        word = self.word
        self._next()
        return word

    def _next(self) -> None:
        self.word = ""
        while not self.word and self._at < len(self._text):
            match = _WORD.match(self._text, self._at)
            if match is None:
                raise Broken("no word of JSON")
            self._at = match.end()
            self.word = match[1] or match[2] or match[3] or ""

    def _line_here(self) -> int:
        """The line of the word ahead; lines are counted once, going forward."""
        begin = self._at - len(self.word)
        self._line += self._text.count("\n", self._counted, begin)
        self._counted = begin
        return self._line + 1
