"""What a running job says of itself: kept in memory, written by whoever has a connection free."""

import json
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from time import monotonic
from typing import Any

from jobs import ansi, db
from jobs.db import Connection
from jobs.ledger import Claim, statement
from jobs.levels import Level
from jobs.pace import Pace, Sums
from jobs.plain import numbered, printable
from jobs.redaction import redact

CHUNK_BYTES = 60_000
"""A chunk of log never exceeds this, and 64 KiB with its last line."""
HEAD_BYTES = 1 << 20
"""So much of a log is kept from its beginning; after that only its end."""
TAIL_LINES = 500
LINE_CHARS = 4_000
ITEMS_KEPT = 200
PEAK_STEP = 1.02
"""A peak of memory is stored again once it has grown by this factor."""
MOST_STEPS = 2**63 - 1
"""The largest bigint."""


@dataclass
class Steps:
    """How far the work got."""

    current: int = 0
    total: int | None = None
    item: str = ""
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    done_count: int = 0
    failed_count: int = 0


@dataclass(frozen=True)
class Line:
    """One line of log, and its level's letter."""

    text: str
    letter: str = Level.INFO.letter

    @property
    def size(self) -> int:
        """What it takes in a chunk, with its newline, in bytes."""
        return len(self.text.encode()) + 1


