"""The API of tasks: the same acts, refusals and words as the pages have."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from projects import planning
from projects.models import Project, Spec, Task
from tests.pages.conftest import World
from tests.pages.test_api import token_of


class Asked:
    """A program that speaks for somebody."""

    def __init__(self, user: User, scope: str = "write") -> None:
        self.headers = token_of(user, scope)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Ask, and give the answer."""
        text = json.dumps({} if body is None else body) if method != "GET" else ""
        return Client().generic(
            method, f"/api/{path}", text, content_type="application/json", headers=self.headers
        )


@pytest.fixture
def ask(world: World) -> Asked:
    """This fixture will be a program of a contributor."""
    return Asked(world.contributor)


def task(world: World, title: str = "Paint the door", **given: Any) -> Task:
    """This function will write a task down."""
    row: Task = planning.create(Task, world.project, {"title": title, **given}, by="user:1")
    return row


def test_a_task_is_written_down_and_told_whole(world: World, ask: Asked) -> None:
    spec = planning.create(Spec, world.project, {"title": "A red door"}, by="user:1")
    body = {
        "title": "Paint the door", "goal": "It looks old", "priority": "HIGH", "estimate_h": 1.5,
        "assignee": "viewer", "spec": spec.pk, "checks": ["Tests pass"], "subtasks": ["sand it"],
    }  # fmt: skip

    made = ask("POST", f"projects/{world.project.pk}/tasks", body)

    told = made.json()
    assert made.status_code == 201
    assert told == ask("GET", f"tasks/{told['id']}").json()
    assert (told["slug"], told["state"], told["priority"]) == (
        "paint-the-door",
        "NOT_STARTED",
        "HIGH",
    )
    assert (told["assignee"], told["spec"], told["estimate_h"]) == ("viewer", "a-red-door", 1.5)
    assert [(one["kind"], one["text"]) for one in told["items"]] == [
        ("SUBTASK", "sand it"), ("CHECK", "Tests pass")
    ]  # fmt: skip
    assert told["open_ends"] == ["“sand it”", "“Tests pass”"]
    assert told["next_states"] == ["IN_PROGRESS", "BLOCKED"]
    assert told["changes"][0]["actor"] == f"user:{world.contributor.pk}"


def test_what_is_wrong_is_told_by_field(world: World, ask: Asked) -> None:
    task(world, slug="door")
    elsewhere = planning.create(
        Spec, Project.objects.create(name="Bar", slug="bar"), {"title": "x"}, by="user:1"
    )
    place = f"projects/{world.project.pk}/tasks"

    bad = ask(
        "POST", place, {"title": "x", "slug": "door", "spec": elsewhere.pk, "estimate_h": 1.234}
    )
    nobody = ask("POST", place, {"title": "x", "assignee": "stranger"})

    assert bad.status_code == 400
    assert set(bad.json()["error"]["fields"]) == {"slug", "spec", "estimate_h"}
    assert nobody.json()["error"]["fields"].keys() == {"assignee"}
    assert Task.objects.count() == 1


def test_only_what_is_given_changes_and_the_second_of_two_is_told(world: World, ask: Asked) -> None:
    row = task(world, goal="old", assignee=world.viewer)
    place = f"tasks/{row.pk}"

    first = ask("PATCH", place, {"version": 1, "goal": "new"})
    second = ask("PATCH", place, {"version": 1, "goal": "other"})
    third = ask("PATCH", place, {"version": 2, "assignee": None, "priority": "LOW"})

    assert (first.status_code, first.json()["goal"], first.json()["assignee"]) == (
        200,
        "new",
        "viewer",
    )
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
    assert "version 2 is there now, you saw 1" in second.json()["error"]["message"]
    told = third.json()
    assert (told["goal"], told["assignee"], told["priority"], told["version"]) == (
        "new",
        None,
        "LOW",
        3,
    )
    assert (told["title"], told["slug"]) == ("Paint the door", "paint-the-door")


