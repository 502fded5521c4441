"""What people do to jobs, one or all that match: each act is one statement on a queryset.

What nobody holds moves at once. A job in a runner's hands is only *asked*: its state changes when
its runner has done it, or on proof of the runner's death. Rows that another transaction holds are
left out and looked at again: no act waits longer for them than `PATIENCE_S`.
"""

import time
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
"""So often an act begins anew when another and it wait for each other, for jobs that depend on theirs."""
PATIENCE_S = 2.0
"""So long an act tries for jobs that another transaction holds, such as a handler's `completing`."""
_AGAIN_S = 0.05


class Outcome(NamedTuple):
    """How many jobs moved, were asked of their runners, could do neither, or were held all the time."""

    done: int
    asked: int
    refused: int
    busy: int = 0


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
    total, until = Outcome(0, 0, 0), time.monotonic() + PATIENCE_S
    try:
        while True:
            made, held = _send(statement(f"act_{name}"), jobs, values, DEADLOCKS)
            total = Outcome(*(sum(pair) for pair in zip(total, made, strict=True)))
            if not held or time.monotonic() > until:
                return total._replace(busy=len(held))
            jobs = jobs.filter(pk__in=held)
            time.sleep(_AGAIN_S)  # nothing tells that a row is free but trying
    except EmptyResultSet:
        return total


def _send(
    sql: str, jobs: "QuerySet[Any]", values: dict[str, str], again: int
) -> tuple[Outcome, list[int]]:
    """What the act came to, and the jobs it left out because others hold them."""
    try:
        with acting(values["by"]), connection.cursor() as cursor:
            cursor.execute(_filled(sql, jobs), values)
            done, asked, found, held = cursor.fetchone()
    except OperationalError as error:
        deadlock = getattr(error.__cause__, "pgcode", "") == "40P01"
        # Inside somebody's transaction there is nothing left to repeat.
        if not again or not deadlock or connection.in_atomic_block:
            raise
        return _send(sql, jobs, values, again - 1)
    return Outcome(done, asked, found - done - asked), held


def _filled(sql: str, jobs: "QuerySet[Any]") -> str:
    """The statement with the rows that are free, locked, and with all that match.

    In the order of their ids; what moved on meanwhile must match again to be chosen.
    """
    matching = jobs.select_related(None).only("pk").order_by("pk")
    free = matching.select_for_update(of=("self",), skip_locked=True)
    return sql.replace("{chosen}", _text(free)).replace("{matching}", _text(matching.order_by()))


def _text(jobs: "QuerySet[Any]") -> str:
    sql, values = jobs.query.sql_with_params()
    with connection.cursor() as cursor:
        text: bytes = cursor.mogrify(sql, values)
    return text.decode().replace("%", "%%")


def _say(by: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('factory.actor', %s, true)", [by])
