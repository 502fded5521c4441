"""Acts on many jobs while a runner empties the queue they wait in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.db.models import QuerySet

from jobs import acts, queue
from jobs.ledger import Claim, Ledger, success
from jobs.models import Job, Runner
from tests.factory.conftest import wait_for
from tests.jobs.conftest import committed, introduce, other_connection
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
