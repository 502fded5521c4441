"""Repairs by hand, time limits of kinds, and what a fork keeps."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models.functions import Now

from jobs import acts, db, queue
from jobs.context import Run
from jobs.failures import Failed, FailureClass
from jobs.ledger import LOCK_CLASS, Claim, failure, success
from jobs.models import Job, Refused, Runner
from jobs.states import State
from tests.factory.conftest import wait_for
from tests.jobs.conftest import Desk, serve, states

Register = Callable[..., Any]


def job(pk: int) -> Job:
    return Job.objects.get(pk=pk)


@pytest.mark.django_db
def test_a_repair_is_a_legal_move_with_a_reason_and_a_name() -> None:
    waiting = queue.enqueue("demo.noop", {}, after=60.0)

    waiting.repair(State.QUEUED, by="user:1", reason="its time is wrong")

    move = waiting.moves.latest("pk")
    assert (move.to_state, move.actor) == ("queued", "user:1")
    assert move.reason == "Repaired by user:1: its time is wrong"


@pytest.mark.django_db
def test_what_was_read_is_unread_again_once_a_repair_lets_it_begin_anew(desk: Desk) -> None:
    queue.enqueue("demo.noop", {})
    desk.ledger.finish([failure(claim, Failed(FailureClass.AUTH, "No.")) for claim in desk.claim()])
    failed = Job.objects.get()
    failed.acknowledge(by="user:1")

    failed.repair(State.QUEUED, by="user:1", reason="the token is new")

    assert job(failed.pk).acknowledged_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("to", "reason", "why"),
    [
        (State.QUEUED, "  ", "say why it is to become queued"),
        (State.SUCCEEDED, "done", "is scheduled: it may become blocked, cancelled, paused, queued"),
        (State.RUNNING, "run", "is scheduled: it may become"),
    ],
)
def test_a_repair_past_the_rules_is_refused(to: State, reason: str, why: str) -> None:
    waiting = queue.enqueue("demo.noop", {}, after=60.0)

    with pytest.raises(Refused, match=why):
        waiting.repair(to, by="user:1", reason=reason)

    assert states(waiting.pk) == ["scheduled"]


def test_a_job_of_a_live_runner_is_not_repaired(desk: Desk, running_job: Claim) -> None:
    with pytest.raises(Refused, match=f"in the hands of runner {desk.runner.pk}, which is alive"):
        job(running_job.id).repair(State.FAILED, by="user:1", reason="it hangs")


@pytest.mark.parametrize("to", [State.FAILED, State.QUEUED, State.SCHEDULED, State.SUCCEEDED])
def test_whoever_still_holds_a_repaired_job_is_refused(
    desk: Desk, running_job: Claim, to: State
) -> None:
    Runner.objects.update(lease_until=Now())

    job(running_job.id).repair(to, by="user:1", reason="the machine burnt down")
    refused = desk.ledger.finish([success(running_job, None)])

    repaired = job(running_job.id)
    assert refused == [running_job.id]
    assert (repaired.state, repaired.fence, repaired.runner_id) == (to, 2, None)
    assert repaired.attempts.get().outcome == to


def test_a_repair_does_not_pass_by_a_check(desk: Desk, running_job: Claim) -> None:
    Job.objects.update(verifies=True)
    Runner.objects.update(lease_until=Now())

    with pytest.raises(Refused, match="is running: it may become"):
        job(running_job.id).repair(State.SUCCEEDED, by="user:1", reason="looks good")
    with pytest.raises(IntegrityError):
        acts.repair(Job.objects.all(), to="succeeded", by="user:1", reason="looks good")


@pytest.mark.usefixtures("committed")
def test_a_slow_handler_gets_an_exception_and_may_tidy_up(kind: Register) -> None:
    tidied = threading.Event()

    @kind("t.slow", timeout=0.3, max_attempts=1)
    def slow(run: Run) -> None:
        try:
            threading.Event().wait(30)
        finally:
            tidied.set()

    made = queue.enqueue("t.slow", {}).pk
    serve()

    ended = job(made)
    assert tidied.is_set()
    assert (ended.state, ended.failure_class) == ("failed", "timeout")
    assert ended.failure_message == "It took longer than 0.3 s."


@pytest.mark.usefixtures("committed")
def test_a_silent_handler_is_ended_and_one_that_speaks_is_not(kind: Register) -> None:
    @kind("t.idle", idle=1.5, max_attempts=1)
    def idle(run: Run, *, how: str) -> None:
        for number in range(18):
            time.sleep(0.1)
            if how == "checkpoint":
                run.checkpoint(number)
            elif how == "progress":
                run.progress(number)

    made = [queue.enqueue("t.idle", {"how": how}).pk for how in ("", "checkpoint", "progress")]
    serve()

    assert states(*made) == ["failed", "succeeded", "succeeded"]
    assert job(made[0]).failure_message == "It gave no sign of life for 1.5 s."


def test_a_forked_child_does_not_keep_the_lock_of_its_parent(committed: Any) -> None:
    with closing(db.connect("test parent")) as raw, closing(db.connect("test other")) as other:
        db.rows(raw, "SELECT pg_advisory_lock(%s, 4711)", (LOCK_CLASS,))
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, b".")
            signal.pause()
        os.read(read, 1)

        # As when the parent is killed: nobody says goodbye, the socket is just gone.
        _drop(raw.fileno())
        try:
            free = wait_for(lambda: _free(other))
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(read)
            os.close(write)

    assert free
    connection.close()


def _drop(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, number)
    os.close(nothing)


def _free(other: Any) -> bool:
    free = bool(db.rows(other, "SELECT pg_try_advisory_lock(%s, 4711)", (LOCK_CLASS,))[0][0])
    if free:
        db.rows(other, "SELECT pg_advisory_unlock(%s, 4711)", (LOCK_CLASS,))
    return free
