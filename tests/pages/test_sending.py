"""A form that makes something and is sent twice makes it once, and both times says the same."""

import re
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from jobs import queue, retention, sending
from jobs.models import Job, Schedule, Sending
from projects import planning
from projects.models import Idea, Item, Membership, Project, Role, Spec, Task
from tests.pages.conftest import World, browser_of, fail
from tests.pages.test_pages import text_of
from tests.pages.test_receipts import way_back

PLAN = "/projects/harbour/"


@pytest.fixture
def browser(world: World) -> Client:
    """This fixture will be a browser of a contributor."""
    return browser_of(world.contributor)


def number(page: str) -> str:
    """This function will read what tells one sending of a form from another."""
    numbers = re.findall(r'name="once" value="([^"]+)"', page)
    assert numbers
    return str(numbers[0])


def told(answer: Any) -> list[str]:
    """This function will give what the next page tells, in its order."""
    return re.findall(r'<li class="note [^"]*"[^>]*><span>(.*?)</span>', answer.content.decode())


def test_a_rerun_sent_twice_makes_one_job(world: World, browser: Client) -> None:
    page = text_of(browser, f"/jobs/{world.job.pk}/reruns/")
    given = {"once": number(page)}

    first = browser.post(f"/jobs/{world.job.pk}/reruns/", given, follow=True)
    second = browser.post(f"/jobs/{world.job.pk}/reruns/", given, follow=True)

    made = Job.objects.get(root_id=world.job.pk)
    assert first.redirect_chain == second.redirect_chain == [(f"/jobs/{made.pk}/", 302)]
    assert told(second) == [*told(first), sending.AGAIN]
    assert told(first) == [f"demo.fail #{world.job.pk} runs again as #{made.pk}."]


@pytest.mark.parametrize(("word", "model"), [("idea", Idea), ("spec", Spec), ("task", Task)])
def test_a_plan_sent_twice_is_written_down_once(
    word: str, model: Any, world: World, browser: Client
) -> None:
    page = text_of(browser, f"{PLAN}{word}s/new/")
    given = {"title": "Paint the door", "priority": "2", "once": number(page)}

    first = browser.post(f"{PLAN}{word}s/new/", given)
    second = browser.post(f"{PLAN}{word}s/new/", given)

    made = model.objects.get(project=world.project)
    assert first["Location"] == second["Location"] == f"{PLAN}{word}s/{made.pk}/"


def test_a_box_sent_twice_is_one_box(world: World, browser: Client) -> None:
    task = planning.create(Task, world.project, {"title": "Paint"}, by="user:1")
    page = text_of(browser, f"{PLAN}tasks/{task.pk}/")
    given = {"kind": "SUBTASK", "text": "sand it", "once": number(page)}

    for _ in range(2):
        browser.post(f"{PLAN}tasks/{task.pk}/items/", given)

    assert [one.text for one in Item.objects.filter(task=task)] == ["sand it"]


def test_a_project_sent_twice_is_one_and_the_second_is_not_told_that_its_name_is_taken(
    world: World, browser: Client
) -> None:
    given = {"name": "Pier", "once": number(text_of(browser, "/creations/"))}

    answers = [browser.post("/creations/", given)["Location"] for _ in range(2)]

    assert answers == ["/projects/pier/", "/projects/pier/"]


def test_a_schedule_told_twice_to_run_makes_one_job(world: World, as_staff: Client) -> None:
    made = Schedule.objects.create(
        name="nightly", kind="demo.noop", cron="5 4 * * *", next_at="2099-01-01T00:00Z"
    )
    given = {"once": number(text_of(as_staff, f"/schedules/{made.pk}/runs/"))}

    for _ in range(2):
        as_staff.post(f"/schedules/{made.pk}/runs/", given)

    assert made.ticks.count() == 1


def test_other_words_under_the_same_number_are_not_lost(world: World, browser: Client) -> None:
    given = {"priority": "2", "once": number(text_of(browser, f"{PLAN}tasks/new/"))}

    for title in ("Paint the door", "Paint the wall"):  # as after the browser's Back
        browser.post(f"{PLAN}tasks/new/", given | {"title": title})

    assert Task.objects.filter(project=world.project).count() == 2


def test_what_was_refused_may_be_sent_again(world: World, browser: Client) -> None:
    given = {"title": "Paint", "slug": "paint", "priority": "2"}
    taken = planning.create(Task, world.project, {"title": "Other", "slug": "paint"}, by="user:1")
    page = text_of(browser, f"{PLAN}tasks/new/")

    refused = browser.post(f"{PLAN}tasks/new/", given | {"once": number(page)})
    planning.remove(taken, by="user:1")
    done = browser.post(f"{PLAN}tasks/new/", given | {"once": number(page)})

    assert (refused.status_code, done.status_code) == (400, 302)
    assert number(refused.content.decode()) == number(page)
    assert Task.objects.get(project=world.project).title == "Paint"


def test_a_run_that_was_refused_may_be_asked_for_again(world: World, as_staff: Client) -> None:
    one = Schedule.objects.create(name="x", kind="demo.none", cron="* * * * *", next_at=Now())
    asked = {sending.FIELD: sending.fresh()}
    refused = as_staff.post(f"/schedules/{one.pk}/runs/", asked, follow=True)
    Schedule.objects.filter(pk=one.pk).update(kind="demo.noop")

    done = as_staff.post(f"/schedules/{one.pk}/runs/", asked, follow=True)

    assert "demo.none" in refused.content.decode()
    assert sending.AGAIN not in done.content.decode()
    assert Job.objects.filter(kind="demo.noop").count() == 1


def test_each_person_sends_for_themselves(world: World) -> None:
    given = {"title": "Paint", "priority": "2", "once": "a" * 32}

    for user in (world.contributor, world.staff):
        browser_of(user).post(f"{PLAN}tasks/new/", given)

    assert Task.objects.filter(project=world.project).count() == 2


def test_the_way_back_from_a_cancellation_runs_it_again_once(world: World) -> None:
    browser = browser_of(world.staff)
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk, after=900)
    page = browser.post(f"/jobs/{job.pk}/cancellations/", follow=True).content.decode()
    _, address, fields = way_back(page)

    for _ in range(2):
        browser.post(address, fields)

    assert Job.objects.filter(root_id=job.pk).count() == 1


def test_of_two_sent_at_once_one_is_done_and_both_are_told(transactional_db: None) -> None:
    project = Project.objects.create(name="Dock", slug="dock")
    ana = User.objects.create_user("ana")
    Membership.objects.create(project=project, user=ana, role=Role.CONTRIBUTOR)
    job = queue.enqueue("demo.fail", {}, scope=project.pk)
    fail(job)
    together, answers = threading.Barrier(2), []

    def send() -> None:
        client = browser_of(ana)
        together.wait()
        answer = client.post(f"/jobs/{job.pk}/reruns/", {"once": "b" * 32})
        answers.append((answer.status_code, answer["Location"]))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    made = Job.objects.get(root_id=job.pk)
    assert answers == [(302, f"/jobs/{made.pk}/")] * 2


def test_sendings_are_forgotten_after_a_week(world: World) -> None:
    Sending.objects.create(digest="new")
    Sending.objects.create(digest="old", created_at="2020-01-01T00:00Z")

    removed = {step.name: step.rows for step in retention.leftovers()}

    assert removed["sendings"] == 1
    assert Sending.objects.get().digest == "new"
