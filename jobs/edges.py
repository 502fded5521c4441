"""What a person changes about what a job waits for: by page, API, admin and command."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from jobs import controls, dependencies, kinds
from jobs.controls import Done, Fact
from jobs.models import Job, Refused
from jobs.states import HELD, UNSTARTED, State

NAME = "depend"
"""What roles are given, for both acts."""


def can_wait(job: Job) -> bool:
    """This function will say whether the job may be made to wait for others."""
    return job.state in UNSTARTED


def can_be_freed(job: Job) -> bool:
    """This function will say whether what the job waits for still matters."""
    return job.state not in (*HELD, State.SUCCEEDED)


def depend(job: Job, parents: Collection[int], *, policy: str, by: str) -> Done:
    """This function will make a job wait for others, or wait for them by another policy.

    Raises `Refused` when it was begun, for circles, and for jobs that do not exist.
    """
    tie = partial(dependencies.depend, job.pk, parents, policy=policy, by=by)
    return _tied(job, tie, f"{job} depends on {dependencies.named(parents)}.")


def release(job: Job, parents: Collection[int], *, by: str) -> Done:
    """This function will have a job no longer wait for others.

    Raises `Refused` when it does not wait for one of them, or waits for nothing any more.
    """
    untie = partial(dependencies.release, job.pk, parents, by=by)
    return _tied(job, untie, f"{job} no longer depends on {dependencies.named(parents)}.")


def _tied(job: Job, change: Callable[[], Job], said: str) -> Done:
    def change_and_look() -> None:
        try:
            change()
        except kinds.BadArguments as error:
            raise Refused(f"{error}.") from None
        job.refresh_from_db()

    done = controls.moved(job, change_and_look, "")
    evidence = [*done.evidence]
    if obstacle := dependencies.obstacles([job.pk]).get(job.pk):
        evidence.append(Fact(f"{obstacle}."))
    if done.before != done.after:
        said += f" It was {done.before} and is {done.after}."
    return replace(done, said=said, evidence=evidence)
