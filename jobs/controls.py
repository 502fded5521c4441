"""What a person may do to jobs: one table for the pages, the API, the admin and the commands."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db.models import Max
from django.utils import timezone

from jobs import acts, groups, kinds, queue
from jobs.models import Job, Move, Refused
from jobs.states import FINISHED, HELD, LIVE, Intent, State
from jobs.sync import sync


@dataclass(frozen=True)
class Fact:
    """One thing that shows what an act did: when, by whom, why."""

    sentence: str
    at: datetime | None = None
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Done:
    """What an act came to: the job's state before and after, in words, and what shows it."""

    before: str
    after: str
    said: str
    evidence: list[Fact] = field(default_factory=list)
    made: int | None = None
    """Another job that was made."""

    def described(self, job: int) -> dict[str, Any]:
        """This method will give it as commands and the API show it."""
        evidence = [asdict(one) for one in self.evidence]
        told = {"id": job, "before": self.before, "after": self.after, "said": self.said}
        return told | {"made": self.made, "evidence": evidence}


@dataclass(frozen=True)
class Control:
    """One act: `name` is what roles are given, `noun` stands in addresses, `verb` on buttons.

    `bulk` does it to all of a queryset in one statement; `among` keeps those to which it can do
    something now.
    """

    name: str
    noun: str
    verb: str
    done: str
    offered: Callable[[Job], bool]
    warns: Callable[[Job], str]
    act: Callable[["Control", Job, str, str], Done]
    bulk: Callable[..., acts.Outcome] | None = None
    among: Callable[[Any], Any] = lambda jobs: jobs
    past: str = ""
    consequence: str = ""
    danger: bool = False
    reason: bool = False
    undo: str = ""
    """The act that takes it back, or comes next to that; `undoing` stands on its button."""
    undoing: str = "Undo"
    makes: bool = False
    """Whether it makes something new each time, so that a form sent twice must not do it twice."""

    @property
    def route(self) -> str:
        """The name of the URL of its page."""
        return f"jobs:{self.noun}"

    def do(self, job: Job, *, by: str, reason: str = "") -> Done:
        """This method will do it; `by` is an actor such as user:7.

        Raises `Refused` with a sentence when the state does not allow it, `Stale` when it moved.
        """
        return self.act(self, job, by, reason)


def counted(control: Control, outcome: acts.Outcome) -> str:
    """This function will say what an act on many came to."""
    said = [f"{outcome.done:,} {control.past}"]
    if outcome.asked:
        said.append(f"{outcome.asked:,} asked: their runners do it and then show it")
    if outcome.refused:
        said.append(f"{outcome.refused:,} had moved on")
    if outcome.busy:
        said.append(f"{outcome.busy:,} busy: others change them just now, ask again")
    return ", ".join(said) + "."


def of(job: Job) -> list[Control]:
    """This function will give the acts that make sense in the job's state."""
    return [one for one in ALL if one.offered(job)]


def repair(job: Job, to: State, *, by: str, reason: str) -> Done:
    """This function will set a state by hand, within the legal moves and with its reason on record."""
    call = partial(job.repair, to, by=by, reason=reason)
    return moved(job, call, f"was set to {to} by hand")


def by_moving(control: Control, job: Job, by: str, reason: str) -> Done:
    """This function will do one of the acts that are moves, and tell the move or the wish."""
    return moved(job, partial(getattr(job, control.name), by=by, reason=reason), control.done)


def moved(job: Job, move: Callable[[], None], done: str) -> Done:
    """This function will call what moves a job, and tell the move or the wish."""
    before, known = job.state, job.moves.aggregate(last=Max("pk"))["last"] or 0
    asked_at = job.intent_at
    move()
    if job.intent and job.intent_at == asked_at:
        said = f"{job} is asked to {job.intent} already; that wish stands, with its reason."
        words = f"{job.intent_by} asked its runner to {job.intent} it."
        return Done(
            before, job.state, said, [Fact(words, job.intent_at, job.intent_by, job.reason)]
        )
    if job.intent:
        said = f"{job} was asked to {job.intent}; its state changes when its runner has done it."
        words = f"{job.intent_by} asked its runner to {job.intent} it."
        asked = Fact(words, job.intent_at, job.intent_by, job.reason)
        return Done(before, job.state, said, [asked])
    # Not the newest: a runner may have claimed it by now. Had it moved before, we were refused.
    ours = job.moves.filter(pk__gt=known).order_by("pk")[:1]
    return Done(before, job.state, f"{job} {done}.", [told(move) for move in ours])


def told(move: Move) -> Fact:
    """This function will say what a move was, by whom and why."""
    text = f"{move.actor} moved it from {move.from_state} to {move.to_state}. {move.reason}"
    return Fact(text.strip(), move.at, move.actor, move.reason)


def _sync(control: Control, job: Job, by: str, reason: str) -> Done:
    found = sync(job)
    said = " ".join(one.text for one in found.changes) or "Nothing had to be mended."
    changes = [Fact(one.text, one.since) for one in found.changes]
    return Done(found.before, found.after, f"{job} was looked at. {said}", changes)


