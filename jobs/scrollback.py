"""The whole log of a job, page by page: every kept line of every attempt, counted and searched."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from jobs import ansi, levels, logbook
from jobs.levels import Level
from jobs.logbook import Line
from jobs.models import LogChunk

PAGE_LINES = 1_000
_RANGE = re.compile(r"(?P<part>a\d{1,18}-)?L(?P<first>\d{1,9})(?:-L?(?P<last>\d{1,9}))?")


@dataclass(frozen=True)
class Wanted:
    """Which lines are meant: from a level on, and those that contain a text in any case."""

    least: Level = Level.DEBUG
    grep: str = ""

    def __bool__(self) -> bool:
        return self.least != Level.DEBUG or bool(self.grep)

    def among(self, texts: Sequence[str], letters: str) -> Sequence[int]:
        """This method will give the places of the lines that are meant."""
        if not self:
            return range(len(texts))
        text = self.grep.casefold()
        return [
            index
            for index, (line, letter) in enumerate(zip(texts, letters, strict=False))
            if levels.of_letter(letter).reaches(self.least) and text in ansi.plain(line).casefold()
        ]


@dataclass(frozen=True)
class Range:
    """Lines of one attempt that an address names, such as L10-L20 or a3-L7."""

    part: str
    first: int
    last: int

    @classmethod
    def of(cls, text: str) -> "Range | None":
        """This method will read one, or give None when it is none."""
        found = _RANGE.fullmatch(text)
        if found is None:
            return None
        first, last = int(found["first"]), int(found["last"] or found["first"])
        return cls(found["part"] or "", min(first, last), max(first, last))

    @property
    def anchor(self) -> str:
        """The name of its first line."""
        return f"{self.part}L{self.first}"

    def holds(self, line: Line) -> bool:
        """This method will say whether a line is one of them."""
        return (
            self.first <= line.number <= self.last and line.anchor == f"{self.part}L{line.number}"
        )


@dataclass(frozen=True)
class Page:
    """Some lines, which page they are, and how many lines there are: in all, and of those meant."""

    lines: list[Line]
    number: int
    pages: int
    total: int
    matching: int
    first_error: str
    missing: bool = False
    """The line that was asked for is not there."""


@dataclass(frozen=True)
class _Part:
    chunk: LogChunk
    before: str
    texts: list[str]
    places: Sequence[int]

    def place_of(self, asked: Range) -> int | None:
        """How many lines that are meant stand before the one asked for, if it is in here."""
        index = asked.first - self.chunk.first_line
        inside = self.before == asked.part and 0 <= index < len(self.texts)
        return bisect_left(self.places, index) if inside else None


def page(
    job: int, wanted: Wanted, number: int = 1, at: Range | None = None, *, end: bool = False
) -> Page:
    """This function will give one page of a log: by number, by a line, or what was written last."""
    parts = _parts(job, wanted)
    matching = sum(len(part.places) for part in parts)
    pages = max(1, -(-matching // PAGE_LINES))
    found = _place(parts, at) if at else None
    if found is not None:
        number = found // PAGE_LINES + 1
    number = min(max(number, 1), pages)
    start = max(0, matching - PAGE_LINES) if end else (number - 1) * PAGE_LINES
    return Page(
        list(_lines(job, parts, start)),
        pages if end else number,
        pages,
        sum(len(part.texts) for part in parts),
        matching,
        _first_error(parts),
        missing=at is not None and found is None,
    )


def _parts(job: int, wanted: Wanted) -> list[_Part]:
    chunks = list(LogChunk.objects.filter(job=job).order_by("fence", "seq"))
    newest = chunks[-1].fence if chunks else 0
    found = []
    for chunk in chunks:
        texts = chunk.text.splitlines()
        before = "" if chunk.fence == newest else f"a{chunk.fence}-"
        places = wanted.among(texts, chunk.levels.ljust(len(texts)))
        found.append(_Part(chunk, before, texts, places))
    return found


def _place(parts: list[_Part], at: Range) -> int | None:
    before = 0
    for part in parts:
        place = part.place_of(at)
        if place is not None:
            return before + place
        before += len(part.places)
    return None


def _lines(job: int, parts: list[_Part], start: int) -> Iterator[Line]:
    """The lines of a page; only those are made that it shows."""
    names = logbook.attempts(job, [part.chunk for part in parts])
    left = PAGE_LINES
    for part in parts:
        places = part.places[start : start + left]
        start, left = max(0, start - len(part.places)), left - len(places)
        if places:
            made = logbook.lines(part.chunk, part.before, names.get(part.chunk.fence, ""))
            chosen = set(places)
            first, last = places[0], places[-1] + 1
            for index, line in enumerate(islice(made, first, last), first):
                if index in chosen:
                    yield line


def _first_error(parts: list[_Part]) -> str:
    """The name of the first error of the newest attempt that had one."""
    found: dict[int, str] = {}
    for part in parts:
        index = part.chunk.levels.find(Level.ERROR.letter)
        if index >= 0:
            name = f"{part.before}L{part.chunk.first_line + index}"
            found.setdefault(part.chunk.fence, name)
    return found[max(found)] if found else ""
