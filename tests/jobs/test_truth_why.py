"""Why a job is where it is, in every state; and sync, which derives the row from evidence again."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from jobs import beats, queue
from jobs.ledger import LOCK_CLASS, Claim
from jobs.models import Job, Limit, Progress, Queue, Runner
from jobs.sync import sync
from jobs.why import Sentence, describe, why
from tests import services
from tests.jobs.conftest import GONE_PID, Desk, introduce, other_connection, states


def text(job: Job) -> str:
    """This function will give all sentences about a job as it is now."""
    return " ".join(one.text for one in why(Job.objects.get(pk=job.pk)))


def names(job: Job) -> set[int | None]:
    """This function will give the other jobs that the sentences lead to."""
    return {one.job for one in why(Job.objects.get(pk=job.pk))} - {None}


@pytest.fixture
def ana(db: None) -> str:
    """This fixture will make somebody, and give them as an actor."""
    return f"user:{User.objects.create_user('ana').pk}"


@pytest.mark.django_db
def test_what_is_scheduled_says_when_it_is_due() -> None:
    job = queue.enqueue("demo.noop", {}, after=40)

    assert "It is due in 40 s, at" in text(job) or "It is due in 39 s, at" in text(job)


@pytest.mark.django_db
def test_what_is_due_and_forgotten_names_who_forgot_it() -> None:
    job = queue.enqueue("demo.noop", {}, after=40)
    Job.objects.update(run_after=Now() - timedelta(minutes=1))
    beats.await_first("watchdog")
    try:
        said = text(job)
    finally:
        beats.end("watchdog")

    assert "upkeep has not queued it" in said
    assert "Upkeep is also the work of this host's watchdog: has not begun yet." in said


def test_what_is_blocked_names_each_job_it_waits_for(desk: Desk) -> None:
    parents = queue.enqueue_many("demo.noop", [{}] * 7)
    desk.claim(1)
    child = queue.enqueue("demo.noop", {}, depends=parents)

    said = text(child)

    assert f"It is blocked by demo.noop #{parents[0]}, which is running." in said
    assert f"#{parents[1]}, which is queued" in said
    assert "7 jobs block it in all." in said
    assert names(child) == set(parents[:5])


def test_the_kind_of_a_job_of_another_project_is_not_told(desk: Desk) -> None:
    parent = queue.enqueue("demo.noop", {}, scope=None)
    child = queue.enqueue("demo.noop", {}, scope=1, depends=[parent.pk])

    said = text(child)

    assert f"It is blocked by #{parent.pk}, which is queued." in said
    assert "demo.noop" not in said
    assert names(child) == {parent.pk}


def test_a_held_child_says_what_frees_it(desk: Desk) -> None:
    parent = queue.enqueue("demo.noop", {})
    child = queue.enqueue("demo.noop", {}, depends=[parent.pk], policy="hold")
    parent.cancel(by="user:1")

    said = text(child)

    assert f"blocked by demo.noop #{parent.pk}, which is cancelled: it goes on when that" in said


@pytest.mark.django_db
def test_a_paused_queue_says_by_whom_and_when(ana: str) -> None:
    job = queue.enqueue("demo.noop", {})
    Queue.objects.get(pk="short").pause(by=ana)

    at = Queue.objects.get(pk="short").paused_at

    assert f"Its queue, short, was paused by ana at {at:%H:%M:%S} UTC." in text(job)


@pytest.mark.django_db
def test_without_a_runner_it_says_so() -> None:
    assert "No live runner in short." in text(queue.enqueue("demo.noop", {}))


def test_a_silent_runner_is_told(desk: Desk) -> None:
    Runner.objects.update(seen_at=Now() - timedelta(minutes=1))

    assert "The runners of short are silent." in text(queue.enqueue("demo.noop", {}))


def test_a_job_in_line_says_how_many_are_before_it(desk: Desk) -> None:
    first, second = queue.enqueue_many("demo.noop", [{}] * 2)
    urgent = queue.enqueue("demo.noop", {}, priority=5)

    assert "It is the next of its queue." in text(urgent)
    assert "It waits behind 1 other; its runners ended 0 in the last minute." in text(
        Job.objects.get(pk=first)
    )
    assert "It waits behind 2 others" in text(Job.objects.get(pk=second))


def test_a_full_queue_names_who_fills_it(desk: Desk) -> None:
    Queue.objects.get(pk="short").limit(most=1, by="user:1")
    holder = queue.enqueue("demo.noop", {})
    desk.claim()
    job = queue.enqueue("demo.noop", {})

    assert f"Its queue, short, lets 1 run at once, held by #{holder.pk}." in text(job)
    assert holder.pk in names(job)


@pytest.mark.parametrize("most", [None, 2])
def test_a_full_key_names_who_fills_it(desk: Desk, most: int | None) -> None:
    if most:
        Limit.on("k", most=most, by="user:1")
    holders = queue.enqueue_many("demo.noop", [{}] * (most or 1), limit_key="k")
    for _ in holders:
        desk.claim()
    job = queue.enqueue("demo.noop", {}, limit_key="k")

    held = ", ".join(f"#{holder}" for holder in holders)

    assert f"Its key, k, lets {most or 1} run at once, held by {held}." in text(job)


@pytest.mark.django_db
def test_an_empty_bucket_says_when_the_next_may_begin() -> None:
    Queue.objects.get(pk="short").limit(per_minute=6, by="user:1")
    Queue.objects.update(tokens=0, refilled_at=Now())

    assert "Its queue, short, lets 6 begin a minute: the next may in 10.0 s." in text(
        queue.enqueue("demo.noop", {})
    ) or "the next may in 9." in text(queue.enqueue("demo.noop", {}))


@pytest.mark.django_db
def test_what_a_person_paused_waits_for_a_person(ana: str) -> None:
    job = queue.enqueue("demo.noop", {})
    job.pause(by=ana)

    assert "It is paused until somebody resumes it." in text(job)


@pytest.mark.django_db
def test_what_a_limit_paused_says_when_it_resumes() -> None:
    job = queue.enqueue("demo.noop", {})
    job.pause(by="user:1")
    Job.objects.update(resume_at=Now() + timedelta(seconds=60), reason="Rate limit exceeded")

    said = text(job)

    assert "It resumes by itself in 60 s, at" in said or "in 59 s" in said
    assert "Rate limit exceeded" in said


def test_what_runs_says_who_holds_it_and_how_it_lives(desk: Desk, running_job: Claim) -> None:
    Progress.objects.create(
        job_id=running_job.id, fence=running_job.fence, current=3, total=9, item="quay"
    )

    said = text(Job.objects.get(pk=running_job.id))

    assert f"in the hands of runner {desk.runner.pk} (short, " in said
    assert f"pid {os.getpid()}), under fence 1." in said
    assert "its lock is free; its process is there." in said
    assert "It is at 3/9 quay." in said
    assert "It may take 60 s, then its handler is interrupted" in said


def test_what_runs_elsewhere_is_not_probed_here(desk: Desk, running_job: Claim) -> None:
    Runner.objects.update(host="elsewhere")

    assert "its process is on another machine" in text(Job.objects.get(pk=running_job.id))


def test_a_dead_runner_and_a_missing_one_are_told(desk: Desk, running_job: Claim) -> None:
    job = Job.objects.get(pk=running_job.id)
    Runner.objects.update(pid=GONE_PID)
    gone = text(job)
    Runner.objects.update(stopped_at=Now(), ending="by the test")
    ended = text(job)
    Runner.objects.all().delete()

    assert "its process is gone" in gone
    assert "That runner has ended: by the test." in ended
    assert f"The row of its runner, {desk.runner.pk}, is gone." in text(job)


def test_an_intent_is_told_as_an_intent(desk: Desk, running_job: Claim, ana: str) -> None:
    Job.objects.get(pk=running_job.id).cancel(by=ana)
    Job.objects.update(intent_at=Now() - timedelta(seconds=12))

    said = text(Job.objects.get(pk=running_job.id))

    assert "ana asked to cancel it 12 s ago, not confirmed yet: its runner ends it" in said


@pytest.mark.django_db
def test_what_ended_says_how() -> None:
    job = queue.enqueue("demo.noop", {})
    job.cancel(by="user:1")

    assert "It is cancelled, until somebody retries it." in text(job)


def test_what_failed_says_why(desk: Desk, running_job: Claim) -> None:
    Job.objects.update(
        state="failed",
        runner=None,
        failure_class="bug",
        failure_message="A hole.",
        finished_at=Now(),
    )

    said = text(Job.objects.get(pk=running_job.id))

    assert "It failed after 1 of 3 attempts, class bug. A hole." in said


def test_a_sentence_is_plain_for_machines() -> None:
    at = timezone.now()

    assert describe(Sentence("It waits.", at, 7)) == {
        "sentence": "It waits.",
        "since": at,
        "job": 7,
    }


def claimed(database: services.ScratchDatabase, **differing: Any) -> Job:
    """This function will have a job in the hands of a runner that may differ from this process."""
    queue.enqueue("demo.noop", {})
    with other_connection(database) as raw:
        claim = Desk(raw, introduce(**differing)).claim()[0]
    return Job.objects.get(pk=claim.id)


def test_sync_queues_what_a_dead_runner_held(committed: services.ScratchDatabase) -> None:
    job = claimed(committed, pid=GONE_PID)

    done = sync(job)

    assert (done.before, done.after, states(job.pk)) == ("running", "queued", ["queued"])
    assert "running → queued, by upkeep. Its runner died" in done.changes[0].text


@pytest.mark.parametrize("broken", ["row deleted", "row closed"])
def test_sync_queues_what_a_runner_without_a_row_held(
    committed: services.ScratchDatabase, broken: str
) -> None:
    job = claimed(committed)
    rows = Runner.objects.all()
    rows.delete() if broken == "row deleted" else rows.update(stopped_at=Now())
    early = sync(job)
    Job.objects.update(started_at=Now() - timedelta(seconds=16))

    late = sync(job)

    assert (early.after, early.changes, late.after) == ("running", [], "queued")
    assert early.evidence


def test_sync_leaves_a_live_runner_its_job(committed: services.ScratchDatabase) -> None:
    job = claimed(committed)
    with other_connection(committed) as raw:
        raw.cursor().execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, job.runner_id])

        done = sync(job)

    assert (done.after, done.changes) == ("running", [])
    assert any("it holds its lock" in one.text for one in done.evidence)


def test_sync_queues_what_is_due(committed: services.ScratchDatabase) -> None:
    job = queue.enqueue("demo.noop", {}, after=60)
    Job.objects.update(run_after=Now() - timedelta(seconds=1))

    assert sync(job).after == "queued"


def test_sync_lets_go_what_nothing_blocks(committed: services.ScratchDatabase) -> None:
    parent = queue.enqueue("demo.noop", {})
    child = queue.enqueue("demo.noop", {}, depends=[parent.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; DELETE FROM job_dependency;"
            " SET session_replication_role = origin"
        )

    assert sync(child).after == "queued"


def test_sync_removes_progress_of_a_claim_that_never_was(
    committed: services.ScratchDatabase,
) -> None:
    job = claimed(committed)
    Progress.objects.create(job=job, fence=job.fence + 1, current=3)

    done = sync(job)

    assert [one.text for one in done.changes] == [
        "Removed progress 3/? under fence 2, which no claim had."
    ]
    assert not Progress.objects.exists()


def test_a_second_sync_changes_nothing(committed: services.ScratchDatabase) -> None:
    job = claimed(committed, pid=GONE_PID)
    sync(job)

    again = sync(job)

    assert (again.before, again.after, again.changes) == ("queued", "queued", [])
