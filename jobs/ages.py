"""Which ids the jobs of a span of time have, so that a list by id begins where the span does.

Ids grow with time, but a long transaction takes its ids late, and what was brought from elsewhere
brings its time along: the bounds are read from the jobs themselves, never reckoned.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from jobs.models import Job

# By `job_made_at`, which holds the least and the greatest moment and id of each few pages: the planner
# takes the two for independent of each other, and would read half the table instead.
_BY_BITMAP = """
SELECT set_config(name, 'off', true) FROM unnest(
  ARRAY['enable_seqscan', 'enable_indexscan', 'enable_indexonlyscan']
) AS name"""
# id + 0: else the least and the greatest are looked for along the primary key, past all that is not meant.
_NEAR_END = "SELECT max(id + 0) FROM job WHERE created_at >= %s - %s AND created_at < %s"
_BEYOND = "SELECT max(id + 0) FROM job WHERE created_at < %s AND id > %s"
_NEAR_START = "SELECT min(id + 0) FROM job WHERE created_at >= %s AND created_at < %s + %s"
_BEFORE = "SELECT min(id + 0) FROM job WHERE created_at >= %s AND id < %s"
_STEPS = [timedelta(hours=2**step) for step in range(16)]
"""How far a job is looked for beside the moment: up to seven years."""
_NONE = 2**63 - 1


def among(
    jobs: "QuerySet[Any]", since: datetime | None = None, until: datetime | None = None
) -> "QuerySet[Any]":
    """This function will keep the jobs made from `since` on and before `until`."""
    if since is None and until is None:
        return jobs
    first = _end("pk", created_at__gte=since) if since else None
    last = _end("-pk", created_at__lt=until) if until else None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_BITMAP)
        if since is not None:
            jobs = jobs.filter(created_at__gte=since, pk__gte=_first(cursor, since, first))
        if until is not None:
            jobs = jobs.filter(created_at__lt=until, pk__lte=_last(cursor, until, last))
        transaction.set_rollback(True)  # the planner may choose again
    return jobs


def _first(cursor: Any, since: datetime, near: int | None) -> int:
    """The least id of those made since then; beyond all ids where there is none."""
    for step in _STEPS if near is None else ():
        near = _read(cursor, _NEAR_START, since, since, step)
        if near is not None:
            break
    bound = _NONE if near is None else near
    # Whatever was found is a guess: none before it may be of the span.
    found = _read(cursor, _BEFORE, since, bound)
    return bound if found is None else found


def _last(cursor: Any, until: datetime, near: int | None) -> int:
    """The greatest id of those made before then; 0 where there is none."""
    for step in _STEPS if near is None else ():
        near = _read(cursor, _NEAR_END, until, step, until)
        if near is not None:
            break
    found = _read(cursor, _BEYOND, until, near or 0)
    return (near or 0) if found is None else found


def _end(order: str, **test: datetime) -> int | None:
    """The id of the first or the last job of all, if that is of the span."""
    ends = Job.objects.order_by(order).values("pk")[:1]
    return Job.objects.filter(pk__in=ends, **test).values_list("pk", flat=True).first()


def _read(cursor: Any, sql: str, *values: Any) -> int | None:
    cursor.execute(sql, values)
    found: int | None = cursor.fetchone()[0]
    return found
