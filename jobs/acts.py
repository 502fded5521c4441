"""What people do to jobs, one or all that match: each act is one statement on a queryset.

What nobody holds moves at once. A job in a runner's hands is only *asked*: its state changes when
its runner has done it, or on proof of the runner's death.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from jobs.db import statement
from jobs.plain import printable

WORDS_CHARS = 500
DEADLOCKS = 3
"""So often an act begins anew when a runner and it wait for each other."""


class Outcome(NamedTuple):
    """How many jobs moved, how many were asked of their runners, and how many could do neither."""

    done: int
    asked: int
    refused: int


def pause(jobs: "QuerySet[Any]", *, by: str, reason: str = "") -> Outcome:
    """This function will pause what waits, and ask what runs to pause at its next checkpoint."""
    return _act("pause", jobs, by, reason)


def resume(jobs: "QuerySet[Any]", *, by: str, reason: str = "") -> Outcome:
    """This function will let paused jobs wait again, and take back pauses that only were asked."""
    return _act("resume", jobs, by, reason)


def cancel(jobs: "QuerySet[Any]", *, by: str, reason: str = "") -> Outcome:
    """This function will cancel what no runner holds, and ask the runners to end the others."""
    return _act("cancel", jobs, by, reason)


def retry(jobs: "QuerySet[Any]", *, by: str, reason: str = "") -> Outcome:
    """This function will queue failed and cancelled jobs again, with three more attempts each.

    Raises `django.db.IntegrityError` when a job of the same unique key is enqueued meanwhile.
    """
    return _act("retry", jobs, by, reason)


def acknowledge(jobs: "QuerySet[Any]", *, by: str, reason: str = "") -> Outcome:
    """This function will note that failures were read; retention may take those away some day."""
    return _act("acknowledge", jobs, by, reason)


def repair(jobs: "QuerySet[Any]", *, to: str, by: str, reason: str) -> Outcome:
    """This function will move jobs as a person says, but none whose runner shows a sign of life.

    The database refuses an illegal move (`django.db.IntegrityError`).
    """
    return _act("repair", jobs, by, reason, to=to)


@contextmanager
def acting(by: str) -> Iterator[None]:
    """This function will name the actor of every move that is made in the block, in a transaction."""
    with transaction.atomic():
        _say(by)
        yield
        _say("")


def _act(name: str, jobs: "QuerySet[Any]", by: str, reason: str, **more: str) -> Outcome:
    words = printable(reason.strip())[:WORDS_CHARS]
    said = f"{by}: {words}" if words else f"{by}."
    values = {"by": by[:64], "said": said, "words": words, **more}
    try:
        return _send(statement(f"act_{name}"), jobs, values, DEADLOCKS)
    except EmptyResultSet:
        return Outcome(0, 0, 0)


def _send(sql: str, jobs: "QuerySet[Any]", values: dict[str, str], again: int) -> Outcome:
    try:
        with acting(values["by"]), connection.cursor() as cursor:
            cursor.execute(sql.replace("{chosen}", _chosen(jobs)), values)
            done, asked, found = cursor.fetchone()
    except OperationalError as error:
        deadlock = getattr(error.__cause__, "pgcode", "") == "40P01"
        # Inside somebody's transaction there is nothing left to repeat.
        if not again or not deadlock or connection.in_atomic_block:
            raise
        return _send(sql, jobs, values, again - 1)
    return Outcome(done, asked, found - done - asked)


def _chosen(jobs: "QuerySet[Any]") -> str:
    """The rows, locked in the order of their ids: what moved on meanwhile must match again."""
    locked = jobs.select_related(None).only("pk").order_by("pk").select_for_update(of=("self",))
    sql, values = locked.query.sql_with_params()
    with connection.cursor() as cursor:
        text: bytes = cursor.mogrify(sql, values)
    return text.decode().replace("%", "%%")


def _say(by: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('factory.actor', %s, true)", [by])
