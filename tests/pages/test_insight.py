"""Pages about the ledger as a whole say what the rows say."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from jobs import audit, queue
from jobs.models import Attempt, Delivery, Event, Job, Verification
from tests.pages.conftest import World, browser_of, hold, runner


@pytest.fixture
def dead(world: World) -> Delivery:
    """This fixture will lend a delivery whose job failed."""
    event = Event.objects.create(
        name="repository.synced",
        version=1,
        payload={},
        scope=world.project.pk,
        subject="lighthouse",
    )
    return Delivery.objects.create(event=event, kind="demo.fail", job_id=world.job.pk)


def text(user: User, address: str) -> str:
    """This function will read a page that is there."""
    answer = browser_of(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_dead_letter_is_listed_and_replayed(world: World, dead: Delivery) -> None:
    Job.objects.filter(pk=world.job.pk).update(event_id=dead.event_id)

    listed = text(world.contributor, "/deliveries/?dead")
    answer = browser_of(world.contributor).post(f"/deliveries/{dead.pk}/replays/")

    assert "lighthouse" in listed
    assert (answer.status_code, answer["Location"]) == (302, f"/jobs/{world.job.pk}/")
    world.job.refresh_from_db()
    assert world.job.state == "queued"
    assert "No dead letters" in text(world.contributor, "/deliveries/?dead")


def test_every_dead_letter_can_be_reached_from_the_inbox(world: World) -> None:
    facts = [Event(name="repository.synced", version=1, payload={}) for _ in range(120)]
    letters = Delivery.objects.bulk_create(
        Delivery(event=event, kind="demo.noop", stopped="loop")
        for event in Event.objects.bulk_create(facts)
    )
    home = browser_of(world.staff).get("/").content.decode()
    address, seen = "/deliveries/?dead", set()
    while address:
        page = text(world.staff, address)
        seen |= {int(pk) for pk in re.findall(r"/deliveries/(\d+)/replays/", page)}
        older = re.search(r'href="(\?dead&amp;below=\d+)"', page)
        address = f"/deliveries/{html.unescape(older[1])}" if older else ""

    assert seen == {one.pk for one in letters}
    assert 'href="/deliveries/?dead"' in home
    newest = letters[-1].pk
    assert f'href="/deliveries/?dead&amp;below={newest + 1}"' in home
    assert f"/deliveries/{newest}/replays/" in text(
        world.staff, f"/deliveries/?dead&below={newest + 1}"
    )


def test_a_delivery_that_is_on_its_way_is_not_replayed(world: World, dead: Delivery) -> None:
    world.job.retry(by="user:1")

    assert browser_of(world.staff).post(f"/deliveries/{dead.pk}/replays/").status_code == 409


def test_a_delivery_whose_runner_gives_no_sign_of_life_is_lost_and_not_running(
    world: World, dead: Delivery
) -> None:
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    Delivery.objects.filter(pk=dead.pk).update(job_id=job.pk)
    hold(job, runner(lease="-1 hour"))

    shown = text(world.viewer, "/deliveries/")

    assert "mark-lost" in shown
    assert "mark-running" not in shown


@pytest.mark.parametrize("page", ["/deliveries/", "/schedules/", "/projects/"])
def test_a_list_says_as_of_when_it_is_and_is_read_again(world: World, page: str) -> None:
    shown = browser_of(world.staff).get(page).content.decode()

    assert 'id="fresh"' in shown
    assert 'id="page" data-page="10"' in shown


def test_a_removed_job_is_told_as_such(world: World, dead: Delivery) -> None:
    world.job.delete()

    assert "removed" in text(world.viewer, "/deliveries/")


@pytest.mark.parametrize("page", ["/deliveries/", "/deliveries/?dead", "/system/metrics/"])
def test_a_stranger_sees_nothing_of_it(world: World, dead: Delivery, page: str) -> None:
    shown = text(world.stranger, page)

    assert "lighthouse" not in shown
    assert "Nothing" in shown or "No dead letters" in shown


def test_figures_show_what_ended_to_those_who_may_see_it(world: World) -> None:
    assert "1 attempt ended" in text(world.viewer, "/system/metrics/?span=hour")
    assert "By runner" in text(world.staff, "/system/metrics/?span=hour")
    assert "By runner" not in text(world.viewer, "/system/metrics/?span=hour")
    assert "Nothing ended in this span" in text(world.stranger, "/system/metrics/?span=hour")


def test_a_span_nobody_knows_is_refused(world: World) -> None:
    assert browser_of(world.staff).get("/system/metrics/?span=aeon").status_code == 400


def test_verifications_tell_staff_what_disagreed(world: World) -> None:
    found: list[Any] = [
        {"what": "job 7", "board": "paused", "reality": "it is queued", "since": None}
    ]
    Verification.objects.create(host="h", seconds=1, ok=False, disagreements=found)

    assert "the board says paused, but it is queued" in text(world.staff, "/health/")
    assert "job 7" not in text(world.viewer, "/health/")
    assert "1 disagree" in text(world.viewer, "/health/")
    assert audit.last_green() is None


def test_nothing_is_called_well_that_was_never_verified(world: World) -> None:
    Job.objects.filter(pk=world.job.pk).update(acknowledged_at=Now())
    unknown = text(world.staff, "/health/")
    Verification.objects.create(host="h", seconds=1, ok=True)

    assert "All is well" not in unknown
    assert "was never verified" in unknown
    assert "All is well" in text(world.staff, "/health/")
    assert 'class="as-of"' in unknown


@pytest.mark.parametrize("page", ["delivery", "verification"])
def test_the_admin_shows_them(world: World, dead: Delivery, page: str) -> None:
    Verification.objects.create(host="h", seconds=1, ok=True)

    assert browser_of(world.staff).get(f"/admin/jobs/{page}/").status_code == 200


def test_the_admin_replays_dead_letters(world: World, dead: Delivery) -> None:
    given = {"action": "replay", "_selected_action": [dead.pk], "confirmed": "yes"}

    answer = browser_of(world.staff).post("/admin/jobs/delivery/", given, follow=True)

    assert "1 delivered again, 0 could not be" in answer.content.decode()
    world.job.refresh_from_db()
    assert world.job.state == "queued"


def test_the_api_tells_how_the_whole_is(world: World) -> None:
    seen = browser_of(world.viewer).get("/api/health").json()
    hidden = browser_of(world.stranger).get("/api/health").json()

    assert seen["health"] == "attention"
    assert seen["counters"]["failed"] == {"count": 1, "bad": False, "jobs": [world.job.pk]}
    assert (hidden["health"], hidden["counters"]["failed"]["count"]) == ("well", 0)


def test_the_admin_shows_who_was_told_of_an_event(world: World, dead: Delivery) -> None:
    page = text(world.staff, f"/admin/jobs/event/{dead.event_id}/change/")

    assert "demo.fail" in page


def test_a_delivery_that_somebody_repaired_as_failed_says_so(world: World, dead: Delivery) -> None:
    reason = f"Repaired by user:{world.contributor.pk}: it hung"
    Job.objects.filter(pk=world.job.pk).update(failure_message="", reason=reason)

    assert "Repaired by contributor: it hung" in text(world.viewer, "/deliveries/")


def test_figures_call_runners_what_the_page_of_runners_calls_them(world: World) -> None:
    ran = Attempt.objects.get(job=world.job).runner_id

    assert f">short-{ran}<" in text(world.staff, "/system/metrics/")