def _rerun(control: Control, job: Job, by: str, reason: str) -> Done:
    try:
        made = queue.enqueue(
            kinds.offered(job.kind).name,
            job.arguments,
            scope=job.scope,
            subject=job.subject,
            priority=job.priority,
            unique_key=job.unique_key,
            limit_key=job.limit_key,
            root=job.pk,
            actor=by,
        )
    except (kinds.UnknownKind, kinds.BadArguments) as error:
        raise Refused(f"Job {job.pk} cannot run again: {error}.") from None
    said = f"{job} runs again as #{made.pk}."
    asked = Fact(f"{by} asked for job {made.pk} of the same kind.", made.created_at, by)
    return Done(job.state, job.state, said, [asked], made.pk)


def _pausing(job: Job) -> str:
    if job.state in HELD:
        return (
            "Its runner is asked: it stops at its next checkpoint and goes on from there when it is "
            "resumed. A job that makes no checkpoint runs to its end."
        )
    return "It will not begin until somebody resumes it."


def _resuming(job: Job) -> str:
    if job.intent:
        return "The wish to pause is taken back: it goes on as if nobody had asked."
    return "It waits for its turn again, and goes on from its last checkpoint if it made one."


def _cancelling(job: Job) -> str:
    if job.state in HELD:
        return (
            "Its runner is asked: what it started is killed, its query cancelled, its handler "
            "interrupted. It shows cancelled when that is proved. What it has done stays done."
        )
    return (
        "It will not begin. What it would have started does not happen either. It can be retried "
        "later."
    )


def _retrying(job: Job) -> str:
    again = "It is queued again with the same arguments and may be begun three more times."
    if job.run_after is None or job.run_after <= timezone.now():
        return again
    due = f"{job.run_after:%Y-%m-%d %H:%M:%S} UTC"
    return f"{again} It was due at {due}: it no longer waits for that."


_PAUSABLE = (State.SCHEDULED, State.BLOCKED, State.QUEUED, State.RUNNING)
ALL = (
    Control(
        "pause",
        "pauses",
        "Pause",
        "is paused",
        lambda job: not job.intent and (job.state in _PAUSABLE or job.resume_at is not None),
        _pausing,
        by_moving,
        acts.pause,
        lambda jobs: jobs.pausable(),
        "paused",
        "What waits will not begin until somebody resumes it. What runs is asked to stop at its "
        "next checkpoint.",
        undo="resume",
    ),
    Control(
        "resume",
        "resumptions",
        "Resume",
        "goes on",
        lambda job: job.state == State.PAUSED or job.intent == Intent.PAUSE,
        _resuming,
        by_moving,
        acts.resume,
        lambda jobs: jobs.resumable(),
        "resumed",
        "They wait for their turn again, and go on from their last checkpoints.",
        undo="pause",
    ),
    Control(
        "cancel",
        "cancellations",
        "Cancel",
        "was cancelled",
        lambda job: job.state in LIVE and job.intent != Intent.CANCEL,
        _cancelling,
        by_moving,
        acts.cancel,
        lambda jobs: jobs.cancellable(),
        "cancelled",
        "What waits will not begin. What runs is interrupted, and shows cancelled when that is "
        "proved. What was done stays done.",
        danger=True,
        reason=True,
        undo="rerun",
        undoing="Enqueue the same again",
    ),
    Control(
        "retry",
        "retries",
        "Retry",
        "is queued again",
        lambda job: job.state in (State.FAILED, State.CANCELLED),
        _retrying,
        by_moving,
        acts.retry,
        lambda jobs: jobs.retryable(),
        "retried",
        "They are queued again with the same arguments and may be begun three more times each.",
    ),
    Control(
        "acknowledge",
        "acknowledgements",
        "Archive",
        "is archived",
        lambda job: job.state == State.FAILED and job.acknowledged_at is None,
        lambda job: (
            "It is noted that somebody has read why it failed. It leaves the failures by cause, and "
            "is removed when it is old enough. It can still be retried."
        ),
        by_moving,
        acts.acknowledge,
        groups.unread,
        "archived",
        "It is noted that somebody has read why they failed. They leave the failures by cause, and "
        "are removed when they are old enough.",
    ),
    Control(
        "rerun",
        "reruns",
        "Run again",
        "runs again",
        lambda job: job.state in FINISHED and not kinds.is_internal(job.kind),
        lambda job: (
            "A new job of the same kind with the same arguments waits for its turn. This one stays "
            "as it is."
        ),
        _rerun,
        makes=True,
    ),
    Control(
        "sync",
        "syncs",
        "Sync",
        "was looked at",
        lambda job: True,
        lambda job: (
            "Its state is derived again from its runner, locks, processes and the jobs it waits "
            "for. What was wrong is mended, and you are told what."
        ),
        _sync,
    ),
)
BY_NAME = {one.name: one for one in ALL}
BULK = tuple(one for one in ALL if one.bulk)


def for_many(word: str) -> tuple[Control, ...]:
    """This function will give the acts on many that can do something to jobs that show a word.

    Of those in a runner's hands, and where any word is shown, each may.
    """
    if word not in State.values or word in HELD:
        return BULK
    # Some that are paused go on by themselves, and can be paused for good.
    shown = Job(
        state=word, intent="", resume_at=datetime.now(UTC) if word == State.PAUSED else None
    )
    return tuple(one for one in BULK if one.offered(shown))
