"""Events are typed and versioned; a delivery is one job, and what failed can be delivered again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from jobs import events, ports, queue
from jobs.events import MOST_HOPS, BadEvent, Cause
from jobs.models import Delivery, Event, Job, Refused
from jobs.ports import Subscriber
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import Desk, other_connection, serve

NEWS = "t.news"


def seconds(event: Event) -> dict[str, Any]:
    return {"seconds": events.payload(event)["seconds"]}


@pytest.fixture
def news() -> Iterator[str]:
    """This fixture will make one event publishable, with one subscriber."""
    before = dict(events._schemas)
    events.register(NEWS, version=1, fields={"seconds": float}, meaning="A test.")
    ports.subscribers.register(NEWS, Subscriber("demo.sleep", seconds))
    yield NEWS
    events._schemas.clear()
    events._schemas.update(before)
    ports.subscribers.pop(NEWS)


def publish(value: Any = 0, **more: Any) -> Event:
    return events.publish(NEWS, {"seconds": value}, scope=None, **more)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["1", None, True, [1]])
def test_a_field_of_another_type_is_refused_by_name(news: str, value: Any) -> None:
    with pytest.raises(BadEvent, match=r"event t\.news: seconds must be a number"):
        publish(value)

    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_older_version_is_read_as_the_present_one(news: str) -> None:
    old = publish(2)
    older = {1: lambda read: {"ms": read["seconds"] * 1000}}
    events.register(NEWS, version=2, fields={"ms": int}, meaning="A test.", older=older)

    assert events.payload(old) == {"ms": 2000}
    old.refresh_from_db()
    assert (old.version, old.payload) == (1, {"seconds": 2})


@pytest.mark.django_db
def test_a_version_nobody_can_read_is_refused(news: str) -> None:
    old = publish()
    events.register(NEWS, version=3, fields={"ms": int}, meaning="A test.")

    with pytest.raises(BadEvent, match="version 1 can no longer be read"):
        events.payload(old)
    events.register(NEWS, version=0, fields={"ms": int}, meaning="A test.")
    with pytest.raises(
        BadEvent, match="version 1 is of later code; this code knows versions up to 0"
    ):
        events.payload(old)


@pytest.mark.django_db
def test_a_delivery_is_one_in_the_database(news: str) -> None:
    event = publish()
    delivery = event.deliveries.get()

    assert (delivery.kind, delivery.job_id) == ("demo.sleep", Job.objects.get().pk)
    with pytest.raises(IntegrityError, match="delivery_is_one"), transaction.atomic():
        Delivery.objects.create(event=event, kind="demo.sleep", job_id=1)


@pytest.mark.django_db
def test_a_loop_of_events_is_stopped_and_the_fact_is_kept(
    news: str, caplog: pytest.LogCaptureFixture
) -> None:
    event = publish()
    for _ in range(MOST_HOPS + 1):
        event = publish(cause=Cause(event=event.pk))

    last = event.deliveries.get()
    assert (event.hops, last.job_id) == (MOST_HOPS + 1, None)
    assert "it looks like a loop" in last.stopped
    assert Job.objects.count() == MOST_HOPS + 1
    assert list(Delivery.objects.dead()) == [last]
    assert f"event {event.pk} (t.news) does not start demo.sleep" in caplog.text


@pytest.mark.django_db
def test_a_person_may_start_what_a_loop_stopped(news: str) -> None:
    event = publish()
    Delivery.objects.update(job_id=None, stopped="It looks like a loop.")

    job = events.replay(event.deliveries.get(), by="user:3")

    assert (job.event_id, job.created_by, job.state) == (event.pk, "user:3", "queued")
    assert event.deliveries.get().job_id == job.pk
    assert not Delivery.objects.dead().exists()


def test_a_dead_letter_is_delivered_again(desk: Desk, news: str) -> None:
    event = publish()
    fail(desk)
    dead = list(Delivery.objects.dead())

    job = events.replay(dead[0], by="user:3")

    assert (dead, job.state) == ([event.deliveries.get()], "queued")
    assert job.moves.latest("pk").actor == "user:3"
    assert not Delivery.objects.dead().exists()


def fail(desk: Desk) -> None:
    """This function will claim what waits and end it badly."""
    for claim in desk.claim():
        Job.objects.filter(pk=claim.id).update(
            state="failed", runner=None, failure_class="bug", finished_at="2026-01-01T00:00Z"
        )


def test_a_delivery_that_joined_the_job_of_a_person_is_a_dead_letter_when_that_fails(
    desk: Desk, news: str
) -> None:
    ports.subscribers[NEWS] = [Subscriber("demo.sleep", seconds, lambda event: {"unique_key": "k"})]
    asked = queue.enqueue("demo.sleep", {"seconds": 0.0}, unique_key="k")
    joined = publish().deliveries.get()

    fail(desk)

    assert joined.job_id == asked.pk
    assert list(Delivery.objects.dead()) == [joined]


@pytest.mark.django_db
def test_a_delivery_under_way_is_not_delivered_again(news: str) -> None:
    publish()

    with pytest.raises(Refused, match="queued"):
        events.replay(Delivery.objects.get(), by="user:3")


@pytest.mark.django_db
def test_a_delivery_nobody_wants_any_more_is_refused(news: str) -> None:
    publish()
    Delivery.objects.update(job_id=None, stopped="x", kind="t.gone")

    with pytest.raises(Refused, match=r"t\.gone subscribes to it no more"):
        events.replay(Delivery.objects.get(), by="user:3")


@pytest.mark.usefixtures("committed")
def test_an_event_is_delivered_once_in_effect(news: str) -> None:
    event = publish(0.01)

    serve()

    assert list(Job.objects.filter(event_id=event.pk).values_list("state", "attempt")) == [
        ("succeeded", 1)
    ]


def test_a_waiting_delivery_that_serves_two_events_is_not_begun_before_the_second_is_committed(
    committed: services.ScratchDatabase, news: str
) -> None:
    ports.subscribers[NEWS] = [Subscriber("demo.sleep", seconds, lambda event: {"unique_key": "k"})]
    first = publish()
    with other_connection(committed) as raw, transaction.atomic():
        second = publish()

        with raw.cursor() as cursor:
            cursor.execute("SELECT id FROM job WHERE state = 'queued' FOR UPDATE SKIP LOCKED")
            assert cursor.fetchall() == []

    assert first.deliveries.get().job_id == second.deliveries.get().job_id
    assert Job.objects.count() == 1


def test_a_delivery_that_is_claimed_meanwhile_gets_a_successor(
    committed: services.ScratchDatabase, news: str
) -> None:
    ports.subscribers[NEWS] = [Subscriber("demo.sleep", seconds, lambda event: {"unique_key": "k"})]
    first = publish().deliveries.get().job_id
    with other_connection(committed) as raw, ThreadPoolExecutor(1) as pool:
        raw.autocommit = False
        with raw.cursor() as cursor:
            cursor.execute(
                "UPDATE job SET state='running', runner_id=1, fence=1, attempt=1, started_at=now()"
            )
        late = pool.submit(publish_apart)
        assert wait_for(lambda: blocked(committed))
        raw.commit()

        assert late.result(timeout=60) != first
    assert list(Job.objects.order_by("pk").values_list("state", flat=True)) == ["running", "queued"]


def publish_apart() -> int | None:
    try:
        return publish().deliveries.get().job_id
    finally:
        connection.close()


def blocked(database: services.ScratchDatabase) -> bool:
    sql = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    return bool(database.rows(sql, [database.name]))


@pytest.mark.django_db
def test_dead_letters_are_found_without_reading_what_was_delivered(news: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica;"
            "INSERT INTO job (kind, queue_id, state, finished_at, event_id) SELECT 'demo.noop',"
            " 'short', 'succeeded', now(), n FROM generate_series(1, 20000) n;"
            "INSERT INTO job_event (name, version, payload, subject, actor, hops)"
            " SELECT 'e', 1, '{}', '', '', 0 FROM generate_series(1, 20000);"
            "INSERT INTO job_delivery (event_id, kind, job_id) SELECT e.id, 'demo.noop', j.id"
            " FROM job j JOIN job_event e ON e.id = j.event_id;"
            "SET LOCAL session_replication_role = origin; ANALYZE job; ANALYZE job_delivery"
        )

    plan = Delivery.objects.dead().explain()

    assert "Seq Scan on job" not in plan, plan
