"""Claims whose answer never arrives: they come back, and none that is just being handed over does."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from jobs import audit, db, desk, heartbeat, queue
from jobs.context import Run
from jobs.desk import Desk
from jobs.handover import Handover
from jobs.ledger import Claim, Held, Ledger
from jobs.models import Attempt, Job, Move, Runner
from jobs.spool import Spool
from tests.factory.conftest import wait_for
from tests.jobs.conftest import introduce, moves, serve, states

Register = Callable[..., Any]


def test_a_claim_that_is_being_handed_over_is_not_lost() -> None:
    known: list[int] = []
    handover, claim = Handover(lambda: known), Held(1, 1)

    handover.asks()
    meanwhile = handover.lost([claim])
    known.append(1)
    handover.is_answered()

    assert (meanwhile, handover.lost([claim])) == ([], [])


def test_a_claim_whose_answer_did_not_bring_it_is_lost() -> None:
    handover, claim = Handover(lambda: [2]), Held(1, 1)

    handover.asks()
    meanwhile = handover.lost([claim, Held(2, 1)])
    handover.is_answered()
    handover.asks()

    assert (meanwhile, handover.lost([claim, Held(2, 1)])) == ([], [claim])


def test_a_claim_that_never_left_the_server_waits_for_no_other() -> None:
    handover = Handover(list)
    handover.asks()
    handover.is_answered()

    assert handover.lost([Held(1, 1)]) == [Held(1, 1)]


def claimed_unheard(raw: Any, runner: int) -> int:
    """This function will claim as a session does whose runner no longer listens to it."""
    ledger = Ledger(raw)
    db.rows(raw, "BEGIN")  # the job is seen by nobody before it is claimed
    born = "INSERT INTO job (kind, queue_id) VALUES ('demo.noop', 'short') RETURNING id"
    [(job,)] = db.rows(raw, born)
    claims, _ = ledger.finish_and_claim([], "short", 1, runner)
    db.rows(raw, "COMMIT")
    assert [claim.id for claim in claims] == [job]
    return int(job)


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("busy", [False, True])
def test_a_claim_that_commits_after_its_connection_was_lost_comes_back(
    kind: Register, busy: bool
) -> None:
    unheard: list[int] = []

    @kind("t.meanwhile")
    def meanwhile(run: Run) -> None:
        with closing(db.connect("test old session")) as raw:
            unheard.append(claimed_unheard(raw, Runner.objects.get().pk))
        if busy:
            assert wait_for(lambda: states(*unheard) == ["queued"], 30)

    queue.enqueue("t.meanwhile", {})
    serve(seconds=60)

    assert moves(unheard[0]) == ["queued", "running", "queued", "running", "succeeded"]
    again = Job.objects.get(pk=unheard[0])
    assert again.attempt == 1
    assert Move.objects.filter(job=again, reason__contains="was lost with a connection").exists()


@pytest.mark.usefixtures("committed")
def test_a_session_that_the_server_still_works_for_ends_when_its_runner_comes_back(
    kind: Register,
) -> None:
    old: list[Any] = []

    @kind("t.meanwhile")
    def meanwhile(run: Run) -> None:
        name = f"factory runner {Runner.objects.get().pk}"
        own = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
        db.query(own, [name])
        old.append(db.connect(name))

    made = queue.enqueue("t.meanwhile", {}).pk
    serve(seconds=60)

    assert states(made) == ["succeeded"]
    with closing(old[0]), pytest.raises(db.LostConnection):
        db.rows(old[0], "SELECT 1")


@pytest.mark.usefixtures("committed")
def test_nothing_that_is_handed_over_is_ever_taken_for_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "COMPARE_EVERY_S", 0.0)
    monkeypatch.setattr(heartbeat, "TICK_S", 0.001)
    monkeypatch.setattr(desk, "PATIENCE_S", 60.0)  # a busy machine makes no job a slow one
    count = 3000
    for at in range(0, count, 100):
        queue.enqueue_many("demo.noop", [{}] * 100, priority=at % 7)

    serve(seconds=300)

    assert Attempt.objects.count() == count
    assert Move.objects.count() == 3 * count  # queued, running, succeeded


@pytest.mark.usefixtures("committed")
def test_a_job_in_the_hands_of_an_idle_runner_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AGAIN_S", 0.1)
    idle, busy = introduce(), introduce()
    made = {runner.pk: queue.enqueue("demo.noop", {}).pk for runner in (idle, busy)}
    for runner, job in made.items():
        Job.objects.filter(pk=job).update(
            state="running", runner=runner, started_at="2026-01-01T00:00Z"
        )
    Runner.objects.filter(pk=idle.pk).update(idle_since="2025-12-31T00:00Z")

    told = {one["what"]: one["reality"] for one in audit.verify_board().disagreements}

    assert told[f"job {made[idle.pk]}"] == f"its runner {idle.pk} is idle and does not know of it"
    assert f"job {made[busy.pk]}" not in told


def test_a_claim_in_hand_is_known_before_it_begins(running_job: Claim) -> None:
    hand = Desk(Spool(1))
    hand.load([running_job])

    taken = hand.next()
    before = hand.known()
    hand.end(None)

    assert (taken, before, hand.known()) == (running_job, [running_job.id], [])