class Report:
    """The progress and log of one claim. Safe to use from two threads."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.began_at = self.heard_at = monotonic()
        self._steps, self._pace = _NO_STEPS, _NO_PACE
        self._unwritten = False
        self._continued = False
        self._peak_mb = 0
        self._told = _NOTHING
        self._lines: list[Line] = []
        self._tail: deque[Line] = deque(maxlen=TAIL_LINES)
        self._numbered = 1
        self._chunks = 0
        self._room = HEAD_BYTES
        self._left_out = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def progress(
        self,
        current: int,
        total: int | None = None,
        item: str = "",
        done: Sequence[str] = (),
        failed: Sequence[str] = (),
    ) -> None:
        """This method will remember how far the work got; `done` and `failed` add to their lists."""
        with self._lock:
            steps, self.heard_at = self._own_steps(), monotonic()
            steps.current, steps.item = _count(current), _words(item)
            steps.total = None if total is None else _count(total)
            steps.done = (steps.done + [_words(one) for one in done])[-ITEMS_KEPT:]
            steps.failed = (steps.failed + [_words(one) for one in failed])[-ITEMS_KEPT:]
            steps.done_count += len(done)
            steps.failed_count += len(failed)
            self._pace.reached(steps.current, self.heard_at)
            self._unwritten = True

    def _own_steps(self) -> Steps:
        """Most jobs tell nothing: what they do not need is not made for them."""
        if self._steps is _NO_STEPS:
            self._steps, self._pace = Steps(), Pace()
        return self._steps

    def holds(self, mb: int) -> int:
        """This method will note how much memory the job holds now, and give the most so far, in MiB."""
        self._peak_mb = max(self._peak_mb, mb)
        return self._peak_mb

    def log(self, text: str, level: Level = Level.INFO) -> None:
        """This method will add redacted lines to the log; beyond its head only the end is kept."""
        lines = [line[:LINE_CHARS] for line in _harmless(text).splitlines()]
        with self._lock:
            self.heard_at = monotonic()
            for line in lines:
                self._keep(Line(line, level.letter))

    def _keep(self, line: Line) -> None:
        if self._room > 0:
            self._room -= line.size
            self._lines.append(line)
            return
        self._left_out += len(self._tail) == TAIL_LINES
        self._tail.append(line)

    @property
    def unwritten(self) -> bool:
        """Whether there is anything to store at the end."""
        return self._unwritten or self._grown or bool(self._lines) or bool(self._tail)

    @property
    def _grown(self) -> bool:
        return self._peak_mb > self._told.peak_mb * PEAK_STEP

    def write(self, raw: Connection, *, last: bool = False) -> None:
        """This method will store what is new; `last` adds the end of a long log.

        What could not be stored is kept for the next call.
        """
        with self._writing:
            while chunk := self._next_chunk(last):
                self._store_chunk(raw, chunk)
            news = self._unwritten or self._grown
            if news or (not last and (self.heard_at > self._told.at or self._turned(monotonic()))):
                self._store_steps(raw)

    def _turned(self, now: float) -> bool:
        """Whether an end can be foretold by now, or no longer: silence says that, too."""
        steps = self._steps
        told = self._told.left is not None
        return told != (self._pace.left(steps.current, steps.total, now) is not None)

    def _next_chunk(self, last: bool) -> list[Line]:
        with self._lock:
            if last and self._tail:
                gap = (
                    [Line(f"… {numbered(self._left_out, 'line')} left out …")]
                    if self._left_out
                    else []
                )
                self._lines += [*gap, *self._tail]
                self._tail.clear()
            size, count = 0, 0
            for line in self._lines:
                size += line.size
                if count and size > CHUNK_BYTES:
                    break
                count += 1
            return self._lines[:count]

    def _store_chunk(self, raw: Connection, lines: list[Line]) -> None:
        claim = self.claim
        text = "".join(f"{line.text}\n" for line in lines)
        levels = "".join(line.letter for line in lines)
        values = (claim.id, claim.fence, self._chunks, self._numbered, text, levels)
        db.rows(raw, statement("log"), dict(zip(_LOG_FIELDS, values, strict=True)))
        with self._lock:
            del self._lines[: len(lines)]
            self._chunks += 1
            self._numbered += len(lines)

    def _store_steps(self, raw: Connection) -> None:
        self._continue(raw)
        with self._lock:
            self._unwritten, before = False, self._unwritten
            told, values = self._values(monotonic())
        try:
            db.rows(raw, statement("progress"), values)
        except db.Error:
            self._unwritten = before or self._unwritten
            raise
        self._told = told

    def _values(self, now: float) -> tuple["Told", dict[str, Any]]:
        steps, pace = self._steps, self._pace
        told = Told(now, pace.left(steps.current, steps.total, now), self._peak_mb)
        return told, {
            "job": self.claim.id,
            "fence": self.claim.fence,
            "current": steps.current,
            "total": steps.total,
            "item": steps.item,
            "done": json.dumps(steps.done),
            "failed": json.dumps(steps.failed),
            "done_count": steps.done_count,
            "failed_count": steps.failed_count,
            "began_s": now - self.began_at,
            "heard_s": now - self.heard_at,
            "rate": pace.rate(now),
            "pace": json.dumps(astuple(pace.sums)) if pace.sums.count else None,
            "eta_s": told.left,
            "peak_mb": told.peak_mb or None,
        }

    def _continue(self, raw: Connection) -> None:
        """Go on with the pace of the claim before, when that one was paused; asked once."""
        if self._continued or self.claim.fence == 1:
            return
        found = db.rows(raw, statement("pace"), (self.claim.id,))
        with self._lock:
            self._continued = True
            self._own_steps()
            for (sums,) in found:
                self._pace.sums.join(Sums(*(json.loads(sums) if isinstance(sums, str) else sums)))


@dataclass(frozen=True)
class Told:
    """What was stored last: when, the seconds left, and the peak of memory."""

    at: float = 0.0
    left: float | None = None
    peak_mb: int = 0


def _count(number: float) -> int:
    return max(0, min(int(number), MOST_STEPS))


def _words(text: str) -> str:
    return printable(redact(str(text)[:LINE_CHARS]))[:200]


def _harmless(text: str) -> str:
    """A text without secrets and control characters; its colours stay where nothing was taken out.

    A secret may be written in two colours: it is looked for in the words alone.
    """
    if "\x1b" not in text:
        return printable(redact(text))
    words = ansi.plain(text)
    if redact(words) != words:
        return printable(redact(words))
    found = list(ansi.pieces(text))
    coloured = (f"\x1b[{codes}m{printable(piece)}" for codes, piece in found[1:])
    return printable(found[0][1]) + "".join(coloured)


_LOG_FIELDS = ("job", "fence", "seq", "first_line", "text", "levels")
_NO_STEPS, _NO_PACE, _NOTHING = Steps(), Pace(), Told()
