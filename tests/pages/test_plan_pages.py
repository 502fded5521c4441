"""The pages of tasks, ideas and specs: what they show, refuse, and never overwrite."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects import planning
from projects.models import Idea, Item, Membership, Priority, Project, Spec, Task
from tests.pages.conftest import World, browser_of

TASKS = "/projects/harbour/tasks/"


@pytest.fixture
def browser(world: World) -> Client:
    """This fixture will be a browser of a contributor."""
    return browser_of(world.contributor)


def task(world: World, title: str = "Paint the door", **given: Any) -> Task:
    """This function will write a task down."""
    row: Task = planning.create(Task, world.project, {"title": title, **given}, by="user:1")
    return row


def moved(row: Task, *states: str) -> Task:
    """This function will move a task along some states."""
    for state in states:
        planning.move(row, row.state, state, by="user:1", reason="because")
        row.refresh_from_db()
    return row


def text(answer: Any) -> str:
    """This function will give a page as people read it."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain)


def columns(answer: Any) -> dict[str, list[str]]:
    """This function will give the titles on a board by the state of their column."""
    return {one.state: [row.title for row in one.tasks] for one in answer.context["columns"]}


def test_a_task_is_written_down_with_everything_that_is_known(
    world: World, browser: Client
) -> None:
    spec = planning.create(Spec, world.project, {"title": "A red door"}, by="user:1")
    form = {
        "title": "Paint the door", "goal": "It looks old", "location": "doors/front", "priority": "2",
        "estimate_h": "1.5", "assignee": world.viewer.pk, "spec": spec.pk, "slug": "",
        "subtasks": "- sand it\n\n- [ ] paint it", "criteria": "It shines", "checks": "Tests pass",
    }  # fmt: skip

    answer = browser.post(f"{TASKS}new/", form)

    row = Task.objects.get()
    assert answer["Location"] == f"{TASKS}{row.pk}/"
    assert (row.slug, row.priority_word, row.assignee, row.spec) == (
        "paint-the-door", "HIGH", world.viewer, spec
    )  # fmt: skip
    kept = list(row.items.order_by("pk").values_list("kind", "text"))
    assert kept == [
        ("SUBTASK", "sand it"), ("SUBTASK", "paint it"), ("CRITERION", "It shines"),
        ("CHECK", "Tests pass"),
    ]  # fmt: skip
    page = text(browser.get(answer["Location"]))
    for said in (
        "It looks old",
        "doors/front",
        "1.5 h",
        "viewer",
        "A red door",
        "It shines",
        "high",
    ):
        assert said in page
    assert row.created_by == f"user:{world.contributor.pk}"


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    world: World, browser: Client
) -> None:
    task(world, slug="door")
    form = {"title": "", "goal": "typed", "priority": "7", "estimate_h": "-1", "slug": "door"}

    answer = browser.post(f"{TASKS}new/", form)

    assert answer.status_code == 400
    errors = answer.context["form"].errors
    assert set(errors) == {"title", "priority", "estimate_h", "slug"}
    page = answer.content.decode()
    assert "typed" in page
    assert 'id="id_slug_error"' in page
    assert Task.objects.count() == 1


def test_every_field_can_be_edited(world: World, browser: Client) -> None:
    row = task(world)
    given = {
        "title": "Paint it", "goal": "g", "location": "l", "priority": "1", "estimate_h": "2",
        "assignee": str(world.contributor.pk), "slug": "other", "version": "1",
    }  # fmt: skip

    assert browser.post(f"{TASKS}{row.pk}/edits/", given).status_code == 302

    row.refresh_from_db()
    assert (row.title, row.goal, row.location, row.priority, row.estimate_h, row.slug) == (
        "Paint it", "g", "l", 1, 2, "other"
    )  # fmt: skip
    assert (row.version, row.assignee) == (2, world.contributor)


