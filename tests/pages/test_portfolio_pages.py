"""A project's own life in pages, API and admin: made, edited, moved, put away, taken back."""

import json
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from factory.models import ApiToken
from jobs import queue
from jobs.models import Event
from projects import portfolio
from projects.models import Membership, Project, Role, Stage
from tests.pages.conftest import World, browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintainer(world: World) -> User:
    """This fixture will give somebody who decides about the project."""
    user = User.objects.create_user("maintainer")
    Membership.objects.create(project=world.project, user=user, role=Role.MAINTAINER)
    return user


def ask(user: User, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """This function will call the API with a token of somebody."""
    _, text = ApiToken.objects.issue(user, "ci", "write", 1)
    answer = Client().generic(
        method,
        f"/api/{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    return answer.status_code, answer.json()


def test_a_project_lives_from_making_to_shipping_on_its_pages(world: World) -> None:
    client = browser_of(world.stranger)

    made = client.post("/creations/", {"name": "New Pier", "slug": "", "goal": "Boats can land"})
    client.post("/projects/new-pier/settings/", {"name": "Pier", "goal": "Land", "seen": "1"})
    for begin, to in pairwise(Stage.values):
        client.post("/projects/new-pier/stages/", {"begin": begin, "to": to})
    client.post("/projects/new-pier/archivals/")
    away = client.get("/projects/?archived=1").content.decode()
    client.post("/projects/new-pier/unarchivals/")

    assert made["Location"] == "/projects/new-pier/"
    assert "/projects/new-pier/" in away
    page = client.get("/projects/new-pier/feed/").content.decode()
    assert "Pier moved from verify to ship." in page
    assert [one.name for one in Event.objects.order_by("pk")] == [
        "project.created",
        "project.edited",
        *["project.moved"] * 5,
        "project.archived",
        "project.unarchived",
    ]


def test_the_home_page_leads_to_all_projects_and_to_what_happened(world: World) -> None:
    page = browser_of(world.stranger).get("/").content.decode()

    assert all(f'href="{path}"' in page for path in ("/projects/", "/creations/", "/feed/"))


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "!!"}, "name", "It needs a letter or digit."),
        ({"name": "Harbour"}, "name", "This name cannot be had"),
        ({"name": "Harbour!"}, "slug", "This address cannot be had"),
        ({"name": "x", "slug": "a b"}, "slug", "Enter a valid"),
        ({"name": "x", "goal": "g" * 301}, "goal", "at most 300"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    given: dict[str, str], field: str, sentence: str, world: World
) -> None:
    answer = browser_of(world.stranger).post("/creations/", given)

    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page.partition(f'id="id_{field}_error"')[2][:300]
    assert Project.objects.count() == 1


def test_whoever_changes_an_older_version_is_told_and_nothing_is_lost(
    world: World, maintainer: User
) -> None:
    client, address = browser_of(maintainer), "/projects/harbour/settings/"
    client.post(address, {"name": "Harbour", "goal": "A mole", "seen": "1"})

    late = client.post(address, {"name": "Harbour", "goal": "A pier", "seen": "1"})

    page = late.content.decode()
    assert late.status_code == 409
    assert "its goal is “A mole”" in page
    assert 'value="A pier"' in page
    assert 'name="seen" value="2"' in page
    world.project.refresh_from_db()
    assert world.project.goal == "A mole"


def test_the_page_that_asks_says_what_archiving_does(world: World, maintainer: User) -> None:
    for _ in range(3):
        queue.enqueue("demo.noop", {}, scope=world.project.pk)

    page = browser_of(maintainer).get("/projects/harbour/archivals/").content.decode()

    assert "3 waiting jobs and 0 schedules are paused" in page


