"""Several machines on one database: supervisors with directories and names of their own."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from jobs.heartbeat import LEASE_S
from tests.factory.conftest import wait_for
from tests.factory.servers import scratch
from tests.factory.test_faults import Faulty
from tests.services import ScratchDatabase

RECOVERED_S = 5.0
"""The aim after the lease; a test waits for five times both."""


@pytest.fixture(scope="module")
def machines(scratch_database: ScratchDatabase) -> Iterator[dict[str, Faulty]]:
    """This fixture will lend two machines that execute jobs, and end everything of them."""
    kept = ("DATABASE_URL", "REDIS_URL", "FACTORY_SECRET_KEY")
    shared = {name: text for name, text in scratch_database.environment.items() if name in kept}
    homes = {name: scratch() for name in ("ahost", "bhost")}
    made = {
        name: Faulty(home, home, FACTORY_HOST=name, FACTORY_WORKERS="short=1", **shared)
        for name, home in homes.items()
    }
    try:
        for machine in made.values():
            up = machine.manage("up", "--no-web", "--detach")
            assert up.returncode == 0, up.stderr
        assert wait_for(lambda: len(here(made["ahost"])) == 2, 60)
        yield made
    finally:
        for name, machine in made.items():
            machine.manage("stop")
            shutil.rmtree(homes[name], ignore_errors=True)


def here(machine: Faulty) -> dict[str, int]:
    """Give the present runner of each machine."""
    sql = "SELECT host, id FROM job_runner WHERE stopped_at IS NULL"
    return dict(machine.rows(sql))


def on_each(machines: dict[str, Faulty], seconds: float) -> dict[str, int]:
    """Have each machine's runner begin a job, and give the jobs by machine."""
    machine = machines["ahost"]
    machine.manage("enqueue", "demo.sleep", "--arg", f"seconds={seconds}", "--count", "2")
    sql = (
        "SELECT r.host, j.id FROM job j JOIN job_runner r ON r.id = j.runner_id"
        " WHERE j.state = 'running'"
    )
    assert wait_for(lambda: len(dict(machine.rows(sql))) == 2, 60)
    return dict(machine.rows(sql))


def test_runners_say_where_they_are_and_a_machine_is_drained_alone(
    machines: dict[str, Faulty],
) -> None:
    jobs = on_each(machines, 10)
    machine = machines["bhost"]

    machine.manage("runners", "drain", "--host", "ahost")

    shown = json.loads(machine.manage("runners", "--json").stdout)
    asked = {one["host"] for one in shown if one["asked"] == "drain"}
    assert asked == {"ahost"}
    assert {one["host"] for one in shown} == {"ahost", "bhost"}
    assert wait_for(lambda: set(here(machine)) == {"bhost"}, 60)
    assert machine.state(jobs["ahost"]) == ("succeeded", 1)
    after = machine.enqueue(seconds=0)
    assert wait_for(lambda: machine.state(after) == ("succeeded", 1))
    ran = "SELECT r.host FROM job_attempt a JOIN job_runner r ON r.id = a.runner_id WHERE a.job_id = %s"
    assert machine.rows(ran, after) == [("bhost",)]
    machine.manage("runners", "fill", "--all")
    assert wait_for(lambda: len(here(machine)) == 2, 60)


def test_a_machine_that_freezes_beyond_its_lease_reports_late_and_in_vain(
    machines: dict[str, Faulty],
) -> None:
    jobs = on_each(machines, 22)
    job, survivor = jobs["ahost"], machines["bhost"]
    supervisor = machines["ahost"].pids["supervisor"]
    frozen = sorted(machines["ahost"].all_pids, key=lambda pid: pid != supervisor)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        # Its connections live on in the server, and with them its locks: no proof, so it waits.
        held = not wait_for(lambda: survivor.state(job)[0] != "running", LEASE_S + RECOVERED_S)
    finally:
        for pid in reversed(frozen):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    assert held
    assert wait_for(lambda: survivor.state(job)[0] == "succeeded", 180)
    assert survivor.rows(
        "SELECT count(*) FROM job_move WHERE job_id = %s AND to_state = 'succeeded'", job
    ) == [(1,)]


def test_a_machine_that_dies_gives_up_its_jobs_after_its_lease_and_no_other_does(
    machines: dict[str, Faulty],
) -> None:
    jobs = on_each(machines, 22)
    lost, alive, survivor = jobs["ahost"], jobs["bhost"], machines["bhost"]
    old = here(survivor)["ahost"]

    machines["ahost"].loses_its_power()
    lease = "SELECT extract(epoch FROM lease_until)::float8 FROM job_runner WHERE id = %s"
    over, died = survivor.rows(lease, old)[0][0], time.time()
    given_back = (
        "SELECT extract(epoch FROM at)::float8 FROM job_move"
        " WHERE job_id = %s AND from_state = 'running'"
    )
    moved = wait_for(lambda: survivor.rows(given_back, lost), 5 * (LEASE_S + RECOVERED_S))

    assert moved
    at = survivor.rows(given_back, lost)[0][0]
    sys.stdout.write(f"\na machine died: its job was given back after {at - died:.1f} s\n")
    assert died < over <= at
    assert wait_for(lambda: survivor.state(lost) == ("succeeded", 2), 180)
    assert survivor.state(alive) == ("succeeded", 1)
    said = survivor.rows("SELECT ending FROM job_runner WHERE id = %s", old)
    assert said == [("its lease is over and its lock is free",)]
