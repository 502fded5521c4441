"""Sync: derive one job's row from evidence again, and say what that changed."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from django.db.models import F

from jobs import db, upkeep
from jobs.models import Job, Move, Progress
from jobs.why import Sentence, why


@dataclass(frozen=True)
class Synced:
    """What the job was and is, each change with its reason, and what is true of it now."""

    before: str
    after: str
    changes: list[Sentence]
    evidence: list[Sentence]


def sync(job: Job) -> Synced:
    """This function will mend whatever evidence demands, as upkeep does, and tell it of this job.

    Everything is derived from runners, locks, processes, other jobs and the clock, so it does not
    matter who asks, and a second call finds nothing to change.
    """
    before, known = job.state, _last_move(job.pk)
    with closing(db.connect("factory sync")) as raw:
        upkeep.tick(raw)
        # Among many that are due, upkeep may take some seconds to come to this one.
        db.rows(raw, "SELECT job_release(ARRAY[%s::bigint], true)", (job.pk,))
    mended = list(_mend_progress(job.pk))
    job.refresh_from_db()
    moved = Move.objects.filter(job=job.pk, pk__gt=known).order_by("pk")
    changes = [
        Sentence(f"{move}, by {move.actor}. {move.reason}".strip(), move.at) for move in moved
    ]
    return Synced(before, job.state, changes + mended, why(job))


def _last_move(job: int) -> int:
    last = Move.objects.filter(job=job).order_by("-pk").values_list("pk", flat=True).first()
    return last or 0


def _mend_progress(job: int) -> Iterator[Sentence]:
    """Progress under a fence that was never given is nobody's."""
    wrong = Progress.objects.filter(job=job, fence__gt=F("job__fence"))
    for progress in wrong:
        yield Sentence(
            f"Removed progress {progress} under fence {progress.fence}, which no claim had."
        )
    wrong.delete()
