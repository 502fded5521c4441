"""Schedules on their pages, in the admin and by command: the same acts, the same refusals."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from jobs import schedules
from jobs.models import Job, JobDay, Schedule, Tick
from tests.pages.conftest import World
from tests.pages.test_pages import queries

FORM = {
    "name": "nightly",
    "kind": "demo.noop",
    "arguments": "{}",
    "cron": "30 4 * * *",
    "zone": "Europe/Zurich",
    "catch_up": "one",
    "scope": "",
    "priority": "0",
    "ticks-TOTAL_FORMS": "0",
    "ticks-INITIAL_FORMS": "0",
}


@pytest.fixture
def nightly(world: World) -> Schedule:
    """This fixture will lend a schedule somebody made."""
    made = Schedule(name="nightly", kind="demo.noop", cron="30 4 * * *", zone="Europe/Zurich")
    return schedules.make(made, by="user:1")


def test_the_list_says_when_each_ran_and_runs_next(as_staff: Client, nightly: Schedule) -> None:
    tick = schedules.run(nightly, by="user:1")

    page = as_staff.get("/schedules/").content.decode()

    assert "At 04:30" in page
    assert f"/jobs/{tick.job_id}/" in page
    assert f"{nightly.next_at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert "reconcile" in page


def test_the_list_costs_the_same_for_many(as_staff: Client, nightly: Schedule) -> None:
    schedules.run(nightly, by="user:1")
    queries(as_staff, "/schedules/")  # the first one of a process reads what is kept then
    few = queries(as_staff, "/schedules/")
    for number in range(30):
        made = Schedule(name=f"s{number}", kind="demo.noop", cron="0 * * * *")
        schedules.run(schedules.make(made, by="user:1"), by="user:1")

    assert queries(as_staff, "/schedules/") == few


def test_the_page_shows_next_times_and_ticks(as_staff: Client, nightly: Schedule) -> None:
    tick = schedules.run(nightly, by="user:1")

    page = as_staff.get(f"/schedules/{nightly.pk}/").content.decode()

    for at in nightly.upcoming(5):
        assert f"{at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert f"/jobs/{tick.job_id}/" in page
    assert "asked" in page


def test_it_is_paused_resumed_and_run_by_posts(
    as_staff: Client, nightly: Schedule, world: World
) -> None:
    me = f"user:{world.staff.pk}"

    assert b"It makes no more jobs" in as_staff.get(f"/schedules/{nightly.pk}/pauses/").content
    as_staff.post(f"/schedules/{nightly.pk}/pauses/")
    nightly.refresh_from_db()
    assert (nightly.paused_by, nightly.next_at) == (me, None)
    answer = as_staff.post(f"/schedules/{nightly.pk}/runs/", follow=True)
    assert f"made job {Tick.objects.get().job_id}" in answer.content.decode()
    as_staff.post(f"/schedules/{nightly.pk}/resumptions/")
    nightly.refresh_from_db()
    assert (nightly.paused_at, nightly.next_at is not None) == (None, True)


def test_what_cannot_run_says_why(as_staff: Client, nightly: Schedule) -> None:
    Schedule.objects.filter(pk=nightly.pk).update(kind="gone.kind")

    answer = as_staff.post(f"/schedules/{nightly.pk}/runs/", follow=True)

    assert "nobody registered it" in answer.content.decode()
    assert not Job.objects.filter(kind="gone.kind").exists()
    assert as_staff.get("/schedules/").status_code == 200


def test_a_malformed_row_breaks_no_page(as_staff: Client, nightly: Schedule) -> None:
    Schedule.objects.filter(pk=nightly.pk).update(cron="every now and then")

    assert as_staff.get("/schedules/").status_code == 200
    assert as_staff.get(f"/schedules/{nightly.pk}/").status_code == 200


def test_what_is_not_stored_yet_shows_no_ticks(as_staff: Client, world: World) -> None:
    page = as_staff.get("/admin/jobs/schedule/add/").content.decode()

    assert "DatabaseDefault" not in page
    assert 'id="ticks-group"' not in page


def test_the_admin_adds_one_with_its_next_tick(as_staff: Client, world: World) -> None:
    answer = as_staff.post("/admin/jobs/schedule/add/", FORM)

    made = Schedule.objects.get(name="nightly")
    assert (answer.status_code, made.created_by) == (302, f"user:{world.staff.pk}")
    assert made.next_at == made.upcoming(1)[0]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("cron", "61 * * * *", "bad minute; give five fields"),
        ("zone", "Mars/Base", "nobody knows it"),
        ("arguments", '{"colour": 1}', "there is no &#x27;colour&#x27;"),
        ("arguments", "{", "JSON"),
        ("kind", "gone.kind", "Select a valid choice"),
        ("kind", "django_q.task", "Select a valid choice"),
        ("name", "Nightly Run", "small letters"),
        ("scope", "999999", "no such project"),
    ],
)
def test_the_admin_refuses_by_field(as_staff: Client, field: str, value: str, said: str) -> None:
    answer = as_staff.post("/admin/jobs/schedule/add/", FORM | {field: value})

    assert (answer.status_code, said in answer.content.decode()) == (200, True)
    assert not Schedule.objects.filter(name="nightly").exists()


def test_the_admin_re_times_the_products_own_and_cannot_remove_it(as_staff: Client) -> None:
    prune = Schedule.objects.get(name="prune")
    change = f"/admin/jobs/schedule/{prune.pk}/change/"

    as_staff.post(change, FORM | {"name": "x", "kind": "demo.noop", "cron": "5 5 * * *"})

    prune.refresh_from_db()
    assert (prune.name, prune.kind, prune.cron) == ("prune", "upkeep.prune", "5 5 * * *")
    assert as_staff.get(change).status_code == 200
    assert (
        as_staff.post(f"/admin/jobs/schedule/{prune.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )


def test_the_admin_re_times_one_of_django_q_and_never_changes_what_it_runs(
    as_staff: Client,
) -> None:
    told = {"function": "projects.tasks.sync", "args": [], "kwargs": {}, "group": "theirs"}
    maker = "django_q.schedule"
    made = Schedule(name="theirs", cron="0 * * * *", kind=maker, arguments=told, created_by=maker)
    theirs = schedules.make(made, by=maker)
    changed = json.dumps(told | {"function": "projects.tasks.map_repository"})

    where = f"/admin/jobs/schedule/{theirs.pk}/change/"
    answer = as_staff.post(where, FORM | {"cron": "5 5 * * *", "arguments": changed})

    theirs.refresh_from_db()
    assert (answer.status_code, theirs.cron, theirs.arguments) == (302, "5 5 * * *", told)


def test_the_admin_says_why_one_is_paused_and_what_cannot_run(
    as_staff: Client, nightly: Schedule
) -> None:
    nightly.pause(by="user:1", reason="Too loud.")
    Schedule.objects.filter(pk=nightly.pk).update(kind="gone.kind")

    change = as_staff.get(f"/admin/jobs/schedule/{nightly.pk}/change/").content.decode()
    told = as_staff.post(
        "/admin/jobs/schedule/",
        {"action": "resume", "_selected_action": [nightly.pk], "confirmed": "yes"},
        follow=True,
    ).content.decode()

    assert "paused by user:1: Too loud." in change
    assert "Nightly cannot run: kind" in told
    assert "0 resumed" in told


def test_the_admin_only_shows_what_is_left_of_old_jobs(as_staff: Client) -> None:
    day = JobDay.objects.create(
        kind="demo.noop",
        day="2026-01-01",
        state="succeeded",
        count=7,
        run_counts=[7],
        wait_counts=[7],
    )
    where = f"/admin/jobs/jobday/{day.pk}"

    assert b"demo.noop" in as_staff.get("/admin/jobs/jobday/").content
    assert as_staff.get("/admin/jobs/jobday/add/").status_code == 403
    assert as_staff.post(f"{where}/delete/", {"post": "yes"}).status_code == 403
    assert as_staff.post(f"{where}/change/", {"count": 8}).status_code == 403


def test_the_admin_removes_one_that_people_made(as_staff: Client, nightly: Schedule) -> None:
    schedules.run(nightly, by="user:1")

    as_staff.post(f"/admin/jobs/schedule/{nightly.pk}/delete/", {"post": "yes"})

    assert not Schedule.objects.filter(pk=nightly.pk).exists()


@pytest.mark.parametrize(("act", "jobs"), [("pause", 0), ("resume", 0), ("run_now", 1)])
def test_the_admin_acts_on_several(
    as_staff: Client, nightly: Schedule, act: str, jobs: int
) -> None:
    if act == "resume":
        nightly.pause(by="user:1")

    chosen = {"action": act, "_selected_action": [nightly.pk]}
    asked = as_staff.post("/admin/jobs/schedule/", chosen).content.decode()
    assert "nightly" in asked
    assert not Schedule.objects.get(pk=nightly.pk).paused_at or act == "resume"
    as_staff.post("/admin/jobs/schedule/", chosen | {"confirmed": "yes"})

    nightly.refresh_from_db()
    assert (nightly.paused_at is not None) == (act == "pause")
    assert Job.objects.filter(subject="nightly").count() == jobs


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    call_command("schedules", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_command_lists_and_acts(nightly: Schedule, capsys: pytest.CaptureFixture[str]) -> None:
    listed = {one["name"]: one for one in command(capsys)}
    assert (listed["nightly"]["paused"], len(listed["nightly"]["upcoming"])) == (False, 5)
    [paused] = command(capsys, "pause", "nightly", "--reason", "Too loud.")
    assert (paused["paused"], paused["reason"], paused["next_at"]) == (True, "Too loud.", None)
    assert paused["paused_by"].startswith("command:")
    [ran] = command(capsys, "run", "nightly")
    assert (ran["last_job"], ran["last_outcome"]) == (Job.objects.latest("pk").pk, "asked")
    [resumed] = command(capsys, "resume", "nightly")
    assert (resumed["paused"], resumed["next_at"] is not None) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pause",), "NAME: pause needs a schedule; use "),
        (("run", "nowhere"), "NAME: there is no schedule 'nowhere'; use "),
        (("run", "prune", "--reason", "x"), "--reason: it belongs to a pause"),
        (("dance",), "schedules: argument act"),
    ],
)
@pytest.mark.django_db
def test_the_command_refuses_in_one_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("schedules", *arguments)

    told = capsys.readouterr().err
    assert (ended.value.code, told.count("\n"), said in told) == (2, 1, True), told


@pytest.mark.django_db
def test_the_command_shows_people_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    Schedule.objects.get(name="prune").resume(by="user:1")

    call_command("schedules")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == Schedule.objects.count()
    assert any("reconcile" in line and "paused by tests" in line for line in lines)
    assert any("upkeep.prune" in line and "next 2" in line for line in lines)


@pytest.mark.django_db
def test_the_command_says_when_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    Schedule.objects.all().delete()

    call_command("schedules")

    assert capsys.readouterr().out.startswith("no schedules")
