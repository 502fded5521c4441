"""What looks like an actor in what people typed stays as they typed it: no name is told by number."""

import pytest
from django.contrib.auth.models import User

from jobs import board, queue
from jobs.models import Job
from projects import planning, portfolio
from projects.models import Task
from tests.pages.conftest import World, browser_of, fail, hold, runner
from tests.pages.test_pages import text_of


@pytest.fixture
def typed(world: World) -> str:
    """This fixture will be what somebody types to learn the name of an account."""
    return f"user:{User.objects.create_user('quartermaster').pk}"


def test_a_reason_names_who_acted_and_nobody_else(world: World, typed: str) -> None:
    by = f"user:{world.contributor.pk}"
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk, after=900)
    job.pause(by=by, reason=f"{typed} and Paused by {typed}: wanted it")

    told = board.spoken([Job.objects.get(pk=job.pk)])[0].told  # type: ignore[attr-defined]

    assert told == f"Paused by contributor: {typed} and Paused by {typed}: wanted it"
    for address in (f"/jobs/{job.pk}/", "/jobs/"):
        page = text_of(browser_of(world.contributor), address)
        assert typed in page
        assert "quartermaster" not in page


@pytest.mark.parametrize("words", ["{} wants it", "Cancelled by {}: why not"])
def test_the_words_of_a_wish_are_told_as_they_were_typed(
    words: str, world: World, typed: str
) -> None:
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    hold(job, runner())
    Job.objects.get(pk=job.pk).cancel(by="user:1", reason=words.format(typed))

    for address in (f"/jobs/{job.pk}/", f"/jobs/{job.pk}/reasons/", "/jobs/"):
        assert "quartermaster" not in text_of(browser_of(world.viewer), address)
    admin = text_of(browser_of(world.staff), f"/admin/jobs/job/{job.pk}/change/")
    assert words.format(typed) in admin
    assert "quartermaster" not in admin.partition('id="user-tools"')[2]


def test_what_is_planned_and_said_of_a_project_is_told_as_it_was_typed(
    world: World, typed: str
) -> None:
    by = f"user:{world.contributor.pk}"
    task = planning.create(Task, world.project, {"title": f"Ask {typed}"}, by=by)
    planning.move(task, task.state, "BLOCKED", by=by, reason=f"Paused by {typed}: away")
    world.project.goal = f"That {typed} is glad"
    portfolio.edit(world.project, version=world.project.version, actor=by)

    for user, address in (
        (world.contributor, "/projects/harbour/feed/"),
        (world.contributor, f"/projects/harbour/tasks/{task.pk}/"),
        (world.staff, "/system/audit/"),
    ):
        page = text_of(browser_of(user), address)
        assert typed in page, address
        assert "quartermaster" not in page, address


def test_a_message_of_a_failure_is_told_as_it_was_written(world: World, typed: str) -> None:
    message = f"Cancelled by {typed}: no"
    job = queue.enqueue("demo.fail", {}, scope=world.project.pk)
    fail(job)
    Job.objects.filter(pk=job.pk).update(failure_message=message)

    for address in (f"/jobs/{job.pk}/", f"/jobs/{job.pk}/reasons/", "/jobs/failures/"):
        page = text_of(browser_of(world.contributor), address)
        assert message in page, address
        assert "quartermaster" not in page, address


def test_a_wish_is_no_reason_to_verify(world: World, typed: str) -> None:
    job = queue.enqueue("demo.sleep", {}, scope=world.project.pk)
    hold(job, runner())
    browser = browser_of(world.contributor)
    browser.post(f"/jobs/{job.pk}/pauses/", {"reason": f"Cancelled by {typed}: x"})

    Job.objects.filter(pk=job.pk).update(state="verifying")

    assert job.moves.latest("pk").reason == ""
    assert "Cancelled by quartermaster" not in text_of(browser, f"/jobs/{job.pk}/")
