"""Retention: old finished jobs become daily counts, and what only they needed goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from jobs import db
from jobs.ledger import statement

KEEP_EACH = 10
"""So many finished jobs of each project and kind stay, whatever their age."""
WINDOW = 5000
"""Jobs looked at in one statement: a second of locks, not a minute."""
BOUNDS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
"""The bounds of the counts in `JobDay`, in seconds."""
KEEP_TICKS = 20
KEEP_COUNTS_DAYS = 730
_AT_ONCE = 10_000

_Pair = tuple[int, str]
"""A project's id, 0 without one, and a kind."""
_STRETCH = 50_000
_ABOVE_ALL = 2**63 - 1
_NEXT = """
    SELECT max(id), min(created_at) < clock_timestamp() - make_interval(days => %s)
    FROM (SELECT id, created_at FROM {} WHERE id > %s ORDER BY id LIMIT %s) AS next"""
_AGED = """
    SELECT DISTINCT coalesce(scope, 0), kind FROM job
    WHERE id > %(after)s AND id <= %(upto)s
      AND finished_at < clock_timestamp() - make_interval(days => %(days)s)"""

# Each removes at most so many rows and is repeated until it removes none.
_LEFTOVERS = {
    "runners": """
        DELETE FROM job_runner WHERE id IN (
          SELECT r.id FROM job_runner r
          WHERE r.stopped_at < clock_timestamp() - make_interval(days => %(days)s)
            AND NOT EXISTS (SELECT FROM job j WHERE j.runner_id = r.id AND j.state IN ('running', 'verifying'))
          LIMIT %(most)s)""",
    # Of jobs that were gone when they came; the others go with their jobs.
    "late reports": """
        DELETE FROM job_late_report WHERE id IN (
          SELECT r.id FROM job_late_report r
          WHERE r.recorded_at < clock_timestamp() - make_interval(days => %(days)s)
            AND NOT EXISTS (SELECT FROM job j WHERE j.id = r.job_id)
          LIMIT %(most)s)""",
    "ticks": """
        DELETE FROM job_tick WHERE id IN (
          SELECT id FROM (SELECT id, at, row_number() OVER (PARTITION BY schedule_id ORDER BY due_at DESC) AS place
                          FROM job_tick) t
          WHERE place > %(keep_ticks)s AND at < clock_timestamp() - make_interval(days => %(days)s)
          LIMIT %(most)s)""",
    "depths": """
        DELETE FROM job_queue_depth WHERE id IN (
          SELECT id FROM job_queue_depth WHERE at < clock_timestamp() - make_interval(days => %(days)s)
          LIMIT %(most)s)""",
    "sendings": """
        DELETE FROM job_sending WHERE id IN (
          SELECT id FROM job_sending WHERE created_at < clock_timestamp() - interval '7 days'
          LIMIT %(most)s)""",
    "counts": """
        DELETE FROM job_day WHERE id IN (
          SELECT id FROM job_day WHERE day < current_date - %(counts_days)s LIMIT %(most)s)""",
    "sums": """
        DELETE FROM job_sum WHERE id IN (
          SELECT id FROM job_sum
          WHERE since < date_trunc('day', clock_timestamp(), 'UTC') - make_interval(days => %(counts_days)s)
          LIMIT %(most)s)""",
}


@dataclass
class Removed:
    """What retention removed so far."""

    name: str
    rows: int


def retire() -> Iterator[Removed]:
    """This function will remove old finished jobs, window by window, and say how many after each.

    Each window is a transaction: it can be left at any moment, and what is left to do is done by
    the next call. Jobs that end meanwhile are not old, and nobody waits for a lock.
    """
    days = settings.FACTORY_KEEP_DAYS
    old = list(_windows("job", days))
    floors = _floors(old, days)
    values: dict[str, Any] = {
        "days": days,
        "scopes": [scope for scope, _ in floors],
        "kinds": [kind for _, kind in floors],
        "floors": list(floors.values()),
        "bounds": list(BOUNDS_S),
    }
    for after, upto in old if floors else ():
        [(gone,)] = db.query(statement("retire"), {**values, "after": after, "upto": upto})
        yield Removed("jobs", gone)


def forget_events(names: list[str]) -> Iterator[Removed]:
    """This function will remove old events of these names, and the deliveries of each.

    An event stays while a job that delivers it does, while it is a dead letter, and while an event
    that follows from it stays: so the newest go first.
    """
    days = settings.FACTORY_KEEP_DAYS
    for after, upto in reversed(list(_windows("job_event", days))):
        values = {"days": days, "names": names, "after": after, "upto": upto}
        with transaction.atomic():
            db.query("SELECT set_config('factory.retention', 'on', true)")
            [(gone,)] = db.query(statement("retire_events"), values)
        yield Removed("events", gone)


def leftovers() -> Iterator[Removed]:
    """This function will remove old rows beside jobs: runners, ticks, counts and more."""
    values = {
        "days": settings.FACTORY_KEEP_DAYS,
        "keep_ticks": KEEP_TICKS,
        "counts_days": KEEP_COUNTS_DAYS,
        "most": _AT_ONCE,
    }
    for name, sql in _LEFTOVERS.items():
        gone = _AT_ONCE
        while gone == _AT_ONCE:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                gone = cursor.rowcount
            yield Removed(name, gone)


def _windows(table: str, days: int) -> Iterator[tuple[int, int]]:
    """The windows of ids, as the id before each and its last, up to what was accepted too late."""
    after = 0
    while True:
        [(last, aged)] = db.query(_NEXT.format(table), (days, after, WINDOW))
        if not aged:
            return
        yield after, last
        after = last


def _floors(old: list[tuple[int, int]], days: int) -> dict[_Pair, int]:
    """The oldest job to be kept of each project and kind that has old jobs, where there is one.

    From the newest job downwards until enough were found of each: no more than a stretch is sorted,
    and of what is busy the first one has them.
    """
    ends = {"days": days, "after": old[0][0], "upto": old[-1][1]} if old else None
    wanted: dict[_Pair, list[int]] = {pair: [] for pair in (db.query(_AGED, ends) if ends else ())}
    before = _ABOVE_ALL
    while any(len(found) < KEEP_EACH for found in wanted.values()):
        values = {"before": before, "most": _STRETCH, "keep": KEEP_EACH}
        if not (stretch := db.query(statement("newest"), values)):
            break
        for scope, kind, _, newest in stretch:
            if (scope, kind) in wanted:
                wanted[scope, kind] += newest or []
        before = min(lowest for _, _, lowest, _ in stretch)
    return {pair: found[KEEP_EACH - 1] for pair, found in wanted.items() if len(found) >= KEEP_EACH}