def test_a_task_moves_and_a_move_of_what_moved_is_a_conflict(world: World, ask: Asked) -> None:
    moves = f"tasks/{task(world).pk}/moves"

    done = ask("POST", moves, {"to": "IN_PROGRESS", "seen": "NOT_STARTED", "reason": "mine"})
    again = ask("POST", moves, {"to": "IN_PROGRESS", "seen": "NOT_STARTED"})
    illegal = ask("POST", moves, {"to": "NOT_STARTED", "seen": "COMPLETED"})

    assert (done.status_code, done.json()["state"]) == (200, "IN_PROGRESS")
    assert done.json()["changes"][0]["reason"] == "mine"
    assert (again.status_code, illegal.status_code) == (409, 409)
    assert ask("POST", moves).status_code == 400


def test_completing_needs_its_boxes_or_a_reason(world: World, ask: Asked) -> None:
    row = task(world, CHECK=["Tests pass"])
    place = f"tasks/{row.pk}"
    ask("POST", f"{place}/moves", {"to": "IN_PROGRESS"})

    refused = ask("POST", f"{place}/moves", {"to": "COMPLETED"})
    ticked = ask("POST", f"{place}/ticks", {"item": row.items.get().pk})
    done = ask("POST", f"{place}/moves", {"to": "COMPLETED"})

    assert refused.status_code == 409
    assert "“Tests pass”" in refused.json()["error"]["message"]
    assert ticked.json()["open_ends"] == []
    assert done.json()["state"] == "COMPLETED"


def test_a_task_waits_for_another_and_no_longer(world: World, ask: Asked) -> None:
    first, row = task(world, "First"), task(world)

    tied = ask("POST", f"tasks/{row.pk}/blockers", {"blocker": first.pk})
    circle = ask("POST", f"tasks/{first.pk}/blockers", {"blocker": row.pk})
    digest = ask("GET", f"projects/{world.project.pk}/digest").json()
    untied = ask("POST", f"tasks/{row.pk}/blockers", {"blocker": first.pk, "waits": False})

    assert tied.json()["waits_for"] == [first.pk]
    assert circle.status_code == 409
    assert (digest["held_up"], digest["next"]["id"], digest["percent"]) == (1, first.pk, 0)
    assert untied.json()["waits_for"] == []


def test_tasks_are_told_by_id_page_by_page_and_filtered(world: World, ask: Asked) -> None:
    rows = [task(world, f"t{n}", assignee=world.viewer if n else None) for n in range(3)]
    place = f"projects/{world.project.pk}/tasks"

    page = ask("GET", f"{place}?limit=2").json()
    rest = ask("GET", f"{place}?limit=2&after={page['next']}").json()

    assert [one["id"] for one in page["tasks"] + rest["tasks"]] == [row.pk for row in rows]
    assert rest["next"] is None
    assert [one["id"] for one in ask("GET", f"{place}?assignee=nobody").json()["tasks"]] == [
        rows[0].pk
    ]
    assert ask("GET", f"{place}?state=nonsense").status_code == 400


def test_a_token_that_may_only_read_changes_nothing(world: World) -> None:
    row, ask = task(world), Asked(world.contributor, "read")

    assert ask("GET", f"tasks/{row.pk}").status_code == 200
    for method, path, body in (
        ("PATCH", f"tasks/{row.pk}", {"version": 1, "goal": "x"}),
        ("POST", f"tasks/{row.pk}/moves", {"to": "IN_PROGRESS"}),
        ("POST", f"projects/{world.project.pk}/tasks", {"title": "x"}),
    ):
        assert ask(method, path, body).status_code == 403, path


def test_who_may_edit_is_asked_of_a_patch_too(world: World) -> None:
    row = task(world)

    answers = {
        name: Asked(getattr(world, name))(
            "PATCH", f"tasks/{row.pk}", {"version": 1, "goal": "x"}
        ).status_code
        for name in ("stranger", "viewer", "contributor")
    }

    assert answers == {"stranger": 404, "viewer": 403, "contributor": 200}


def test_an_answer_that_has_not_changed_is_not_sent_again(world: World, ask: Asked) -> None:
    row = task(world)
    mark = ask("GET", f"tasks/{row.pk}")["ETag"]
    ask.headers["If-None-Match"] = mark

    assert ask("GET", f"tasks/{row.pk}").status_code == 304
    planning.edit(row, 1, {"goal": "x"}, by="user:1")
    assert ask("GET", f"tasks/{row.pk}").status_code == 200