def test_a_task_is_kept_by_who_left_the_project_until_somebody_gives_it_away(
    world: World, browser: Client
) -> None:
    row = task(world, assignee=world.viewer)
    Membership.objects.filter(user=world.viewer).delete()
    page = browser.get(f"{TASKS}{row.pk}/edits/").context["form"]
    given = {name: page[name].value() for name in page.fields if page[name].value() is not None}

    answer = browser.post(f"{TASKS}{row.pk}/edits/", given | {"goal": "typed"})

    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.goal, row.assignee) == ("typed", world.viewer)


def test_of_two_who_edit_one_task_the_second_sees_both_and_decides(world: World) -> None:
    row = task(world, goal="old")
    ana, bob = browser_of(world.contributor), browser_of(world.staff)
    seen = {"title": row.title, "priority": "3", "slug": row.slug, "version": "1"}
    ana.post(f"{TASKS}{row.pk}/edits/", seen | {"goal": "of ana"})

    told = bob.post(f"{TASKS}{row.pk}/edits/", seen | {"goal": "of bob"})

    row.refresh_from_db()
    assert (told.status_code, row.goal) == (409, "of ana")
    page = text(told)
    assert "Somebody was faster." in page
    assert "by contributor at" in page
    assert "There now: of ana" in page
    assert page.count("There now:") == 1
    again = seen | {"goal": "of bob", "version": told.context["form"]["version"].value()}
    assert bob.post(f"{TASKS}{row.pk}/edits/", again).status_code == 302
    row.refresh_from_db()
    assert row.goal == "of bob"
    assert row.changes.latest("pk").details["goal"] == ["of ana", "of bob"]


def test_a_task_moves_by_a_form_and_its_history_says_who_and_why(
    world: World, browser: Client
) -> None:
    row = task(world)
    page = browser.get(f"{TASKS}{row.pk}/").content.decode()
    assert '<input type="hidden" name="to" value="IN_PROGRESS">' in page

    browser.post(
        f"{TASKS}{row.pk}/moves/", {"seen": "NOT_STARTED", "to": "BLOCKED", "reason": "no paint"}
    )

    row.refresh_from_db()
    assert row.state == "BLOCKED"
    assert "contributor moved it from not started: no paint" in text(
        browser.get(f"{TASKS}{row.pk}/")
    )


def test_blocked_asks_for_a_reason(world: World, browser: Client) -> None:
    row = task(world)

    answer = browser.post(f"{TASKS}{row.pk}/moves/", {"seen": "NOT_STARTED", "to": "BLOCKED"})

    assert answer.status_code == 400
    assert "Say why" in text(answer)
    row.refresh_from_db()
    assert row.state == "NOT_STARTED"


def test_a_move_of_what_has_moved_is_refused_with_what_is_true(
    world: World, browser: Client
) -> None:
    row = moved(task(world), "IN_PROGRESS")

    answer = browser.post(
        f"{TASKS}{row.pk}/moves/", {"seen": "NOT_STARTED", "to": "BLOCKED", "reason": "?"}
    )

    assert answer.status_code == 409
    assert "it is in progress now" in text(answer)


def test_completing_with_an_open_box_is_refused_and_an_override_is_shown(
    world: World, browser: Client
) -> None:
    row = moved(task(world, CHECK=["Tests pass"]), "IN_PROGRESS")
    complete = {"seen": "IN_PROGRESS", "to": "COMPLETED"}
    moves = f"{TASKS}{row.pk}/moves/"

    refused = browser.post(moves, complete)
    asked = browser.get(f"{moves}?to=COMPLETED")
    done = browser.post(moves, complete | {"override": "others broke them"})

    assert refused.status_code == 409
    assert "“Tests pass”" in text(refused)
    assert 'name="override"' in asked.content.decode()
    assert done.status_code == 302
    page = text(browser.get(f"{TASKS}{row.pk}/"))
    assert "Completed although something was open: others broke them" in page


