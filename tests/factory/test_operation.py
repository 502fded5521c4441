"""Runners that are drained, a cluster that is rolled onto new code, and the end that is asked twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import process
from tests.factory.conftest import wait_for
from tests.factory.test_faults import Faulty
from tests.services import ROOT, ScratchDatabase

pytestmark = pytest.mark.usefixtures("product")


@pytest.fixture(scope="module")
def running(scratch_database: ScratchDatabase) -> Iterator[Faulty]:
    """This fixture will lend one installation, and end everything of it."""
    from tests.factory.servers import scratch

    home = scratch()
    made = Faulty(home, home, **_places(scratch_database))
    up = made.manage("up", "--detach")
    assert up.returncode == 0, up.stderr
    yield made
    made.manage("stop")


def _places(database: ScratchDatabase) -> dict[str, str]:
    return {name: database.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}


@pytest.fixture
def product(running: Faulty) -> Faulty:
    """This fixture will lend the installation once all of it is ready."""
    assert running.is_back()
    return running


def listed(product: Faulty) -> dict[int, dict[str, object]]:
    return {one["id"]: one for one in json.loads(product.manage("runners", "--json").stdout)}


def test_a_drained_pool_finishes_its_job_and_claims_nothing_until_it_is_filled(
    product: Faulty,
) -> None:
    job = product.enqueue(seconds=3)
    runner, pid = product.runner("short")

    drained = product.manage("runners", "drain", "--pool", "short")
    waiting = json.loads(product.manage("enqueue", "demo.noop", "--json").stdout)["jobs"][0]
    ended = wait_for(lambda: process.started_ticks(pid) is None)

    assert (drained.returncode, ended) == (0, True)
    assert product.state(job) == ("succeeded", 1)
    assert product.state(waiting) == ("queued", 0)
    shown = listed(product)[runner]
    assert (shown["state"], shown["asked"]) == ("emptied", "drain")
    assert str(shown["asked_by"]).startswith("command:")
    assert product.names("runners")
    assert "emptied it" in json.loads(product.ask("/readyz")[1])["why"]["runners"]

    assert product.manage("runners", "fill", "--pool", "short").returncode == 0
    assert wait_for(lambda: product.state(waiting) == ("succeeded", 1))


def test_a_recycled_runner_is_replaced_after_its_job(product: Faulty) -> None:
    job = product.enqueue(seconds=2)
    before, _ = product.runner("short")

    product.manage("runners", "recycle", str(before))

    assert wait_for(lambda: product.state(job) == ("succeeded", 1))
    assert wait_for(lambda: _present(product, "short") not in ([], [before]))


def test_a_stopped_runner_gives_its_job_back_with_its_attempt(product: Faulty) -> None:
    job = product.enqueue(seconds=600)

    product.manage("runners", "stop", "--pool", "short")

    assert wait_for(lambda: product.state(job) == ("queued", 0))
    product.manage("runners", "fill", "--all")
    assert wait_for(lambda: product.state(job) == ("running", 1))
    product.rows(
        "UPDATE job SET state='failed', runner_id=NULL, failure_class='bug',"
        " finished_at=now(), updated_at=now() WHERE id = %s",
        job,
    )


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["drain"], "drain needs runners"),
        (["drain", "--all", "--pool", "short"], "leave it out, or leave out pool short"),
        (["drain", "99999999", "4711"], "there is no runner with id 99999999 or 4711;"),
        (["fill", "--pool", "long"], "no place of them is empty"),
        (["melt"], "invalid choice"),
    ],
)
def test_runners_refuses_in_one_line(product: Faulty, words: list[str], cause: str) -> None:
    done = product.manage("runners", *words)

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert cause in done.stderr


def test_a_rolling_restart_loses_and_doubles_nothing(product: Faulty) -> None:
    busy = product.enqueue(seconds=8)
    before = product.pids["qcluster"]
    many = json.loads(
        product.manage(
            "enqueue", "demo.sleep", "--arg", "seconds=0.02", "--count", "300", "--json"
        ).stdout
    )["jobs"]

    done = product.manage("restart", "qcluster", "--rolling", "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["restarted"][0]
    assert (told["before"], told["after"]) == (before, product.pids["qcluster"])
    assert process.started_ticks(before) is None
    assert product.state(busy) == ("succeeded", 1)
    assert wait_for(
        lambda: (
            product.rows(
                "SELECT state, attempt, count(*) FROM job WHERE id = ANY (%s) GROUP BY 1, 2", many
            )
            == [("succeeded", 1, 300)]
        ),
        60,
    )
    assert "qcluster.old" not in product.pids
    assert not product.rows("SELECT 1 FROM job_attempt WHERE failure_class = 'worker-lost'")


def test_a_roll_that_was_broken_off_ends_with_the_code_on_disk(product: Faulty) -> None:
    busy, before = product.enqueue(seconds=120), product.pids["qcluster"]
    argv = [sys.executable, str(ROOT / "manage.py"), "restart", "qcluster", "--rolling"]
    with subprocess.Popen(argv, env=product.environment, stdout=subprocess.DEVNULL) as roll:
        assert wait_for(lambda: "qcluster.old" in product.pids, 60)
        assert wait_for(lambda: product.rows(DRAINED, busy) == [("drain",)], 60)
        roll.kill()
    begun = product.pids["qcluster"]
    product.rows("UPDATE job_runner SET version = '0+other' WHERE stopped_at IS NULL")

    done = product.manage("restart", "qcluster", "--rolling", "--wait", "0", "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["restarted"][0]
    assert (told["before"], told["after"]) == (before, product.pids["qcluster"])
    assert told["after"] != begun
    assert "qcluster.old" not in product.pids
    assert not [one for one in listed(product).values() if one["skewed"]]
    product.manage("jobs", "cancel", str(busy))


DRAINED = "SELECT r.intent FROM job j JOIN job_runner r ON r.id = j.runner_id WHERE j.id = %s"


def test_a_roll_that_waits_no_longer_hands_jobs_back(product: Faulty) -> None:
    busy = product.enqueue(seconds=600)  # it must not end before the command does

    done = product.manage("restart", "qcluster", "--rolling", "--wait", "0")

    assert done.returncode == 0, done.stderr
    assert wait_for(lambda: product.state(busy) == ("running", 1))
    assert product.rows("SELECT fence FROM job WHERE id = %s", busy) == [(2,)]
    assert not product.rows("SELECT 1 FROM job_attempt WHERE job_id = %s", busy)
    assert product.manage("jobs", "cancel", str(busy)).returncode in (0, 2)


def test_runners_on_other_code_are_shown_as_such(product: Faulty) -> None:
    runner, _ = product.runner("long")
    product.rows("UPDATE job_runner SET version = '0+other' WHERE id = %s", runner)

    shown = listed(product)
    doctor = json.loads(product.manage("doctor", "--json").stdout)["checks"]

    assert shown[runner]["skewed"] is True
    code = next(check for check in doctor if check["name"] == "code")
    assert (code["ok"], code["warning"]) == (True, True)
    assert f"runner {runner} (long" in code["detail"]
    _, ready = product.ask("/readyz")
    assert json.loads(ready)["code"]["web"] == json.loads(ready)["code"]["pusher"]


def test_being_asked_to_end_twice_costs_no_attempt(product: Faulty) -> None:
    job = product.enqueue(seconds=600)
    supervisor = product.pids["supervisor"]

    os.kill(supervisor, signal.SIGTERM)
    assert wait_for(lambda: (product.home / "run" / "pusher.beat").exists() is False)
    os.kill(supervisor, signal.SIGTERM)

    assert wait_for(lambda: process.started_ticks(supervisor) is None)
    assert product.state(job) == ("queued", 0)
    assert not product.rows("SELECT 1 FROM job_attempt WHERE job_id = %s", job)
    assert not list(Path(product.home / "run").glob("*.beat"))
    assert product.manage("up", "--detach").returncode == 0


def _present(product: Faulty, pool: str) -> list[int]:
    sql = "SELECT id FROM job_runner WHERE stopped_at IS NULL AND pool = %s"
    return [row[0] for row in product.rows(sql, pool)]
