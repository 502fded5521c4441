"""Plain values: the JSON and the text that PostgreSQL can keep."""

import json
import re
from itertools import chain, islice
from typing import Any

MOST_BYTES = 1 << 20
"""The largest JSON document that is kept with a row; more belongs into rows of its own."""
MOST_LEVELS = 100
"""So deep lists and objects are nested at most: whoever reads them may be deep in calls already."""

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def numbered(number: int, word: str) -> str:
    """This function will write a number with the word it counts, such as 1 job or 1,200 entries."""
    several = f"{word[:-1]}ies" if word.endswith("ry") else f"{word}s"
    return f"{number:,} {word if number == 1 else several}"


class NotPlain(ValueError):
    """The value has no JSON form that PostgreSQL can keep; the text says why."""


def document(value: Any) -> str:
    """This function will give the JSON text of a value, at most `MOST_BYTES` and `MOST_LEVELS`.

    Raises `NotPlain` for what is no JSON (RFC 8259 knows no NaN), and for NUL characters and lone
    surrogates, which jsonb refuses (PostgreSQL manual, 8.14).
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise NotPlain(f"it is no plain JSON: {printable(str(error))[:200]}") from None
    if size > MOST_BYTES:
        raise NotPlain(f"it takes {size} bytes as JSON, of {MOST_BYTES} allowed")
    if _is_deep(value):
        raise NotPlain(f"it is nested deeper than {MOST_LEVELS} levels")
    if "\\u0000" in text and _NUL.search(text):
        raise NotPlain("it contains a NUL character")
    return text


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        if not any(_holds(one) for one in level):
            return False
        level = _inner(level)
    return True


def _inner(level: list[Any]) -> list[Any]:
    """The values inside the lists and objects of one level, or more than any document holds."""
    held = (one.values() if isinstance(one, dict) else one for one in level if _holds(one))
    return list(islice(chain.from_iterable(held), MOST_BYTES + 1))


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list | tuple)


def printable(text: str) -> str:
    """This function will replace control characters, but not tabs and newlines, by a mark."""
    return "".join(char if char in "\t\n" or char.isprintable() else "�" for char in text)


def is_same(value: Any) -> bool:
    """This function will say whether a value comes back from JSON as it went in, types and all.

    What is deeper than `MOST_LEVELS`, or holds more values than a document has room for, does not.
    """
    level, left = [value], MOST_BYTES
    for _ in range(MOST_LEVELS + 1):
        left -= len(level)
        if left < 0 or not all(_is_plain(one) for one in level):
            return False
        if not any(_holds(one) for one in level):
            return True
        level = _inner(level)
    return False


def _is_plain(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str for key in value)
    return value is None or type(value) in (bool, int, float, str, list)
