"""What pages of tasks watch: each act changes what it shows, and only that."""

import re
from typing import Any

import pytest

from jobs import ports
from projects import planning
from projects.models import Idea, Project, Spec, Task
from tests.pages.conftest import World, browser_of


def seen(key: str) -> str | None:
    """This function will tell in short what a topic shows."""
    name, _, rest = key.partition(":")
    return ports.topics[name].fingerprints([rest]).get(rest)


def task(world: World, title: str = "Paint the door", **given: Any) -> Task:
    """This function will write a task down."""
    row: Task = planning.create(Task, world.project, {"title": title, **given}, by="user:1")
    return row


ACTS = {
    "an edit": lambda row, other: planning.edit(row, 1, {"title": "Other"}, by="user:1"),
    "a move": lambda row, other: planning.move(row, row.state, "IN_PROGRESS", by="user:1"),
    "a tick": lambda row, other: planning.tick(row.items.get(), True, by="user:1"),
    "a tie": lambda row, other: planning.block(row, other, by="user:1"),
}
CHANGES = {
    "an edit": {"task", "taskrow", "digest", "plannews"},
    "a move": {"task", "taskrow", "digest", "plannews", "planword"},
    "a tick": {"task", "taskrow", "plannews"},
    "a tie": {"task", "taskrow", "digest", "plannews"},
}
# What the page of the digest lists, and the number above a column, which an edit leaves as it is.
for _act in CHANGES:
    CHANGES[_act] |= {"digestlists"} if "digest" in CHANGES[_act] else set()
CHANGES["a move"] |= {"plancount"}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_changes_what_shows_it(act: str, world: World) -> None:
    row, other = task(world, CHECK=["Tests pass"]), task(world, "Other")
    keys = {name: f"{name}:{row.pk}" for name in ("task", "taskrow")}
    keys |= {name: f"{name}:task-{row.pk}" for name in ("planword", "plannews")}
    keys |= {name: f"{name}:{world.project.pk}" for name in ("digest", "digestlists", "tasks")}
    keys["plancount"] = f"plancount:{world.project.pk}-IN_PROGRESS"
    before = {name: seen(key) for name, key in keys.items()}

    ACTS[act](row, other)

    assert {name for name, key in keys.items() if seen(key) != before[name]} == CHANGES[act]


def test_what_comes_before_a_task_changes_its_card_when_it_ends(world: World) -> None:
    row, first = task(world), task(world, "First")
    planning.block(row, first, by="user:1")
    planning.move(first, first.state, "IN_PROGRESS", by="user:1")
    first.refresh_from_db()
    before = seen(f"task:{row.pk}")

    planning.move(first, first.state, "COMPLETED", by="user:1")

    assert seen(f"task:{row.pk}") != before


def test_what_stands_above_each_page_is_news_when_it_changes(world: World) -> None:
    key = f"projecthead:{world.project.pk}"
    told = [seen(key)]
    for changed in ({"name": "Pier"}, {"stage": "build"}, {"archived_at": "2026-01-01T00:00Z"}):
        Project.objects.filter(pk=world.project.pk).update(**changed)
        told.append(seen(key))
    Project.objects.filter(pk=world.project.pk).update(goal="Boats")

    assert len(set(told)) == 4
    assert seen(key) == told[-1]


@pytest.mark.parametrize("page", ["feed/", "repositories/", "ideas/", "settings/", "members/", ""])
def test_each_page_of_a_project_watches_what_stands_above_it(page: str, world: World) -> None:
    shown = browser_of(world.staff).get(f"/projects/harbour/{page}").content.decode()

    assert f'hidden data-topic="projecthead:{world.project.pk}"' in shown
    for part in ("project-name", "project-stage", "project-archived"):
        assert f'id="{part}" data-part="projecthead:"' in shown


def test_lists_of_ideas_follow_what_is_new_moved_and_edited(world: World) -> None:
    key = f"thoughts:{world.project.pk}-idea--1"
    accepted = f"thoughts:{world.project.pk}-idea-ACCEPTED-1"
    told, lists = [seen(key)], [seen(accepted)]

    idea = planning.create(Idea, world.project, {"title": "A buoy"}, by="user:1")
    told.append(seen(key))
    planning.edit(idea, 1, {"title": "A red buoy"}, by="user:1")
    told.append(seen(key))
    planning.move(idea, "OPEN", "ACCEPTED", by="user:1")
    told.append(seen(key))
    lists.append(seen(accepted))
    planning.create(Spec, world.project, {"title": "Not of this list"}, by="user:1")

    assert len(set(told)) == 4
    assert len(set(lists)) == 2
    assert seen(key) == told[-1]


