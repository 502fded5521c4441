"""Handlers that do what no handler should: the runner outlives each, and says what happened."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection, transaction

from jobs import process, queue
from jobs.context import Run
from jobs.failures import Anticipated, Failed, FailureClass
from jobs.models import Job, LogChunk, Progress, Queue, Runner
from jobs.models.job import Stale
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import serve

pytestmark = pytest.mark.usefixtures("committed")

Register = Callable[..., Any]


class Nonsense(Anticipated):
    failure_class = "nonsense"  # type: ignore[assignment]


class Unreadable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def outcome(kind: Register, handler: Callable[[Run], Any], **limits: Any) -> Job:
    """Carry out one job of this handler, and a harmless one after it, by the same runner."""
    kind("t.hostile", **{"max_attempts": 1} | limits)(handler)
    hostile = queue.enqueue("t.hostile", {})
    after = queue.enqueue("demo.flood", {"count": 1})

    serve()

    assert Job.objects.get(pk=after.pk).state == "succeeded"
    assert Runner.objects.count() == 1
    return Job.objects.get(pk=hostile.pk)


def raising(error: BaseException) -> Callable[[Run], None]:
    def handler(run: Run) -> None:
        raise error

    return handler


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (GeneratorExit(), "GeneratorExit: "),
        (BaseException("odd"), "BaseException: odd"),
        (RecursionError("deep"), "RecursionError: deep"),
        (ValueError("nul \x00, half \ud800"), "ValueError: nul �, half �"),
        (Unreadable(), "Unreadable"),
        (ValueError("password=hunter22"), "ValueError: password=[redacted]"),
        (Nonsense("odd"), "Unknown class 'nonsense': odd"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_of_any_sort_is_a_bug_of_the_job(
    kind: Register, error: BaseException, message: str
) -> None:
    job = outcome(kind, raising(error))

    assert (job.state, job.failure_class, job.failure_message) == ("failed", "bug", message)


def test_memory_that_ran_out_is_named(kind: Register) -> None:
    assert outcome(kind, raising(MemoryError())).failure_class == "resource-exhausted"


@pytest.mark.parametrize("result", ["text", [1, "a"], 7, True, {"a": {"b": None}}, "\\u0000"])
def test_any_plain_result_is_kept(kind: Register, result: Any) -> None:
    assert outcome(kind, lambda run: result).result == result


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ("\x00", "NUL"),
        ({"\ud800": 1}, "surrogates"),
        (float("nan"), "not JSON compliant"),
        (float("-inf"), "not JSON compliant"),
        (object(), "not JSON serializable"),
        ("x" * (2 << 20), "2097154 bytes as JSON, of 1048576"),
        ({(1, 2): 3}, "keys must be"),
    ],
    ids=["nul", "surrogate", "nan", "inf", "object", "huge", "key"],
)
def test_a_result_that_cannot_be_stored_fails_the_job(
    kind: Register, result: Any, why: str
) -> None:
    job = outcome(kind, lambda run: result)

    assert (job.state, job.failure_class) == ("failed", "bug")
    assert job.failure_message.startswith("Its result cannot be stored: ")
    assert why in job.failure_message


def test_a_circular_result_fails_the_job(kind: Register) -> None:
    circle: list[Any] = []
    circle.append(circle)

    assert outcome(kind, lambda run: circle).failure_class == "bug"


@pytest.mark.parametrize("batch", [True, False])
def test_one_bad_result_does_not_spoil_its_batch(kind: Register, batch: bool) -> None:
    kind("t.nul", batch=batch, max_attempts=1)(lambda run: "\x00")
    good = queue.enqueue_many("demo.noop", [{}] * 20)
    queue.enqueue("t.nul", {})

    serve()

    assert set(Job.objects.filter(pk__in=good).values_list("state", "attempt")) == {
        ("succeeded", 1)
    }


def test_a_transaction_left_open_is_rolled_back_and_named(kind: Register) -> None:
    def handler(run: Run) -> None:
        transaction.atomic().__enter__()
        Queue.objects.filter(name="long").update(description="never")

    job = outcome(kind, handler)

    assert job.failure_message == "It left a transaction open: that is rolled back."
    assert Queue.objects.get(name="long").description != "never"


def test_a_transaction_begun_by_hand_is_rolled_back_and_named(kind: Register) -> None:
    def handler(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")

    assert outcome(kind, handler).failure_message.startswith("It left a transaction open")


def test_autocommit_switched_off_does_not_reach_the_next_job(kind: Register) -> None:
    def handler(run: Run) -> None:
        transaction.set_autocommit(False)
        Queue.objects.count()

    assert outcome(kind, handler).failure_message.startswith("It left a transaction open")


@pytest.mark.parametrize("how", ["atomic", "by hand", "autocommit off"])
def test_completing_inside_a_transaction_that_holds_a_checkpoint_is_refused_at_once(
    kind: Register, how: str
) -> None:
    def handler(run: Run) -> None:
        atomic = transaction.atomic() if how == "atomic" else nullcontext()
        if how == "autocommit off":
            transaction.set_autocommit(False)
        if how == "by hand":
            connection.cursor().execute("BEGIN")
        with atomic:
            run.checkpoint(1)
            run.progress(1, 2)  # to write this is to wait for the checkpoint
            run.log("x")
            with run.completing():
                pass

    job = outcome(kind, handler)

    assert (job.state, job.failure_class) == ("failed", "bug")
    assert "run.completing() inside a transaction" in job.failure_message


def test_a_closed_connection_is_opened_again(kind: Register) -> None:
    assert outcome(kind, lambda run: connection.close()).state == "succeeded"


def test_a_connection_the_server_cut_is_a_passing_failure(kind: Register) -> None:
    def handler(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert outcome(kind, handler).failure_class == "transient-network"


def test_a_stale_row_met_by_a_handler_does_not_leave_its_job_running(kind: Register) -> None:
    job = outcome(kind, raising(Stale("Another job moved on.")))

    assert (job.state, job.failure_class) == ("failed", "unknown")


def test_a_changed_signal_handler_does_not_reach_the_next_job(kind: Register) -> None:
    signals: list[Any] = []

    def ignoring(run: Run) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    kind("t.after")(lambda run: signals.append(signal.getsignal(signal.SIGUSR1)))
    kind("t.ignoring")(ignoring)
    queue.enqueue("t.ignoring", {})
    queue.enqueue("t.after", {})
    serve()

    assert callable(signals[0])


def test_a_fork_that_returns_does_not_finish_the_job_twice(kind: Register) -> None:
    def handler(run: Run) -> dict[str, int]:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        return {"pid": os.getpid()}

    job = outcome(kind, handler)

    assert job.result == {"pid": os.getpid()}
    assert job.attempts.count() == 1


def test_a_thread_that_outlives_its_handler_holds_nobody_up(kind: Register) -> None:
    release = threading.Event()

    job = outcome(kind, lambda run: threading.Thread(target=release.wait).start())
    release.set()

    assert job.state == "succeeded"


def test_a_failure_that_is_returned_ends_the_job_as_failed(kind: Register) -> None:
    job = outcome(kind, lambda run: Failed(FailureClass.AUTH, "token=abcdefgh was refused"))

    assert (job.state, job.failure_class) == ("failed", "auth")
    assert job.failure_message == "token=[redacted] was refused"


def test_a_returned_failure_of_nonsense_is_a_bug(kind: Register) -> None:
    job = outcome(kind, lambda run: Failed("odd", None))  # type: ignore[arg-type]

    assert (job.failure_class, job.failure_message) == ("bug", "Unknown class 'odd': None")


def test_a_kind_nobody_knows_any_more_fails_by_name() -> None:
    job = Job.objects.create(kind="t.gone", queue_id="short")

    serve()

    job.refresh_from_db()
    assert job.failure_message.startswith("kind 't.gone': nobody registered it")


@pytest.mark.parametrize("arguments", [[], "text", 3, {"wrong": 1}])
def test_stored_arguments_that_do_not_fit_are_a_bug(
    committed: services.ScratchDatabase, arguments: Any
) -> None:
    job = Job.objects.create(kind="demo.sleep", queue_id="short", arguments=arguments)

    serve()

    job.refresh_from_db()
    assert (job.state, job.failure_class) == ("failed", "bug")


def test_nonsense_in_a_report_harms_nobody(kind: Register) -> None:
    def handler(run: Run) -> None:
        run.log("nul \x00 half \ud800 bell \x07")
        run.progress(1, 2, "\x00\ud800", done=["\x00"], failed=[7])  # type: ignore[list-item]

    job = outcome(kind, handler)

    assert job.state == "succeeded"
    assert LogChunk.objects.get(job=job.pk).text == "nul � half � bell �\n"
    assert Progress.objects.values_list("item", "items_done", "items_failed").get(job=job.pk) == (
        "��",
        ["�"],
        ["7"],
    )


def test_a_number_too_large_for_a_report_harms_nobody(kind: Register) -> None:
    assert outcome(kind, lambda run: run.progress(1 << 70)).state == "succeeded"


@pytest.mark.parametrize("number", ["many", float("nan"), None])
def test_a_report_that_is_no_number_is_a_bug_of_the_job(kind: Register, number: Any) -> None:
    assert outcome(kind, lambda run: run.progress(number)).failure_class == "bug"


def test_a_timeout_is_not_swallowed_by_except_exception(kind: Register) -> None:
    def handler(run: Run) -> None:
        while True:
            try:
                threading.Event().wait(10)
            except Exception as error:
                run.log(str(error))

    job = outcome(kind, handler, timeout=0.5)

    assert (job.state, job.failure_class) == ("failed", "timeout")
    assert job.failure_message == "It took longer than 0.5 s."


def test_silence_is_a_timeout_of_its_own(kind: Register) -> None:
    job = outcome(kind, lambda run: threading.Event().wait(10), idle=0.5)

    assert job.failure_message == "It gave no sign of life for 0.5 s."


def test_signs_of_life_hold_off_the_idle_limit(kind: Register) -> None:
    def handler(run: Run) -> None:
        for number in range(18):
            threading.Event().wait(0.1)
            run.progress(number)

    assert outcome(kind, handler, idle=1.5).state == "succeeded"


def test_a_helper_ends_with_its_job(kind: Register) -> None:
    pids: list[int] = []

    def handler(run: Run) -> None:
        pids.append(run.command(["sleep", "60"]).pid)

    outcome(kind, handler)

    assert wait_for(lambda: process.started_ticks(pids[0]) is None)


def test_a_helper_that_hangs_is_killed_when_its_job_times_out(kind: Register) -> None:
    def handler(run: Run) -> int:
        return run.command(["sleep", "60"]).wait()

    assert outcome(kind, handler, timeout=0.5).failure_class == "timeout"


def test_a_query_that_waits_ends_when_its_job_times_out(kind: Register) -> None:
    def handler(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    job = outcome(kind, handler, timeout=0.5)

    assert (job.failure_class, job.failure_message) == ("timeout", "It took longer than 0.5 s.")
    assert job.finished_at is not None
    assert job.started_at is not None
    assert (job.finished_at - job.started_at).total_seconds() < 25


def test_an_error_that_follows_an_interruption_is_named_by_the_interruption(kind: Register) -> None:
    def handler(run: Run) -> None:
        if run.command(["sleep", "60"]).wait() != 0:
            raise Nonsense("the helper died")

    assert outcome(kind, handler, timeout=0.5).failure_class == "timeout"
