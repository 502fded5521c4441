"""Figures from rows, of any span of time: throughput, waits, runs, retries, lag, memory."""

import time
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from jobs.ledger import statement
from jobs.models import Attempt, Runner

MEASURED = 20_000
"""Of a span of time the newest attempts are measured, at most so many."""
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
    run_p50: float | None
    run_p95: float | None


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


def groups(of: Span, scopes: Collection[int] | None = None) -> list[Group]:
    """This function will measure what ended within a span: in all, and each group apart.

    The whole has no name and stands first; `scopes` None means all projects and none.
    """
    values = {"since": of.since, "until": of.until, "most": MEASURED, "scopes": _listed(scopes)}
    return [Group._make(row) for row in _rows("figures", values)]


def ended(of: Span, scopes: Collection[int] | None = None) -> int:
    """This function will count the attempts that ended within a span, measured or not."""
    attempts = Attempt.objects.filter(ended_at__gte=of.since, ended_at__lt=of.until)
    return (attempts if scopes is None else attempts.filter(job__scope__in=scopes)).count()


def classes(of: Span, scopes: Collection[int] | None = None) -> list[FailureCount]:
    """This function will count the failed attempts of a span by their class."""
    values = {"since": of.since, "until": of.until, "scopes": _listed(scopes)}
    return [FailureCount._make(row) for row in _rows("figures_classes", values)]


def days(of: Span, scopes: Collection[int] | None = None) -> list[Day]:
    """This function will count what ended on each day, of removed jobs too; newest day first."""
    values = {"since": of.since, "until": of.until, "scopes": _listed(scopes)}
    return [Day._make(row) for row in _rows("figures_days", values)]


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


def _listed(scopes: Collection[int] | None) -> list[int] | None:
    return None if scopes is None else sorted(scopes)


def _rows(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
