"""The states of a job and the one table of moves between them."""

from django.db.models import TextChoices


class State(TextChoices):
    """What a job is doing. Its label says what that means and who ends it."""

    SCHEDULED = "scheduled", "Scheduled: waits for its time; upkeep queues it when that comes"
    BLOCKED = "blocked", "Blocked: waits for other jobs; the last of them queues it"
    QUEUED = "queued", "Queued: waits for a runner of its queue, which claims it"
    RUNNING = "running", "Running: a live runner holds its fence and ends it"
    PAUSED = "paused", "Paused: by a person, or by a rate limit until a stated time"
    VERIFYING = "verifying", "Verifying: its work is done and is being checked by a live runner"
    SUCCEEDED = "succeeded", "Succeeded: its result is stored; final"
    FAILED = "failed", "Failed: with a class and a sentence; a person may retry it"
    CANCELLED = "cancelled", "Cancelled: by a person; final unless a person retries it"


class Intent(TextChoices):
    """What a person asked of a held job. Its state changes only when its runner has done it."""

    PAUSE = "pause", "Pause: at its next checkpoint"
    CANCEL = "cancel", "Cancel: it is being interrupted"


UNSTARTED = (State.SCHEDULED, State.BLOCKED, State.QUEUED, State.PAUSED)
HELD = (State.RUNNING, State.VERIFYING)
LIVE = (*UNSTARTED, *HELD)
FINISHED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

_MOVES: dict[State, set[State]] = {
    State.SCHEDULED: {State.QUEUED, State.BLOCKED, State.PAUSED, State.CANCELLED},
    State.BLOCKED: {State.QUEUED, State.SCHEDULED, State.PAUSED, State.CANCELLED, State.FAILED},
    State.QUEUED: {
        State.RUNNING,
        State.SCHEDULED,
        State.BLOCKED,
        State.PAUSED,
        State.CANCELLED,
    },
    State.RUNNING: {
        State.QUEUED,
        State.SCHEDULED,
        State.PAUSED,
        State.VERIFYING,
        State.SUCCEEDED,
        State.FAILED,
        State.CANCELLED,
    },
    State.PAUSED: {State.QUEUED, State.SCHEDULED, State.BLOCKED, State.CANCELLED},
    State.VERIFYING: {
        State.QUEUED,
        State.SCHEDULED,
        State.PAUSED,
        State.SUCCEEDED,
        State.FAILED,
        State.CANCELLED,
    },
    State.SUCCEEDED: set(),
    State.FAILED: {State.QUEUED, State.SCHEDULED, State.BLOCKED},
    State.CANCELLED: {State.QUEUED, State.SCHEDULED, State.BLOCKED},
}
LEGAL = frozenset((old, new) for old, targets in _MOVES.items() for new in targets)
"""Every legal (old, new) pair; the database holds the same pairs in `job_legal_move`."""

BIRTHS = (State.QUEUED, State.SCHEDULED, State.BLOCKED)
"""The states in which a job may be inserted."""
