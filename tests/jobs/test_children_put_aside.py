"""Children that a person, or the clock, lets wait again while what they wait for ends."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from jobs import acts, ledger, queue, upkeep
from jobs.db import statement
from jobs.models import Job
from jobs.why import why
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import Desk, introduce, other_connection, states


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """This fixture will let acts ask for ever, and tell when one found its row in other hands."""
    told, send = threading.Event(), acts._send

    def telling(*asked: Any) -> Any:
        outcome, held = send(*asked)
        if held:
            told.set()
        return outcome, held

    monkeypatch.setattr(acts, "PATIENCE_S", 600.0)
    monkeypatch.setattr(acts, "_send", telling)
    return told


def noop(**options: Any) -> int:
    return queue.enqueue("demo.noop", {}, **options).pk


def _waits_for_a_lock(database: services.ScratchDatabase) -> bool:
    sql = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    return bool(database.rows(sql, [database.name]))


def _let_wait_again(child: int, how: str) -> None:
    if how == "time":
        with connection.cursor() as cursor:
            cursor.execute(statement("resume_due"))
    else:
        getattr(acts, how)(Job.objects.filter(pk=child), by="user:1")


def _child_that_was_put_aside(how: str, parent: int) -> int:
    child = noop(depends=[parent])
    if how == "retry":
        Job.objects.get(pk=child).cancel(by="user:1")
    else:
        Job.objects.get(pk=child).pause(by="user:1")
        due = Now() - timedelta(seconds=1) if how == "time" else None
        Job.objects.filter(pk=child).update(resume_at=due)
    return child


@pytest.mark.parametrize("how", ["resume", "retry", "time"])
def test_an_end_does_not_slip_past_a_child_that_is_let_wait_again_just_then(
    committed: services.ScratchDatabase, how: str
) -> None:
    parent = noop(priority=9)
    child = _child_that_was_put_aside(how, parent)
    with other_connection(committed) as raw:
        hand = Desk(raw, introduce())
        claim = hand.claim(1)[0]
        ending = threading.Thread(
            target=hand.ledger.finish, args=([ledger.success(claim, None)],), daemon=True
        )
        with transaction.atomic():
            _let_wait_again(child, how)
            ending.start()
            assert wait_for(lambda: _waits_for_a_lock(committed) or not ending.is_alive())
        ending.join(30)
        upkeep.tick(raw)

    assert states(parent, child) == ["succeeded", "queued"]


@pytest.mark.parametrize("how", ["resume", "retry", "time"])
def test_who_lets_a_child_wait_again_does_not_miss_an_end_of_just_then(
    committed: services.ScratchDatabase, how: str, tried: threading.Event
) -> None:
    parent = noop(priority=9)
    child = _child_that_was_put_aside(how, parent)
    with other_connection(committed) as raw:
        hand = Desk(raw, introduce())
        claim = hand.claim(1)[0]
        raw.autocommit = False
        hand.ledger.finish([ledger.success(claim, None)])
        again = threading.Thread(target=_and_close, args=(child, how), daemon=True)
        again.start()
        assert wait_for(lambda: tried.is_set() or not again.is_alive())
        raw.commit()
        again.join(30)
        raw.autocommit = True
        upkeep.tick(raw)

    assert states(parent, child) == ["succeeded", "queued"]


def _and_close(child: int, how: str) -> None:
    try:
        _let_wait_again(child, how)
    finally:
        connection.close()


def test_a_resumed_child_of_what_was_cancelled_meanwhile_waits_for_no_sweep(
    committed: services.ScratchDatabase,
) -> None:
    parent = noop()
    child = noop(depends=[parent])
    Job.objects.get(pk=child).pause(by="user:1")
    Job.objects.get(pk=parent).cancel(by="user:1")

    Job.objects.get(pk=child).resume(by="user:1")
    said = why(Job.objects.get(pk=child))[0].text
    with other_connection(committed) as raw:
        upkeep.tick(raw)

    assert "upkeep cancels it for that" in said
    assert states(child) == ["cancelled"]
    assert Job.objects.get(pk=child).reason == (
        f"Cancelled: it depends on #{parent}, which did not succeed."
    )
