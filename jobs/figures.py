"""Figures from rows, of any span of time: throughput, waits, runs, retries, lag, memory."""

import time
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from jobs.ledger import statement
from jobs.models import Runner
from jobs.retention import BOUNDS_S
from jobs.spans import Chosen, Span
from jobs.tallies import COUNTED, few, share

MEASURED = 3000
"""Of a span of time the newest attempts are measured, at most so many."""
DELIVERIES = 2000
"""Of so many newest deliveries it is told how far they are behind."""
_UNKNOWN = (None, None, None)
GROUPS = ("kind", "queue", "project", "runner")


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
        return share(self.succeeded, self.failed)


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


class Measured(NamedTuple):
    """How long the newest attempts of a span waited and ran, and how many ran up to each bound.

    The groups are those of the same attempts; the whole has no name and stands first.
    """

    groups: list[Group]
    taken: list[Taken]
    spread: list[int]


def measured(of: Chosen) -> Measured:
    """This function will measure the newest attempts that ended within a span, at most `MEASURED`.

    `spread` counts those up to each of `BOUNDS_S`, and longer ones.
    """
    values = {"most": MEASURED, "counted": COUNTED, "bounds": list(BOUNDS_S), "few": few(of)}
    groups, taken = [], [Taken(at) for at in of.steps]
    spread = [0] * (len(BOUNDS_S) + 1)
    for by, name, at, *counts, waits, runs in _rows("figures_measured", of.values | values):
        if by == "step":
            taken[of.step_of(at)] = Taken(at, *runs)
        elif by == "bucket":
            spread[int(name)] = counts[0]
        else:
            groups.append(Group(by, name, *counts, *(waits or _UNKNOWN), *(runs or _UNKNOWN)))
    return Measured(groups, taken, spread)


def depths(of: Span) -> list[Depth]:
    """This function will tell how much waited in each queue, as upkeep saw it once a minute."""
    found: dict[str, list[int | None]] = {}
    chosen = Chosen(of)
    for queue, at, waiting in _rows("figures_depths", chosen.values):
        found.setdefault(queue, [None] * len(chosen.steps))[chosen.step_of(at)] = waiting
    return [Depth(queue, waiting) for queue, waiting in found.items()]


def event_lag() -> EventLag:
    """This function will say how far deliveries are behind their events."""
    return EventLag._make(_rows("figures_events", {"most": DELIVERIES})[0])


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


def _rows(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
