"""What a job waits for, by page, API and admin."""

import pytest

from jobs import dependencies, queue
from jobs.models import Dependency, Job
from tests.pages.conftest import World, browser_of
from tests.pages.test_api import ask
from tests.pages.test_pages import text_of


@pytest.fixture
def pair(world: World) -> tuple[Job, Job]:
    """This fixture will make two jobs of the project that wait in line."""
    first, second = (
        queue.enqueue("demo.noop", {}, scope=world.project.pk, subject=name)
        for name in ("first", "second")
    )
    return first, second


def test_a_job_is_made_to_wait_on_its_page_and_freed_there(
    world: World, pair: tuple[Job, Job]
) -> None:
    client, (parent, child) = browser_of(world.contributor), pair
    tie, free = (
        f"/jobs/{child.pk}/dependencies/",
        f"/jobs/{child.pk}/dependencies/{parent.pk}/releases/",
    )

    page = text_of(client, f"/jobs/{child.pk}/")
    form = text_of(client, tie)
    tied = client.post(tie, {"on": f"#{parent.pk}", "policy": "hold"}, follow=True)
    asked = text_of(client, free)
    freed = client.post(free, follow=True)

    assert f'href="{tie}"' in page
    assert "If one of them does not succeed" in form
    assert "It was queued and is blocked." in tied.content.decode()
    assert f'href="{free}"' in tied.content.decode()
    assert f"no longer wait for #{parent.pk}?" in asked
    assert "It was blocked and is queued." in freed.content.decode()
    assert f'href="{free}"' not in freed.content.decode()


def test_a_circle_is_refused_on_the_page(world: World, pair: tuple[Job, Job]) -> None:
    parent, child = pair
    dependencies.depend(child.pk, [parent.pk], by="user:1")

    answer = browser_of(world.staff).post(f"/jobs/{parent.pk}/dependencies/", {"on": child.pk})

    assert answer.status_code == 409
    assert f"that one waits for #{parent.pk}." in answer.content.decode()


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("", "on= is missing"),
        ("abc", "on=abc is no number"),
        ("-1", "on=-1 is no number"),
        ("999999999", "on=999999999: there is no such job, or you may not see it."),
        ("{hidden}", "there is no such job, or you may not see it."),
        ("1 " * 501, "on= names more than 500 jobs"),
    ],
)
def test_what_names_no_job_one_may_see_is_refused(
    on: str, said: str, world: World, pair: tuple[Job, Job]
) -> None:
    hidden = queue.enqueue("demo.noop", {})
    sent = {"on": on.format(hidden=hidden.pk), "policy": "hold"}

    answer = browser_of(world.contributor).post(f"/jobs/{pair[1].pk}/dependencies/", sent)

    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page
    assert f'value="{sent["on"]}"' in page
    assert '<option value="hold" selected>' in page
    assert not Dependency.objects.exists()


def test_a_job_that_was_begun_is_not_made_to_wait(world: World) -> None:
    client = browser_of(world.contributor)

    form = text_of(client, f"/jobs/{world.job.pk}/dependencies/")
    page = text_of(client, f"/jobs/{world.job.pk}/")

    assert "It is failed: only a job that waits can wait for others." in form
    assert f"/jobs/{world.job.pk}/dependencies/" not in page


def test_the_api_ties_and_unties(world: World, pair: tuple[Job, Job]) -> None:
    parent, child = pair
    address = f"jobs/{child.pk}/"

    tied = ask(address + "dependencies", world.contributor, {"on": [parent.pk], "policy": "hold"})
    circle = ask(f"jobs/{parent.pk}/dependencies", world.contributor, {"on": [child.pk]})
    freed = ask(address + "releases", world.contributor, {"on": [parent.pk]})

    assert (tied.json()["after"], freed.json()["after"]) == ("blocked", "queued")
    assert (circle.status_code, circle.json()["error"]["status"]) == (409, 409)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"on": ["x"]}, "on.0"),
        ({"on": [2**63]}, "on.0"),
        ({"on": [1], "policy": "maybe"}, "policy"),
        ({"on": [1], "else": 1}, "else"),
    ],
)
def test_the_api_names_what_it_cannot_take(
    given: dict[str, object], field: str, world: World, pair: tuple[Job, Job]
) -> None:
    answer = ask(f"jobs/{pair[1].pk}/dependencies", world.contributor, given)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("call", ["dependencies", "releases"])
def test_the_api_says_that_it_needs_other_jobs(
    call: str, world: World, pair: tuple[Job, Job]
) -> None:
    answer = ask(f"jobs/{pair[1].pk}/{call}", world.contributor, {})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Malformed: on: Field required."


def test_the_api_does_not_tell_of_jobs_one_may_not_see(world: World, pair: tuple[Job, Job]) -> None:
    hidden = queue.enqueue("demo.noop", {})

    answer = ask(f"jobs/{pair[1].pk}/dependencies", world.contributor, {"on": [hidden.pk]})

    assert answer.status_code == 400
    assert "no such job, or you may not see it" in answer.json()["error"]["message"]


def test_the_admin_leads_to_both(world: World, pair: tuple[Job, Job]) -> None:
    parent, child = pair
    dependencies.depend(child.pk, [parent.pk], by="user:1")

    page = text_of(browser_of(world.staff), f"/admin/jobs/job/{child.pk}/change/")

    assert f"/jobs/{child.pk}/dependencies/" in page
    assert f"/jobs/{child.pk}/dependencies/{parent.pk}/releases/" in page
