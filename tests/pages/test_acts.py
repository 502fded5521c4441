"""Every act of the life cycle, by page: asked first, done by the ledger's rules, told as observed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs import controls, queue
from jobs.models import Job, Refused
from tests.pages.conftest import World, browser_of, fail, hold, runner
from tests.pages.test_pages import text_of

# What each act starts from, and the state that is seen after it.
STARTS = {
    "pause": ("queued", "paused"),
    "resume": ("paused", "queued"),
    "cancel": ("queued", "cancelled"),
    "retry": ("failed", "queued"),
    "acknowledge": ("failed", "failed"),
    "rerun": ("failed", "failed"),
    "sync": ("queued", "queued"),
}


def in_state(world: World, state: str, **options: Any) -> Job:
    """This function will make a job of the project in a state."""
    job = queue.enqueue("demo.fail", {"message": "No."}, scope=world.project.pk, **options)
    if state == "failed":
        fail(job)
    if state == "running":
        hold(job, runner())
    if state == "paused":
        job.pause(by="user:1")
    assert job.state == state
    return job


def address(job: Job, name: str) -> str:
    """This function will give the address of an act."""
    return f"/jobs/{job.pk}/{controls.BY_NAME[name].noun}/"


def test_every_act_has_a_case() -> None:
    assert set(STARTS) == set(controls.BY_NAME)


@pytest.mark.parametrize("name", STARTS)
def test_an_act_is_asked_for_and_done_and_on_record(name: str, world: World) -> None:
    client = browser_of(world.contributor)
    before, after = STARTS[name]
    job = in_state(world, before)

    page = text_of(client, f"/jobs/{job.pk}/")
    asked = text_of(client, address(job, name))
    told = client.post(address(job, name), follow=True)

    job.refresh_from_db()
    assert f'href="{address(job, name)}"' in page
    assert f"{job.kind} #{job.pk}?" in asked
    assert "Keep it as it is" in asked
    assert job.state == after
    assert told.status_code == 200
    assert told.context["messages"]


@pytest.mark.parametrize("name", STARTS)
def test_a_viewer_does_no_act(name: str, world: World) -> None:
    job = in_state(world, STARTS[name][0])

    answer = browser_of(world.viewer).post(address(job, name))

    job.refresh_from_db()
    assert (answer.status_code, job.state) == (403, STARTS[name][0])
    assert Job.objects.count() == 2


@pytest.mark.parametrize(("name", "word"), [("pause", "pausing"), ("cancel", "cancelling")])
def test_what_runs_is_only_asked_and_the_state_word_stays(
    name: str, word: str, world: World
) -> None:
    client = browser_of(world.contributor)
    job = in_state(world, "running")

    told = client.post(address(job, name), follow=True).content.decode()

    for page in (told, text_of(client, "/jobs/")):
        assert f"<b>{word}…</b> asked by contributor" in page
        assert "mark-running" in page
        assert "mark-cancelled" not in page.partition("<tbody>")[2]
        assert re.search(r'data-late="[^"]+" hidden', page)
    assert f"was asked to {name}" in told


def test_who_asks_again_is_told_that_the_first_wish_stands(world: World) -> None:
    client = browser_of(world.contributor)
    job = in_state(world, "running")
    client.post(address(job, "cancel"), {"reason": "too slow"})

    told = client.post(address(job, "cancel"), {"reason": "other words"}, follow=True)

    job.refresh_from_db()
    assert "is asked to cancel already; that wish stands" in told.content.decode()
    assert job.reason == "too slow"


@pytest.mark.parametrize(
    ("word", "offered"),
    [
        ("scheduled", {"pause", "cancel"}),
        ("paused", {"pause", "resume", "cancel"}),
        ("failed", {"retry", "acknowledge"}),
        ("running", {one.name for one in controls.BULK}),
        ("lost", {one.name for one in controls.BULK}),
        ("", {one.name for one in controls.BULK}),
        ("succeeded", set()),
    ],
)
def test_on_many_only_what_can_do_something_is_offered(word: str, offered: set[str]) -> None:
    assert {one.name for one in controls.for_many(word)} == offered


def test_what_is_not_confirmed_after_ten_seconds_is_said_to_be_so(world: World) -> None:
    client = browser_of(world.contributor)
    job = in_state(world, "running")
    job.cancel(by=f"user:{world.contributor.pk}")
    Job.objects.filter(pk=job.pk).update(intent_at=Now() - timedelta(seconds=11))

    page = text_of(client, f"/jobs/{job.pk}/")

    assert re.search(r'data-late="[^"]+"> · not confirmed yet — ', page)
    assert f'href="/jobs/{job.pk}/reasons/"' in page


def test_a_wish_to_pause_is_taken_back_by_resuming(world: World) -> None:
    client = browser_of(world.contributor)
    job = in_state(world, "running")
    client.post(address(job, "pause"))

    asked = text_of(client, address(job, "resume"))
    client.post(address(job, "resume"))

    job.refresh_from_db()
    assert "The wish to pause is taken back" in asked
    assert (job.state, job.intent) == ("running", "")


def test_a_task_of_django_q_is_not_run_again_by_people(world: World) -> None:
    told = {"id": "x", "function": "projects.tasks.sync", "args": [], "kwargs": {}}
    job = queue.enqueue("django_q.task", told, scope=world.project.pk)
    fail(job)
    client = browser_of(world.contributor)

    page = text_of(client, f"/jobs/{job.pk}/")
    client.post(address(job, "rerun"))

    assert "Run again" not in page
    assert address(job, "retry") in page
    assert Job.objects.filter(kind="django_q.task").count() == 1
    with pytest.raises(Refused, match="only the product makes its jobs"):
        controls.BY_NAME["rerun"].do(job, by="user:1")


def test_running_again_makes_a_second_job_and_leads_to_it(world: World) -> None:
    job = in_state(world, "failed", subject="mast", priority=3)

    told = browser_of(world.contributor).post(address(job, "rerun"))

    made = Job.objects.latest("pk")
    assert told["Location"] == f"/jobs/{made.pk}/"
    assert made.pk > job.pk
    for name in ("kind", "arguments", "scope", "subject", "priority"):
        assert getattr(made, name) == getattr(job, name)
    assert made.created_by == f"user:{world.contributor.pk}"


def test_a_reason_is_recorded_with_the_name_of_who_gave_it(world: World) -> None:
    client = browser_of(world.contributor)
    job = in_state(world, "queued")

    client.post(address(job, "cancel"), {"reason": "the wrong \x1b[31mbranch"})

    page = text_of(client, f"/jobs/{job.pk}/")
    assert "Cancelled by contributor: the wrong" in page
    assert "\x1b" not in page


def test_a_repair_needs_staff_a_legal_state_and_a_reason(world: World, as_staff: Client) -> None:
    job = in_state(world, "failed")
    address = f"/jobs/{job.pk}/repairs/"

    asked = text_of(as_staff, address)
    refused = [
        as_staff.post(address, given).status_code
        for given in (
            {"to": "queued", "reason": " "},
            {"to": "succeeded", "reason": "x"},
            {"to": "resting", "reason": "x"},
        )
    ]
    as_staff.post(address, {"to": "queued", "reason": "The token is new."})

    job.refresh_from_db()
    assert "<option>queued</option>" in asked
    assert "<option>succeeded</option>" not in asked
    assert refused == [409, 409, 400]
    assert job.state == "queued"
    assert "The token is new." in text_of(as_staff, f"/jobs/{job.pk}/")
    assert browser_of(world.contributor).get(address).status_code == 403


@pytest.mark.parametrize(
    ("to", "reason", "status"), [("succeeded", "They said so.", 409), ("resting", "Tired.", 400)]
)
def test_a_repair_that_is_refused_keeps_what_was_typed(
    to: str, reason: str, status: int, world: World, as_staff: Client
) -> None:
    job = in_state(world, "failed")

    answer = as_staff.post(f"/jobs/{job.pk}/repairs/", {"to": to, "reason": reason})
    again = as_staff.post(f"/jobs/{job.pk}/repairs/", {"to": "queued", "reason": " "})

    assert answer.status_code == status
    assert f'value="{reason}"' in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()
    assert "<option selected>queued</option>" in again.content.decode()
    assert f"Job {job.pk}: say why it is to become queued." in again.content.decode()


def test_an_act_that_came_too_late_keeps_its_reason(world: World, as_staff: Client) -> None:
    job = in_state(world, "failed")

    answer = as_staff.post(f"/jobs/{job.pk}/cancellations/", {"reason": "Too dear."})

    assert answer.status_code == 409
    assert 'value="Too dear."' in answer.content.decode()
    assert f"Job {job.pk} is failed" in answer.content.decode()


def test_the_page_says_why_and_leads_to_the_job_in_the_way(world: World, as_staff: Client) -> None:
    first = queue.enqueue("demo.noop", {}, limit_key="boat", scope=world.project.pk)
    hold(first, runner())
    second = queue.enqueue("demo.noop", {}, limit_key="boat", scope=world.project.pk)

    page = text_of(as_staff, f"/jobs/{second.pk}/reasons/")

    assert "boat" in page
    assert f'href="/jobs/{first.pk}/"' in page


def chosen(*jobs: Job, act: str, **more: Any) -> dict[str, Any]:
    """This function will give what the form of the list sends."""
    return {"act": act, "job": [job.pk for job in jobs], **more}


def test_the_chosen_are_counted_and_named_and_changed_in_one_statement(world: World) -> None:
    client = browser_of(world.contributor)
    jobs = [in_state(world, "queued") for _ in range(7)]
    running = in_state(world, "running")
    given = chosen(*jobs, running, world.job, act="cancel")

    asked = client.get("/jobs/selections/", given).content.decode()
    with CaptureQueriesContext(connection) as captured:
        told = client.post("/jobs/selections/", given, follow=True).content.decode()

    assert "Cancel 8 jobs?" in asked
    assert [f"#{job.pk}<" in asked for job in jobs] == [True] * 5 + [False] * 2
    assert "and 3 more" in asked
    assert "1 other of those you chose stays as it is" in asked
    assert "7 cancelled, 1 asked" in told
    changed = [one["sql"] for one in captured if "UPDATE job SET" in one["sql"]]
    assert len(changed) == 1


def test_all_that_match_are_meant_and_nothing_that_came_in_later(world: World) -> None:
    client = browser_of(world.contributor)
    matching = queue.enqueue_many("demo.noop", [{}] * 60, scope=world.project.pk)
    other = in_state(world, "queued")
    filters = {"state": "queued", "kind": "demo.noop", "all": "on", "act": "cancel"}

    asked = client.get("/jobs/selections/", filters).content.decode()
    end = re.search(r'name="end" value="(\d+)"', asked)
    assert end is not None
    late = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    told = client.post("/jobs/selections/", filters | {"end": end[1]}, follow=True)

    assert "Cancel 60 jobs?" in asked
    assert "60 cancelled." in told.content.decode()
    assert Job.objects.filter(pk__in=matching, state="cancelled").count() == 60
    for left in (other, late):
        left.refresh_from_db()
        assert left.state == "queued"


def test_a_choice_that_was_lost_leads_back_to_the_list(world: World) -> None:
    answer = browser_of(world.contributor).get("/jobs/selections/")

    assert (answer.status_code, answer["Location"]) == (302, "/jobs/")


def test_a_group_of_failures_is_retried_as_one(world: World) -> None:
    client = browser_of(world.contributor)
    alike = [in_state(world, "failed") for _ in range(14)]
    Job.objects.filter(pk__in=[job.pk for job in alike]).update(failure_message="Row 7 is gone.")

    page = text_of(client, "/jobs/failures/")
    form = re.search(r'name="error" value="(\w+)".*?Retry 14…', page)
    assert form is not None
    given = {"state": "failed", "error": form[1], "all": "on", "act": "retry"}
    asked = client.get("/jobs/selections/", given).content.decode()
    client.post("/jobs/selections/", given)

    assert "Retry 14 jobs?" in asked
    states = Job.objects.filter(pk__in=[job.pk for job in alike]).values_list("state", flat=True)
    assert set(states) == {"queued"}
    world.job.refresh_from_db()
    assert world.job.state == "failed"


@pytest.mark.parametrize("name", ["viewer", "stranger"])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_nobody_changes_many_where_their_role_does_not_allow_it(
    name: str, all_of_them: bool, world: World
) -> None:
    job = in_state(world, "queued")
    given = chosen(job, act="cancel") | ({"all": "on"} if all_of_them else {})

    client = browser_of(getattr(world, name))
    asked = client.get("/jobs/selections/", given).content.decode()
    client.post("/jobs/selections/", given)

    job.refresh_from_db()
    assert job.state == "queued"
    assert "There is nothing to cancel" in asked


@pytest.mark.parametrize(
    "given",
    [
        {"job": 1},
        {"act": "explode", "job": 1},
        {"act": "rerun", "job": 1},
        {"act": "cancel"},
        {"act": "cancel", "job": "x"},
        {"act": "cancel", "job": "9" * 30},
        {"act": "cancel", "all": "on", "end": "-1"},
        {"act": "cancel", "all": "on", "state": "resting"},
        {"act": "cancel", "all": "on", "error": "x"},
        {"act": "cancel", "job": [str(number) for number in range(501)]},
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_choice_that_cannot_be_read_is_400(
    method: str, given: dict[str, Any], as_staff: Client
) -> None:
    assert getattr(as_staff, method)("/jobs/selections/", given).status_code == 400


@pytest.mark.parametrize("name", [one.name for one in controls.BULK])
def test_the_admin_asks_and_acts_on_many(name: str, world: World, as_staff: Client) -> None:
    before, after = STARTS[name]
    jobs = [in_state(world, before) for _ in range(3)]
    given = {"action": name, "_selected_action": [job.pk for job in jobs]}

    asked = as_staff.post("/admin/jobs/job/", given).content.decode()
    unchanged = {Job.objects.get(pk=job.pk).state for job in jobs}
    told = as_staff.post("/admin/jobs/job/", given | {"confirmed": "yes"}, follow=True)

    assert "3 job" in asked
    assert unchanged == {before}
    assert {Job.objects.get(pk=job.pk).state for job in jobs} == {after}
    assert f"3 {controls.BY_NAME[name].past}" in told.content.decode()
