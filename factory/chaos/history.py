"""The history that chaos leaves, and what can be asked of it by counting."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.chaos import stack
from factory.chaos.book import Book, Struck
from factory.chaos.soak import Soak
from jobs.states import FINISHED

ENDED = tuple(state.value for state in FINISHED)
MOST_SHOWN = 5
"""So many examples of what is wrong stand in a verdict."""


@dataclass
class History:
    """All there is to judge by: what was asked, what the sink heard, who was struck, samples."""

    book: Book
    struck: list[Struck]
    sink: Path
    seen: list[str] = field(default_factory=list)
    restless: str = ""
    soak: Soak | None = None
    recovery: list[float] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> None:
        """This method will take in what the sink wrote down."""
        self.calls = [json.loads(line) for line in self.sink.read_text().splitlines()]
        self.recovery = [seconds for one in self.struck if (seconds := recovered(one)) is not None]

    @property
    def doubled(self) -> list[int]:
        """The jobs that were given away while their runner lived."""
        return [job for one in self.struck for job in one.doubled]

    @property
    def effects(self) -> list[dict[str, Any]]:
        """The calls that were effects, not only signs of an execution."""
        return [call for call in self.calls if call["what"] == "effect"]


def lost(history: History) -> list[int]:
    """This function will list the jobs that were accepted and have no row, or no end."""
    known = dict(stack.rows("SELECT id, state FROM job WHERE id = ANY(%s)", history.book.ids))
    gone = {job for job in history.book.ended if job not in known}
    return [job for job in history.book.ids if known.get(job) not in ENDED and job not in gone]


def phantom(history: History) -> list[str]:
    """This function will list what is there though nobody asked for it, or not so often."""
    book = history.book
    counts: dict[str, int] = dict(
        stack.rows("SELECT subject, count(*) FROM job WHERE created_by = 'user:chaos' GROUP BY 1")
    )
    found = []
    for token, number in counts.items():
        wanted = {len(book.accepted[token])} if token in book.accepted else set()
        wanted |= {0, book.maybe[token]} if token in book.maybe else set()
        if token and number not in wanted and not book.ended:
            found.append(f"{token}: {number} jobs")
    known = {job for (job,) in stack.rows("SELECT id FROM job")} | book.ended
    rowless = {call["job"] for call in history.calls} - known
    return found + [f"job {job} executed without a row" for job in sorted(rowless)]


def recovered(one: Struck) -> float | None:
    """This function will give the seconds from a runner's death until its job ran again."""
    if one.fault != "runner-busy" or one.job is None:
        return None
    sql = (
        "SELECT min(extract(epoch FROM at))::float8 FROM job_move"
        " WHERE job_id = %s AND to_state = 'running' AND at > to_timestamp(%s)"
    )
    again = stack.rows(sql, one.job, one.at)[0][0]
    return None if again is None else round(again - one.at, 3)


def nothing(sql: str, *values: Any, says: str = "{}") -> str:
    """This function will say what a question found that must find nothing."""
    found = stack.rows(sql, *values)
    if not found:
        return ""
    shown = ", ".join(" ".join(map(str, row)) for row in found[:MOST_SHOWN])
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return says.format(shown + more)
