"""A cluster that is told to end does so in order and in time, and no job loses an attempt by it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from jobs import last_resort, process, queue, spool, upkeep
from jobs.models import Attempt, Job, Runner
from tests.jobs.conftest import Cluster, other_connection, running, states
from tests.services import ROOT, ScratchDatabase


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_a_signal_to_the_whole_group_ends_the_cluster_and_loses_no_job(
    start_cluster: Callable[..., Cluster], attempt: int
) -> None:
    cluster = start_cluster("short=2", 2)
    job = queue.enqueue("demo.sleep", {"seconds": 1})
    assert running(job.pk)

    os.killpg(cluster.main.pid, signal.SIGTERM)

    assert cluster.main.wait(60) == 0
    assert states(job.pk) == ["succeeded"]


def test_a_job_that_takes_longer_than_the_grace_goes_back_and_keeps_its_attempt(
    start_cluster: Callable[..., Cluster],
) -> None:
    job = queue.enqueue("demo.steps", {"total": 600}, max_attempts=1)
    cluster = start_cluster()
    assert running(job.pk)

    cluster.main.send_signal(signal.SIGTERM)
    status = cluster.main.wait(60)

    _is_handed_back(job)
    assert status == 0
    start_cluster()
    assert running(job.pk)
    job.refresh_from_db()
    assert (job.attempt, job.fence) == (1, 2)


DEAF = """
import os, sys, time
import django
django.setup()
from jobs import heartbeat, kinds
from jobs.runner import Resident

@kinds.register("t.deaf", timeout=600, idle=600)
def deaf(run):
    "Hears nothing."
    print(run.command(["sleep", "600"]).pid, flush=True)
    while True:
        try:
            time.sleep(600)
        except BaseException:
            print(run.command(["sleep", "600"]).pid, flush=True)

heartbeat.DRAIN_S = 0.5
Resident("short", sys.argv[1]).reside()
"""


def test_a_handler_that_hears_nothing_is_ended_with_its_helpers_and_keeps_its_attempt(
    committed: ScratchDatabase, kind: Callable[..., Callable[[object], object]]
) -> None:
    job, runner, helpers = _ended_deaf(committed, kind)

    _is_handed_back(job)
    row = Runner.objects.get()
    assert (runner.returncode, row.ending) == (1, last_resort.DID_NOT_STOP)
    assert list(spool.folder().glob(f"{row.pk}-*")) == []
    assert len(helpers.split()) >= 2
    assert not [pid for pid in helpers.split() if process.started_ticks(int(pid))]


def test_a_deaf_handler_whose_job_cannot_be_handed_back_keeps_its_attempt_by_the_spool(
    committed: ScratchDatabase, kind: Callable[..., Callable[[object], object]]
) -> None:
    with other_connection(committed) as other:
        job, runner, _ = _ended_deaf(committed, kind, holder=other)
        held = states(job.pk)
        other.rollback()
        other.autocommit = True
        upkeep.tick(other)

    job.refresh_from_db()
    assert (runner.returncode, held, job.state) == (1, ["running"], "queued")
    assert job.max_attempts - job.attempt == 1


def _ended_deaf(
    committed: ScratchDatabase,
    kind: Callable[..., Callable[[object], object]],
    holder: Any = None,
) -> tuple[Job, "subprocess.Popen[str]", str]:
    """This function will have a cluster end under a deaf handler, whose row another may hold."""
    kind("t.deaf")(_nothing)
    job = queue.enqueue("t.deaf", {}, max_attempts=1)
    with subprocess.Popen(["sleep", "600"]) as broker:
        owner = f"{broker.pid}:{process.started_ticks(broker.pid)}"
        argv = [sys.executable, "-c", DEAF, owner]
        runner = subprocess.Popen(
            argv, cwd=ROOT, env=committed.environment, stdout=subprocess.PIPE, text=True
        )
        assert running(job.pk)
        if holder is not None:
            holder.autocommit = False
            holder.cursor().execute("SELECT FROM job WHERE id = %s FOR UPDATE", [job.pk])
        broker.kill()
        helpers, _ = runner.communicate(timeout=60)
    return job, runner, helpers


def _nothing(run: object) -> None:
    """Is never called here."""


def _is_handed_back(job: Job) -> None:
    job.refresh_from_db()
    assert (job.state, job.attempt, job.runner_id) == ("queued", 0, None)
    move = job.moves.latest("pk")
    assert (move.from_state, move.to_state, move.reason) == (
        "running",
        "queued",
        last_resort.WITHDRAWN,
    )
    assert not Attempt.objects.exists()
