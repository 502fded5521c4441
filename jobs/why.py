"""Why a job is where it is: each sentence from rows, locks and processes as they are now."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from jobs import beats, kinds, liveness, process
from jobs.ledger import LOCK_CLASS
from jobs.models import Attempt, Dependency, Job, Limit, Queue, Runner
from jobs.models.dependency import Policy
from jobs.models.runner import FRESH_S
from jobs.states import HELD, Intent, State

COUNTED = 1000
"""So many are counted that wait before a job; then it is "more than"."""
LATE_S = 5.0
"""What is due for longer than this was forgotten by upkeep."""
_NAMED = 5
_PACE = timedelta(seconds=60)


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
    return found + [
        Sentence(one.sentence, one.recorded_at) for one in job.late_reports.order_by("pk")
    ]


def describe(sentence: Sentence) -> dict[str, object]:
    """This function will give a sentence as commands and the API show it."""
    return {"sentence": sentence.text, "since": sentence.since, "job": sentence.job}


def who(actor: str) -> str:
    """This function will call an actor what people call it: a user by name."""
    kind, _, number = actor.partition(":")
    if kind == "user" and number.isdecimal():
        user = get_user_model().objects.filter(pk=int(number)).first()
        return user.get_username() if user else actor
    return actor or "somebody"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"


def _in(at: datetime) -> float:
    return (at - timezone.now()).total_seconds()


def _scheduled(job: Job) -> Iterator[Sentence]:
    if job.run_after is None:
        return
    seconds, at = _in(job.run_after), _clock(job.run_after)
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
            yield Sentence(f"Upkeep is also the work of this host's {name}: {trouble}.")


def _blocked(job: Job) -> Iterator[Sentence]:
    ties = Dependency.objects.filter(child=job.pk).exclude(parent__state=State.SUCCEEDED)
    ended = (State.FAILED, State.CANCELLED)
    ties = ties.exclude(policy=Policy.IGNORE, parent__state__in=ended).select_related("parent")
    for tie in ties.order_by("parent")[:_NAMED]:
        parent = tie.parent
        named = parent if parent.scope == job.scope else f"#{parent.pk}"
        text = f"It is blocked by {named}, which is {parent.state}"
        if parent.state in ended and tie.policy == Policy.CANCEL:
            text += ": upkeep cancels it for that"
        elif parent.state in ended:
            text += ": it goes on when that succeeds after all, or somebody resumes it"
        yield Sentence(f"{text}.", parent.updated_at, parent.pk)
    number = ties.count()
    if number > _NAMED:
        yield Sentence(f"{number} jobs block it in all.", job.updated_at)
    elif not number:
        yield Sentence("Nothing blocks it any more: upkeep lets it go on.", job.updated_at)
        yield from _upkeep()


def _queued(job: Job) -> Iterator[Sentence]:
    queue = job.queue
    if queue.paused:
        at = f" at {_clock(queue.paused_at)}" if queue.paused_at else ""
        text = f"Its queue, {queue.name}, was paused by {who(queue.paused_by)}{at}."
        yield Sentence(text, queue.paused_at)
    yield from _bound(f"Its queue, {queue.name},", queue, Q(queue=queue.name))
    if job.limit_key:
        yield from _key(job.limit_key)
    yield from _pool(job)
    yield from _line(job)


def _key(key: str) -> Iterator[Sentence]:
    limit = Limit.objects.filter(pk=key).first() or Limit(key=key, most_running=1)
    yield from _bound(f"Its key, {key},", limit, Q(limit_key=key))


def _bound(name: str, limit: Queue | Limit, ours: Q) -> Iterator[Sentence]:
    """Whether a limit lets nothing begin now: by how many run, or by how many began of late."""
    if limit.most_running is not None:
        running = Job.objects.filter(ours, state__in=HELD).order_by("started_at")
        holders = list(running[: limit.most_running])
        if len(holders) >= limit.most_running:
            named = ", ".join(f"#{holder.pk}" for holder in holders[:_NAMED])
            text = f"{name} lets {limit.most_running} run at once, held by {named}."
            yield Sentence(text, holders[-1].started_at, holders[0].pk)
    if limit.per_minute is not None:
        missing = 1 - _tokens(limit)
        if missing > 0:
            seconds = missing * 60 / limit.per_minute
            rate = f"{limit.per_minute} begin a minute"
            yield Sentence(f"{name} lets {rate}: the next may in {seconds:.1f} s.")


def _tokens(limit: Queue | Limit) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job_tokens(%s, %s, %s, %s)",
            [limit.tokens, limit.burst, limit.per_minute, limit.refilled_at],
        )
        return float(cursor.fetchone()[0])


def _pool(job: Job) -> Iterator[Sentence]:
    connection.ensure_connection()
    for pool in liveness.pools(connection.connection, [job.queue_id]):
        if pool.trouble:
            cure = f"; manage.py runners fill --pool {pool.name} takes that back"
            told = pool.trouble + (cure if liveness.EMPTIED in pool.trouble else "")
            yield Sentence(f"{told[0].upper()}{told[1:]}.")


def _line(job: Job) -> Iterator[Sentence]:
    line = Job.objects.filter(state=State.QUEUED, queue=job.queue_id)
    before = line.filter(Q(priority__gt=job.priority) | Q(priority=job.priority, pk__lt=job.pk))
    number = before.values("pk")[: COUNTED + 1].count()
    if not number:
        yield Sentence("It is the next of its queue.", job.updated_at)
        return
    others = "1 other" if number == 1 else f"{number:,} others"
    waits = f"more than {COUNTED:,} others" if number > COUNTED else others
    yield Sentence(f"It waits behind {waits}; {_pace(job.queue_id)}.", job.updated_at)


def _pace(pool: str) -> str:
    runners = Runner.objects.filter(pool=pool).values("pk")
    recent = Attempt.objects.filter(ended_at__gt=timezone.now() - _PACE, runner_id__in=runners)
    ended = recent.values("pk")[: COUNTED * 20].count()
    return f"its runners ended {ended:,} in the last minute"


def _paused(job: Job) -> Iterator[Sentence]:
    if job.resume_at is None:
        yield Sentence("It is paused until somebody resumes it.", job.updated_at)
        return
    seconds, at = _in(job.resume_at), _clock(job.resume_at)
    if seconds > -LATE_S:
        text = f"It resumes by itself in {max(0.0, seconds):.0f} s, at {at}, or by hand."
        yield Sentence(text, job.updated_at)
    else:
        yield Sentence(f"It was to resume at {at}, and upkeep has not resumed it.", job.resume_at)
        yield from _upkeep()


def _held(job: Job) -> Iterator[Sentence]:
    if job.state == State.VERIFYING:
        yield Sentence("Its work is done and is being checked.", job.updated_at)
    runner = Runner.objects.filter(pk=job.runner_id or 0).first()
    if runner is None:
        yield Sentence(f"The row of its runner, {job.runner_id}, is gone.")
        return
    yield Sentence(f"It is in the hands of {runner}, under fence {job.fence}.", job.started_at)
    yield Sentence(_life(runner), runner.seen_at)
    yield from _asked(job)
    progress = getattr(job, "progress", None)
    if progress is not None and progress.fence == job.fence and (progress.current or progress.item):
        text = f"It is at {progress} {progress.item}".rstrip()
        yield Sentence(f"{text}.", progress.updated_at)
    if allowance := kinds.allowance(job.kind):
        yield Sentence(f"It may take {allowance}.")


def _asked(job: Job) -> Iterator[Sentence]:
    """An intent is no fact: what was asked, for how long, and what confirms it."""
    if not job.intent or job.intent_at is None:
        return
    awaited = {
        Intent.PAUSE: "it pauses at its next checkpoint, if it makes any",
        Intent.CANCEL: "its runner ends it, or its death proves the end",
    }
    text = f"{who(job.intent_by)} asked to {job.intent} it {-_in(job.intent_at):.0f} s ago"
    yield Sentence(f"{text}, not confirmed yet: {awaited[Intent(job.intent)]}.", job.intent_at)


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
    if runner.home not in ("", process.home()):
        return f"{seen}; {lock}; its process belongs to another installation on this machine."
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
    elif job.state == State.CANCELLED:
        yield Sentence("It is cancelled, until somebody retries it.", job.finished_at)
    else:
        yield Sentence("It succeeded and stays so.", job.finished_at)


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
