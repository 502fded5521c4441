"""Why an act on a job is not possible, in a sentence, and what a repair may make of it."""

from typing import TYPE_CHECKING

from jobs.states import FINISHED, HELD, LEGAL, Intent, State

if TYPE_CHECKING:
    from jobs.models.job import Job


def repairs(job: "Job") -> list[State]:
    """This function will list the states a person may bring the job to: legal ones, nobody's hands."""
    state = State(job.state)
    possible = sorted(new for old, new in LEGAL if old == state and new not in HELD)
    if job.verifies and state == State.RUNNING:
        possible.remove(State.SUCCEEDED)  # only its check says that
    return possible


def hindrance(job: "Job", done: str) -> str:
    """This function will say why the job cannot be paused, resumed, cancelled, and so on.

    `done` is the participle of the act, which was refused; the sentence goes on after "Job 7".
    """
    if done == "retried":
        return _not_retried(State(job.state))
    if done == "acknowledged":
        read = job.state == State.FAILED
        return "is acknowledged already" if read else f"is {job.state}: it did not fail"
    if done == "repaired":
        return f"is in the hands of runner {job.runner_id}, which is alive: cancel or pause it"
    if job.state in FINISHED:
        return f"is {job.state}: only a job that is not finished can be {done}"
    if job.intent == Intent.CANCEL:
        return f"is being cancelled: it can no longer be {done}"
    if done == "resumed":
        return f"is {job.state}: only a paused job can be resumed"
    if job.state == State.PAUSED:
        return f"is paused already: it cannot be {done}"
    return f"is {job.state}, its work is done: it cannot be {done}"


def _not_retried(state: State) -> str:
    if state == State.SUCCEEDED:
        return "has succeeded: there is nothing to retry"
    if state in FINISHED:
        return "cannot be retried: another one waits to do the same"
    return f"is {state}: only an ended job can be retried"
