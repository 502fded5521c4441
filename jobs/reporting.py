"""What a running job says of itself: kept in memory, written by whoever has a connection free."""

import json
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from jobs import db
from jobs.db import Connection
from jobs.ledger import Claim, statement
from jobs.levels import Level
from jobs.plain import printable
from jobs.redaction import redact

CHUNK_BYTES = 60_000
"""A chunk of log never exceeds this, and 64 KiB with its last line."""
HEAD_BYTES = 1 << 20
"""So much of a log is kept from its beginning; after that only its end."""
TAIL_LINES = 500
LINE_CHARS = 4_000
ITEMS_KEPT = 200
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
        self.heard_at = monotonic()
        self._steps: Steps | None = None
        self._unwritten = False
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
        total: int | None,
        item: str,
        done: Sequence[str],
        failed: Sequence[str],
    ) -> None:
        """This method will remember how far the work got; `done` and `failed` add to their lists."""
        with self._lock:
            steps = self._steps or Steps()
            steps.current, steps.item = _count(current), _words(item)
            steps.total = None if total is None else _count(total)
            steps.done = (steps.done + [_words(one) for one in done])[-ITEMS_KEPT:]
            steps.failed = (steps.failed + [_words(one) for one in failed])[-ITEMS_KEPT:]
            self._steps, self._unwritten, self.heard_at = steps, True, monotonic()

    def log(self, text: str, level: Level = Level.INFO) -> None:
        """This method will add redacted lines to the log; beyond its head only the end is kept."""
        lines = [line[:LINE_CHARS] for line in printable(redact(text)).splitlines()]
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
        """Whether there is anything to store."""
        return self._unwritten or bool(self._lines) or bool(self._tail)

    def write(self, raw: Connection, *, last: bool = False) -> None:
        """This method will store what is new; `last` adds the end of a long log.

        What could not be stored is kept for the next call.
        """
        with self._writing:
            while chunk := self._next_chunk(last):
                self._store_chunk(raw, chunk)
            if self._unwritten:
                self._store_steps(raw)

    def _next_chunk(self, last: bool) -> list[Line]:
        with self._lock:
            if last and self._tail:
                gap = [Line(f"… {self._left_out} lines left out …")] if self._left_out else []
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
        with self._lock:
            steps = self._steps or Steps()
            self._unwritten = False
            values: dict[str, Any] = {
                "job": self.claim.id,
                "fence": self.claim.fence,
                "current": steps.current,
                "total": steps.total,
                "item": steps.item,
                "done": json.dumps(steps.done),
                "failed": json.dumps(steps.failed),
            }
        try:
            db.rows(raw, statement("progress"), values)
        except db.LostConnection:
            self._unwritten = True
            raise


def _count(number: float) -> int:
    return max(0, min(int(number), MOST_STEPS))


def _words(text: str) -> str:
    return printable(redact(str(text)[:LINE_CHARS]))[:200]


_LOG_FIELDS = ("job", "fence", "seq", "first_line", "text", "levels")