def test_an_archived_project_is_read_but_offers_no_work(world: World, maintainer: User) -> None:
    portfolio.archive(world.project, actor="user:1")
    client = browser_of(world.contributor)

    page = client.get("/projects/harbour/").content.decode()
    moved = client.post("/projects/harbour/stages/", {"begin": "capture", "to": "define"})
    synced = client.post(f"/projects/harbour/repositories/{world.repository.pk}/syncs/")
    named = {"addresses": "https://git.example.org/a/b", "project": "Harbour"}
    registered = client.post("/registrations/", named)

    assert "Archived" in page
    assert 'class="may-act' not in page
    assert (moved.status_code, synced.status_code, registered.status_code) == (409, 409, 400)
    assert "is archived" in registered.content.decode()


def test_a_move_that_needs_a_reason_asks_for_it_beside_the_field(world: World) -> None:
    client = browser_of(world.contributor)

    answer = client.post("/projects/harbour/stages/", {"begin": "capture", "to": "ship"})
    late = client.post("/projects/harbour/stages/", {"begin": "define", "to": "plan"})

    assert answer.status_code == 409
    assert "From capture to ship is not the next step" in answer.content.decode()
    assert late.status_code == 409
    world.project.refresh_from_db()
    assert world.project.stage == "capture"


def test_the_list_is_filtered_and_holds_only_ones_own(world: World) -> None:
    Project.objects.create(name="Dock", slug="dock", stage="build", goal="Cranes")

    def seen(user: User, query: str = "") -> tuple[bool, bool]:
        page = browser_of(user).get(f"/projects/{query}").content.decode()
        return "/projects/harbour/" in page, "/projects/dock/" in page

    assert seen(world.staff) == (True, True)
    assert seen(world.viewer) == (True, False)
    assert seen(world.stranger) == (False, False)
    assert seen(world.staff, "?stage=build") == seen(world.staff, "?q=crane") == (False, True)
    assert seen(world.staff, "?archived=1") == (False, False)


def test_the_list_costs_the_same_for_1_and_for_60(
    world: World, django_assert_max_num_queries: Any
) -> None:
    Project.objects.bulk_create(Project(name=f"P{n:03}", slug=f"p{n}") for n in range(60))
    client = browser_of(world.staff)

    with django_assert_max_num_queries(8):
        page = client.get("/projects/?page=2").content.decode()

    assert "of 61</span>" in page


def test_the_api_makes_changes_moves_and_puts_away(world: World) -> None:
    user = world.stranger
    status, made = ask(user, "POST", "projects", {"name": "Pier", "goal": "Land"})
    address = f"projects/{made['id']}"

    changed = ask(user, "PATCH", address, {"version": 1, "goal": "Cranes"})
    late = ask(user, "PATCH", address, {"version": 1, "goal": "Boats"})
    moved = ask(user, "POST", f"{address}/stages", {"to": "define"})
    away = ask(user, "POST", f"{address}/archivals")
    again = ask(user, "POST", f"{address}/archivals")
    back = ask(user, "POST", f"{address}/unarchivals")

    assert (status, made["slug"], made["stage"], made["repositories"]) == (
        *(201, "pier", "capture"),
        [],
    )
    assert (changed[1]["goal"], changed[1]["name"], changed[1]["version"]) == ("Cranes", "Pier", 2)
    assert (late[0], moved[1]["stage"], away[0], again[0], back[0]) == (
        409,
        "define",
        200,
        409,
        200,
    )
    told = ask(user, "GET", f"{address}/stages")[1]
    assert told["stage"] == "define"
    assert [one["sentence"] for one in told["moves"]] == ["Pier moved from capture to define."]
    assert ask(user, "GET", address)[1]["archived_at"] is None


