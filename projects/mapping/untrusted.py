"""YAML, TOML and JSON that somebody hostile may have written: read within bounds, or not at all.

A bomb of aliases, a thousand brackets in each other or a million dots cost no more than their size.
"""

import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

import yaml

DEEPEST = 100
LARGEST = 1_000_000  # parts of one YAML text, aliases counted as often as they stand for something
_LONG_KEY = re.compile(
    r"""(?:\.\s*+["']?[\w-]++["']?\s*+){64}"""
)  # tomllib takes a minute for more


class Broken(Exception):
    """The text is not what its name promises, or nobody could mean it."""


class Table(dict[str, Any]):
    """A mapping of YAML that knows in which line each key stands."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Items(list[Any]):
    """A sequence of YAML that knows in which line each item stands."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def text(source: bytes) -> str:
    """This function will give the characters of a file."""
    return source.decode("utf-8-sig", errors="replace")


def lines(source: bytes) -> list[str]:
    """This function will give the lines of a file as git counts them."""
    return [line.removesuffix("\r") for line in text(source).split("\n")]


def read_json(source: bytes) -> Any:
    """This function will read JSON. Raises Broken."""
    try:
        return json.loads(text(source))
    except (ValueError, RecursionError) as error:
        raise Broken(str(error)[:200]) from error


def read_toml(source: bytes) -> dict[str, Any]:
    """This function will read TOML. Raises Broken."""
    written = text(source)
    if _LONG_KEY.search(written):
        raise Broken("a key has more than 64 parts")
    try:
        return tomllib.loads(written)
    except (ValueError, RecursionError) as error:
        raise Broken(str(error)[:200]) from error


def read_yaml(source: bytes) -> list[Any]:
    """This function will read every document of a YAML text. Raises Broken.

    Mappings are Table, sequences Items, scalars str, and what is empty is None.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text(source), Loader=yaml.CSafeLoader):
            builder.take(event)
    except (yaml.YAMLError, ValueError) as error:
        raise Broken(str(error)[:200]) from error
    return builder.documents


@dataclass
class _Open:
    """A mapping or sequence whose end was not read yet."""

    value: Any
    anchor: str | None
    weight: int
    key: str | None = None
    key_line: int = 0


@dataclass
class _Builder:
    """Makes values of events, one by one, so that nothing is made of what is too deep or large."""

    documents: list[Any] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    _weight: int = 0

    def take(self, event: Any) -> None:
        """This method will add what an event says. Raises Broken."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            empty = event.implicit[0] and event.value in ("", "~", "null")
            value = None if empty else event.value
            self._keep(event.anchor, value, 1)
            self._add(value, line, 1)
        elif isinstance(event, yaml.AliasEvent):
            self._add_alias(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end(line)

    def _begin(self, event: Any) -> None:
        if len(self._open) >= DEEPEST:
            raise Broken(f"more than {DEEPEST} levels in each other")
        table = isinstance(event, yaml.MappingStartEvent)
        value: Any = Table() if table else Items()
        line = event.start_mark.line + 1
        self._open.append(_Open(value, event.anchor, self._weight, key_line=line))

    def _end(self, line: int) -> None:
        done = self._open.pop()
        self._keep(done.anchor, done.value, self._weight - done.weight + 1)
        self._add(done.value, line, 1)

    def _add_alias(self, event: Any, line: int) -> None:
        if event.anchor not in self._anchors:
            raise Broken(f"nothing is called {event.anchor[:60]!a}")
        value, weight = self._anchors[event.anchor]
        self._add(value, line, weight)

    def _keep(self, anchor: str | None, value: Any, weight: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, weight)

    def _add(self, value: Any, line: int, weight: int) -> None:
        self._weight += weight
        if self._weight > LARGEST:
            raise Broken(f"more than {LARGEST} parts")
        if not self._open:
            self.documents.append(value)
            return
        place = self._open[-1]
        if isinstance(place.value, Items):
            place.value.append(value)
            place.value.lines.append(line)
        elif place.key is None:
            place.key, place.key_line = value if isinstance(value, str) else "", line
        else:
            _set(place.value, place.key, value, place.key_line)
            place.key = None


def _set(table: Table, key: str, value: Any, line: int) -> None:
    """What a merge key brings gives way to what the mapping says itself."""
    if key != "<<":
        table[key], table.lines[key] = value, line
        return
    for source in value if isinstance(value, Items) else [value]:
        for name, inherited in source.items() if isinstance(source, Table) else ():
            table.setdefault(name, inherited)
            table.lines.setdefault(name, source.lines[name])
