"""What `verify_board` finds when somebody changed a plan past its guards."""

from contextlib import closing, contextmanager

import pytest
from django.db import connection

from jobs import db
from projects import plan_audit, planning
from projects.models import Project, Task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task():
    """This fixture will write down a task with a required box, and begin it."""
    project = Project.objects.create(name="Shop", slug="shop")
    row = planning.create(Task, project, {"title": "Paint", "CHECK": ["Tests pass"]}, by="user:1")
    planning.move(row, row.state, "IN_PROGRESS", by="user:1")
    return row


@contextmanager
def unguarded():
    """Switch the triggers of tasks off for a while."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE plan_task DISABLE TRIGGER USER")
        yield
        cursor.execute("ALTER TABLE plan_task ENABLE TRIGGER USER")


def found():
    """Ask, and give what disagrees."""
    with closing(db.connect("test")) as raw:
        return {(one.what, one.reality) for one in plan_audit.compare(raw).disagreements}


def test_a_plan_that_is_well_disagrees_with_nothing(task):
    assert found() == set()


def test_a_word_no_move_led_to_is_told(task):
    with unguarded():
        Task.objects.update(state="REVIEW")

    assert found() == {(f"task {task.pk}", "its moves end at IN_PROGRESS")}


def test_half_an_end_is_told(task):
    with unguarded():
        Task.objects.update(state="COMPLETED")

    assert (f"task {task.pk}", "required boxes are open") in found()


def test_a_guard_that_is_off_is_told(task):
    with unguarded():
        told = found()

    assert ("trigger plan_judges_a_move of plan_task", "it is off") in told
    assert len(told) == 3
