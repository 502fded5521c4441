"""Named lists of jobs: kept per person, bounded, forgotten with a way back."""

import pytest
from django.test import Client

from jobs.models import SavedView
from tests.pages.conftest import World, browser_of
from tests.pages.test_pages import text_of
from tests.pages.test_receipts import done, way_back


@pytest.fixture
def member(world: World) -> Client:
    """This fixture will give the browser of somebody who only looks."""
    return browser_of(world.viewer)


def test_a_filter_is_kept_under_a_name_and_led_to(member: Client, world: World) -> None:
    page = done(member, "/jobs/views/", name=" Broken maps ", state="failed", kind="projects.map")

    query = "state=failed&amp;kind=projects.map"
    assert f'<a href="?{query}" aria-current="true">Broken maps</a>' in page
    assert f'<a href="?{query}">Broken maps</a>' in text_of(member, "/jobs/")
    assert "Broken maps" not in text_of(browser_of(world.contributor), "/jobs/")


def test_the_same_name_again_means_the_newer_filter(member: Client) -> None:
    for state in ("failed", "paused"):
        done(member, "/jobs/views/", name="mine", state=state)

    assert [one.query for one in SavedView.objects.all()] == ["state=paused"]


def test_a_forgotten_view_can_be_had_back(member: Client) -> None:
    done(member, "/jobs/views/", name="mine", state="failed", q="a & b")
    [kept] = SavedView.objects.all()

    page = done(member, f"/jobs/views/{kept.pk}/removals/")
    assert not SavedView.objects.exists()
    label, address, fields = way_back(page.replace("&amp;", "&"))

    assert label == "Undo"
    member.post(address, fields)
    assert SavedView.objects.get().query == kept.query


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "state": "failed"}, "name= is empty or long"),
        ({"name": "x" * 41, "state": "failed"}, "name= is empty or long"),
        ({"name": "all"}, "Nothing is chosen"),
        ({"name": "odd", "state": "flying"}, "state=flying is none of"),
    ],
)
def test_what_is_no_view_is_refused_with_a_sentence(
    given: dict[str, str], said: str, member: Client
) -> None:
    answer = member.post("/jobs/views/", given)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not SavedView.objects.exists()


def test_twenty_are_the_most_of_one_person(member: Client, world: World) -> None:
    SavedView.objects.bulk_create(
        SavedView(user=world.viewer, name=str(number), query="state=failed") for number in range(20)
    )

    assert member.post("/jobs/views/", {"name": "more", "state": "lost"}).status_code == 400
    assert member.post("/jobs/views/", {"name": "7", "state": "lost"}).status_code == 302
    assert SavedView.objects.filter(query="state=lost").count() == 1


def test_nobody_forgets_the_view_of_another(member: Client, world: World) -> None:
    kept = SavedView.objects.create(user=world.contributor, name="mine", query="state=failed")

    assert member.post(f"/jobs/views/{kept.pk}/removals/").status_code == 404
    assert SavedView.objects.filter(pk=kept.pk).exists()
