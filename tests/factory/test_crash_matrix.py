"""Everything that can die by kill -9, beside a queued, a running and a paused job.

docs/operations.md has the table; its cells are compared with what is asserted here.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from factory.embedded import postgres, valkey
from tests.factory.conftest import wait_for
from tests.factory.test_faults import Faulty, running, tree
from tests.test_docs import DOCS

__all__ = ["running"]
RUNNING_S = 8


class Crash(NamedTuple):
    """What is killed, how it comes back if nobody sees to it, and which attempt then succeeds."""

    kill: Callable[[Faulty], None]
    attempt: int = 1
    mend: Callable[[Faulty], object] = lambda product: None


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def up(product: Faulty) -> None:
    done = product.manage("up", "--detach")
    assert done.returncode == 0, done.stderr


CRASHES = {
    "worker (its runner)": Crash(lambda product: kill(product.runner("short")[1]), attempt=2),
    "pusher": Crash(lambda product: kill(product.beat("pusher"))),
    "sentinel": Crash(lambda product: kill(product.beat("sentinel")), attempt=2),
    "qcluster": Crash(lambda product: kill(product.pids["qcluster"]), attempt=2),
    "web": Crash(lambda product: kill(product.pids["web"])),
    "relay": Crash(lambda product: kill(product.pids["relay"])),
    "watchdog": Crash(lambda product: kill(product.pids["watchdog"])),
    "PostgreSQL": Crash(
        lambda product: kill(*tree(postgres.running(product.services) or 0)),
        mend=lambda product: postgres.ensure_running(product.services),
    ),
    "Valkey": Crash(
        lambda product: kill(valkey.running(product.services) or 0),
        mend=lambda product: valkey.ensure_running(product.services),
    ),
    "supervisor": Crash(lambda product: kill(product.pids["supervisor"]), mend=up),
    "host": Crash(lambda product: product.loses_its_power(), attempt=2, mend=up),
}


@pytest.fixture
def product(running: Faulty) -> Faulty:
    """This fixture will lend the installation once all of it is ready."""
    assert running.is_back()
    return running


def three(product: Faulty) -> tuple[int, int, int]:
    """Give a job that runs, one that waits behind it, and one that is paused."""
    insert = (
        "INSERT INTO job (kind, queue_id, arguments, priority, state, run_after)"
        " VALUES (%s, 'short', %s, %s, %s, now() + interval '1 day') RETURNING id"
    )
    paused = product.rows(insert, "demo.noop", "{}", 0, "scheduled")[0][0]
    product.rows(
        "UPDATE job SET state = 'paused', run_after = NULL, updated_at = now() WHERE id = %s",
        paused,
    )
    at_work = product.rows(insert, "demo.sleep", f'{{"seconds": {RUNNING_S}}}', 1, "queued")[0][0]
    assert wait_for(lambda: product.state(at_work) == ("running", 1))
    queued = product.rows(insert, "demo.noop", "{}", 0, "queued")[0][0]
    return at_work, queued, paused


@pytest.mark.parametrize("what", CRASHES)
def test_what_becomes_of_jobs_when_it_is_killed(product: Faulty, what: str) -> None:
    crash, (at_work, queued, paused) = CRASHES[what], three(product)

    crash.kill(product)
    crash.mend(product)

    assert wait_for(lambda: _ended(product, at_work, queued), 180)
    assert product.state(queued) == ("succeeded", 1)
    assert product.state(at_work) == ("succeeded", crash.attempt)
    assert product.state(paused) == ("paused", 0)
    moves = "SELECT count(*) FROM job_move WHERE job_id = %s AND to_state = 'succeeded'"
    assert product.rows(moves, at_work) == [(1,)]
    product.rows("UPDATE job SET state = 'queued', updated_at = now() WHERE id = %s", paused)
    assert wait_for(lambda: product.state(paused) == ("succeeded", 1))
    assert product.is_back()


def _ended(product: Faulty, *jobs: int) -> bool:
    with suppress(Exception):  # the database may be away
        return all(product.state(job)[0] == "succeeded" for job in jobs)
    return False


def test_the_table_of_the_document_says_what_is_asserted() -> None:
    section = (DOCS / "operations.md").read_text().partition("## The crash matrix")[2]
    lines = section.partition("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    told = {row[0]: row[1:4] for row in cells[2:]}

    assert list(told) == list(CRASHES)
    for what, (queued, at_work, paused) in told.items():
        assert queued.startswith("waits")
        assert at_work.startswith(f"ends in attempt {CRASHES[what].attempt}"), what
        assert paused.startswith("stays paused")
