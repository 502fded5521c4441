"""What to take next, and where a project stands: by command, counted and never typed."""

import json

import pytest
from django.core.management import call_command

from projects import digest, planning
from projects.models import Priority, Project, Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    """This fixture will make a project."""
    return Project.objects.create(name="Shop", slug="shop")


def task(project, title, priority="MEDIUM", *states):
    """Write a task down, and move it along some states."""
    made = planning.create(
        Task, project, {"title": title, "priority": Priority[priority]}, by="user:1"
    )
    for state in states:
        planning.move(made, made.state, state, by="user:1", reason="because")
        made.refresh_from_db()
    return made


def asked(capsys, *words, status=0):
    """Run a command with --json and read its one document."""
    if status:
        with pytest.raises(SystemExit) as ended:
            call_command(*words, "--json")
        assert ended.value.code == status
    else:
        call_command(*words, "--json")
    return json.loads(capsys.readouterr().out)


def test_next_is_the_most_important_then_the_oldest(project, capsys):
    task(project, "later", "MEDIUM")
    wanted = task(project, "first", "HIGH")
    task(project, "second", "HIGH")
    task(project, "begun", "CRITICAL", "IN_PROGRESS")
    task(project, "stuck", "CRITICAL", "BLOCKED")

    for _ in range(2):
        assert asked(capsys, "next", "shop")["next"]["id"] == wanted.pk


def test_next_respects_what_must_come_first(project, capsys):
    urgent, before = task(project, "urgent", "CRITICAL"), task(project, "before", "LOW")
    planning.block(urgent, before, by="user:1")

    assert asked(capsys, "next", "shop")["next"]["slug"] == "before"
    for state in ("IN_PROGRESS", "COMPLETED"):
        planning.move(before, before.state, state, by="user:1")
        before.refresh_from_db()
    assert asked(capsys, "next", "shop")["next"]["slug"] == "urgent"


def test_next_says_no_when_nothing_is_ready(project, capsys):
    task(project, "begun", "HIGH", "IN_PROGRESS")

    assert asked(capsys, "next", "Shop", status=1) == {"project": "shop", "next": None}


def test_an_unknown_project_is_one_line(project, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("next", "bar")

    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err == "PROJECT: there is no project 'bar'; use shop\n"


def test_the_digest_counts_and_rounds_down(project, capsys):
    for name in ("a", "b"):
        task(project, name, "LOW", "IN_PROGRESS", "COMPLETED")
    task(project, "c", "LOW", "IN_PROGRESS", "REVIEW")
    waiting = task(project, "d")
    planning.block(waiting, task(project, "e", "LOW", "BLOCKED"), by="user:1")
    task(project, "f")

    told = asked(capsys, "digest", "shop")

    assert (told["percent"], told["completed"], told["total"]) == (33, 2, 6)
    assert [one["title"] for one in told["active"]] == ["c"]
    assert [one["title"] for one in told["blocked"]] == ["d", "e"]
    assert told["blocked"][0]["waits_for"] == [told["blocked"][1]["id"]]
    assert (told["held_up"], told["next"]["title"]) == (2, "f")
    assert told["counts"]["COMPLETED"] == 2


def test_all_but_one_is_not_a_hundred_percent(project):
    Task.objects.bulk_create(
        Task(project=project, title=str(n), slug=str(n), state="COMPLETED") for n in range(999)
    )
    task(project, "the last")

    assert digest.of(project).percent == 99


def test_without_tasks_there_is_no_percentage(project, capsys):
    assert asked(capsys, "digest", "shop")["percent"] is None
    call_command("digest", "shop")
    assert "no task yet" in capsys.readouterr().out


def test_the_digest_for_people_names_what_it_counts(project, capsys):
    first = task(project, "first", "HIGH")
    planning.block(task(project, "after"), first, by="user:1")

    call_command("digest", "shop")

    assert capsys.readouterr().out.splitlines() == [
        "shop: 0 % (0 of 2)",
        "active   none",
        f"blocked  MEDIUM   #{first.pk + 1} after (NOT_STARTED, waits for #{first.pk})",
        f"next     HIGH     #{first.pk} first (NOT_STARTED)",
    ]


def test_digests_of_many_projects_cost_no_more_questions(project, django_assert_num_queries):
    others = [Project.objects.create(name=str(n), slug=str(n)) for n in range(20)]
    for one in (project, *others):
        planning.block(task(one, "later"), task(one, "now"), by="user:1")
        task(one, "begun", "LOW", "IN_PROGRESS")

    with django_assert_num_queries(5):
        found = digest.summaries([project, *others])

    assert [one.next.title for one in found] == ["now"] * 21
    assert [one.held_up for one in found] == [1] * 21
