"""Counting a log: commits and lines by file, author and month."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from projects.git.log import Commit
from projects.mapping import files

MOST_NAMES = 500_000  # paths a history may have; a map has no more files either
MOST_AUTHORS = 100_000  # names with addresses; Linux has some ten thousand
MAX_NAME = 200  # characters of an author's name or address
_AUTHOR, _PLACE = 16, 40  # bits below these: 26,400 months to the year 2200, and all authors
_MONTHS, _AUTHORS = (1 << _AUTHOR) - 1, (1 << _PLACE - _AUTHOR) - 1
_MAX_BYTES = 4 * MAX_NAME
_REMEMBERED = 10_000  # spellings of authors
_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date(2199, 12, 31).toordinal()


class TooManyNames(Exception):
    """A history names more than is kept; what was read until then stands. The text says it."""


@dataclass(slots=True)
class Row:
    """What one author did to one file in one month."""

    commits: int
    added: int
    deleted: int


@dataclass
class Tally:
    """What was read and not written yet; names and authors are kept to the end.

    A path or an author stands for its place in `paths` and `authors`.
    """

    without: frozenset[str] = frozenset()  # commits that do not count
    commits: int = 0
    paths: dict[str, int] = field(default_factory=dict)
    authors: dict[tuple[str, str], int] = field(default_factory=dict)
    commits_of: dict[int, int] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)  # by place, author and month in one number
    left_out: int = 0  # changes of files whose names no map shows
    drained: bool = False  # some was taken out: `rows` are not the whole
    _raw_paths: dict[bytes, int] = field(default_factory=dict)
    _raw_authors: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    _months: dict[int, int] = field(default_factory=dict)

    def take(self, commit: Commit) -> list[int]:
        """This method will count one commit, and give the places of the paths it changed.

        Raises TooManyNames, before any of the commit is counted.
        """
        if commit.id in self.without:
            return []
        places = [self._path(path) for path, _, _ in commit.changes]
        author, month = self._author(commit), self._month(commit.at)
        self.commits += 1
        self.commits_of[author] = self.commits_of.get(author, 0) + 1
        for place, (_, added, deleted) in zip(places, commit.changes, strict=True):
            if place < 0:
                self.left_out += 1
                continue
            key = place << _PLACE | author << _AUTHOR | month
            row = self.rows.get(key)
            if row is None:
                self.rows[key] = Row(1, added, deleted)
                continue
            row.commits += 1
            row.added += added
            row.deleted += deleted
        return [place for place in places if place >= 0]

    def drain(self) -> Iterator[tuple[int, int, int, Row]]:
        """This method will give what was counted since it was called last, and forget it.

        A file's place first, its author's, the month and the row; in that order.
        """
        rows, self.rows, self.drained = self.rows, {}, True
        for key in sorted(rows):
            author = key >> _AUTHOR & _AUTHORS
            yield key >> _PLACE, author, key & _MONTHS, rows[key]

    def _path(self, raw: bytes) -> int:
        if len(raw) > files.MAX_PATH:
            return -1
        found = self._raw_paths.get(raw)
        if found is None:
            if len(self._raw_paths) >= MOST_NAMES:
                raise TooManyNames(_too_many(MOST_NAMES, "files"))
            path = files.shown(raw.decode(errors="surrogateescape"))
            long = len(path.encode()) > files.MAX_PATH
            found = -1 if long else self.paths.setdefault(path, len(self.paths))
            self._raw_paths[raw] = found
        return found

    def _author(self, commit: Commit) -> int:
        raw = (commit.name[:_MAX_BYTES], commit.email[:_MAX_BYTES])
        found = self._raw_authors.get(raw)
        if found is None:
            author = (_text(raw[0]), _text(raw[1]))
            if author not in self.authors and len(self.authors) >= MOST_AUTHORS:
                raise TooManyNames(_too_many(MOST_AUTHORS, "authors"))
            if len(self._raw_authors) >= _REMEMBERED:
                self._raw_authors.clear()
            found = self.authors.setdefault(author, len(self.authors))
            self._raw_authors[raw] = found
        return found

    def _month(self, at: int) -> int:
        found = self._months.get(at // 86400)
        if found is None:
            found = self._months[at // 86400] = month_of(at)
        return found


def _text(raw: bytes) -> str:
    return files.shown(raw.decode(errors="surrogateescape")[:MAX_NAME])[:MAX_NAME]


def _too_many(most: int, what: str) -> str:
    return f"It names more than {most:,} {what}; the oldest commits are not counted."


def month_of(at: int) -> int:
    """This function will give the month of a time, counted from the year 0, in UTC.

    `at` is in seconds since 1970. Clocks that are wrong by centuries stop at 2199.
    """
    when = date.fromordinal(min(_EPOCH + at // 86400, _LAST))
    return when.year * 12 + when.month - 1


def month(number: int) -> date:
    """This function will give the first day of a month that counts from the year 0."""
    return date(number // 12, number % 12 + 1, 1)
