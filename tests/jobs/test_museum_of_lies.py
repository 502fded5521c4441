"""What other boards told that was not true, one test for each lie that concerns jobs."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now

from factory import snapshot
from jobs import events, ports, queue, retention, upkeep
from jobs.failures import Failed, FailureClass
from jobs.ledger import Claim, failure, success
from jobs.models import Job, Runner
from jobs.states import LEGAL, LIVE, State
from jobs.why import why
from tests.jobs.conftest import GONE_PID, Desk, introduce, states

STAFF = User(is_staff=True, is_active=True)


def tick() -> upkeep.Tick:
    """This function will do upkeep once."""
    return upkeep.tick(connection.connection)


def said(job: int) -> str:
    """This function will give all sentences about a job."""
    return " ".join(one.text for one in why(Job.objects.get(pk=job)))


def change_and_fail() -> None:
    """This function will enqueue a job in a transaction that fails."""
    with transaction.atomic():
        queue.enqueue("demo.noop", {})
        raise ZeroDivisionError


@pytest.mark.django_db
def test_a_result_that_is_lost_takes_what_it_enqueued_along() -> None:
    with pytest.raises(ZeroDivisionError):
        change_and_fail()

    assert not Job.objects.exists()


def test_active_is_never_minus_three(desk: Desk) -> None:
    queue.enqueue_many("demo.noop", [{}] * 3)
    claims = desk.claim()
    ends = [success(claim, None) for claim in claims]

    refused = [*desk.ledger.finish(ends), *desk.ledger.finish(ends)]

    assert len(refused) == 3
    assert snapshot.jobs(STAFF)["jobs"] == {}


def test_an_orphan_does_not_block_the_only_slot(desk: Desk) -> None:
    desk.runner = introduce(pid=GONE_PID)
    queue.enqueue("demo.noop", {}, limit_key="k", max_attempts=1)
    orphan = desk.claim_ids()
    desk.runner = introduce()
    second = queue.enqueue("demo.noop", {}, limit_key="k").pk
    before = desk.claim_ids()

    tick()

    assert (before, states(*orphan), desk.claim_ids()) == ([], ["failed"], [second])


def test_nothing_works_without_a_job_and_no_job_without_a_worker(
    desk: Desk, running_job: Claim
) -> None:
    before = snapshot.jobs(STAFF)["jobs"]
    Runner.objects.update(lease_until=Now() - timedelta(seconds=1))

    assert (before, snapshot.jobs(STAFF)["jobs"]) == ({"running": 1}, {"lost": 1})


def test_a_restart_leaves_nothing_running(desk: Desk) -> None:
    desk.runner = introduce(boot_id="the boot before")
    job = queue.enqueue("demo.noop", {})
    desk.claim()
    Runner.objects.update(lease_until=Now() - timedelta(seconds=1))

    tick()

    assert states(job.pk) == ["queued"]
    assert "was booted again since" in Job.objects.get().reason


def test_a_start_does_not_end_live_runs_of_another_machine(desk: Desk) -> None:
    desk.runner = introduce(host="elsewhere")
    job = queue.enqueue("demo.noop", {})
    desk.claim()

    tick()

    assert states(job.pk) == ["running"]


def test_what_cannot_go_on_is_not_tried_for_ever(desk: Desk) -> None:
    job = queue.enqueue("demo.noop", {}).pk
    for _ in range(10):
        for claim in desk.claim():
            desk.ledger.finish([failure(claim, Failed(FailureClass.WORKER_LOST, "It died."))])
        Job.objects.filter(state="scheduled").update(run_after=Now())
        tick()

    assert (states(job), Job.objects.get().attempts.count()) == (["failed"], 3)


def test_a_runner_is_not_pruned_before_its_jobs_are_settled(desk: Desk, running_job: Claim) -> None:
    Runner.objects.update(stopped_at=Now() - timedelta(days=999))

    list(retention.leftovers())

    assert Runner.objects.filter(pk=desk.runner.pk).exists()


def test_a_job_that_takes_long_is_not_rescued_from_a_live_runner(
    desk: Desk, running_job: Claim
) -> None:
    Job.objects.update(started_at=Now() - timedelta(days=2))

    tick()

    assert states(running_job.id) == ["running"]


def test_a_cancel_works_although_who_runs_it_is_gone(desk: Desk) -> None:
    desk.runner = introduce(pid=GONE_PID)
    job = queue.enqueue("demo.noop", {})
    desk.claim()

    Job.objects.get(pk=job.pk).cancel(by="user:1")
    tick()

    assert states(job.pk) == ["cancelled"]


def test_a_runner_that_was_declared_dead_claims_nothing_before_it_hears_of_that(desk: Desk) -> None:
    queue.enqueue("demo.noop", {})
    Runner.objects.update(stopped_at=Now(), ending="declared dead")

    assert desk.claim() == []

    desk.runner = introduce()
    assert len(desk.claim()) == 1


def test_a_late_report_does_not_overwrite_a_newer_state(desk: Desk, running_job: Claim) -> None:
    desk.ledger.hand_back([running_job], "test")
    desk.claim()

    refused = desk.ledger.finish([success(running_job, None)])

    assert (refused, states(running_job.id)) == ([running_job.id], ["running"])


def test_stuck_and_slow_do_not_look_the_same(desk: Desk, running_job: Claim) -> None:
    slow = said(running_job.id)
    Runner.objects.update(seen_at=Now() - timedelta(seconds=30), pid=GONE_PID)

    stuck = said(running_job.id)

    assert "it is silent" not in slow
    assert "its process is there" in slow
    assert "it is silent" in stuck
    assert "its process is gone" in stuck


def test_no_state_is_without_an_exit() -> None:
    for state in LIVE:
        assert (state, State.CANCELLED) in LEGAL, state
    for state in (State.FAILED, State.CANCELLED):
        assert (state, State.QUEUED) in LEGAL, state


def test_returning_is_no_success_by_itself(desk: Desk, running_job: Claim) -> None:
    desk.ledger.finish([failure(running_job, Failed(FailureClass.BUG, "It says so itself."))])

    assert states(running_job.id) == ["failed"]


@pytest.mark.django_db
def test_an_event_and_what_it_starts_are_one_act() -> None:
    ports.subscribers.register("t.lie", ports.Subscriber("demo.gone", lambda event: {}))
    events.register("t.lie", version=1, fields={}, meaning="A test.")
    try:
        with pytest.raises(LookupError):
            events.publish("t.lie", {}, scope=None)
    finally:
        del events._schemas["t.lie"], ports.subscribers["t.lie"]

    assert not events.Event.objects.exists()
