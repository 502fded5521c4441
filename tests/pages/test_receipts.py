"""What people are told of what they did, and the way back that goes with it."""

import re
from typing import Any

import pytest
from django.test import Client

from jobs import queue
from jobs.models import Job
from tests.pages.conftest import World, browser_of, hold, runner


@pytest.fixture
def as_contributor(world: World) -> Client:
    """This fixture will give the browser of somebody who may act."""
    return browser_of(world.contributor)


@pytest.fixture
def held(world: World) -> Job:
    """This fixture will make a job that a runner holds."""
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    hold(job, runner())
    return job


@pytest.fixture
def waiting(world: World) -> list[Job]:
    """This fixture will make three jobs of the project that wait."""
    return [queue.enqueue("demo.noop", {}, scope=world.project.pk, after=900) for _ in range(3)]


def way_back(page: str) -> tuple[str, str, dict[str, Any]]:
    """This function will read the button of a receipt: its words, where it is sent, and what with."""
    [form] = re.findall(
        r'<li class="note success"[^>]*>.*?<form method="post" action="([^"]+)">(.*?)</form>',
        page,
        re.S,
    )
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1]):
        fields.setdefault(name, []).append(value)
    fields.pop("csrfmiddlewaretoken", None)
    [label] = re.findall(r"<button>([^<]+)</button>", form[1])
    return label, form[0], fields


def done(client: Client, path: str, **given: Any) -> str:
    """This function will do an act and read the page that tells it."""
    return client.post(path, given, follow=True).content.decode()


def test_a_pause_is_undone_from_its_receipt_and_so_is_that(
    waiting: list[Job], as_contributor: Client
) -> None:
    job = waiting[0]
    for noun, state, back in (
        ("pauses", "paused", "resumptions"),
        ("resumptions", "scheduled", "pauses"),
    ):
        page = done(as_contributor, f"/jobs/{job.pk}/{noun}/")

        assert way_back(page) == ("Undo", f"/jobs/{job.pk}/{back}/", {})
        job.refresh_from_db()
        assert job.state == state


def test_a_wish_to_pause_is_taken_back_from_its_receipt(held: Job, as_contributor: Client) -> None:
    label, address, _ = way_back(done(as_contributor, f"/jobs/{held.pk}/pauses/"))
    assert label == "Undo"
    as_contributor.post(address)

    held.refresh_from_db()
    assert (held.state, held.intent) == ("running", "")


def test_what_somebody_else_asked_for_before_is_not_mine_to_undo(
    held: Job, as_contributor: Client
) -> None:
    Job.objects.get(pk=held.pk).pause(by="user:999")

    page = done(as_contributor, f"/jobs/{held.pk}/pauses/")

    assert "is asked to pause already" in page
    assert "<button>Undo" not in page


def test_after_a_cancelled_wait_the_same_can_be_enqueued_again(
    waiting: list[Job], as_contributor: Client
) -> None:
    page = done(as_contributor, f"/jobs/{waiting[0].pk}/cancellations/")

    assert way_back(page)[:2] == ("Enqueue the same again", f"/jobs/{waiting[0].pk}/reruns/")


def test_a_cancel_that_is_only_asked_has_no_way_back(held: Job, as_contributor: Client) -> None:
    page = done(as_contributor, f"/jobs/{held.pk}/cancellations/")

    assert "was asked to cancel" in page
    assert "Enqueue the same again" not in page


def test_the_way_back_of_many_names_those_that_moved_and_no_other(
    waiting: list[Job], as_contributor: Client
) -> None:
    by_another, *mine = waiting
    by_another.pause(by="user:999")

    page = done(as_contributor, "/jobs/selections/", act="pause", job=[one.pk for one in waiting])
    label, address, fields = way_back(page)

    assert (label, address) == ("Undo for 2 jobs", "/jobs/selections/")
    assert fields == {"act": ["resume"], "job": [str(one.pk) for one in mine]}
    as_contributor.post(address, fields)
    states = {one.pk: one.state for one in Job.objects.filter(pk__in=[one.pk for one in waiting])}
    assert states[by_another.pk] == "paused"
    assert {states[one.pk] for one in mine} == {"scheduled"}


def test_what_changed_too_many_has_no_way_back(
    waiting: list[Job], as_contributor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.receipts.MOST", 2)

    page = done(as_contributor, "/jobs/selections/", act="pause", all="on", state="scheduled")

    assert "3 paused." in page
    assert "<button>Undo" not in page


def test_putting_a_project_away_is_undone_from_its_receipt(world: World, as_staff: Client) -> None:
    slug = world.project.slug

    label, address, _ = way_back(done(as_staff, f"/projects/{slug}/archivals/"))
    assert (label, address) == ("Undo", f"/projects/{slug}/unarchivals/")
    as_staff.post(address)

    world.project.refresh_from_db()
    assert world.project.archived_at is None
