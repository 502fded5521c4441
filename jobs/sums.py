"""What ended within each hour and day that is over, summed once; it outlives the jobs.

An hour is over when no transaction of before its end is open: then nothing can be added to it. It
is summed before anything of it is removed, hour after hour without a gap.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from jobs import db
from jobs.ledger import statement
from jobs.models import AttemptSum

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_GRACE = timedelta(minutes=1)
"""Between the beginning of a transaction and its being seen by others lie microseconds."""
_OVER = """
SELECT clock_timestamp() >= %(until)s + %(grace)s AND NOT EXISTS (
  SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < %(until)s)
"""
# From the midnight after the last day of which a job was removed: before, rows say too little.
_FIRST = """
SELECT greatest(
  date_trunc('day', min(ended_at), 'UTC'),
  (SELECT max(day) + 1 FROM job_day)::timestamp AT TIME ZONE 'UTC'
) FROM job_attempt HAVING count(*) > 0
"""


class Covered(NamedTuple):
    """From when to when all is summed; the second is not part of it."""

    since: datetime
    until: datetime


def covered() -> Covered | None:
    """This function will tell which time is summed, None while none is."""
    hours = AttemptSum.objects.filter(hours=1).values_list("since", flat=True)
    first = hours.order_by("since").first()
    last = hours.order_by("-since").first()
    return Covered(first, last + HOUR) if first and last else None


def close() -> Iterator[datetime]:
    """This function will sum each hour that is over, the oldest first, and name it.

    It can be left at any moment, and any number of callers may race: an hour is one transaction.
    """
    since = _next()
    while since is not None and _sum(since):
        yield since
        since += HOUR


def behind() -> bool:
    """This function will tell whether what is old enough to be removed is not summed yet."""
    [(horizon,)] = db.query(
        "SELECT clock_timestamp() - make_interval(days => %s)", (settings.FACTORY_KEEP_DAYS,)
    )
    found = covered()
    return found is not None and found.until < horizon


def _next() -> datetime | None:
    found = covered()
    if found is not None:
        return found.until
    first: list[tuple[datetime]] = db.query(_FIRST)
    return first[0][0] if first else None


def _sum(since: datetime) -> bool:
    until = since + HOUR
    with transaction.atomic():
        [(over,)] = db.query(_OVER, {"until": until, "grace": _GRACE})
        if not over:
            return False
        db.query(statement("sum_hour"), {"since": since, "until": until})
        if until.hour == 0:
            db.query(statement("sum_day"), {"since": until - DAY, "until": until})
    return True
