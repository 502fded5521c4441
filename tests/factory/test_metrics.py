"""Metrics tell what the rows say, to who may know."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from factory import metrics, snapshot
from jobs import ledger, queue
from jobs.failures import Failed, FailureClass
from jobs.models import Job, Queue, Runner, Verification
from tests.jobs.conftest import Desk, desk, introduce

__all__ = ["desk"]

TOKEN = "t" * 40
FINISHED = """
SET LOCAL session_replication_role = replica;
INSERT INTO job (kind, queue_id, state, finished_at)
SELECT 'demo.noop', 'short', 'succeeded', now() FROM generate_series(1, 20000);
SET LOCAL session_replication_role = origin;
ANALYZE job
"""
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """This fixture will forget what another test counted."""
    monkeypatch.setattr(metrics, "_finished", metrics.Finished())


@pytest.fixture
def finished() -> None:
    """This fixture will fill the table with finished jobs."""
    with connection.cursor() as cursor:
        cursor.execute(FINISHED)


def samples(client: Client, **headers: str) -> dict[tuple[str, str], float]:
    """This function will read the metrics as Prometheus does: by name and label."""
    response = client.get("/metrics", headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_they_tell_what_the_rows_say(client: Client, settings: Any) -> None:
    settings.FACTORY_WORKERS = {"short": 2, "long": 1}
    introduce()
    queue.enqueue("demo.noop", {})
    old = queue.enqueue("demo.noop", {})
    Job.objects.filter(pk=old.pk).update(updated_at="2020-01-01T00:00Z")
    queue.enqueue("demo.noop", {}, after=60)
    Queue.objects.get(pk="long").pause()

    seen = samples(client)

    assert seen["factory_jobs", "queued"] == 2
    assert seen["factory_jobs", "scheduled"] == 1
    assert seen["factory_jobs", "failed"] == 0
    assert seen["factory_queue_depth", "short"] == 2
    assert seen["factory_queue_depth", "long"] == 0
    assert seen["factory_queue_oldest_seconds", "short"] > 10**8
    assert seen["factory_queue_oldest_seconds", "long"] == 0
    assert (seen["factory_queue_paused", "long"], seen["factory_queue_paused", "short"]) == (1, 0)
    assert (seen["factory_runners", "short"], seen["factory_runners", "long"]) == (1, 0)
    assert seen["factory_runners_wanted", "short"] == 2
    assert seen["factory_ready", "database"] == 1
    assert seen["factory_ready", "runners"] == 0
    assert seen["factory_jobs_lost", ""] == 0


def test_the_cost_does_not_grow_with_the_jobs(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    queue.enqueue_many("demo.noop", [{}] * 500)

    with django_assert_max_num_queries(29):
        assert samples(client)["factory_jobs", "queued"] == 500


def test_neither_metrics_nor_status_read_what_is_finished(client: Client, finished: None) -> None:
    queue.enqueue("demo.noop", {})
    samples(client)
    staff = User(is_staff=True)
    snapshot.forget()

    with CaptureQueriesContext(connection) as asked:
        assert samples(client)["factory_jobs", "queued"] == 1
        assert snapshot.of(staff)["jobs"] == {"queued": 1}

    with connection.cursor() as cursor:
        for one in [each["sql"] for each in asked if 'FROM "job"' in each["sql"]]:
            cursor.execute(f"EXPLAIN {one}")
            assert "Seq Scan on job " not in str(cursor.fetchall())


def test_what_is_finished_is_counted_once_a_minute(
    client: Client, finished: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert samples(client)["factory_jobs", "succeeded"] == 20000

    with connection.cursor() as cursor:
        cursor.execute(FINISHED)

    assert samples(client)["factory_jobs", "succeeded"] == 20000
    monkeypatch.setattr(metrics, "_COUNTED_EVERY_S", 0)
    assert samples(client)["factory_jobs", "succeeded"] == 40000


def test_they_tell_what_ended_of_late(client: Client, desk: Desk) -> None:
    queue.enqueue("demo.noop", {}, scope=7)
    claim = desk.claim()[0]
    desk.ledger.finish([ledger.failure(claim, Failed(FailureClass.UNKNOWN, "A hole."))])

    seen = samples(client)

    assert seen["factory_recent_ended_by_kind", "demo.noop"] == 1
    assert seen["factory_recent_ended_by_project", "7"] == 1
    assert seen["factory_recent_ended_by_queue", "short"] == 1
    assert seen["factory_recent_ended_by_runner", str(desk.runner.pk)] == 1
    assert seen["factory_recent_failed", "unknown"] == 1
    assert seen["factory_recent_retried", "unknown"] == 1
    assert 0 <= seen["factory_run_seconds_by_kind", "demo.noop0.95"] < 60
    assert 0 <= seen["factory_wait_seconds_by_kind", "demo.noop0.5"] < 60


def test_they_tell_how_the_whole_is(client: Client, desk: Desk) -> None:
    Verification.objects.create(host="h", seconds=1, ok=True)
    Verification.objects.create(host="h", seconds=1, ok=False, disagreements=[{}, {}])
    Queue.objects.get(pk="long").pause(by="user:1")
    Runner.objects.update(rss_mb=64)

    seen = samples(client)

    assert seen["factory_disagreements", ""] == 2
    assert abs(seen["factory_verified_timestamp_seconds", ""] - time.time()) < 3600
    assert seen["factory_troubles", "paused queues"] == 1
    assert seen["factory_troubles", "stuck"] == 0
    assert seen["factory_runner_memory_bytes", f"short-{desk.runner.pk}"] == 64 << 20
    assert seen["factory_deliveries_open", ""] == 0
    assert 0 < seen["factory_database_answer_seconds", ""] < 5
    assert seen["factory_database_active_seconds_total", ""] >= 0


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "10.0.0.7", 404),
        ("", {}, "", 404),
        ("", {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 404),
        ("", {"Forwarded": "for=127.0.0.1"}, "127.0.0.1", 404),
        ("", {"X-Real-IP": "127.0.0.1"}, "127.0.0.1", 404),
        ("", {"Authorization": "Bearer "}, "10.0.0.7", 404),
        (TOKEN, {}, "127.0.0.1", 200),
        (TOKEN, {}, "10.0.0.7", 401),
        (TOKEN, {"Authorization": f"Bearer {TOKEN}"}, "10.0.0.7", 200),
        (TOKEN, {"Authorization": f"bearer {TOKEN}", "X-Forwarded-For": "x"}, "127.0.0.1", 200),
        (TOKEN, {"Authorization": f"Bearer {TOKEN}x"}, "10.0.0.7", 401),
        (TOKEN, {"Authorization": "Bearer wrong"}, "127.0.0.1", 401),
        (TOKEN, {"Authorization": f"Basic {TOKEN}"}, "10.0.0.7", 401),
        (TOKEN, {"Authorization": "Bearer \xe4"}, "10.0.0.7", 401),
    ],
)
def test_only_the_token_or_this_machine_opens_them(
    client: Client, settings: Any, token: str, headers: dict[str, str], address: str, status: int
) -> None:
    settings.FACTORY_METRICS_TOKEN = token

    response = client.get("/metrics", headers=headers, REMOTE_ADDR=address)

    assert response.status_code == status
    assert ("WWW-Authenticate" in response) == (status == 401)
    assert (b"factory_jobs" in response.content) == (status == 200)


def test_they_are_only_read(client: Client) -> None:
    assert client.post("/metrics").status_code == 405
    assert client.head("/metrics").status_code == 200
