"""Ideas, specs and tasks: what may become of them, who did it, and what cannot happen."""

import threading
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from jobs.models import Event, Refused, Stale
from projects import planning
from projects.models import (
    Blocker,
    Idea,
    Item,
    Membership,
    PlanChange,
    Priority,
    Project,
    Spec,
    Task,
    TaskState,
)
from projects.models.plan import MOVES
from projects.planning import StillOpen, Wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    """This fixture will make a project."""
    return Project.objects.create(name="Shop", slug="shop")


def task(project, title="Paint the door", **given):
    """Write a task down."""
    return planning.create(Task, project, {"title": title, **given}, by="user:1")


def moved(row, *states, **more):
    """Move a row along some states."""
    for state in states:
        row.refresh_from_db()
        planning.move(row, row.state, state, by="user:1", reason="because", **more)
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("model", [Idea, Spec, Task])
def test_the_database_holds_the_same_table_of_moves_as_the_code(project, model):
    table, states = (
        model._meta.db_table,
        [state for state, _ in model._meta.get_field("state").choices],
    )
    found = set()
    for old in states:
        for new in states:
            slug = f"{old}-{new}".lower()
            row = model.objects.create(project=project, title="One", slug=slug, state=old)
            with suppress(IntegrityError), transaction.atomic():
                model.objects.filter(pk=row.pk).update(state=new)
                found |= {(old, new)} if old != new else set()

    assert found == set(MOVES[table])


def test_every_state_has_an_exit():
    for model in (Idea, Spec, Task):
        states = {state for state, _ in model._meta.get_field("state").choices}
        assert {old for old, _ in MOVES[model._meta.db_table]} == states


def test_each_move_is_a_row_with_who_when_and_why(project):
    made = moved(task(project), TaskState.IN_PROGRESS)

    first, last = made.changes.order_by("pk")
    assert (first.what, first.new, first.actor) == ("created", "NOT_STARTED", "user:1")
    assert (last.what, last.old, last.new) == ("moved", "NOT_STARTED", "IN_PROGRESS")
    assert (last.actor, last.reason) == ("user:1", "because")
    assert made.moved_at == last.at
    event = Event.objects.get(name="task.moved")
    assert event.payload == {
        "task": made.pk, "old": "NOT_STARTED", "new": "IN_PROGRESS", "reason": "because"
    }  # fmt: skip


def test_a_move_behind_our_back_is_a_row_too(project):
    made = task(project)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('factory.actor', '', true), set_config('factory.reason', '', true)"
        )
        cursor.execute("UPDATE plan_task SET state = 'BLOCKED' WHERE id = %s", [made.pk])

    last = made.changes.latest("pk")
    assert (last.new, last.actor, last.reason) == ("BLOCKED", "database", "")


def test_the_history_cannot_be_rewritten(project):
    task(project)

    with pytest.raises(IntegrityError), transaction.atomic():
        PlanChange.objects.update(actor="user:2")


def test_a_move_that_is_not_legal_names_those_that_are(project):
    with pytest.raises(Refused, match="not started: it may become in progress, blocked"):
        moved(task(project), TaskState.COMPLETED)


def test_who_moves_what_has_moved_is_told_and_nothing_happens(project):
    made = task(project)
    moved(Task.objects.get(pk=made.pk), TaskState.IN_PROGRESS)

    with pytest.raises(Stale, match="no longer not started: it is in progress now"):
        planning.move(made, "NOT_STARTED", "BLOCKED", by="user:2", reason="?")
    made.refresh_from_db()
    assert made.state == "IN_PROGRESS"


def test_a_task_is_not_blocked_without_a_reason(project):
    with pytest.raises(Refused, match="Say why"):
        planning.move(task(project), "NOT_STARTED", "BLOCKED", by="user:1", reason=" ")


@pytest.mark.parametrize("kind", ["SUBTASK", "CRITERION", "CHECK"])
def test_a_task_is_not_completed_while_a_required_box_is_open(project, kind):
    made = moved(task(project, **{kind: ["It shines"]}), TaskState.IN_PROGRESS)

    with pytest.raises(StillOpen, match="“It shines”"):
        moved(made, TaskState.COMPLETED)
    planning.tick(made.items.get(), True, by="user:2")

    assert moved(made, TaskState.COMPLETED).state == "COMPLETED"


def test_a_box_that_is_not_required_holds_nobody_up(project):
    made = moved(task(project), TaskState.IN_PROGRESS)
    planning.add_item(made, "SUBTASK", "If there is time", required=False, by="user:1")

    assert moved(made, TaskState.COMPLETED).state == "COMPLETED"


def test_a_task_is_not_completed_before_what_must_come_first(project):
    first, made = task(project, "First"), moved(task(project), TaskState.IN_PROGRESS)
    planning.block(made, first, by="user:1")

    with pytest.raises(StillOpen, match="the task “First” before it"):
        moved(made, TaskState.COMPLETED)


def test_an_override_completes_it_all_the_same_and_is_on_record(project):
    made = moved(task(project, CHECK=["Tests pass"]), TaskState.IN_PROGRESS)

    moved(made, TaskState.COMPLETED, override="The tests are broken by others")

    assert made.override == "The tests are broken by others"
    assert made.changes.latest("pk").reason == "because. The tests are broken by others"
    assert moved(made, TaskState.IN_PROGRESS).override == ""


def test_an_override_nobody_needed_is_not_kept(project):
    made = moved(task(project), TaskState.IN_PROGRESS)

    assert moved(made, TaskState.COMPLETED, override="just so").override == ""


