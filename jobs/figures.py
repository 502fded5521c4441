"""Figures from rows, of any span of time: throughput, waits, runs, retries, lag, memory."""

import time
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from jobs.ledger import statement
from jobs.models import Runner
from jobs.retention import BOUNDS_S

MEASURED = 20_000
"""Of a span of time the newest attempts are measured, at most so many."""
COUNTED = 200_000
"""And the newest are counted, at most so many: a quarter of a second, whatever the span."""
STEPS = 60
LONGEST = timedelta(days=92)
GROUPS = ("kind", "queue", "project", "runner")


class BadSpan(ValueError):
    """The span of time cannot be used; the text says why."""


class Span(NamedTuple):
    """From one moment to another; the second is not part of it."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.until - self.since).total_seconds()

    @property
    def step(self) -> timedelta:
        """A sixtieth of it, and a bit: never a sixty-first."""
        return (self.until - self.since) / STEPS + timedelta(microseconds=1)


class Group(NamedTuple):
    """The attempts of one kind, queue, project or runner that ended within a span; in seconds."""

    by: str
    name: str
    ended: int
    succeeded: int
    failed: int
    retried: int
    wait_p50: float | None
    wait_p95: float | None
    wait_p99: float | None
    run_p50: float | None
    run_p95: float | None
    run_p99: float | None

    @property
    def rate(self) -> float | None:
        """Of what succeeded or failed for good, the share that succeeded, in percent."""
        return _share(self.succeeded, self.failed)


class FailureCount(NamedTuple):
    """How many attempts failed with a class, and how many of them were tried again."""

    failure_class: str
    failed: int
    retried: int


class Day(NamedTuple):
    """How many jobs ended in one state on one day."""

    day: date
    state: str
    jobs: int


class Step(NamedTuple):
    """The attempts that ended in one step of a span, by how; None where they were not counted."""

    since: datetime
    succeeded: int | None
    failed: int | None
    retried: int | None
    other: int | None

    @property
    def ended(self) -> int | None:
        """How many ended in all."""
        if self.succeeded is None:
            return None
        return self.succeeded + (self.failed or 0) + (self.retried or 0) + (self.other or 0)

    @property
    def rate(self) -> float | None:
        """Of what succeeded or failed for good, the share that succeeded, in percent."""
        return _share(self.succeeded, self.failed)


class Taken(NamedTuple):
    """How long the measured attempts of one step of a span ran, in seconds."""

    since: datetime
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Depth(NamedTuple):
    """The most that waited in one queue in each step of a span; None where nobody looked."""

    queue: str
    waiting: list[int | None]


class EventLag(NamedTuple):
    """Deliveries on their way, the age of the oldest, and how long 95 of 100 took, in seconds."""

    open: int
    oldest_s: float
    p95_s: float | None


class Database(NamedTuple):
    """Seconds one round trip took just now, and the seconds of work of all sessions so far."""

    answer_s: float
    active_s: float


def span(since: datetime, until: datetime) -> Span:
    """This function will make a span, or raise `BadSpan` for one that is empty or too long."""
    if since >= until:
        raise BadSpan("since: it must lie before until")
    if until - since > LONGEST:
        raise BadSpan(f"since: at most {LONGEST.days} days before until")
    return Span(since, until)


class Chosen(NamedTuple):
    """What figures are of: a span, projects (None: all, and none), and a kind unless it is ""."""

    span: Span
    scopes: Collection[int] | None = None
    kind: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The same, as statements name it."""
        return {
            "since": self.span.since,
            "until": self.span.until,
            "scopes": None if self.scopes is None else sorted(self.scopes),
            "kind": self.kind,
            "most": MEASURED,
            "counted": COUNTED,
            "step": self.span.step,
        }

    @property
    def steps(self) -> list[datetime]:
        """When each step begins."""
        return [self.span.since + number * self.span.step for number in range(STEPS)]

    def step_of(self, at: datetime) -> int:
        """This method will give the number of the step that begins at a moment."""
        return min(STEPS - 1, round((at - self.span.since) / self.span.step))


def groups(of: Chosen) -> list[Group]:
    """This function will measure what ended within a span: in all, and each group apart.

    The whole has no name and stands first.
    """
    return [Group._make(row) for row in _rows("figures", of.values)]


def over_time(of: Chosen) -> list[Step]:
    """This function will count what ended in each step of a span.

    Of more than `COUNTED` the newest are counted; a step that is not counted whole has no numbers.
    """
    rows = {of.step_of(at): rest for at, *rest in _rows("figures_steps", of.values)}
    whole_after = next((rest[-1] for rest in rows.values()), None)
    unknown, nothing = (None,) * 4, (0,) * 4
    return [
        Step(at, *(unknown if whole_after and at <= whole_after else rows.get(number, nothing)[:4]))
        for number, at in enumerate(of.steps)
    ]


def taken(of: Chosen) -> list[Taken]:
    """This function will measure how long the newest attempts ran, in each step of a span."""
    rows = {of.step_of(at): rest for at, *rest in _rows("figures_taken", of.values)}
    return [Taken(at, *rows.get(number, ())) for number, at in enumerate(of.steps)]


def spread(of: Chosen) -> list[int]:
    """This function will count the measured attempts up to each of `BOUNDS_S`, and longer ones."""
    rows = dict(_rows("figures_spread", of.values | {"bounds": list(BOUNDS_S)}))
    return [rows.get(number, 0) for number in range(len(BOUNDS_S) + 1)]


def depths(of: Span) -> list[Depth]:
    """This function will tell how much waited in each queue, as upkeep saw it once a minute."""
    found: dict[str, list[int | None]] = {}
    chosen = Chosen(of)
    for queue, at, waiting in _rows("figures_depths", chosen.values):
        found.setdefault(queue, [None] * STEPS)[chosen.step_of(at)] = waiting
    return [Depth(queue, waiting) for queue, waiting in found.items()]


def classes(of: Chosen) -> list[FailureCount]:
    """This function will count the failed attempts of a span by their class."""
    return [FailureCount._make(row) for row in _rows("figures_classes", of.values)]


def days(of: Chosen) -> list[Day]:
    """This function will count what ended on each day, of removed jobs too; newest day first."""
    return [Day._make(row) for row in _rows("figures_days", of.values)]


def event_lag() -> EventLag:
    """This function will say how far deliveries are behind their events."""
    return EventLag._make(_rows("figures_events", {"most": MEASURED})[0])


def database() -> Database:
    """This function will measure one round trip, and read how long the database has worked."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        answered = time.monotonic() - began
        cursor.execute(
            "SELECT active_time FROM pg_stat_database WHERE datname = current_database()"
        )
        return Database(answered, float(cursor.fetchone()[0]) / 1000)


def memory() -> dict[str, int]:
    """This function will give the resident memory of each live runner, in MiB."""
    live = Runner.objects.fresh().order_by("pk").values_list("pool", "pk", "rss_mb")
    return {f"{pool}-{pk}": rss_mb for pool, pk, rss_mb in live}


def _share(succeeded: int | None, failed: int | None) -> float | None:
    """Rounded down to a tenth: 100 means that all did."""
    final = (succeeded or 0) + (failed or 0)
    return 1000 * (succeeded or 0) // final / 10 if final else None


def _rows(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
