"""Reading a history: names first, lines afterwards, and only what is new where that is enough."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Protocol

from jobs.failures import Anticipated
from projects.git import complaints, log
from projects.git import reading as repository
from projects.git.door import Watch
from projects.mapping.history import tally
from projects.mapping.history.pairs import NEWEST, Pair, Pairs
from projects.mapping.history.tally import Tally, TooManyNames

ASIDE = 200_000  # rows that are held in memory before they are put aside
_NEWER = 40  # percent of the commits take git as long as the rest: trees grow
_TOLD = 500  # commits between two reports
SHALLOW = "It was cloned without its older commits; fetch from a repository that has them all."


class Aside(Protocol):
    """Where what was counted waits until all of it is published."""

    def clear(self) -> None:
        """This method will forget what waits there."""

    def put(self, counted: Tally) -> None:
        """This method will move rows there, out of this process's memory."""


@dataclass(frozen=True)
class Known:
    """A published history to which new commits may be added."""

    commit: str
    mailmap: str
    with_lines: bool
    no_lines: str


@dataclass
class Read:
    """What was read and is to be published; `upon` is the commit it is added to, '' for none.

    `no_lines` says why lines were not counted, `missing` why commits are missing.
    """

    commit: str
    mailmap: str
    until: date
    upon: str = ""
    with_lines: bool = False
    no_lines: str = ""
    missing: str = ""
    coupled: int = 0
    pairs: list[Pair] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self.with_lines or bool(self.upon)


@dataclass(frozen=True)
class Reader:
    """Reads one commit's history; `names` and `lines` bound git's time for each."""

    git_dir: Path
    commit: str
    names: Watch
    lines: Watch
    aside: Aside

    def read(self, known: Known | None) -> Iterator[Read]:
        """This method will give what is to be published, one after the other; the last is final.

        Added to what is known where that is possible, else anew: first who changed which files,
        then with lines. Raises a class of `complaints` when the commit is not there.
        """
        self.aside.clear()
        mailmap = log.mailmap(self.git_dir, self.commit, self.names)
        day = log.day(self.git_dir, self.commit, self.names)
        read = Read(self.commit, mailmap, tally.month(tally.month_of(day)))
        if known is not None and self._is_enough(known, mailmap):
            added = self._since(known, replace(read, tally=Tally()))
            if added is not None:
                yield added
                return
            self.aside.clear()
        yield self._all_names(read)
        yield self._all_lines(read)

    def _is_enough(self, known: Known, mailmap: str) -> bool:
        git_dir = self.git_dir
        return (
            known.mailmap == mailmap
            and not log.boundary(git_dir)
            and log.follows(git_dir, known.commit, self.commit, self.names)
        )

    def _since(self, known: Known, read: Read) -> Read | None:
        """Adds what is new; who was coupled is asked of the newest commits again.

        None: it names too much to be added; counted anew, the newest commits stand.
        """
        read.upon, read.with_lines, read.no_lines = known.commit, known.with_lines, known.no_lines
        newest, pairs = Tally(), Pairs()
        try:
            wanted = log.Wanted(self.commit, known.commit, known.with_lines)
            log.read(self.git_dir, wanted, self.lines, self._taking(read.tally, None))
            wanted = log.Wanted(self.commit, most=NEWEST)
            log.read(self.git_dir, wanted, self.names, lambda one: pairs.take(newest.take(one)))
        except TooManyNames:
            return None
        read.coupled, read.pairs = pairs.commits, pairs.strongest(list(newest.paths))
        return read

    def _all_names(self, read: Read) -> Read:
        boundary, pairs = log.boundary(self.git_dir), Pairs()
        read.tally.without = boundary
        read.missing = SHALLOW if boundary else ""
        try:
            taking = self._taking(read.tally, pairs)
            log.read(self.git_dir, log.Wanted(self.commit), self.names, taking)
        except (Anticipated, TooManyNames) as error:
            self._forgive(error)
            read.missing = read.no_lines = str(error)
        read.coupled, read.pairs = pairs.commits, pairs.strongest(list(read.tally.paths))
        return read

    def _all_lines(self, names: Read) -> Read:
        """The same again with lines; where git breaks off, the names stand as they are."""
        total, again = names.tally.commits, Tally(names.tally.without)
        names.tally = Tally()  # it is published, and may be large
        reason = names.no_lines
        if not reason:
            try:
                wanted = log.Wanted(self.commit, lines=True, first=total * _NEWER // 100)
                taking = self._taking(again, None, total)
                log.read(self.git_dir, wanted, self.lines, taking)
            except (Anticipated, TooManyNames) as error:
                self._forgive(error)
                reason = str(error)
        found = Read(self.commit, names.mailmap, names.until, missing=names.missing)
        found.coupled, found.pairs = names.coupled, names.pairs
        if not reason:
            found.with_lines, found.tally = True, again
            return found
        self.aside.clear()
        found.upon, found.no_lines = self.commit, reason
        return found

    def _taking(self, counted: Tally, pairs: Pairs | None, total: int = 0) -> "_Taking":
        return _Taking(counted, pairs, self.aside, self.names, total)

    def _forgive(self, error: Exception) -> None:
        """What lies with this machine is no fault of the history, and is tried again."""
        if isinstance(error, complaints.DiskFull):
            raise error
        if isinstance(error, Anticipated) and not repository.has(
            self.git_dir, self.commit, self.names
        ):
            raise error


@dataclass(frozen=True)
class _Taking:
    """Takes commits one by one, and tells of every few hundred."""

    tally: Tally
    pairs: Pairs | None
    aside: Aside
    watch: Watch
    total: int

    def __call__(self, commit: log.Commit) -> None:
        places = self.tally.take(commit)
        if self.pairs is not None:
            self.pairs.take(places)
        if len(self.tally.rows) >= ASIDE:
            self.aside.put(self.tally)
        if self.tally.commits % _TOLD == 0:
            phase = "counting lines" if self.total else "reading commits"
            self.watch.on_progress(phase, self.tally.commits, self.total)