def test_the_feed_of_the_api_is_filtered_and_paged(world: World) -> None:
    for _ in range(3):
        portfolio.create(
            Project(name=f"P{_}"), actor=f"user:{world.viewer.pk}", maintainer=world.viewer
        )

    first = ask(world.viewer, "GET", "feed?limit=2&kind=project")[1]
    second = ask(world.viewer, "GET", f"feed?limit=2&below={first['next']}")[1]
    none = ask(world.viewer, "GET", "feed?actor=user:0&since=2026-01-01T00:00:00")[1]

    assert [len(first["events"]), len(second["events"]), second["next"]] == [2, 1, None]
    assert first["events"][0]["who"] == "viewer"
    assert first["events"][0]["sentence"] == "The project P2 was made."
    assert none["events"] == []
    assert ask(world.stranger, "GET", "feed")[1]["events"] == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("projects", {"name": "Harbour"}, "name"),
        ("projects", {"name": "x" * 101}, "name"),
        ("projects", {"name": "a\0b"}, "name"),
        ("projects", {"name": "x", "slug": "a/b"}, "slug"),
        ("projects", {}, "name"),
        ("projects", {"name": "x", "stage": "ship"}, "stage"),
        ("projects/{pk}/stages", {"to": "nowhere"}, "to"),
    ],
)
def test_bad_payloads_are_400_and_name_the_field(
    path: str, body: Any, field: str, world: World
) -> None:
    status, told = ask(world.staff, "POST", path.format(pk=world.project.pk), body)

    assert (status, next(iter(told["error"]["fields"]))) == (400, field)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=51", "below=0", "since=soon", f"below={2**64}"]
)
def test_bad_questions_to_the_feed_are_400_and_name_the_field(query: str, world: World) -> None:
    status, told = ask(world.staff, "GET", f"feed?{query}")

    assert (status, list(told["error"]["fields"])) == (400, [query.partition("=")[0]])


def test_only_maintainers_change_a_project_by_the_api(world: World) -> None:
    address, body = f"projects/{world.project.pk}", {"version": 1, "goal": "Mine"}

    assert ask(world.stranger, "PATCH", address, body)[0] == 404
    assert ask(world.viewer, "PATCH", address, body)[0] == 403
    assert ask(world.contributor, "PATCH", address, body)[0] == 403
    assert ask(world.staff, "PATCH", address, body)[0] == 200


def test_the_admin_makes_changes_and_puts_away_as_the_pages_do(world: World) -> None:
    client, address = browser_of(world.staff), "/admin/projects/project/"
    no_members = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    client.post(f"{address}add/", {"name": "Pier", "slug": "", "goal": "", **no_members})
    pier = Project.objects.get(name="Pier")
    changed = {"name": "Pier", "goal": "Land", "seen": "1", **no_members}

    client.post(f"{address}{pier.pk}/change/", changed)
    late = client.post(f"{address}{pier.pk}/change/", changed | {"goal": "Boats"})
    act = {"action": "archive", "_selected_action": [pier.pk]}
    asked = client.post(address, act).content.decode()
    client.post(address, act | {"confirmed": "yes"})

    assert pier.slug == "pier"
    assert late.status_code == 409
    assert "Archive 1 project?" in asked
    pier.refresh_from_db()
    assert (pier.goal, pier.archived_at is None) == ("Land", False)
    assert Event.objects.filter(scope=pier.pk).count() == 3


def test_a_name_that_was_not_stored_does_not_stand_above_the_form(
    world: World, maintainer: User
) -> None:
    Project.objects.create(name="Taken", slug="taken")
    browser = browser_of(maintainer)

    for typed, seen, status in (("Taken", 1, 400), ("Quay", 99, 409)):
        answer = browser.post(
            "/projects/harbour/settings/", {"name": typed, "goal": "", "seen": seen}
        )
        page = answer.content.decode()
        assert answer.status_code == status
        assert ">Harbour</h1>" in page
        assert "<title>Settings of Harbour" in page
        assert f'value="{typed}"' in page


def test_a_stage_move_that_is_refused_keeps_the_reason_that_was_typed(
    world: World, maintainer: User
) -> None:
    browser, address = browser_of(maintainer), "/projects/harbour/stages/"

    late = browser.post(address, {"begin": "plan", "to": "ship", "reason": "it floats"})
    long = browser.post(address, {"begin": "capture", "to": "define", "reason": "it floats" * 99})

    assert (late.status_code, long.status_code) == (409, 400)
    assert 'value="it floats"' in late.content.decode()
    assert "it is at capture now" in late.content.decode()
    assert "it floatsit floats" in long.content.decode()
