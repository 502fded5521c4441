"""Controls of jobs that run: what a handler sees of them, and what becomes of its work."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, transaction

from jobs import db, desk, process, queue, runner, upkeep
from jobs.context import Run
from jobs.failures import MOST_PAUSE_S, Failed, FailureClass, RateLimited
from jobs.models import Job
from tests.factory.conftest import wait_for
from tests.jobs.conftest import moves, serve, states

Register = Callable[..., Any]


def job(pk: int) -> Job:
    return Job.objects.get(pk=pk)


def resume_soon(pk: int, state: str = "paused") -> threading.Thread:
    """This function will resume a job from another thread as soon as it is paused."""

    def wait() -> None:
        try:
            wait_for(lambda: job(pk).state == state)
            job(pk).resume(by="user:2")
        finally:
            connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.usefixtures("committed")
def test_a_paused_job_goes_on_from_its_checkpoint_and_repeats_nothing(kind: Register) -> None:
    done: list[int] = []

    @kind("t.steps")
    def steps(run: Run) -> dict[str, Any]:
        for number in range(run.resumed or 0, 4):
            done.append(number)
            if len(done) == 2:
                job(run.job_id).pause(by="user:1")
            run.checkpoint(number + 1)
        return {"attempt": run.attempt}

    made = queue.enqueue("t.steps", {}, max_attempts=1).pk
    waiting = resume_soon(made)
    serve()
    waiting.join()

    assert done == [0, 1, 2, 3]
    assert moves(made) == ["queued", "running", "paused", "queued", "running", "succeeded"]
    assert (job(made).max_attempts, job(made).result) == (2, {"attempt": 2})
    outcomes = job(made).attempts.order_by("number").values_list("number", "outcome")
    assert list(outcomes) == [(1, "paused"), (2, "succeeded")]


@pytest.mark.usefixtures("committed")
def test_a_retry_after_a_crash_goes_on_from_the_checkpoint(kind: Register) -> None:
    seen: list[Any] = []

    @kind("t.crashes")
    def crashes(run: Run) -> Failed | None:
        seen.append(run.resumed)
        run.checkpoint({"done": run.attempt})
        return Failed(FailureClass.WORKER_LOST, "once") if run.attempt == 1 else None

    queue.enqueue("t.crashes", {})
    serve()

    assert seen == [None, {"done": 1}]


@pytest.mark.usefixtures("committed")
def test_a_pause_taken_back_in_time_costs_nothing(kind: Register) -> None:
    @kind("t.unpaused")
    def unpaused(run: Run) -> None:
        job(run.job_id).pause(by="user:1")
        job(run.job_id).resume(by="user:1")
        run.checkpoint(1)

    made = queue.enqueue("t.unpaused", {}).pk
    serve()

    assert moves(made) == ["queued", "running", "succeeded"]


@pytest.mark.usefixtures("committed")
def test_a_checkpoint_in_a_transaction_is_kept_with_it_and_pauses_after_it(kind: Register) -> None:
    kept: list[Any] = []

    @kind("t.atomic")
    def atomic(run: Run) -> None:
        kept.append(run.resumed)
        if run.attempt > 1:
            return
        job(run.job_id).pause(by="user:1")
        with transaction.atomic():
            run.checkpoint("with the rows")
            queue.enqueue("demo.noop", {})
        run.checkpoint("paused here")

    made = queue.enqueue("t.atomic", {}).pk
    waiting = resume_soon(made)
    serve()
    waiting.join()

    assert kept == [None, "paused here"]
    assert Job.objects.filter(kind="demo.noop").count() == 1


@pytest.mark.usefixtures("committed")
def test_a_rate_limited_job_is_paused_and_resumes_itself(kind: Register) -> None:
    seen: list[tuple[str, str]] = []

    @kind("t.limited")
    def limited(run: Run) -> None:
        if run.attempt == 1:
            raise RateLimited(retry_after=1)
        last = job(run.job_id).moves.filter(to_state="paused").get()
        seen.append((last.from_state, last.reason))

    made = queue.enqueue("t.limited", {}).pk
    tick = threading.Thread(target=_upkeep_until_done, args=[made])
    tick.start()
    serve()
    tick.join()

    assert seen == [("running", "Rate limit exceeded (retry after 1s)")]
    assert moves(made) == ["queued", "running", "paused", "queued", "running", "succeeded"]
    assert job(made).max_attempts == 3


def _upkeep_until_done(pk: int) -> None:
    raw = db.connect("test upkeep")
    try:
        wait_for(lambda: upkeep.tick(raw) and job(pk).is_finished)
    finally:
        raw.close()
        connection.close()


@pytest.mark.usefixtures("committed")
def test_rate_limits_end_unless_the_work_advances(kind: Register) -> None:
    @kind("t.stuck", max_attempts=1)
    def stuck(run: Run) -> None:
        raise RateLimited(retry_after=1)

    @kind("t.advances", max_attempts=1)
    def advances(run: Run) -> None:
        if (run.resumed or 0) < 3:
            run.checkpoint((run.resumed or 0) + 1)
            raise RateLimited(retry_after=1)

    stays, goes = queue.enqueue("t.stuck", {}).pk, queue.enqueue("t.advances", {}).pk
    waiting = [resume_soon(goes)]
    tick = threading.Thread(target=_upkeep_until_done, args=[goes])
    tick.start()
    serve()
    for thread in (*waiting, tick):
        thread.join()

    assert states(stays, goes) == ["failed", "succeeded"]
    assert job(stays).failure_class == "rate-limited"
    assert job(goes).max_attempts == 4


@pytest.mark.parametrize(
    ("wanted", "given"),
    [(60, 60), (0, 1), (-5, 1), (1e12, MOST_PAUSE_S), (float("nan"), 60), ("soon", 60)],
)
def test_an_absurd_pause_is_bounded(wanted: Any, given: float) -> None:
    assert RateLimited(retry_after=wanted).retry_after == given


@pytest.mark.usefixtures("committed")
def test_a_verified_job_succeeds_only_by_its_check(kind: Register) -> None:
    seen: list[Any] = []

    def check(run: Run, result: Any) -> str | None:
        seen.append((job(run.job_id).state, result))
        return None if result["good"] else "2 of 3 tests failed"

    @kind("t.checked", verifier=check)
    def checked(run: Run, *, good: bool) -> dict[str, Any]:
        return {"good": good}

    good, bad = (queue.enqueue("t.checked", {"good": good}).pk for good in (True, False))
    serve()

    assert seen == [("verifying", {"good": True}), ("verifying", {"good": False})]
    assert moves(good) == ["queued", "running", "verifying", "succeeded"]
    assert moves(bad) == ["queued", "running", "verifying", "failed"]
    assert job(bad).failure_message == "Its work did not pass the check: 2 of 3 tests failed"
    assert (job(good).verifies, job(bad).failure_class) == (True, "bug")


@pytest.mark.usefixtures("committed")
def test_a_check_may_say_that_another_attempt_is_worth_it(kind: Register) -> None:
    def check(run: Run, result: Any) -> Failed | None:
        return Failed(FailureClass.WORKER_LOST, "Try again.") if run.attempt == 1 else None

    @kind("t.again", verifier=check)
    def again(run: Run) -> None:
        return None

    made = queue.enqueue("t.again", {}).pk
    serve()

    assert moves(made)[-4:] == ["queued", "running", "verifying", "succeeded"]


@pytest.mark.usefixtures("committed")
def test_completing_verifies_first_and_writes_nothing_of_what_fails(kind: Register) -> None:
    @kind("t.completes", verifier=lambda run, result: result["why"] or None)
    def completes(run: Run, *, why: str) -> None:
        with run.completing({"why": why}):
            queue.enqueue("demo.noop", {}, subject=why)

    good, bad = (queue.enqueue("t.completes", {"why": why}).pk for why in ("", "wrong"))
    serve()

    assert moves(good) == ["queued", "running", "verifying", "succeeded"]
    assert moves(bad) == ["queued", "running", "verifying", "failed"]
    assert list(Job.objects.filter(kind="demo.noop").values_list("subject", flat=True)) == [""]


@pytest.mark.usefixtures("committed")
def test_a_job_whose_kind_lost_its_check_fails_instead_of_passing(kind: Register) -> None:
    @kind("t.unchecked")
    def unchecked(run: Run, *, completing: bool) -> None:
        if completing:
            with run.completing():
                pass

    made = [queue.enqueue("t.unchecked", {"completing": one}).pk for one in (True, False)]
    Job.objects.update(verifies=True)
    serve()

    assert states(*made) == ["failed", "failed"]
    assert "no verifier any more" in job(made[0]).failure_message


def test_a_batch_cannot_be_verified(kind: Register) -> None:
    with pytest.raises(ValueError, match="leave out batch=True"):
        kind("t.both", batch=True, verifier=lambda run, result: None)


@pytest.mark.usefixtures("committed")
def test_a_cancel_before_the_effects_are_written_wins(kind: Register) -> None:
    @kind("t.late")
    def late(run: Run) -> None:
        job(run.job_id).cancel(by="user:1")
        with run.completing():
            queue.enqueue("demo.noop", {})

    made = queue.enqueue("t.late", {}).pk
    serve()

    assert moves(made) == ["queued", "running", "cancelled"]
    assert not Job.objects.filter(kind="demo.noop").exists()
    assert list(job(made).attempts.values_list("outcome", "failure_class")) == [("cancelled", "")]


def interrupted(kind: Register, work: Callable[[Run], Any], **options: Any) -> tuple[Job, float]:
    """Run `work`, cancel it after a moment, and give the job and the seconds the cancel took."""
    began = threading.Event()

    def handler(run: Run) -> Any:
        began.set()
        return work(run)

    kind("t.work", timeout=60, **options)(handler)
    made = queue.enqueue("t.work", {}).pk
    took: list[float] = []

    def ask() -> None:
        try:
            began.wait(60)
            time.sleep(0.1)  # in the middle of what it does
            asked = time.monotonic()
            job(made).cancel(by="user:1")
            wait_for(lambda: job(made).is_finished, 45)
            took.append(time.monotonic() - asked)
        finally:
            connection.close()

    person = threading.Thread(target=ask)
    person.start()
    serve()
    person.join()
    return job(made), took[0]


def spins(run: Run) -> None:
    while True:
        pass


def sleeps(run: Run) -> None:
    threading.Event().wait(60)


def queries(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


def tree(run: Run) -> None:
    run.command(["sh", "-c", "sleep 61 & sleep 62; true"]).wait()


def checks(run: Run) -> None:
    while True:
        run.checkpoint(1)


def holds(run: Run) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        run.checkpoint(1)
        while True:
            run.progress(1, 2)
            cursor.execute("SELECT pg_sleep(0.1)")


WORK = [spins, sleeps, queries, tree, checks, holds]


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("work", WORK)
def test_work_of_any_kind_is_cancelled_within_moments(
    kind: Register, work: Callable[[Run], Any]
) -> None:
    cancelled, took = interrupted(kind, work)

    assert cancelled.state == "cancelled"
    assert cancelled.reason.startswith("Cancelled by user:1 at ")
    assert cancelled.failure_class == ""
    assert took < 10  # half a second is the aim; after a minute its own limit would end it


@pytest.mark.usefixtures("committed")
def test_a_cancel_ends_the_whole_tree_of_helper_processes(kind: Register) -> None:
    pids: list[int] = []

    def grow(run: Run) -> None:
        child = run.command(["sh", "-c", "sleep 61 & echo $!; sleep 62; true"])
        assert child.stdout is not None
        pids.extend((child.pid, int(child.stdout.readline())))
        child.wait()

    cancelled, _ = interrupted(kind, grow)

    assert cancelled.state == "cancelled"
    assert wait_for(lambda: not any(process.started_ticks(pid) for pid in pids))


def swallows(run: Run) -> dict[str, str]:
    with suppress(BaseException):
        run.command(["sleep", "60"]).wait()
    return {"said": "all is well"}


@pytest.mark.usefixtures("committed")
def test_the_word_of_a_handler_whose_helpers_were_ended_counts_no_more(kind: Register) -> None:
    cancelled, _ = interrupted(kind, swallows)
    kind("t.late", timeout=0.3, max_attempts=1)(swallows)
    late = queue.enqueue("t.late", {}).pk
    serve()

    assert (cancelled.state, cancelled.result) == ("cancelled", None)
    assert (job(late).state, job(late).failure_class) == ("failed", "timeout")


@pytest.mark.usefixtures("committed")
def test_a_job_is_cancelled_while_it_is_verified(kind: Register) -> None:
    cancelled, _ = interrupted(kind, lambda run: None, verifier=lambda run, result: spins(run))

    assert moves(cancelled.pk) == ["queued", "running", "verifying", "cancelled"]


@pytest.mark.usefixtures("committed")
def test_what_a_runner_has_not_begun_is_cancelled_and_paused_without_an_attempt(
    kind: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "QUICK_S", 60.0)  # each claim is twice as large, on any machine,
    monkeypatch.setattr(desk, "PATIENCE_S", 60.0)  # and none of it goes back for being slow
    begun: list[int] = []

    @kind("t.quick", batch=True)
    def quick(run: Run) -> None:
        begun.append(run.job_id)
        if run.job_id == made[63]:  # the first of 37 that are claimed together, after 1, 2, 4 … 32
            job(made[-1]).cancel(by="user:1")
            job(made[-2]).pause(by="user:1")
            assert wait_for(lambda: states(made[-1]) == ["cancelled"])
            assert wait_for(lambda: "paused" in moves(made[-2]))

    made = queue.enqueue_many("t.quick", [{}] * 100)
    waiting = resume_soon(made[-2])
    serve()
    waiting.join()

    assert states(made[-1]) == ["cancelled"]
    assert made[-1] not in begun
    assert begun.count(made[-2]) == 1
    assert job(made[-1]).attempts.count() == 0
    assert set(states(*made[:-1])) == {"succeeded"}


@pytest.mark.usefixtures("committed")
def test_a_rate_limit_in_the_middle_of_items_comes_back_to_that_item(kind: Register) -> None:
    begun: list[str] = []

    @kind("t.items")
    def items(run: Run) -> Failed | None:
        through = run.items(["a", "b", "c"])
        for item in through:
            with item:
                begun.append(item.key)
                if begun.count("b") == 1 and item.key == "b":
                    raise RateLimited(retry_after=60)
        return through.outcome()

    made = queue.enqueue("t.items", {}, max_attempts=1).pk
    waiting = resume_soon(made)
    serve()
    waiting.join()

    assert begun == ["a", "b", "b", "c"]
    assert moves(made) == ["queued", "running", "paused", "queued", "running", "succeeded"]


@pytest.mark.usefixtures("committed")
def test_the_demo_kinds_show_pauses_rate_limits_and_checks() -> None:
    limited = queue.enqueue("demo.limited", {"times": 1, "seconds": 60.0}).pk
    good, bad = (queue.enqueue("demo.checked", {"good": one}).pk for one in (True, False))
    steps = queue.enqueue("demo.steps", {"total": 5, "seconds": 0.2}).pk
    asking = threading.Thread(target=_pause_once_running, args=[steps])
    waiting = [resume_soon(limited), resume_soon(steps)]
    asking.start()
    serve()
    for thread in (*waiting, asking):
        thread.join()

    assert states(limited, good, bad, steps) == ["succeeded", "succeeded", "failed", "succeeded"]
    assert moves(limited).count("paused") == moves(steps).count("paused") == 1
    log = "".join(job(steps).log_chunks.order_by("pk").values_list("text", flat=True))
    assert log.count("step 1 of 5 done") == log.count("step 5 of 5 done") == 1
    assert job(steps).progress.items_done == [f"step {number}" for number in range(1, 6)]
    assert "user:1 at" in (said := job(steps).moves.get(to_state="paused").reason)
    assert said.endswith(": look. It stopped at a checkpoint.")


def _pause_once_running(pk: int) -> None:
    try:
        wait_for(lambda: states(pk) == ["running"])
        job(pk).pause(by="user:1", reason="look")
    finally:
        connection.close()
