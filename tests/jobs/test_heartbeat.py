"""The heartbeat beside a handler whose own transaction holds what others would write."""

import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from jobs import db, queue, upkeep
from jobs.context import Run
from jobs.models import Job
from tests.factory.conftest import wait_for
from tests.jobs.conftest import serve, states

pytestmark = pytest.mark.usefixtures("committed")

Register = Callable[..., Any]


def test_a_runner_whose_handler_holds_its_checkpoint_in_a_transaction_is_alive(
    kind: Register,
) -> None:
    lease = "SELECT extract(epoch FROM max(lease_until))::float8 FROM job_runner"
    renewed: list[bool] = []

    @kind("t.holds")
    def handler(run: Run) -> None:
        with transaction.atomic():
            run.checkpoint(1)
            run.progress(1, 2)
            time.sleep(1)  # by now a report was due
            first = db.query(lease)[0][0]
            renewed.append(wait_for(lambda: db.query(lease)[0][0] > first + 2, 30))

    made = queue.enqueue("t.holds", {}).pk
    serve()

    assert (states(made), renewed) == (["succeeded"], [True])
    assert Job.objects.get(pk=made).progress.current == 1


def test_a_transaction_that_holds_the_checkpoint_is_ended_by_the_limit_of_time(
    kind: Register,
) -> None:
    @kind("t.holds", timeout=0.5, max_attempts=1)
    def holds(run: Run) -> None:
        with transaction.atomic():
            run.checkpoint(1)
            while True:
                run.progress(1, 2)
                time.sleep(0.1)

    made = queue.enqueue("t.holds", {}).pk

    serve()

    job = Job.objects.get(pk=made)
    assert (job.state, job.failure_class) == ("failed", "timeout")


def test_a_handler_that_holds_its_job_and_will_not_stop_ends_as_its_limit_says(
    kind: Register, settings: Any, tmp_path: Path
) -> None:
    settings.FACTORY_HOME = tmp_path

    @kind("t.stays", timeout=0.3, grace=0.3, max_attempts=1)
    def stays(run: Run) -> None:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=run.job_id)
            run.checkpoint(1)
            while True:
                with suppress(BaseException):
                    time.sleep(60)

    made = queue.enqueue("t.stays", {}).pk
    connection.close()
    child = os.fork()
    if not child:
        try:
            serve()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert states(made) == ["running"]
    with closing(db.connect("test upkeep")) as raw:
        upkeep.tick(raw)

    job = Job.objects.get(pk=made)
    assert (job.state, job.failure_class) == ("failed", "timeout")
    assert "It did not stop when it was interrupted" in job.failure_message
