"""Jobs that wait for other jobs; the database judges them when one of those ends."""

import logging
from collections.abc import Collection
from typing import Any

from django.db import connection

from jobs import acts, db, kinds
from jobs.db import Connection
from jobs.ledger import statement
from jobs.models import Dependency, Job, Policy, Refused
from jobs.states import FINISHED, HELD, UNSTARTED, State

log = logging.getLogger("jobs")

MOST = 10_000
"""One job may wait for so many others."""
_NAMED = 5
_ADDING = 0x646570
"""The advisory lock under which one adds edges between jobs that exist: two might close a cycle."""


def checked(parents: Collection[int], policy: str) -> list[int]:
    """This function will give the parents once each, or raise `kinds.BadArguments`."""
    if policy not in Policy.values:
        raise kinds.BadArguments(f"policy {policy!r:.40}: give one of {', '.join(Policy.values)}")
    if len(parents) > MOST:
        raise kinds.BadArguments(f"depends: {len(parents)} jobs; give at most {MOST}")
    if beyond := [pk for pk in parents if not 0 < pk < 2**63]:
        raise kinds.BadArguments(f"depends {beyond[0]}: there is no such job; give ids of jobs")
    return sorted(set(parents))


def tie(children: Collection[int], parents: Collection[int], policy: str) -> None:
    """This function will make jobs wait for others, inside the caller's transaction.

    The rows of the parents stay locked until that ends. Raises `kinds.BadArguments` for a parent
    that does not exist.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_depend(%s, %s, %s)", [list(children), list(parents), policy])
        missing = cursor.fetchone()[0]
    if missing:
        raise kinds.BadArguments(f"depends {missing[0]}: there is no such job; give ids of jobs")


def depend(child: int, parents: Collection[int], *, policy: str = "cancel", by: str) -> Job:
    """This function will make a job that was not begun wait for others, from now on.

    Raises `Refused` when it was begun, and when one of the others waits for it: also when two such
    calls race. Raises `kinds.BadArguments` for parents that do not exist.
    """
    parents = checked(parents, policy)
    with acts.acting(by), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADDING])
        everybody = Job.objects.filter(pk__in=[child, *parents]).order_by("pk")
        found = {job.pk: job for job in everybody.select_for_update(no_key=True)}
        job = found.get(child)
        if job is None:
            raise kinds.BadArguments(f"job {child}: there is no such job; give the id of a job")
        if job.state not in UNSTARTED:
            raise Refused(f"Job {child} is {job.state}: only a job that waits can wait for others.")
        cursor.execute(statement("below"), {"job": child, "among": parents})
        circle = next((pk for (pk,) in cursor.fetchall()), None)
        if child in parents:
            raise Refused(f"Job {child} cannot wait for itself.")
        if circle is not None:
            raise Refused(f"Job {child} cannot wait for #{circle}: that one waits for #{child}.")
        tie([child], parents, policy)
        _block(cursor, child)
    return _noted(job, f"{by} made job {child} wait for {named(parents)}: {policy}")


def release(child: int, parents: Collection[int], *, by: str) -> Job:
    """This function will have a job no longer wait for some others.

    A job that ended is freed as well: when it is retried, it does not wait for them. Raises
    `Refused` when it does not wait for one of them, or waits for nothing any more.
    """
    parents = checked(parents, Policy.CANCEL)
    with acts.acting(by), connection.cursor() as cursor:
        job = Job.objects.filter(pk=child).select_for_update(no_key=True).first()
        if job is None:
            raise kinds.BadArguments(f"job {child}: there is no such job; give the id of a job")
        if job.state in (*HELD, State.SUCCEEDED):
            raise Refused(f"Job {child} is {job.state}: it waits for nothing any more.")
        edges = Dependency.objects.filter(child=child, parent__in=parents)
        others = set(parents) - set(edges.values_list("parent_id", flat=True))
        if others:
            raise Refused(f"Job {child} does not wait for {named(others)}.")
        edges.delete()
        cursor.execute(statement("release"), {"job": child, "gone": named(parents)})
        cursor.execute("SELECT job_release(%s, true)", [[child]])
    return _noted(job, f"{by} had job {child} no longer wait for {named(parents)}")


def _noted(job: Job, done: str) -> Job:
    """Where it moved the job, its move says who did it; else a line of the log does."""
    before = job.state
    job.refresh_from_db()
    if job.state == before:
        log.info(done)
    return job


def named(jobs: Collection[int]) -> str:
    """This function will name a few jobs, such as "#3, #7 and 12 more"."""
    first = ", ".join(f"#{pk}" for pk in sorted(set(jobs))[:_NAMED])
    return f"{first} and {len(jobs) - _NAMED} more" if len(jobs) > _NAMED else first


def _block(cursor: Any, child: int) -> None:
    """Move what waits in line behind those it depends on; a paused job finds them when resumed."""
    cursor.execute(
        "UPDATE job SET state = 'blocked', reason = 'It waits for what it depends on.',"
        " updated_at = clock_timestamp()"
        " WHERE id = %s AND state IN ('queued', 'scheduled') AND job_must_wait(id)",
        [child],
    )
    cursor.execute("SELECT job_release(%s, true)", [[child]])


def sweep(raw: Connection) -> int:
    """This function will move what is blocked without a reason, and say how many jobs that was.

    The triggers leave nothing to it, unless somebody went past them.
    """
    return int(db.rows(raw, statement("sweep_blocked"))[0][0])


def obstacles(children: Collection[int]) -> dict[int, str]:
    """This function will say of jobs what they wait for now: "Blocked by #12 (running)"."""
    with connection.cursor() as cursor:
        cursor.execute(statement("blocked_by"), {"children": list(children)})
        return {child: _sentence(*found) for child, *found in cursor.fetchall()}


def _sentence(parent: int, state: str, policy: str, many: int) -> str:
    others = f" and {many - 1} more" if many > 1 else ""
    if state in FINISHED:
        return f"Held by #{parent} ({state}){others}"
    return f"Blocked by #{parent} ({state}){others}"
