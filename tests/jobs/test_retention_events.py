"""Old events go once everybody was told; what a person did, and what nobody was told of, stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from jobs import audit, events, ports, retention
from jobs.events import Cause
from jobs.models import Delivery, Event, Job, Refused
from jobs.ports import Subscriber
from tests.jobs.test_retention import OLD

NEWS, DEED = "t.news", "t.deed"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _news() -> Iterator[None]:
    """This fixture will make two events publishable: one with a subscriber, and one that lasts."""
    before = dict(events._schemas)
    events.register(NEWS, version=1, fields={}, meaning="A test.")
    events.register(DEED, version=1, fields={}, meaning="A test.", lasting=True)
    ports.subscribers.register(NEWS, Subscriber("demo.noop", lambda event: {}))
    yield
    events._schemas.clear()
    events._schemas.update(before)
    ports.subscribers.pop(NEWS)


def published(name: str = NEWS, *, days: float = OLD, **more: Any) -> Event:
    """This function will publish an event so many days ago."""
    made = events.publish(name, {}, scope=None, **more)
    with connection.cursor() as cursor:  # behind the trigger that keeps events as they are
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE job_event SET created_at = now() - %s * interval '1 day' WHERE id = %s",
            [days, made.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    return made


def told(event: Event) -> None:
    """This function will let the job of its delivery end, and retention have taken it."""
    job = Job.objects.get(pk=event.deliveries.get().job_id)
    job.cancel(by="user:1")
    job.delete()


def forget() -> list[int]:
    """This function will forget what may go, and give what is left."""
    list(retention.forget_events(events.passing()))
    return list(Event.objects.order_by("pk").values_list("pk", flat=True))


def test_an_old_event_goes_with_its_deliveries_when_their_jobs_are_gone() -> None:
    gone, waits = published(), published()
    told(gone)

    assert forget() == [waits.pk]
    assert [one.event_id for one in Delivery.objects.all()] == [waits.pk]
    assert audit.verify_board().disagreements == []


def test_an_event_stays_while_the_job_that_delivers_it_is_kept() -> None:
    event = published()
    job = Job.objects.get(pk=event.deliveries.get().job_id)
    job.cancel(by="user:1")

    assert forget() == [event.pk]
    job.retry(by="user:1")  # and it can still be delivered
    assert forget() == [event.pk]


def test_what_is_young_or_a_dead_letter_or_somebodys_deed_stays() -> None:
    young, dead, deed = published(days=29), published(), published(DEED)
    told(young)
    Delivery.objects.filter(event=dead).update(job_id=None, stopped="It looks like a loop.")

    assert forget() == [young.pk, dead.pk, deed.pk]


def test_an_event_goes_in_one_run_with_all_that_led_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "WINDOW", 1)
    first = published()
    second = published(cause=Cause(event=first.pk))
    third = published(cause=Cause(event=second.pk), days=29)
    for event in (first, second, third):
        told(event)

    assert forget() == [first.pk, second.pk, third.pk]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE job_event SET created_at = now() - interval '31 days'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert forget() == []


def test_who_was_told_is_not_told_again_when_the_job_is_gone() -> None:
    event = published(days=0)
    told(event)

    with pytest.raises(Refused, match="is no longer kept"):
        events.replay(event.deliveries.get(), by="user:3")

    assert not Job.objects.exists()


def test_of_the_product_only_what_machines_did_grows_old() -> None:
    told = {"map.completed", "repository.synced", "history.completed"}
    assert set(events.passing()) - {NEWS} == told
