"""The counters of the whole: what is stuck, stalled, old, failed or undelivered."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from jobs import liveness, overall, queue
from jobs.ledger import Claim
from jobs.models import Delivery, Event, Job, Limit, Queue, Runner, Verification
from tests import services
from tests.jobs.conftest import Desk, introduce, other_connection

STAFF = User(is_staff=True, is_active=True)


def counted(user: Any = STAFF) -> dict[str, int]:
    """This function will give what is not 0."""
    return {one.name: one.number for one in overall.overall(user).counters if one.number}


@pytest.mark.django_db
def test_an_empty_ledger_is_well() -> None:
    assert (overall.overall(STAFF).word, counted()) == ("well", {})


def test_a_job_of_a_silent_runner_is_stuck(desk: Desk, running_job: Claim) -> None:
    before = counted()
    Runner.objects.update(lease_until=Now() - timedelta(seconds=1))

    found = overall.overall(STAFF)

    assert (before, counted(), found.word) == ({}, {"stuck": 1}, "broken")
    assert found.counters[0].jobs == [running_job.id]


def test_a_job_deaf_to_its_cancel_is_stuck(desk: Desk, running_job: Claim) -> None:
    Job.objects.get(pk=running_job.id).cancel(by="user:1")
    early = counted()
    Job.objects.update(intent_at=Now() - timedelta(seconds=61))

    assert (early, counted()) == ({}, {"stuck": 1})


@pytest.mark.parametrize(
    ("served", "paused", "known"),
    [
        ("by nobody", False, {"unserved": 1}),
        ("silently", False, {"unserved": 1}),
        ("well", False, {}),
        ("by nobody", True, {"paused queues": 1}),
    ],
)
def test_what_waits_where_no_runner_serves_is_told(
    desk: Desk, served: str, paused: bool, known: dict[str, int]
) -> None:
    job = queue.enqueue("demo.noop", {})
    Job.objects.update(updated_at=Now() - 2 * overall.UNSERVED)
    Queue.objects.filter(pk=job.queue_id).update(paused=paused)
    if served == "by nobody":
        Runner.objects.update(stopped_at=Now(), intent="drain")
    if served == "silently":
        Runner.objects.update(seen_at=Now() - timedelta(hours=1))

    assert counted() == known
    assert (overall.overall(STAFF).word == "broken") == ("unserved" in known)


def test_what_waits_for_the_next_runners_is_no_trouble_yet(desk: Desk) -> None:
    queue.enqueue("demo.noop", {})
    Runner.objects.update(stopped_at=Now(), intent="drain")

    assert counted() == {}


def test_a_job_that_runs_or_waits_for_a_day_is_old(desk: Desk, running_job: Claim) -> None:
    waiting = queue.enqueue("demo.noop", {})
    Job.objects.filter(pk=running_job.id).update(started_at=Now() - timedelta(hours=25))
    Job.objects.filter(pk=waiting.pk).update(updated_at=Now() - timedelta(hours=25))

    assert (counted(), overall.overall(STAFF).word) == ({"old": 2}, "attention")


@pytest.mark.django_db
def test_what_waits_in_a_queue_somebody_paused_is_told_as_that() -> None:
    queue.enqueue("demo.noop", {})
    Job.objects.update(updated_at=Now() - timedelta(hours=25))
    Queue.objects.get(pk="short").pause(by="user:1")

    assert counted() == {"paused queues": 1}


@pytest.mark.django_db
def test_a_failure_counts_until_somebody_read_it() -> None:
    job = queue.enqueue("demo.noop", {})
    event = Event.objects.create(name="e", version=1, payload={})
    Delivery.objects.create(event=event, kind="demo.noop", job_id=job.pk)
    Job.objects.update(event_id=event.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE job SET state = 'failed', failure_class = 'bug', finished_at = now()"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    before = counted()

    Job.objects.get().acknowledge(by="user:1")

    assert (before, counted()) == ({"failed": 1, "undelivered": 1}, {"undelivered": 1})


@pytest.mark.django_db
def test_a_board_that_was_found_wrong_is_broken() -> None:
    Verification.objects.create(host="h", seconds=1, ok=False, disagreements=[{}])

    assert overall.overall(STAFF).word == "broken"


@pytest.mark.django_db
def test_nobody_counts_what_they_may_not_see() -> None:
    queue.enqueue("demo.noop", {}, scope=7)
    Job.objects.update(updated_at=Now() - timedelta(hours=25))

    assert (counted(User(is_active=True)), counted()) == ({}, {"unserved": 1, "old": 1})


def stalled() -> list[int | None]:
    """This function will give the jobs that wait beside an idle runner."""
    connection.ensure_connection()
    return [pool.waiting for pool in liveness.stalls(connection.connection)]


@pytest.fixture
def idle(desk: Desk) -> Job:
    """This fixture will lend a job that waits for 6 s beside a runner that is idle for as long."""
    job = queue.enqueue("demo.noop", {}, limit_key="k")
    ago = Now() - timedelta(seconds=6)
    Runner.objects.update(idle_since=ago, seen_at=Now(), looked_at=Now())
    Job.objects.update(updated_at=ago)
    return job


def test_a_job_that_waits_beside_an_idle_runner_is_a_stall(idle: Job) -> None:
    assert (stalled(), counted(), overall.overall(STAFF).word) == (
        [idle.pk],
        {"stalled": 1},
        "broken",
    )


def test_a_runner_that_worked_a_moment_ago_stalls_nothing(idle: Job) -> None:
    Runner.objects.update(idle_since=Now() - timedelta(seconds=4))

    assert stalled() == []


LIMITS = {
    "a paused queue": lambda: Queue.objects.get(pk="short").pause(by="user:1"),
    "an empty bucket": lambda: Queue.objects.filter(pk="short").update(
        per_minute=1, burst=1, tokens=0, refilled_at=Now()
    ),
    "a key with a bucket": lambda: Limit.on("k", per_minute=1, by="user:1"),
    "a runner that is to end": lambda: Runner.objects.update(intent="drain"),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_what_a_limit_keeps_waiting_is_no_stall(idle: Job, limit: str) -> None:
    LIMITS[limit]()

    assert stalled() == []


def test_a_full_queue_is_no_stall_and_a_free_one_is(desk: Desk, idle: Job) -> None:
    Queue.objects.get(pk="short").limit(most=1, by="user:1")
    free = stalled()
    queue.enqueue("demo.noop", {}, priority=5)
    desk.claim()
    Runner.objects.update(idle_since=Now() - timedelta(seconds=6))

    assert (free, stalled()) == ([idle.pk], [])


@pytest.mark.django_db
def test_the_counters_read_nothing_that_is_finished() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica; INSERT INTO job (kind, queue_id, state,"
            " finished_at) SELECT 'demo.noop', 'short', 'succeeded', now() FROM"
            " generate_series(1, 20000); SET LOCAL session_replication_role = origin; ANALYZE job"
        )
    queue.enqueue("demo.noop", {})

    with CaptureQueriesContext(connection) as asked:
        overall.overall(STAFF)

    with connection.cursor() as cursor:
        for one in [each["sql"] for each in asked if 'FROM "job"' in each["sql"]]:
            cursor.execute(f"EXPLAIN {one}")
            assert "Seq Scan on job " not in str(cursor.fetchall()), one


def test_the_command_says_how_the_whole_is(committed: services.ScratchDatabase) -> None:
    well = services.manage("jobs", "--health", environment=committed.environment)
    with other_connection(committed) as raw:
        queue.enqueue("demo.noop", {})
        Desk(raw, introduce()).claim()
    Runner.objects.update(lease_until=Now() - timedelta(seconds=1))

    broken = services.manage(
        "jobs", "--health", "--json", environment=committed.environment, check=False
    )

    assert "well; last found true: never" in well.stdout
    assert broken.returncode == 1
    document = json.loads(broken.stdout)
    assert (document["health"], document["counters"]["stuck"]["count"]) == ("broken", 1)