def test_boxes_are_ticked_opened_added_and_removed(world: World, browser: Client) -> None:
    row = task(world, CRITERION=["It shines"])
    box = row.items.get()
    item = f"{TASKS}{row.pk}/items/{box.pk}/"

    browser.post(f"{item}ticks/", {"done": "1"})
    box.refresh_from_db()
    assert box.done_by == f"user:{world.contributor.pk}"
    assert "1 of 1 ticked" in text(browser.get(f"{TASKS}{row.pk}/"))
    browser.post(f"{item}ticks/", {"done": ""})
    box.refresh_from_db()
    assert box.done_at is None
    browser.post(f"{TASKS}{row.pk}/items/", {"kind": "SUBTASK", "text": "sand it"})
    assert Item.objects.filter(text="sand it", required=False).exists()
    browser.post(f"{item}removals/")
    assert not Item.objects.filter(pk=box.pk).exists()
    assert "removed “It shines”" in text(browser.get(f"{TASKS}{row.pk}/"))


def test_a_box_of_nothing_is_refused_beside_its_field(world: World, browser: Client) -> None:
    row = task(world)

    answer = browser.post(f"{TASKS}{row.pk}/items/", {"kind": "CHECK", "text": " "})

    assert answer.status_code == 400
    assert 'id="add-CHECK-wrong"' in answer.content.decode()


def test_a_box_of_another_task_is_not_there(world: World, browser: Client) -> None:
    row, other = task(world), task(world, CHECK=["Tests pass"])

    answer = browser.post(f"{TASKS}{row.pk}/items/{other.items.get().pk}/ticks/", {"done": "1"})

    assert answer.status_code == 404


@pytest.mark.parametrize("named", ["#{}", "{}", "first"])
def test_what_must_come_first_is_named_by_number_or_slug(
    named: str, world: World, browser: Client
) -> None:
    first, row = task(world, "First", slug="first"), task(world)

    browser.post(f"{TASKS}{row.pk}/blockers/", {"blocker": named.format(first.pk)})

    assert row.blockers.get() == first
    assert f"waits for #{first.pk}" in text(browser.get(TASKS))
    browser.post(f"{TASKS}{row.pk}/blockers/{first.pk}/removals/")
    assert not row.blockers.exists()


def test_a_circle_is_refused_beside_its_field(world: World, browser: Client) -> None:
    first, row = task(world, "First"), task(world)
    planning.block(row, first, by="user:1")

    circle = browser.post(f"{TASKS}{first.pk}/blockers/", {"blocker": str(row.pk)})
    nowhere = browser.post(f"{TASKS}{first.pk}/blockers/", {"blocker": "<b>"})

    assert circle.status_code == 409
    assert "that would be a circle" in text(circle)
    assert nowhere.status_code == 400
    assert "“&lt;b&gt;”" in nowhere.content.decode()


