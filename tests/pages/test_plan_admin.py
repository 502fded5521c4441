"""The admin of ideas, specs and tasks: the same acts and refusals as the pages, and no others."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.models import Event
from projects import planning
from projects.models import Idea, Project, Spec, Task
from tests.pages.conftest import World, browser_of

MODELS = ("idea", "spec", "task", "planchange", "item", "blocker")


def task(world: World, title: str = "Paint the door", **given: Any) -> Task:
    """This function will write a task down."""
    row: Task = planning.create(Task, world.project, {"title": title, **given}, by="user:1")
    return row


def test_every_list_search_and_page_opens_at_a_constant_cost(
    world: World, as_staff: Client
) -> None:
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_staff.get(address).status_code == 200
        return len(queries)

    row = task(world, CHECK=["Tests pass"], assignee=world.viewer)
    planning.block(row, task(world, "First"), by="user:1")
    for model in (Idea, Spec):
        planning.create(model, world.project, {"title": "One"}, by="user:1")
    places = [reverse(f"admin:projects_{name}_changelist") for name in MODELS]
    cost(places[0])
    before = [cost(place) for place in places]
    for number in range(8):
        other = task(world, f"{number}", CHECK=["Tests pass"], assignee=world.viewer)
        planning.block(row, other, by="user:1")
        for model in (Idea, Spec):
            planning.create(model, world.project, {"title": "One"}, by="user:1")

    assert [cost(place) for place in places] == before
    for place in places:
        assert as_staff.get(f"{place}?q=1").status_code == 200
    for name in ("idea", "spec", "task"):
        assert as_staff.get(reverse(f"admin:projects_{name}_add")).status_code == 200
    page = as_staff.get(reverse("admin:projects_task_change", args=[row.pk])).content.decode()
    assert f"/projects/harbour/tasks/{row.pk}/" in page
    assert (
        as_staff.get(f"{places[2]}?state__exact=NOT_STARTED&priority__exact=3").status_code == 200
    )


def test_adding_in_the_admin_writes_down_as_the_pages_do(world: World, as_staff: Client) -> None:
    form = {"project": world.project.pk, "title": "Paint the door", "priority": "2", "slug": ""}

    as_staff.post(reverse("admin:projects_task_add"), form)

    row = Task.objects.get()
    assert (row.slug, row.created_by) == ("paint-the-door", f"user:{world.staff.pk}")
    assert row.changes.get().what == "created"


def test_what_does_not_fit_is_refused_beside_its_field(world: World, as_staff: Client) -> None:
    elsewhere = Project.objects.create(name="Bar", slug="bar")
    idea = planning.create(Idea, elsewhere, {"title": "x"}, by="user:1")
    task(world, slug="door")
    form = {
        "project": world.project.pk, "title": "x", "priority": "2", "slug": "door",
        "idea": idea.pk, "assignee": world.stranger.pk,
    }  # fmt: skip

    answer = as_staff.post(reverse("admin:projects_task_add"), form)

    assert set(answer.context["adminform"].form.errors) == {"slug", "idea", "assignee"}
    assert Task.objects.count() == 1


def test_of_two_who_edit_in_the_admin_the_second_is_told(world: World, as_staff: Client) -> None:
    row = task(world)
    place = reverse("admin:projects_task_change", args=[row.pk])
    form = {"title": "Paint it red", "priority": "3", "slug": row.slug, "version": "1"}
    inlines = {
        f"{name}-{part}": "0"
        for name in ("items", "waits_for", "changes")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    first = as_staff.post(place, form | inlines)
    second = as_staff.post(place, form | inlines | {"title": "Paint it blue"})

    row.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 409)
    assert (row.title, row.version) == ("Paint it red", 2)


def test_moving_in_the_admin_keeps_to_the_table_and_to_open_boxes(
    world: World, as_staff: Client
) -> None:
    begun, whole, new = task(world, CHECK=["Tests pass"]), task(world), task(world)
    for row in (begun, whole):
        planning.move(row, row.state, "IN_PROGRESS", by="user:1")
    chosen = {
        "action": "move_to_completed",
        "_selected_action": [begun.pk, whole.pk, new.pk],
        "confirmed": "yes",
    }

    answer = as_staff.post(reverse("admin:projects_task_changelist"), chosen, follow=True)

    states = dict(Task.objects.values_list("pk", "state"))
    assert states == {begun.pk: "IN_PROGRESS", whole.pk: "COMPLETED", new.pk: "NOT_STARTED"}
    said = [str(message) for message in answer.context["messages"]]
    assert len(said) == 3
    assert "1 moved" in said
    assert whole.changes.latest("pk").actor == f"user:{world.staff.pk}"


def test_staff_with_the_right_to_look_may_do_no_more(world: World) -> None:
    row = task(world)
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.add(
        Permission.objects.get(codename="view_task", content_type__app_label="projects")
    )
    browser = browser_of(helper)
    place = reverse("admin:projects_task_changelist")

    assert browser.get(place).status_code == 200
    browser.post(
        place,
        {"action": "move_to_in_progress", "_selected_action": [row.pk], "confirmed": "yes"},
    )
    row.refresh_from_db()
    assert row.state == "NOT_STARTED"
    assert browser.get(reverse("admin:projects_task_add")).status_code == 403
    assert browser.get(reverse("admin:projects_idea_changelist")).status_code == 403


@pytest.mark.parametrize("name", ["planchange", "item", "blocker"])
def test_what_was_done_is_only_shown(name: str, world: World, as_staff: Client) -> None:
    assert as_staff.get(reverse(f"admin:projects_{name}_add")).status_code == 403


def test_what_is_removed_leaves_its_event_and_holds_nobody_up(
    world: World, as_staff: Client
) -> None:
    row, first = task(world), task(world, "First")
    planning.block(row, first, by="user:1")
    place = reverse("admin:projects_task_delete", args=[first.pk])

    assert "First" in as_staff.get(place).content.decode()
    as_staff.post(place, {"post": "yes"})

    assert not Task.objects.filter(pk=first.pk).exists()
    event = Event.objects.get(name="task.removed")
    assert (event.subject, event.payload["state"]) == ("First", "NOT_STARTED")
    assert event.actor == f"user:{world.staff.pk}"
    assert row.changes.latest("pk").what == "untied"
