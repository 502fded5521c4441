"""Retention: old finished jobs become daily counts, and what only they needed goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

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

# Each removes at most so many rows and is repeated until it removes none.
_LEFTOVERS = {
    "runners": """
        DELETE FROM job_runner WHERE id IN (
          SELECT r.id FROM job_runner r
          WHERE r.stopped_at < clock_timestamp() - make_interval(days => %(days)s)
            AND NOT EXISTS (SELECT FROM job j WHERE j.runner_id = r.id AND j.state IN ('running', 'verifying'))
          LIMIT %(most)s)""",
    "ticks": """
        DELETE FROM job_tick WHERE id IN (
          SELECT id FROM (SELECT id, at, row_number() OVER (PARTITION BY schedule_id ORDER BY due_at DESC) AS place
                          FROM job_tick) t
          WHERE place > %(keep_ticks)s AND at < clock_timestamp() - make_interval(days => %(days)s)
          LIMIT %(most)s)""",
    "counts": """
        DELETE FROM job_day WHERE id IN (
          SELECT id FROM job_day WHERE day < current_date - %(counts_days)s LIMIT %(most)s)""",
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
    floors = db.query(statement("floors"), {"days": days, "keep": KEEP_EACH})
    values: dict[str, Any] = {
        "days": days,
        "scopes": [scope or 0 for scope, _, _ in floors],
        "kinds": [kind for _, kind, _ in floors],
        "floors": [floor for _, _, floor in floors],
        "bounds": list(BOUNDS_S),
    }
    after = 0
    while floors and (window := _window(after, days)):
        [(gone,)] = db.query(statement("retire"), {**values, "after": after, "upto": window})
        after = window
        yield Removed("jobs", gone)


def leftovers() -> Iterator[Removed]:
    """This function will remove old rows beside jobs: runners, ticks, counts."""
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


def _window(after: int, days: int) -> int | None:
    """The last id of the next window, or None when what follows was accepted too late to be old."""
    [(last, aged)] = db.query(
        "SELECT max(id), min(created_at) < clock_timestamp() - make_interval(days => %s)"
        " FROM (SELECT id, created_at FROM job WHERE id > %s ORDER BY id LIMIT %s) AS next",
        (days, after, WINDOW),
    )
    return last if aged else None
