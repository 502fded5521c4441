"""What people do to jobs: pause, resume, cancel, retry; one by one and all that match."""

import pytest
from django.db import IntegrityError, connection, transaction

from jobs import acts, ledger, queue
from jobs.failures import RateLimited
from jobs.ledger import Claim, success
from jobs.models import Job, Queue, Refused, Stale
from tests.jobs.conftest import Desk, moves, states

pytestmark = pytest.mark.django_db


def noop(**options: object) -> int:
    return queue.enqueue("demo.noop", {}, **options).pk  # type: ignore[arg-type]


def job(pk: int) -> Job:
    return Job.objects.get(pk=pk)


def test_a_job_that_waits_is_paused_at_once_and_goes_on_where_it_was() -> None:
    waits, later = noop(), noop(after=60.0)

    for pk in (waits, later):
        job(pk).pause(by="user:1")
    paused = states(waits, later)
    for pk in (waits, later):
        job(pk).resume(by="user:2")

    assert paused == ["paused", "paused"]
    assert states(waits, later) == ["queued", "scheduled"]
    assert list(job(waits).moves.order_by("pk").values_list("actor", "reason"))[1:] == [
        ("user:1", "Paused by user:1."),
        ("user:2", "Resumed by user:2."),
    ]


def test_a_pause_of_a_rate_limited_job_lasts_until_somebody_resumes_it(
    desk: Desk, running_job: Claim
) -> None:
    ended = ledger.rate_limited(running_job, RateLimited(60), advanced=True)
    desk.ledger.finish_and_claim([ended], "short", 0, desk.runner.pk)
    limited = job(running_job.id)

    outcome = acts.pause(Job.objects.filter(pk=limited.pk), by="user:1")

    assert limited.resume_at is not None
    assert outcome.done == 1
    assert [(one.state, one.resume_at, one.reason) for one in [job(limited.pk)]] == [
        ("paused", None, "Paused by user:1.")
    ]
    assert acts.pause(Job.objects.filter(pk=limited.pk), by="user:2").done == 0


def test_a_paused_job_is_not_claimed(desk: Desk) -> None:
    job(noop()).pause(by="user:1")

    assert desk.claim() == []


def test_a_running_job_is_only_asked_and_its_state_is_the_truth(running_job: Claim) -> None:
    asked = job(running_job.id)

    asked.pause(by="user:1")
    pausing = (asked.state, asked.intent, asked.intent_by)
    asked.cancel(by="user:2", reason="wrong branch")

    assert pausing == ("running", "pause", "user:1")
    assert (asked.state, asked.intent, asked.intent_by) == ("running", "cancel", "user:2")
    assert asked.intent_at is not None


def test_a_pause_that_was_only_asked_can_be_taken_back(running_job: Claim) -> None:
    asked = job(running_job.id)
    asked.pause(by="user:1")

    asked.resume(by="user:1")

    assert (asked.state, asked.intent, asked.intent_at) == ("running", "", None)


def test_the_first_who_asks_for_a_cancel_is_named(running_job: Claim) -> None:
    asked = job(running_job.id)
    asked.cancel(by="user:1")
    first = asked.intent_at

    asked.cancel(by="user:2")

    assert (asked.intent_by, asked.intent_at) == ("user:1", first)


@pytest.mark.parametrize("wanted", ["failed", "scheduled", "queued", "cancelled"])
def test_an_attempt_that_ends_while_cancel_is_asked_ends_cancelled(
    desk: Desk, running_job: Claim, wanted: str
) -> None:
    job(running_job.id).cancel(by="user:1", reason="wrong branch")

    ending = success(running_job, None)._replace(state=wanted, failure_class="bug", reason="Why.")
    desk.ledger.finish([ending])

    ended = job(running_job.id)
    assert (ended.state, ended.intent, ended.runner_id) == ("cancelled", "", None)
    assert ended.reason.startswith("Cancelled by user:1 at ")
    assert ended.reason.endswith(" UTC: wrong branch. Why.")
    assert ended.finished_at is not None