def test_the_board_shows_each_state_and_says_how_many_it_leaves_out(
    world: World, browser: Client
) -> None:
    Task.objects.bulk_create(
        Task(project=world.project, title=f"t{n}", slug=f"t{n}") for n in range(40)
    )
    moved(task(world, "begun"), "IN_PROGRESS")

    answer = browser.get(TASKS)

    assert list(columns(answer)) == ["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "REVIEW", "COMPLETED"]
    assert columns(answer)["IN_PROGRESS"] == ["begun"]
    assert "showing 20 of 40" in text(answer)


def test_filters_and_sort_stand_in_the_address(world: World, browser: Client) -> None:
    task(world, "low", priority=Priority.LOW, assignee=world.viewer)
    task(world, "critical", priority=Priority.CRITICAL, goal="the harbour master")
    moved(task(world, "begun", priority=Priority.HIGH), "IN_PROGRESS")

    def titles(query: str) -> list[str]:
        return [one.title for one in browser.get(f"{TASKS}?view=list&{query}").context["tasks"]]

    assert titles("") == ["critical", "begun", "low"]
    assert titles("sort=newest") == ["begun", "critical", "low"]
    assert titles("sort=nonsense&state=nonsense&page=0") == ["critical", "begun", "low"]
    assert titles("state=IN_PROGRESS") == ["begun"]
    assert titles("priority=LOW") == titles("assignee=viewer") == ["low"]
    assert titles("assignee=nobody") == ["critical", "begun"]
    assert titles("q=MASTER") == ["critical"]
    assert titles("assignee=me") == []
    assert "Nothing matches" in text(browser.get(f"{TASKS}?view=list&q=nowhere"))
    assert "showing 1 of 1" in text(browser.get(f"{TASKS}?view=list&q=low"))


def test_a_priority_is_lettered_and_coloured(world: World, browser: Client) -> None:
    task(world, "a", priority=Priority.CRITICAL)

    page = browser.get(TASKS).content.decode()

    assert re.search(
        r'class="priority priority-1" title="Critical[^"]*"><b>C</b><span>critical<', page
    )


def test_pick_next_leads_to_the_task_or_says_that_none_is_ready(
    world: World, browser: Client
) -> None:
    assert "No task is ready" in text(browser.get(f"{TASKS}next/", follow=True))
    row = task(world)

    assert browser.get(f"{TASKS}next/")["Location"] == f"{TASKS}{row.pk}/"


def test_the_digest_shows_what_the_command_tells(world: World, browser: Client) -> None:
    Project.objects.filter(pk=world.project.pk).update(goal="A door like new")
    first = task(world, "First")
    planning.block(task(world, "Second"), first, by="user:1")
    moved(task(world, "Third"), "IN_PROGRESS", "COMPLETED")

    page = text(browser.get("/projects/harbour/digest/"))

    assert "33 % completed, 1 of 3" in page
    assert "Focus: A door like new" in page
    assert re.search(r"Next M medium First", page)


@pytest.mark.parametrize(("word", "model"), [("idea", Idea), ("spec", Spec)])
def test_ideas_and_specs_are_written_edited_and_moved(
    word: str, model: Any, world: World, browser: Client
) -> None:
    place = f"/projects/harbour/{word}s/"
    assert f"No {word} yet" in text(browser.get(place))

    made = browser.post(f"{place}new/", {"title": "A red door", "body": "because"})
    row = model.objects.get()
    browser.post(f"{place}{row.pk}/edits/", {"title": "A blue door", "version": "1"})
    to = str(row.next_states[0])
    browser.post(f"{place}{row.pk}/moves/", {"seen": row.state, "to": to, "reason": "we need it"})

    assert made["Location"] == f"{place}{row.pk}/"
    row.refresh_from_db()
    assert (row.title, row.state) == ("A blue door", to)
    page = text(browser.get(made["Location"]))
    assert "we need it" in page
    assert "A red door" in page
    assert "A blue door" in text(browser.get(f"{place}?state={to}"))
    assert "Nothing matches" in text(browser.get(f"{place}?state=DROPPED"))


def test_an_idea_leads_to_its_specs_and_tasks(world: World, browser: Client) -> None:
    idea = planning.create(Idea, world.project, {"title": "Doors"}, by="user:1")
    spec = planning.create(Spec, world.project, {"title": "Red ones", "idea": idea}, by="user:1")
    task(world, "Paint", spec=spec, idea=idea)

    assert "Red ones" in text(browser.get(f"/projects/harbour/ideas/{idea.pk}/"))
    assert "Paint" in text(browser.get(f"/projects/harbour/ideas/{idea.pk}/"))
    page = text(browser.get(f"/projects/harbour/specs/{spec.pk}/"))
    assert "Paint" in page
    assert "Doors" in page
    form = browser.get(f"{TASKS}new/?spec={spec.pk}").context["form"]
    assert form["spec"].value() == str(spec.pk)


def test_a_viewer_is_offered_nothing_that_would_be_refused(world: World) -> None:
    row = task(world, CHECK=["Tests pass"])

    page = browser_of(world.viewer).get(f"{TASKS}{row.pk}/").content.decode()

    main = page.partition("<main")[2]
    assert "<form" not in main
    assert "edits/" not in main


def test_an_archived_project_can_be_read_and_not_changed(world: World, browser: Client) -> None:
    row = task(world, CHECK=["Tests pass"])
    Project.objects.filter(pk=world.project.pk).update(archived_at=row.created_at)

    page = browser.get(f"{TASKS}{row.pk}/").content.decode()
    assert "<button" not in page.partition("<main")[2].partition("</main>")[0]
    for address, form in (
        (f"{TASKS}new/", {"title": "x", "priority": "3"}),
        (f"{TASKS}{row.pk}/moves/", {"seen": row.state, "to": "IN_PROGRESS"}),
        (f"{TASKS}{row.pk}/items/{row.items.get().pk}/ticks/", {"done": "1"}),
    ):
        assert browser.post(address, form).status_code == 409, address


def test_what_people_type_is_shown_as_text(world: World, browser: Client) -> None:
    nasty = "<script>alert(1)</script>"
    row = task(world, nasty, goal=nasty, location=nasty, CHECK=[nasty])
    planning.edit(row, 1, {"goal": nasty * 2}, by="user:1")

    for address in (TASKS, f"{TASKS}?view=list", f"{TASKS}{row.pk}/", "/projects/harbour/digest/"):
        assert "<script>alert" not in browser.get(address).content.decode()


def test_a_page_costs_the_same_however_many_tasks_there_are(world: World, browser: Client) -> None:
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    row = task(world, "0", CHECK=["a"], assignee=world.viewer)
    planning.block(row, task(world, "1"), by="user:1")
    moved(task(world, "2"), "IN_PROGRESS")
    places = (TASKS, f"{TASKS}?view=list", f"{TASKS}{row.pk}/", "/projects/harbour/digest/")
    cost(TASKS)  # the first request of a process and a session asks more
    before = [cost(place) for place in places]
    Task.objects.bulk_create(
        Task(project=world.project, title=str(n), slug=f"s{n}", assignee=world.viewer, state=state)
        for n, state in enumerate(["NOT_STARTED", "IN_PROGRESS", "BLOCKED"] * 70)
    )
    for other in Task.objects.filter(slug__startswith="s")[:20]:
        planning.block(row, other, by="user:1")

    assert [cost(place) for place in places] == before


def test_a_move_that_came_too_late_keeps_the_reason_that_was_typed(
    world: World, browser: Client
) -> None:
    row = task(world)
    address = f"{TASKS}{row.pk}/moves/"
    words = {"to": "BLOCKED", "reason": "the paint is missing"}

    late = browser.post(address, {"seen": "REVIEW", **words})
    long = browser.post(address, {"seen": "NOT_STARTED", "to": "BLOCKED", "reason": "no " * 400})
    again = browser.post(address, {"seen": "NOT_STARTED", **words})

    assert (late.status_code, long.status_code, again.status_code) == (409, 400, 302)
    assert 'value="the paint is missing"' in late.content.decode()
    assert "it is not started now" in text(late)
    assert "no no no" in long.content.decode()


@pytest.mark.parametrize("page", ["9" * 5000, "0", "²", "-1"])
def test_a_page_number_that_is_none_shows_the_first_page(
    world: World, browser: Client, page: str
) -> None:
    row = planning.create(Idea, world.project, {"title": "A red door"}, by="user:1")

    for address in ("ideas/", "tasks/?view=list", "repositories/"):
        mark = "&" if "?" in address else "?"
        assert browser.get(f"/projects/harbour/{address}{mark}page={page}").status_code == 200
    assert row.title in text(browser.get(f"/projects/harbour/ideas/?page={page}"))
    assert "Harbour" in text(browser.get(f"/?page={page}"))
