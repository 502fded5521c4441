"""What each source says of one job, and when it said so: what a state is believed for."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from jobs import logbook, people, process, summary
from jobs.models import Job, LogChunk, Move, Runner
from jobs.why import locked

_ENDS = 200


class Source(NamedTuple):
    """One source, what it says, and the moment from which that is."""

    name: str
    says: str
    at: datetime | None


def of(job: Job) -> list[Source]:
    """This function will ask every source that knows something of a job, each on its own.

    They may contradict each other: that is what they are shown for.
    """
    return [*_rows(job), *_holder(job), *_told(job)]


def _rows(job: Job) -> Iterator[Source]:
    held = f"held by runner {job.runner_id}" if job.runner_id else "held by no runner"
    text = f"{job.state}, attempt {job.attempt}, fence {job.fence}, {held}"
    yield Source("ledger row", text, job.updated_at)
    move = Move.objects.filter(job=job.pk).order_by("-at", "-pk").first()
    names = people.names_of([job.intent_by, move.actor if move else ""])
    if job.intent:
        by = people.named(job.intent_by, names)
        yield Source("wish", f"{job.intent}, asked by {by}", job.intent_at)
    if move is not None:
        by = people.named(move.actor, names)
        text = f"from {move.from_state or 'nothing'} to {move.to_state}, by {by}"
        yield Source("last move", text, move.at)


def _holder(job: Job) -> Iterator[Source]:
    if not job.runner_id:
        return
    runner = Runner.objects.filter(pk=job.runner_id).first()
    if runner is None:
        yield Source("runner row", f"there is none of runner {job.runner_id}", timezone.now())
        return
    ending = f"ended: {runner.ending or 'without a word'}" if runner.stopped_at else "at work"
    text = f"{runner.host}, pid {runner.pid}, {ending}"
    yield Source("runner row", text, runner.stopped_at or runner.seen_at)
    text = "held by the runner" if locked(runner.pk) else "free: nobody holds it"
    yield Source("lock of the runner", text, timezone.now())
    yield Source("process of the runner", _process(runner), timezone.now())


def _process(runner: Runner) -> str:
    if runner.host != process.host():
        return "on another machine: it cannot be seen from here"
    if runner.home not in ("", process.home()):
        return "of another installation on this machine: it cannot be seen from here"
    same_boot = runner.boot_id == process.boot_id()
    alive = same_boot and process.alive(runner.pid, runner.pid_ticks)
    return f"pid {runner.pid} is there" if alive else f"pid {runner.pid} is gone"


def _told(job: Job) -> Iterator[Source]:
    progress = getattr(job, "progress", None)
    if progress is not None:
        far = summary.words(summary.describe(job)) or "nothing told yet"
        older = "" if progress.fence == job.fence else ", of an earlier claim"
        yield Source("progress", f"{far}{older}", progress.heard_at or progress.updated_at)
    chunk = LogChunk.objects.filter(job=job.pk).order_by("-fence", "-seq").first()
    if chunk is not None:
        line = logbook.last_line(chunk)
        yield Source("last line of the log", line[:_ENDS], chunk.created_at)
