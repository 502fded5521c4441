"""What each word of the board means, how long it may last, and what to do when it lasts longer.

Every number here is read from the code that keeps it.
"""

from typing import NamedTuple

from factory.supervisor.loop import SILENT_S
from jobs import kinds, liveness, overall, runbook
from jobs.heartbeat import LEASE_S
from jobs.models.runner import FRESH_S
from jobs.states import State
from projects.models import MapStatus
from projects.models.plan import IdeaState, SpecState, TaskState

LOST = "lost"
_LOST = (
    "Its runner gives no evidence of life. Shown, never stored: upkeep ends it on proof of death"
)


class Word(NamedTuple):
    """One word: what it means and who ends it, how long it may last, what to do, and where that stands."""

    word: str
    means: str
    lasts: str
    cure: str
    anchor: str = ""


_OF_JOBS = {
    State.SCHEDULED: ("until its time", "nothing: upkeep queues it", ""),
    State.BLOCKED: ("until what it waits for has ended", "look at what it waits for", "blocked"),
    State.QUEUED: (
        f"{liveness.STALL_S:.0f} s beside an idle runner; else until those before it are done",
        "ask why",
        "queued",
    ),
    State.RUNNING: ("as long as its kind may, below", "read its log; cancel it", "silent-job"),
    State.PAUSED: ("until a person resumes it, or the stated time", "resume it", ""),
    State.VERIFYING: ("as long as its kind may, below", "read its log; cancel it", "silent-job"),
    State.SUCCEEDED: ("for good", "nothing", ""),
    State.FAILED: ("until a person retries it", "read the sentence of its class", ""),
    State.CANCELLED: ("until a person retries it", "nothing", ""),
}
_RUNNERS = (
    Word("busy", "It executes a job", "as long as the job's kind may", "nothing"),
    Word("idle", "It waits for work", "for ever", "nothing"),
    Word(
        "silent",
        f"It was not seen for {FRESH_S} s",
        f"{LEASE_S} s: then upkeep looks for proof of its death",
        "nothing: its jobs are queued again on that proof",
        "lost",
    ),
    Word("draining", "It ends after its job, and its place stays empty", "its job", "wait"),
    Word("recycling", "It ends after its job, and another takes its place", "its job", "wait"),
    Word("stopping", "Its job gets five seconds, then goes back", "7 s", "wait"),
    Word("emptied", "A person keeps its place empty", "until somebody fills it", "fill", "emptied"),
)
_PAGES = (
    Word("live", "What changes is shown as it happens", "for ever", "nothing"),
    Word(
        "polling",
        "It reads itself again every few seconds",
        "while the relay is away, or for ever where nothing is sent",
        "nothing",
    ),
    Word("loaded", "It shows what was true when it was loaded", "for ever", "refresh it"),
    Word(
        "disconnected",
        "Nothing answers: what it shows is as of the stated time, and dimmed",
        f"{SILENT_S:.0f} s after a process fell silent, it is started again",
        "look at manage.py doctor on the machine",
    ),
    Word(
        "asked",
        "Somebody asked for something that is not observed yet; it stands beside the state",
        f"10 s; after {overall.PATIENCE.total_seconds():.0f} s a cancel counts as stuck",
        "ask why it is not confirmed",
        "cancelling",
    ),
)


def of_jobs() -> list[Word]:
    """This function will tell what the words of jobs mean; the state that is only shown is the last."""
    known = [Word(state.value, state.label.partition(": ")[2], *_OF_JOBS[state]) for state in State]
    lasts = f"up to {LEASE_S} s, the lease of its runner"
    return [*known, Word(LOST, _LOST, lasts, "sync it", LOST)]


def of_maps() -> list[tuple[str, str]]:
    """This function will tell what the words of maps mean."""
    return [(status.value, status.label.partition(": ")[2]) for status in MapStatus]


def of_plans() -> list[tuple[str, str, str]]:
    """This function will tell what the words of ideas, specs and tasks mean; people end all of them."""
    named = (("Idea", IdeaState), ("Spec", SpecState), ("Task", TaskState))
    return [
        (name, state.value, state.label.partition(": ")[2])
        for name, states in named
        for state in states
    ]


def others() -> list[tuple[str, tuple[Word, ...]]]:
    """This function will tell what is said of runners and of pages."""
    return [("Runners", _RUNNERS), ("Pages", _PAGES)]


def limits() -> list[kinds.Kind]:
    """This function will give every kind of job that people meet, with how long it may take."""
    return [kind for kind in kinds.all_kinds() if not kind.internal]


def dead_ends() -> list[str]:
    """This function will name the anchors that lead nowhere in the runbook."""
    words = [*of_jobs(), *_RUNNERS, *_PAGES]
    known = {entry.anchor for entry in runbook.ENTRIES}
    return [one.anchor for one in words if one.anchor and one.anchor not in known]
