"""A clean slate: every project, map, job, event and clone goes; users and settings stay.

History cannot be removed row by row; the database refuses that. Here all of it goes at once, by
`TRUNCATE`, in one transaction that finds no job in a runner's hands. A kill at any
moment leaves either everything (some jobs cancelled, on record) or nothing but clones, which the
next call removes. Ids go on counting: a runner that comes back late must not meet a namesake.
"""

import time
from contextlib import closing

from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.db.models.functions import Now

from jobs import db, upkeep
from jobs.failures import Anticipated, FailureClass
from jobs.models import Event, Job
from jobs.states import HELD, UNSTARTED, State
from projects import removal
from projects.models import BlobFacts, FileChurn, Project, Repository, SystemMap

PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.2
_LOCK_WAIT = "2s"
# Together with whatever refers to them: members, nodes, edges, keys. Users, sessions, tokens,
# queues, schedules and runners refer to none of these.
_ROOTS = (
    "project, job, job_progress, job_log, job_late_report, job_attempt, job_move, job_event, "
    "job_artefact, job_delivery, job_dependency, job_unjudged, job_tick, job_day, job_sum, "
    "job_queue_depth, job_sending"
)
_APART = ", ".join(model._meta.db_table for model in (BlobFacts, FileChurn))  # refer to nothing
_COUNTED: dict[str, type[Model]] = {
    "projects": Project,
    "repositories": Repository,
    "maps": SystemMap,
    "jobs": Job,
    "events": Event,
}
_PASSING = ("55P03", "40P01")  # lock_not_available, deadlock_detected


class Busy(Anticipated):
    """Something still works on what should go; nothing was removed."""

    failure_class = FailureClass.INVALID_INPUT


def wipe(*, by: str, patience_s: float = PATIENCE_S) -> dict[str, int]:
    """This function will remove everything but users and settings, and count what went.

    Jobs that wait are cancelled by `by`; those that run are waited for. Raises `Busy` when one
    still runs after `patience_s`.
    """
    until = time.monotonic() + patience_s
    with closing(db.connect("factory reset_demo")) as raw:
        while True:
            upkeep.tick(raw)  # what a dead runner held waits again
            _cancel_waiting(by)
            gone = _forget()
            if gone is not None:
                return gone | {"clones": removal.sweep_clones()}
            if time.monotonic() > until:
                raise Busy(_why())
            time.sleep(_LOOK_EVERY_S)


def _cancel_waiting(by: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('factory.actor', %s, true)", [by])
        Job.objects.filter(state__in=UNSTARTED).update(
            state=State.CANCELLED,
            reason="Cancelled: everything is being removed.",
            finished_at=Now(),
            updated_at=Now(),
        )


def _forget() -> dict[str, int] | None:
    """Remove all rows, or give None when a runner holds a job or somebody holds the tables."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Others wait behind this lock, so it is not waited for for long.
            cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
            cursor.execute(f"LOCK TABLE {_ROOTS} IN ACCESS EXCLUSIVE MODE")
            if Job.objects.filter(state__in=HELD).exists():
                return None  # what waits was cancelled, or came in since: it goes along
            counts = {name: model.objects.count() for name, model in _COUNTED.items()}  # type: ignore[attr-defined]
            cursor.execute("SET LOCAL factory.clean_slate = 'on'")
            cursor.execute(f"TRUNCATE {_ROOTS}, {_APART} CASCADE")
            return counts
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") not in _PASSING:
            raise
        return None


def _why() -> str:
    held = Job.objects.filter(state__in=HELD).order_by("pk").first()
    if held is None:
        return "a transaction holds the tables: nothing was removed: manage.py doctor names it"
    return (
        f"job {held.pk} ({held.kind}) is {held.state}: nothing was removed: wait for its end, "
        "or stop the product with manage.py stop, then try again"
    )
