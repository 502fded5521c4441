"""The views the home page begins with, its title and icon, its feed and its filters."""

from datetime import timedelta

from django.db.models.functions import Now
from django.test import Client

from factory import board, outlook
from jobs import queue
from jobs.models import Event, Job
from jobs.states import Intent
from projects.models import Project, Repository
from tests.pages.conftest import World, browser_of, hold, runner


def shown(client: Client, query: str = "") -> str:
    """This function will open the home page."""
    answer = client.get(f"/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def names(client: Client, query: str) -> list[str]:
    """This function will give the projects of a filtered home page."""
    return [card.project.name for card in client.get(f"/?{query}").context["home"].cards]


def test_the_title_and_the_icon_say_the_worst_there_is(world: World) -> None:
    failed = shown(browser_of(world.viewer))
    hold(queue.enqueue("demo.noop", {}, scope=world.project.pk), runner("-1 second"))

    stuck = shown(browser_of(world.viewer))

    assert "<title>(1 failed today) Mission Control ·" in failed
    assert "<title>(1 stuck) Mission Control ·" in stuck
    assert stuck.count("favicon-stuck") == 2  # the icon, and what the script is told


def test_nobody_is_told_of_what_they_may_not_see(world: World) -> None:
    assert "<title>Mission Control ·" in shown(browser_of(world.stranger))
    assert outlook.of(world.stranger) == outlook.Outlook(0, 0, 0)


def test_a_failure_of_yesterday_did_not_fail_today(world: World) -> None:
    Job.objects.filter(pk=world.job.pk).update(finished_at="2020-01-01T00:00:00Z")

    assert outlook.of(world.staff).failed == 0


def test_each_number_is_that_of_the_list_it_leads_to(world: World) -> None:
    for lease in ("1 hour", "1 hour", "-1 second"):
        hold(queue.enqueue("demo.noop", {}, scope=world.project.pk), runner(lease))
    deaf = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    hold(deaf, runner("1 hour"))
    Job.objects.filter(pk=deaf.pk).update(
        intent=Intent.CANCEL, intent_at=Now() - timedelta(minutes=2), intent_by="user:1"
    )
    client = browser_of(world.viewer)

    assert outlook.of(world.viewer).stuck == 2
    for name, number, address in outlook.of(world.viewer).views[:3]:
        assert len(client.get(address).context["page"].jobs) == int(number), name


def test_the_relay_renders_numbers_that_changed(world: World) -> None:
    key = str(world.viewer.pk)
    hold(queue.enqueue("demo.noop", {}, scope=world.project.pk), runner())

    assert "running=1, stuck=0, failed=1" in outlook.fingerprints([key])[key]
    assert "Running <b>1</b>" in outlook.render([key])[key]


def test_what_happened_stands_on_the_page_and_is_watched(world: World) -> None:
    happened = Event.objects.create(
        name="repository.synced", version=1, payload={}, scope=world.project.pk
    )

    assert f'data-topic="event:{happened.pk}"' in shown(browser_of(world.viewer))
    assert f"event:{happened.pk}" in board.home(world.viewer, board.Filter(), 1).rows
    assert board.fingerprints([str(world.viewer.pk)])[str(world.viewer.pk)].split() == (
        board.home(world.viewer, board.Filter(), 1).rows.split()
    )


def test_projects_are_filtered_by_stage_and_health(world: World) -> None:
    Project.objects.create(name="Pier", slug="pier", stage="build")
    client = browser_of(world.staff)

    assert names(client, "stage=build") == ["Pier"]
    assert names(client, "health=attention") == ["Harbour"]
    assert names(client, "health=well&q=ie") == ["Pier"]
    assert names(client, "health=broken") == []
    assert "its health is broken" in shown(client, "?health=broken")


def test_a_filter_that_names_nothing_is_refused(world: World) -> None:
    assert browser_of(world.staff).get("/?health=fine").status_code == 400


def test_a_filtered_page_is_not_told_of_projects_that_do_not_match(world: World) -> None:
    Repository.objects.update(synced_at=Now())

    assert "topic" not in browser_of(world.staff).get("/?stage=build").context


def test_what_runners_hold_beyond_the_first_is_said(world: World) -> None:
    def held(number: int) -> str:
        holder = runner("1 minute")
        for _ in range(number):
            hold(queue.enqueue("demo.noop", {}, scope=world.project.pk), holder)
        return shown(browser_of(world.viewer))

    assert "the oldest 20" not in held(board.JOBS)

    page = held(1)

    assert page.count('<tr id="job-') == board.JOBS
    assert "the oldest 20" in page
