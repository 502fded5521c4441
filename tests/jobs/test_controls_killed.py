"""Handlers that cannot be stopped: their process is, and only then is the job cancelled."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from factory import watchdog
from jobs import acts, kinds, liveness, process, queue, tended, upkeep
from jobs.context import Run
from jobs.models import Job, Runner
from tests.factory.conftest import wait_for
from tests.jobs.conftest import GONE_PID, introduce, other_connection, owner, serve, states
from tests.services import ROOT, ScratchDatabase

Register = Callable[..., Any]
Begin = Callable[..., "subprocess.Popen[str]"]

RUNNER = """
import ctypes, sys, time
import django
django.setup()
from jobs import kinds
from jobs.runner import Resident

@kinds.register("t.work", timeout={timeout}, idle=600, grace=1, max_attempts=1)
def work(run):
    "Cannot be stopped."
    print(run.command(["sleep", "600"]).pid, flush=True)
    while True:
        try:
            {work}
        except BaseException:
            print(run.command(["sleep", "600"]).pid, flush=True)

Resident("short", sys.argv[1]).reside()
"""
STUBBORN = "time.sleep(600)"
HOLDS_THE_GIL = "ctypes.PyDLL(None).sleep(600)"


@pytest.fixture
def begin(committed: ScratchDatabase, kind: Register) -> Iterator[Begin]:
    """This fixture will start runners of a kind whose handler does what it is told."""
    kind("t.work")(lambda run: None)
    begun: list[subprocess.Popen[str]] = []

    def start(work: str, timeout: float = 600) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-c", RUNNER.format(work=work, timeout=timeout), owner()]
        begun.append(
            subprocess.Popen(
                argv, cwd=ROOT, env=committed.environment, stdout=subprocess.PIPE, text=True
            )
        )
        return begun[-1]

    yield start
    for each in begun:
        each.kill()
        each.communicate()


def helper_of(runner: "subprocess.Popen[str]") -> int:
    assert runner.stdout is not None
    return int(runner.stdout.readline())


def guarded(raw: Any, job: int, seconds: float = 60) -> bool:
    """This function will be upkeep and watchdog until the job is finished."""
    guard = watchdog.Guard()

    def finished() -> bool:
        upkeep.tick(raw)
        guard.look(raw)
        return Job.objects.get(pk=job).is_finished

    return wait_for(finished, seconds)


def is_cancelled_on_proof(job: int, runner: "subprocess.Popen[str]", helper: int) -> None:
    ended = Job.objects.get(pk=job)
    assert ended.state == "cancelled"
    assert ended.reason.startswith("Cancelled by user:1 at ")
    assert f"process {runner.pid} on {process.host()} is gone" in ended.reason
    assert list(ended.attempts.values_list("outcome", flat=True)) == ["cancelled"]
    assert process.started_ticks(helper) is None
    assert runner.wait(60) != 0


def test_a_handler_that_will_not_stop_is_cancelled_when_its_process_is_gone(
    committed: ScratchDatabase, begin: Begin
) -> None:
    runner, job = begin(STUBBORN), queue.enqueue("t.work", {}).pk
    helper = helper_of(runner)

    Job.objects.get(pk=job).cancel(by="user:1")
    at_once = states(job)
    with other_connection(committed) as raw:
        assert wait_for(lambda: runner.poll() is not None)
        still = states(job)
        assert guarded(raw, job)

    assert (at_once, still) == (["running"], ["running"])
    is_cancelled_on_proof(job, runner, helper)


def test_a_job_beyond_its_limit_is_given_away_only_when_its_process_is_gone(
    committed: ScratchDatabase, begin: Begin
) -> None:
    runner, job = begin(STUBBORN, timeout=1), queue.enqueue("t.work", {}, max_attempts=1).pk
    helper = helper_of(runner)

    with other_connection(committed) as raw:
        assert wait_for(lambda: runner.poll() is not None, 60)
        before_proof = states(job)
        assert guarded(raw, job)

    ended = Job.objects.get(pk=job)
    assert (before_proof, ended.state, ended.failure_class) == (["running"], "failed", "timeout")
    assert "its process was ended" in ended.failure_message
    assert process.started_ticks(helper) is None


@pytest.mark.parametrize("how", ["holds the GIL", "frozen"])
def test_a_runner_that_cannot_hear_of_a_cancel_is_ended_by_the_watchdog(
    committed: ScratchDatabase, begin: Begin, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "DEAF_S", 1.0)
    runner = begin(HOLDS_THE_GIL if how == "holds the GIL" else STUBBORN)
    job = queue.enqueue("t.work", {}).pk
    helper = helper_of(runner)
    if how == "frozen":
        runner.send_signal(signal.SIGSTOP)

    Job.objects.get(pk=job).cancel(by="user:1")
    with other_connection(committed) as raw:
        assert guarded(raw, job)

    is_cancelled_on_proof(job, runner, helper)


@pytest.mark.usefixtures("begin")
def test_a_kind_with_more_patience_is_not_ended_early(committed: ScratchDatabase) -> None:
    job = queue.enqueue("demo.noop", {}).pk
    Job.objects.filter(pk=job).update(
        state="running", runner=introduce(), started_at="2026-01-01T00:00Z"
    )
    Job.objects.get(pk=job).cancel(by="user:1")

    with other_connection(committed) as raw:
        usual = [one.job for one in liveness.deaf(raw)]
        Job.objects.filter(pk=job).update(kind="t.patient")
        kinds.register("t.patient", grace=60)(lambda run: None)
        patient = liveness.deaf(raw)
        Job.objects.filter(pk=job).update(kind="demo.noop")
        Runner.objects.update(home="/of/another")
        elsewhere = liveness.deaf(raw)

    assert (usual, patient, elsewhere) == ([job], [], [])


def test_the_helpers_of_a_runner_killed_with_9_end_before_its_job_goes_on(
    committed: ScratchDatabase, begin: Begin
) -> None:
    runner, job = begin(STUBBORN), queue.enqueue("t.work", {}).pk
    helper = helper_of(runner)

    runner.kill()
    runner.wait()
    lives_on = process.started_ticks(helper) is not None
    with other_connection(committed) as raw:
        assert wait_for(lambda: upkeep.tick(raw).requeued == [job])

    assert lives_on
    assert wait_for(lambda: process.started_ticks(helper) is None)


def test_a_folder_of_groups_names_its_runner_and_goes_with_it(settings: Any, tmp_path: Any) -> None:
    settings.FACTORY_HOME = tmp_path
    child = process.start(["sleep", "60"])
    mine = tended.Tended()
    mine.add(child.pid)
    folder = tmp_path / "run" / "helpers" / process.named(os.getpid())
    kept, wanted = [path.name for path in folder.iterdir()], [process.named(child.pid)]

    tended.end_left_behind()
    lives = child.poll() is None
    folder.rename(folder.with_name(f"{GONE_PID}:1"))
    tended.end_left_behind()

    assert (kept, lives) == (wanted, True)
    assert child.wait(60) == -signal.SIGKILL
    assert not list(folder.parent.iterdir())


@pytest.mark.usefixtures("committed")
def test_a_batch_that_is_cancelled_under_way_ends_every_job_once(kind: Register) -> None:
    done: list[int] = []

    @kind("t.quick", batch=True)
    def quick(run: Run) -> None:
        done.append(run.job_id)
        if len(done) == 300:
            acts.cancel(Job.objects.exclude(pk=run.job_id), by="user:1")
            time.sleep(0.5)

    made = queue.enqueue_many("t.quick", [{}] * 1000)
    serve(seconds=60)

    ended = states(*made)
    assert set(ended) == {"succeeded", "cancelled"}
    assert len(set(done)) == len(done)
    succeeded = set(Job.objects.filter(state="succeeded").values_list("pk", flat=True))
    assert succeeded == set(done)
    assert not Runner.objects.present().exists()


def test_an_act_that_meets_another_crosswise_begins_anew(committed: ScratchDatabase) -> None:
    parent = queue.enqueue("demo.noop", {})
    child = queue.enqueue("demo.noop", {}, depends=[parent.pk])
    with other_connection(committed) as other:
        other.autocommit = False
        with other.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '60s'")  # so the act is the one to give way
            cursor.execute("UPDATE job SET priority = 1 WHERE id = %s", [child.pk])
        crossing = threading.Thread(target=_update_when_awaited, args=[other, parent.pk])
        crossing.start()

        outcome = acts.cancel(Job.objects.filter(pk=parent.pk), by="user:1")
        crossing.join()

    assert outcome == (1, 0, 0, 0)
    assert Job.objects.filter(priority=1, state="cancelled").count() == 2


def _update_when_awaited(runner: Any, job: int) -> None:
    waits = (
        "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    )
    with runner.cursor() as cursor:

        def awaited() -> bool:
            cursor.execute(waits)
            return bool(cursor.fetchone()[0])

        wait_for(awaited)
        cursor.execute("UPDATE job SET priority = 1 WHERE id = %s", [job])
    runner.commit()
