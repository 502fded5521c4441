"""Acts on many jobs while a runner empties the queue they wait in."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.db.models import QuerySet

from jobs import acts, controls, queue
from jobs.ledger import Claim, Ledger, success
from jobs.models import Job, Refused, Runner
from tests.factory.conftest import wait_for
from tests.jobs.conftest import committed, introduce, other_connection, states
from tests.services import ScratchDatabase

__all__ = ["committed"]
COUNT = 8_000


@contextmanager
def emptying(database: ScratchDatabase, runner: Runner) -> Iterator[None]:
    """This function will be a runner that claims and ends as fast as it can, however often it loses."""
    over = threading.Event()

    def work() -> None:
        claims: list[Claim] = []
        while not over.is_set():
            with other_connection(database) as raw:
                hands = Ledger(raw)
                while not over.is_set():
                    ended = [success(one, None) for one in claims]
                    try:
                        claims, _ = hands.finish_and_claim(ended, "short", 100, runner.pk)
                    except psycopg2.OperationalError:
                        break

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)


def those(state: str) -> "QuerySet[Job]":
    """This function will keep the jobs in a state."""
    return Job.objects.filter(state=state)


def test_an_act_on_many_leaves_out_what_another_transaction_holds_and_says_so(
    committed: ScratchDatabase,
) -> None:
    held, *free = queue.enqueue_many("demo.noop", [{}] * 3)
    with holding(committed, held):
        began = time.monotonic()
        outcome = acts.pause(Job.objects.all(), by="user:1")
        took = time.monotonic() - began

        assert outcome == (2, 0, 0, 1)
        assert acts.PATIENCE_S <= took < 5 * acts.PATIENCE_S
        assert "1 busy: others change them just now" in controls.counted(
            controls.BY_NAME["pause"], outcome
        )
    assert states(held, *free) == ["queued", "paused", "paused"]


def test_an_act_takes_what_becomes_free_in_time(committed: ScratchDatabase) -> None:
    [job] = queue.enqueue_many("demo.noop", [{}])
    with holding(committed, job) as raw:
        threading.Timer(0.3, raw.rollback).start()

        assert acts.pause(Job.objects.all(), by="user:1") == (1, 0, 0, 0)


def test_an_act_on_a_job_that_is_being_completed_is_refused_in_a_sentence(
    committed: ScratchDatabase,
) -> None:
    job = queue.enqueue("demo.noop", {})
    refused = pytest.raises(Refused, match="just being ended or changed by another: try again")
    with holding(committed, job.pk), refused:
        job.cancel(by="user:1")
    job.cancel(by="user:1")

    assert states(job.pk) == ["cancelled"]


@contextmanager
def holding(database: ScratchDatabase, job: int) -> Iterator[Any]:
    """This function will hold the row of a job as a transaction does that ends it."""
    with other_connection(database) as raw:
        raw.autocommit = False
        raw.cursor().execute("UPDATE job SET priority = priority WHERE id = %s", [job])
        yield raw
        raw.rollback()


@pytest.mark.parametrize("act", ["pause", "cancel"])
def test_an_act_on_a_queue_that_a_runner_empties_takes_effect(
    committed: ScratchDatabase, act: str
) -> None:
    runner, met = introduce(), 0
    for _ in range(3):
        queue.enqueue_many("demo.noop", [{}] * COUNT)
        before = those("succeeded").count()

        with emptying(committed, runner):
            assert wait_for(lambda known=before: those("succeeded").count() > known)
            outcome: Any = getattr(acts, act)(those("queued"), by="user:1")

        met += outcome.done
        assert not those("queued").exists()
    assert met > 0
