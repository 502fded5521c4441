"""How the newest jobs of projects ended: what the bars beside a project are made of."""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

LOOKED_AT = 1000
"""Among so many newest jobs of a project those that ended are looked for."""
_LAST = """
SELECT wanted.scope, run.id, run.state,
  extract(epoch FROM run.finished_at - coalesce(run.started_at, run.finished_at))::float
FROM unnest(%s::bigint[]) AS wanted (scope), LATERAL (
  SELECT * FROM (
    SELECT id, state, started_at, finished_at FROM job
    WHERE job.scope = wanted.scope AND job.scope > 0 ORDER BY id DESC LIMIT %s
  ) AS newest WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT %s
) AS run ORDER BY run.id
"""


class LastRun(NamedTuple):
    """A job that ended, how, and how long its last attempt took, in seconds."""

    job: int
    state: str
    seconds: float


def of_scopes(scopes: Collection[int], each: int) -> dict[int, list[LastRun]]:
    """This function will give the jobs of each project that ended last, oldest first, in one query."""
    found: dict[int, list[LastRun]] = {scope: [] for scope in scopes}
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [list(found), LOOKED_AT, each])
        for scope, *row in cursor.fetchall():
            found[scope].append(LastRun(*row))
    return found