def test_work_that_was_done_meanwhile_stays_done_and_says_so(
    desk: Desk, running_job: Claim
) -> None:
    job(running_job.id).cancel(by="user:1")

    desk.ledger.finish([success(running_job, '{"n": 1}')])

    ended = job(running_job.id)
    assert (ended.state, ended.result, ended.intent) == ("succeeded", {"n": 1}, "")
    assert ended.reason.startswith(
        "It ended before the cancel took effect that was asked by user:1"
    )


@pytest.mark.parametrize(("intent", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_what_is_handed_back_answers_what_was_asked(
    desk: Desk, running_job: Claim, intent: str, state: str
) -> None:
    getattr(job(running_job.id), intent)(by="user:1")

    desk.ledger.hand_back([running_job], "Handed back.")

    ended = job(running_job.id)
    assert (ended.state, ended.attempt, ended.attempts.count()) == (state, 0, 0)


@pytest.mark.parametrize(("intent", "state"), [("cancel", "cancelled"), ("pause", "paused")])
def test_what_is_disowned_answers_what_was_asked(
    desk: Desk, running_job: Claim, intent: str, state: str
) -> None:
    getattr(job(running_job.id), intent)(by="user:1")

    desk.ledger.disown(desk.runner.pk, [])

    assert states(running_job.id) == [state]


def test_a_retry_after_a_failure_waits_while_pause_is_asked(desk: Desk, running_job: Claim) -> None:
    job(running_job.id).pause(by="user:1")

    ending = success(running_job, None)._replace(
        state="scheduled", delay=60.0, failure_class="timeout"
    )
    desk.ledger.finish([ending])
    paused = states(running_job.id)
    job(running_job.id).resume(by="user:1")

    assert paused == ["paused"]
    assert states(running_job.id) == ["scheduled"]
    assert job(running_job.id).max_attempts == 3


def test_to_stop_without_a_failure_costs_no_attempt(desk: Desk, running_job: Claim) -> None:
    job(running_job.id).pause(by="user:1")

    desk.ledger.finish([success(running_job, None)._replace(state="queued")])

    paused = job(running_job.id)
    assert (paused.state, paused.attempt, paused.max_attempts) == ("paused", 1, 4)
    assert list(paused.attempts.values_list("number", "outcome")) == [(1, "paused")]


def test_acts_by_filter_are_one_statement_and_count_what_they_did(desk: Desk) -> None:
    running = noop()
    desk.claim()
    done = noop()
    desk.ledger.finish([success(desk.claim()[0], None)])
    noop()
    noop()

    paused = acts.pause(Job.objects.all(), by="user:1")
    resumed = acts.resume(Job.objects.filter(state="paused"), by="user:1")
    cancelled = acts.cancel(Job.objects.filter(kind="demo.noop"), by="user:1")
    retried = acts.retry(Job.objects.all(), by="user:1")

    assert paused == (2, 1, 1, 0)
    assert resumed == (2, 0, 0, 0)
    assert cancelled == (2, 1, 1, 0)
    assert retried == (2, 0, 2, 0)
    assert states(running, done) == ["running", "succeeded"]


def test_nothing_matches_nothing() -> None:
    assert acts.cancel(Job.objects.none(), by="user:1") == (0, 0, 0, 0)
    assert acts.cancel(Job.objects.filter(subject="50% off"), by="user:1") == (0, 0, 0, 0)


def test_of_jobs_that_share_a_key_one_is_retried() -> None:
    for _ in range(3):
        job(noop(unique_key="k")).cancel(by="user:1")

    assert acts.retry(Job.objects.all(), by="user:1") == (1, 0, 2, 0)
    assert acts.retry(Job.objects.all(), by="user:1") == (0, 0, 3, 0)


REFUSED = [
    ("cancelled", "pause", "is cancelled: only a job that is not finished can be paused"),
    ("cancelled", "cancel", "is cancelled: only a job that is not finished can be cancelled"),
    ("queued", "resume", "is queued: only a paused job can be resumed"),
    ("queued", "retry", "is queued: only an ended job can be retried"),
    ("paused", "pause", "is paused already: it cannot be paused"),
]


@pytest.mark.parametrize(("state", "act", "why"), REFUSED)
def test_what_is_not_possible_is_refused_in_a_sentence(state: str, act: str, why: str) -> None:
    refusing = job(noop())
    if state != "queued":
        getattr(refusing, {"cancelled": "cancel", "paused": "pause"}[state])(by="user:1")

    with pytest.raises(Refused, match=why):
        getattr(refusing, act)(by="user:1")


def test_a_job_that_is_being_cancelled_is_neither_paused_nor_resumed(running_job: Claim) -> None:
    asked = job(running_job.id)
    asked.cancel(by="user:1")

    for act in (asked.pause, asked.resume):
        with pytest.raises(Refused, match="is being cancelled"):
            act(by="user:1")


@pytest.mark.parametrize("act", ["pause", "cancel"])
def test_a_job_that_moved_on_is_stale(desk: Desk, act: str) -> None:
    read = job(noop())
    desk.claim()

    with pytest.raises(Stale, match="is no longer queued: it is running now"):
        getattr(read, act)(by="user:1")


def test_the_actor_of_an_act_is_not_the_actor_of_what_follows() -> None:
    with transaction.atomic():
        job(noop()).cancel(by="user:1")
        later = noop()
        Job.objects.filter(pk=later).update(state="cancelled", finished_at="2026-01-01T00:00Z")

    assert job(later).moves.order_by("pk").last().actor == "database"


def test_the_database_knows_no_intent_of_a_job_nobody_holds(running_job: Claim) -> None:
    waiting = noop()

    for broken in (
        {"intent": "cancel", "intent_at": "2026-01-01T00:00Z"},
        {"intent_by": "user:1"},
        {"resume_at": "2026-01-01T00:00Z"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Job.objects.filter(pk=waiting).update(**broken)


def test_a_job_that_is_verified_cannot_succeed_past_its_check(running_job: Claim) -> None:
    held = Job.objects.filter(pk=running_job.id)
    held.update(verifies=True)

    with (
        pytest.raises(IntegrityError, match="running cannot become succeeded"),
        transaction.atomic(),
    ):
        held.update(state="succeeded", runner=None, finished_at="2026-01-01T00:00Z")
    held.update(state="verifying")
    held.update(state="succeeded", runner=None, finished_at="2026-01-01T00:00Z")

    assert moves(running_job.id) == ["queued", "running", "verifying", "succeeded"]


def test_intents_are_read_from_their_own_index(desk: Desk) -> None:
    Queue.objects.update(batch=500)
    queue.enqueue_many("demo.noop", [{}] * 500)
    desk.claim(500)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM job WHERE runner_id = 1 AND intent <> ''")
        plan = str(cursor.fetchall())

    assert "job_asked" in plan


def test_a_paused_job_whose_parent_is_not_done_waits_for_it_again() -> None:
    parent, child = noop(), noop()
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_depend(%s, %s, 'hold')", [[child], [parent]])
    job(child).pause(by="user:1")

    job(child).resume(by="user:1")

    assert states(parent, child) == ["queued", "blocked"]


def test_a_job_that_is_held_because_of_another_is_resumed_by_a_person() -> None:
    parent, child = noop(), noop()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE job SET state = 'blocked' WHERE id = %s", [child])
        cursor.execute("SELECT job_depend(%s, %s, 'hold')", [[child], [parent]])
    with pytest.raises(Refused, match="only a paused job"):
        job(child).resume(by="user:1")
    job(parent).cancel(by="user:1")

    job(child).resume(by="user:1")

    assert states(parent, child) == ["cancelled", "queued"]


def test_a_failure_is_acknowledged_once_and_its_retry_is_news_again(
    desk: Desk, running_job: Claim
) -> None:
    desk.ledger.finish([success(running_job, None)._replace(state="failed", failure_class="bug")])
    failed = job(running_job.id)

    failed.acknowledge(by="user:1")
    read = failed.acknowledged_at
    with pytest.raises(Refused, match="is acknowledged already"):
        failed.acknowledge(by="user:1")
    failed.retry(by="user:1")

    assert read is not None
    assert (failed.state, failed.acknowledged_at) == ("queued", None)