def test_a_list_of_ideas_embeds_what_its_topic_sends(world: World) -> None:
    for number in range(52):
        planning.create(Idea, world.project, {"title": f"Idea {number}"}, by="user:1")
    for page, rows in ((1, 50), (2, 2)):
        key = f"{world.project.pk}-idea--{page}"
        shown = browser_of(world.viewer).get(f"/projects/harbour/ideas/?page={page}")

        sent = ports.topics["thoughts"].render([key])[key]
        assert f'data-topic="thoughts:{key}"' in shown.content.decode()
        embedded = re.findall(r'data-rows="([^"]+)"', shown.content.decode())
        assert re.findall(r'data-rows="([^"]+)"', sent) == embedded
        assert len(embedded[0].split()) == rows


def test_a_new_goal_of_the_project_is_news_to_its_digest(world: World) -> None:
    before = seen(f"digest:{world.project.pk}")

    Project.objects.filter(pk=world.project.pk).update(goal="A door like new")

    assert seen(f"digest:{world.project.pk}") != before


def test_what_the_socket_brings_is_what_the_page_shows(world: World) -> None:
    row, first = task(world, CHECK=["Tests pass"], assignee=world.viewer), task(world, "First")
    planning.block(row, first, by="user:1")
    spec = planning.create(Spec, world.project, {"title": "Doors"}, by="user:1")
    browser = browser_of(world.contributor)
    board = browser.get("/projects/harbour/tasks/").content.decode()
    listed = browser.get("/projects/harbour/tasks/?view=list").content.decode()
    page = browser.get(f"/projects/harbour/tasks/{row.pk}/").content.decode()
    digest = browser.get("/projects/harbour/digest/").content.decode()
    specs = browser.get("/projects/harbour/specs/").content.decode()
    change = row.changes.latest("pk").pk

    for key, shown in (
        (f"task:{row.pk}", board),
        (f"digest:{world.project.pk}", board),
        (f"tasks:{world.project.pk}", board),
        (f"plancount:{world.project.pk}-NOT_STARTED", board),
        (f"digestlists:{world.project.pk}", digest),
        (f"taskrow:{row.pk}", listed),
        (f"planword:task-{row.pk}", page),
        (f"planchange:{change}", page),
        (f"plannews:task-{row.pk}", page),
        (f"planword:spec-{spec.pk}", specs),
    ):
        name, _, rest = key.partition(":")
        html = ports.topics[name].render([rest])[rest]
        assert _plain(html) in _plain(shown), key


def _plain(html: str) -> str:
    """This function will leave out what a page says of its own load."""
    return re.sub(r'data-v="\d+"|\s+', "", html)


def test_a_page_with_fields_to_fill_in_does_not_say_that_it_is_live(world: World) -> None:
    browser = browser_of(world.contributor)

    page = browser.get(f"/projects/harbour/tasks/{task(world).pk}/edits/").content.decode()

    assert 'id="fresh"' not in page


def test_odd_keys_name_nothing(world: World) -> None:
    for name in ("planword", "plannews", "plancount", "file"):
        for key in (
            "7-",
            "7-LATE",
            "file-7",
            "project-x",
            "task-",
            "task-x",
            "job-1",
            "task-" + "9" * 30,
            "",
        ):
            assert ports.topics[name].allowed(world.staff, [key]) == set()


def test_the_inbox_says_why_a_task_of_mine_is_blocked(world: World) -> None:
    row = task(world, assignee=world.contributor)
    planning.block(row, task(world, "First"), by="user:1")
    key = f"inbox:{world.contributor.pk}"
    waiting = seen(key)

    planning.move(row, row.state, "BLOCKED", by="user:1", reason="The paint is sold out")

    assert seen(key) != waiting
    home = browser_of(world.contributor).get("/").content.decode()
    assert "The paint is sold out" in home
