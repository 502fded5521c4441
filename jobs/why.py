"""Why a job is where it is: each sentence from rows, locks and processes as they are now."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from jobs import beats, liveness, process
from jobs.ledger import LOCK_CLASS
from jobs.models import Job, Runner
from jobs.models.runner import FRESH_S
from jobs.states import HELD, State

COUNTED = 1000
"""So many are counted that wait before a job; then it is "more than"."""
LATE_S = 5.0
"""What is due for longer than this was forgotten by upkeep."""


class Sentence(NamedTuple):
    """One thing that is true of a job now; since when, and which other job it names, if any."""

    text: str
    since: datetime | None = None
    job: int | None = None


def why(job: Job) -> list[Sentence]:
    """This function will say why a job is in its state, and what it waits for."""
    found = list(_OF_STATE[State(job.state)](job))
    if job.reason:
        found.append(Sentence(job.reason, job.updated_at))
    return found


def describe(sentence: Sentence) -> dict[str, object]:
    """This function will give a sentence as commands and the API show it."""
    return {"sentence": sentence.text, "since": sentence.since, "job": sentence.job}


def _scheduled(job: Job) -> Iterator[Sentence]:
    if job.run_after is None:
        return
    seconds = (job.run_after - timezone.now()).total_seconds()
    at = f"{job.run_after:%H:%M:%S} UTC"
    if seconds >= 0:
        yield Sentence(f"It is due in {seconds:.0f} s, at {at}.", job.updated_at)
    elif seconds > -LATE_S:
        yield Sentence(f"It is due since {at}: upkeep queues it within a second.", job.run_after)
    else:
        yield Sentence(f"It is due since {at}, and upkeep has not queued it.", job.run_after)
        yield from _upkeep()


def _upkeep() -> Iterator[Sentence]:
    for name in ("pusher", "watchdog"):
        if trouble := beats.trouble(name):
            yield Sentence(f"The {name} of this host, which does upkeep, is {trouble}.")


def _blocked(job: Job) -> Iterator[Sentence]:
    yield Sentence("It waits for other jobs.", job.updated_at)


def _queued(job: Job) -> Iterator[Sentence]:
    if job.queue.paused:
        yield Sentence(f"Its queue, {job.queue_id}, is paused.")
    yield from _key(job)
    yield from _pool(job)
    yield from _line(job)


def _key(job: Job) -> Iterator[Sentence]:
    if not job.limit_key:
        return
    holder = Job.objects.filter(limit_key=job.limit_key, state__in=HELD).first()
    if holder is not None:
        text = f"Its key {job.limit_key} is in use: {holder} is {holder.state}."
        yield Sentence(text, holder.started_at, holder.pk)


def _pool(job: Job) -> Iterator[Sentence]:
    connection.ensure_connection()
    for pool in liveness.pools(connection.connection, [job.queue_id]):
        if pool.trouble:
            yield Sentence(f"{pool.trouble[0].upper()}{pool.trouble[1:]}.")


def _line(job: Job) -> Iterator[Sentence]:
    line = Job.objects.filter(state=State.QUEUED, queue=job.queue_id)
    before = line.filter(Q(priority__gt=job.priority) | Q(priority=job.priority, pk__lt=job.pk))
    number = before.values("pk")[: COUNTED + 1].count()
    if number > COUNTED:
        yield Sentence(f"It waits behind more than {COUNTED:,} others.", job.updated_at)
    elif number:
        yield Sentence(f"It waits behind {number:,} {_others(number)}.", job.updated_at)
    else:
        yield Sentence("It is the next of its queue.", job.updated_at)


def _others(number: int) -> str:
    return "other" if number == 1 else "others"


def _paused(job: Job) -> Iterator[Sentence]:
    yield Sentence("It is paused until somebody resumes it.", job.updated_at)


def _held(job: Job) -> Iterator[Sentence]:
    runner = Runner.objects.filter(pk=job.runner_id or 0).first()
    if runner is None:
        yield Sentence(f"The row of its runner, {job.runner_id}, is gone.")
        return
    yield Sentence(f"It is in the hands of {runner}, under fence {job.fence}.", job.started_at)
    yield Sentence(_life(runner), runner.seen_at)
    progress = getattr(job, "progress", None)
    if progress is not None:
        text = f"It is at {progress} {progress.item}".rstrip()
        yield Sentence(f"{text}.", progress.updated_at)


def _life(runner: Runner) -> str:
    """What is known of whether it lives: its own sign, its lock, and on this host its process."""
    if runner.stopped_at is not None:
        return f"That runner has ended: {runner.ending or 'without a word'}."
    age = (timezone.now() - runner.seen_at).total_seconds()
    seen = f"It was last seen {max(0.0, age):.1f} s ago" + (
        ", it is silent" if age > FRESH_S else ""
    )
    lock = "it holds its lock" if locked(runner.pk) else "its lock is free"
    if runner.host != process.host():
        return f"{seen}; {lock}; its process is on another machine."
    here = runner.boot_id == process.boot_id() and process.alive(runner.pid, runner.pid_ticks)
    return f"{seen}; {lock}; its process {'is there' if here else 'is gone'}."


def locked(runner: int) -> bool:
    """This function will say whether somebody holds the lock by which a runner shows its life."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s"
            " AND objid = %s AND objsubid = 2 AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK_CLASS, runner],
        )
        return cursor.fetchone() is not None


def _ended(job: Job) -> Iterator[Sentence]:
    if job.state == State.FAILED:
        attempts = f"after {job.attempt} of {job.max_attempts} attempts"
        yield Sentence(f"It failed {attempts}, class {job.failure_class}.", job.finished_at)
        if job.failure_message:
            yield Sentence(job.failure_message, job.finished_at)
    else:
        yield Sentence(f"It has {job.state} and stays so.", job.finished_at)


_OF_STATE: dict[State, Callable[[Job], Iterator[Sentence]]] = {
    State.SCHEDULED: _scheduled,
    State.BLOCKED: _blocked,
    State.QUEUED: _queued,
    State.PAUSED: _paused,
    State.RUNNING: _held,
    State.VERIFYING: _held,
    State.SUCCEEDED: _ended,
    State.FAILED: _ended,
    State.CANCELLED: _ended,
}