def test_the_database_itself_refuses_half_an_end(project):
    made = moved(task(project, CHECK=["Tests pass"]), TaskState.IN_PROGRESS)

    with pytest.raises(IntegrityError, match="still open"), transaction.atomic():
        Task.objects.filter(pk=made.pk).update(state="COMPLETED")
    planning.tick(made.items.get(), True, by="user:1")
    moved(made, TaskState.COMPLETED)
    with pytest.raises(IntegrityError, match="would require"), transaction.atomic():
        Item.objects.update(done_at=None)


def test_a_completed_task_keeps_its_required_boxes_ticked(project):
    made = moved(task(project, CHECK=["Tests pass"]), TaskState.IN_PROGRESS)
    planning.tick(made.items.get(), True, by="user:1")
    moved(made, TaskState.COMPLETED)

    with pytest.raises(Refused, match="move it back first"):
        planning.tick(made.items.get(), False, by="user:1")
    with pytest.raises(Refused, match="move it back first"):
        planning.add_item(made, "CHECK", "One more", required=True, by="user:1")
    assert planning.add_item(made, "SUBTASK", "A wish", required=False, by="user:1").pk


def test_ticking_twice_is_ticking_once(project):
    box = task(project, CHECK=["Tests pass"]).items.get()
    for person in ("user:1", "user:2"):
        planning.tick(box, True, by=person)

    box.refresh_from_db()
    assert box.done_by == "user:1"
    assert Event.objects.filter(name="task.ticked").count() == 1


def test_of_two_who_edit_the_second_is_told_and_overwrites_nothing(project):
    made = task(project)
    planning.edit(made, 1, {"title": "Paint it red"}, by="user:1")

    with pytest.raises(Stale, match=r"version 2 is there now, you saw 1"):
        planning.edit(made, 1, {"title": "Paint it blue"}, by="user:2")
    made.refresh_from_db()
    assert (made.title, made.version) == ("Paint it red", 2)


def test_an_edit_keeps_what_was_there_before(project):
    made = task(project, goal="It looks old")

    assert planning.edit(made, 1, {"goal": "It looks new", "title": made.title}, by="user:1") == [
        "goal"
    ]

    assert made.changes.latest("pk").details == {"goal": ["It looks old", "It looks new"]}
    assert Event.objects.get(name="task.edited").payload["fields"] == ["goal"]


def test_an_edit_that_changes_nothing_leaves_no_trace(project):
    made = task(project)

    assert planning.edit(made, 1, {"title": made.title}, by="user:1") == []
    made.refresh_from_db()
    assert (made.version, made.changes.count()) == (1, 1)


def test_a_slug_is_made_of_the_title_and_unique_within_the_project(project):
    slugs = [task(project).slug for _ in range(3)]
    elsewhere = task(Project.objects.create(name="Bar", slug="bar"))

    assert slugs == ["paint-the-door", "paint-the-door-2", "paint-the-door-3"]
    assert elsewhere.slug == "paint-the-door"
    with pytest.raises(Wrong) as refused:
        task(project, slug="paint-the-door-2")
    assert refused.value.fields == {
        "slug": "another of this project has it; choose a different one"
    }
    assert task(project, "日本").slug == "task"


def test_tasks_do_not_wait_for_each_other_in_a_circle(project):
    a, b, c = (task(project, name) for name in "abc")
    planning.block(b, a, by="user:1")
    planning.block(c, b, by="user:1")

    for waiting in (a, c):
        with pytest.raises(Refused, match="would be a circle"):
            planning.block(a, waiting if waiting == c else a, by="user:1")
    assert Blocker.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_tie_at_once_close_no_circle(project):
    a, b = task(project, "a"), task(project, "b")
    start, told = threading.Barrier(2), []

    def tie(one, other):
        start.wait()
        try:
            planning.block(one, other, by="user:1")
        except Refused as refused:
            told.append(str(refused))
        finally:
            connection.close()

    pair = [threading.Thread(target=tie, args=some) for some in ((a, b), (b, a))]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()

    assert (Blocker.objects.count(), len(told)) == (1, 1)


def test_a_task_waits_for_its_own_project_alone(project):
    other = task(Project.objects.create(name="Bar", slug="bar"))

    with pytest.raises(Refused, match="another project"):
        planning.block(task(project), other, by="user:1")


def test_what_a_task_names_is_of_its_project(project):
    elsewhere = Project.objects.create(name="Bar", slug="bar")
    idea = planning.create(Idea, elsewhere, {"title": "Beer"}, by="user:1")
    stranger = User.objects.create_user("eva")

    with pytest.raises(Wrong) as refused:
        task(project, idea=idea, assignee=stranger)

    assert set(refused.value.fields) == {"idea", "assignee"}
    Membership.objects.create(project=project, user=stranger)
    assert task(project, assignee=stranger).assignee == stranger


def test_a_priority_sorts_by_what_matters(project):
    for word in ("LOW", "CRITICAL", "MEDIUM", "HIGH"):
        task(project, word, priority=Priority[word])

    found = [one.priority_word for one in Task.objects.order_by("priority")]
    assert found == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    assert len({one.letter for one in Task.objects.all()}) == 4


def test_a_project_that_goes_takes_its_plans_along(project):
    made = task(project, CHECK=["Tests pass"])
    planning.block(made, task(project), by="user:1")

    project.delete()

    assert not PlanChange.objects.exists()
