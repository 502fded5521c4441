"""The pages about the product itself say what rows, files and processes say, to those who may know."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from factory.system import audit
from jobs import beats, db, events, figures, live, process, queue, tallies, upkeep
from jobs.ledger import statement
from jobs.models import Attempt, Event, Job, QueueDepth, Schedule
from jobs.spans import STEPS, Chosen, Span
from projects.models import Project, Repository
from tests.pages.conftest import World, browser_of, fail

HOUR = timedelta(hours=1)


def text(user: User, address: str) -> str:
    """This function will read a page that is there."""
    answer = browser_of(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def hour() -> Span:
    """This fixture will be the hour that ends in a minute, so that all that happens now is in it."""
    until = timezone.now() + timedelta(minutes=1)
    return Span(until - HOUR, until)


def attempts(job: Job, ends: list[tuple[datetime, float, str]]) -> None:
    """This function will write attempts that ended at a time, after so many seconds, so."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job_attempt DISABLE TRIGGER job_attempt_is_ours")
    Attempt.objects.bulk_create(
        Attempt(
            job=job,
            number=number,
            fence=number,
            runner_id=1,
            started_at=at - timedelta(seconds=ran),
            ended_at=at,
            outcome=outcome,
        )
        for number, (at, ran, outcome) in enumerate(ends, 100)
    )
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job_attempt ENABLE TRIGGER job_attempt_is_ours")


def test_each_step_counts_what_ended_in_it(world: World, hour: Span) -> None:
    first, last = hour.since + timedelta(seconds=1), hour.until - timedelta(seconds=1)
    attempts(world.job, [(first, 1, "succeeded"), (first, 1, "failed"), (last, 1, "scheduled")])

    steps = tallies.counted(Chosen(hour)).steps

    assert len(steps) == STEPS
    assert steps[0][1:] == (1, 1, 0, 0)
    assert steps[-1][1:] == (0, 0, 1, 0)
    assert (steps[0].rate, steps[1].rate, steps[1].ended) == (50, None, 0)


def test_one_failure_among_many_is_not_told_as_none() -> None:
    def of(succeeded: int, failed: int) -> float | None:
        return tallies.Step(timezone.now(), succeeded, failed, 0, 0).rate

    assert (of(99_999, 1), of(1, 99_999), of(3, 0), of(0, 3), of(0, 0)) == (99.9, 0, 100, 0, None)


def test_what_is_not_counted_is_unknown_and_not_zero(
    world: World, hour: Span, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [hour.since + timedelta(minutes=minute, seconds=1) for minute in (1, 30, 40)]
    attempts(world.job, [(one, 1, "succeeded") for one in at])
    monkeypatch.setattr(tallies, "COUNTED", 2)  # and the first of the three is not

    steps = tallies.counted(Chosen(hour)).steps

    assert [one.ended for one in steps[:3]] == [None, None, 0]
    assert (steps[30].ended, steps[40].ended, steps[41].ended) == (1, 1, 0)


def test_of_many_projects_those_are_listed_of_which_most_ended(world: World) -> None:
    for number in range(30):
        project = Project.objects.create(name=f"Pier {number}", slug=f"pier-{number}")
        fail(queue.enqueue("demo.fail", {}, scope=project.pk))
    fail(queue.enqueue("demo.fail", {}, scope=project.pk))

    page = text(world.staff, "/system/metrics/")

    by_project = page[page.index("By project") : page.index("By runner")]
    assert "showing 20 of 31" in by_project
    assert by_project.count("Pier ") == by_project.count("?project=") - ("Harbour" in by_project)
    assert by_project.index("Pier 29") < by_project.index("</tr>", by_project.index("<tbody>"))


def test_percentiles_of_a_step_are_those_of_its_attempts(world: World, hour: Span) -> None:
    at = hour.since + timedelta(seconds=1)
    attempts(world.job, [(at, float(ran), "succeeded") for ran in range(1, 101)])

    taken = figures.measured(Chosen(hour)).taken

    assert (taken[0].p50, taken[0].p95) == (pytest.approx(50.5), pytest.approx(95.05))
    assert taken[0].p99 == pytest.approx(99.01)
    assert taken[1][1:] == (None, None, None)


def test_the_spread_counts_each_attempt_once(world: World, hour: Span) -> None:
    at = hour.since + timedelta(seconds=1)
    attempts(world.job, [(at, ran, "succeeded") for ran in (0.02, 0.02, 7.0, 90_000.0)])

    spread = figures.measured(Chosen(hour)).spread

    assert sum(spread) == 4 + 1
    assert (spread[1], spread[8], spread[-1]) == (2, 1, 1)


def test_figures_of_a_kind_or_a_project_leave_the_others_out(world: World, hour: Span) -> None:
    other = queue.enqueue("demo.noop", {})
    fail(other)

    whole = figures.measured(Chosen(hour)).groups[0]
    of_kind = figures.measured(Chosen(hour, None, "demo.noop")).groups[0]
    of_project = figures.measured(Chosen(hour, [world.project.pk])).groups[0]

    assert (whole.failed, of_kind.failed, of_project.failed) == (2, 1, 1)
    for chosen in (Chosen(hour, None, "demo.noop"), Chosen(hour, [world.project.pk])):
        assert sum(one.ended or 0 for one in tallies.counted(chosen).steps) == 1
        assert sum(one.failed for one in tallies.counted(chosen).classes) == 1
        assert sum(one.jobs or 0 for one in tallies.counted(chosen, by_day=True).days) == 1


@pytest.fixture
def unseen(world: World) -> None:
    """This fixture will forget what upkeep saw beside other tests."""
    QueueDepth.objects.all().delete()


@pytest.mark.usefixtures("unseen")
def test_upkeep_looks_at_queues_once_a_minute(world: World) -> None:
    queue.enqueue("demo.noop", {})
    for _ in range(3):
        upkeep.tick(connection.connection)

    assert 1 <= QueueDepth.objects.filter(queue="short").count() <= 2


@pytest.mark.usefixtures("unseen")
def test_a_queue_nobody_looked_at_is_unknown(hour: Span) -> None:
    minute = hour.since.replace(second=0, microsecond=0) + timedelta(minutes=10)
    QueueDepth.objects.create(queue="short", at=minute, waiting=7, running=1)

    [depth] = figures.depths(hour)

    assert sorted(one for one in depth.waiting if one is not None) == [7]
    assert depth.waiting.count(None) == STEPS - 1


@pytest.mark.parametrize("asked", ["span=hour", "span=month", "kind=demo.fail", "span=day&kind=x"])
def test_metrics_are_shown_with_tables(world: World, asked: str) -> None:
    page = text(world.staff, f"/system/metrics/?{asked}")

    assert "<h1>Metrics</h1>" in page
    assert page.count("<caption") >= 1 or "Nothing matches" in page


def test_metrics_of_a_range_keep_it_in_the_address_and_the_form(world: World) -> None:
    now = timezone.now().astimezone(UTC)
    since, until = (f"{now + shift:%Y-%m-%dT%H:%M}" for shift in (-HOUR, HOUR))

    page = text(world.viewer, f"/system/metrics/?since={since}&until={until}&kind=demo.fail")

    assert f'value="{since}"' in page
    assert f"since={since.replace(':', '%3A')}" in page.replace("&amp;", "&")
    assert "1 attempt ended" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("since=yesterday", "Write a moment in UTC"),
        ("since=2026-01-02&until=2026-01-01", "It must lie before until"),
        ("since=2020-01-01&until=2026-01-01", "At most 92 days"),
        ("span=aeon", "span is none of"),
    ],
)
def test_a_range_that_cannot_be_used_is_told_beside_its_field(
    world: World, asked: str, said: str
) -> None:
    answer = browser_of(world.viewer).get(f"/system/metrics/?{asked}")

    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_metrics_of_a_project_are_for_its_members(world: World) -> None:
    other = Project.objects.create(name="Marsh", slug="marsh")

    for user, status in ((world.viewer, 404), (world.staff, 200)):
        answer = browser_of(user).get(f"/system/metrics/?project={other.pk}")
        assert answer.status_code == status
    assert "jobs of Harbour" in text(world.viewer, f"/system/metrics/?project={world.project.pk}")
    assert browser_of(world.staff).get("/system/metrics/?project=x").status_code == 400


def test_the_address_figures_had_leads_to_metrics(world: World) -> None:
    answer = browser_of(world.viewer).get("/figures/?span=day")

    assert (answer.status_code, answer["Location"]) == (302, "/system/metrics/?span=day")


def test_the_overview_says_how_the_whole_is(world: World) -> None:
    page = text(world.staff, "/system/")

    assert "1 failed: failed and read by nobody" in page
    assert "The board was not yet compared with reality" in page
    assert 'href="/system/storage/"' in page


def test_storage_names_tables_and_what_could_not_be_written(
    world: World, settings: Any, tmp_path: Any
) -> None:
    settings.FACTORY_HOME = tmp_path
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "1-1-1.json").write_text("{}")

    page = text(world.staff, "/system/storage/")

    assert "<code>job_attempt</code>" in page
    assert "1 file of ends that could not be written yet" in page


def test_configuration_hides_secrets_and_says_who_gave_a_value(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORY_METRICS_TOKEN", "open-sesame-token")
    monkeypatch.setenv("FACTORY_KEEP_DAYS", "77")

    page = text(world.staff, "/system/configuration/")

    assert "open-sesame" not in page
    assert "set (hidden)" in page
    row = page[page.index("FACTORY_KEEP_DAYS") :].partition("</tr>")[0]
    assert "<code>77</code>" in row
    assert "environment" in row


def test_processes_tell_of_this_machine(world: World) -> None:
    page = text(world.staff, "/system/processes/")

    assert process.host() in page
    assert "Django 5" in page


def acts(world: World, asked: str = "") -> str:
    """This function will read the audit log."""
    return text(world.staff, f"/system/audit/?{asked}")


def test_the_audit_log_names_who_did_what(world: World) -> None:
    world.job.retry(by=f"user:{world.contributor.pk}")
    world.job.pause(by=f"user:{world.contributor.pk}")
    event = {"user": world.viewer.pk, "role": "viewer"}
    actor, scope = f"user:{world.staff.pk}", world.project.pk
    events.publish("member.changed", event, scope=scope, subject="viewer", actor=actor)
    LogEntry.objects.create(
        user=world.staff,
        content_type=ContentType.objects.get_for_model(Repository),
        object_id=str(world.repository.pk),
        object_repr="quay",
        action_flag=CHANGE,
        change_message="Changed branch.",
    )

    page = acts(world)

    assert "contributor</td><td>failed → queued" in page
    assert "Paused by contributor" in page
    assert "viewer is viewer now." in page
    assert "changed repository: Changed branch." in page
    assert f"/admin/projects/repository/{world.repository.pk}/change/" in page
    assert "runner:" not in page


def test_the_audit_log_is_filtered_by_person_book_and_time(world: World) -> None:
    world.job.retry(by=f"user:{world.contributor.pk}")

    assert "failed → queued" in acts(world, "who=contributor&book=jobs")
    assert "failed → queued" not in acts(world, "who=staff")
    assert "failed → queued" not in acts(world, "book=admin")
    assert "Nothing matches" in acts(world, "since=2030-01-01")
    assert "Nothing matches" in acts(world, "who=no-such-person")
    assert browser_of(world.staff).get("/system/audit/?book=x").status_code == 400
    assert browser_of(world.staff).get("/system/audit/?below=jobs").status_code == 400


def test_pages_of_the_audit_log_hold_each_act_once(world: World) -> None:
    actor = f"user:{world.contributor.pk}"
    for number in range(60):
        queue.enqueue("demo.noop", {}, subject=f"({number})", actor=actor, scope=world.project.pk)
    payload = {"user": 1, "role": "viewer"}
    for number in range(60, 70):
        events.publish("member.changed", payload, scope=None, subject=f"({number})", actor=actor)
    client, seen, address = browser_of(world.staff), "", "/system/audit/"

    while address:
        page = client.get(address).content.decode()
        seen += page
        pages = page.partition('aria-label="Pages">')[2].partition("</nav>")[0]
        link = pages.partition('<a href="')[2].partition('"')[0]
        address = f"/system/audit/{link}".replace("&amp;", "&") if link else ""

    assert all(seen.count(f"({number})") == 1 for number in range(70))


@pytest.mark.parametrize("page", ["", "metrics/", "audit/"])
def test_a_system_page_costs_the_same_whatever_there_is(world: World, page: str) -> None:
    client = browser_of(world.staff)

    def cost() -> int:
        client.get(f"/system/{page}")
        with CaptureQueriesContext(connection) as few:
            client.get(f"/system/{page}")
        return len(few)

    before = cost()
    for _ in range(20):
        fail(queue.enqueue("demo.fail", {}, scope=world.project.pk, actor="user:1"))
    attempts(world.job, [(timezone.now(), 1, "succeeded")] * 20)

    assert cost() == before


def test_what_people_did_is_found_by_an_index(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for actor in ("", "user:7"):
        for book in ("jobs", "events"):
            plan = audit.BOOKS[book].rows(actor).order_by("-pk")[:50].explain()
            assert "_by_people" in plan or (actor and "event_actor" in plan), plan


def test_the_look_at_queues_costs_one_condition_within_the_minute(world: World) -> None:
    looks = statement("look_at_queues")
    db.query(looks)

    plan = "\n".join(row for (row,) in db.query(f"EXPLAIN ANALYZE {looks}"))

    assert "One-Time Filter" in plan
    assert "never executed" in plan


def test_live_messages_name_what_may_not_be_watched(world: World) -> None:
    own = f"job:{world.job.pk}"

    page = text(world.staff, f"/system/messages/?watch={own}+jobs:{world.viewer.pk}::+x")

    assert f'data-topic="{own}"' in page
    assert "x is no topic that you may watch" in page
    assert f"jobs:{world.viewer.pk}:: is no topic" in page


def test_messages_of_the_relay_are_shown_from_the_cache(world: World) -> None:
    relay = live.Relay()
    relay.sent.note(live.Frame("job:4711", 1, "<p>"))
    async_to_sync(relay.sent.keep)()

    page = text(world.staff, "/system/messages/")

    assert "job:4711" in page
    assert "all who watch" in page


STEERED = [
    ("/queues/short/pauses/", {}, "queue short: paused."),
    ("/queues/short/limits/", {"most": 3}, "queue short: limited to most 3."),
    ("/queues/limits/", {"key": "host:a", "most": 2}, "key host:a: limited to most 2."),
    ("/runners/requests/", {"act": "drain"}, ": asked to drain."),
    ("/schedules/{pk}/resumptions/", {}, "schedule prune: resumed."),
]


@pytest.mark.parametrize(("address", "given", "told"), STEERED)
def test_what_staff_does_to_queues_schedules_and_runners_is_written_down(
    world: World, address: str, given: dict[str, Any], told: str
) -> None:
    address = address.format(pk=Schedule.objects.get(name="prune").pk)

    browser_of(world.staff).post(address, given)

    page = acts(world, "book=events")
    assert told in page
    assert f"{world.staff}</td><td>" in page


def test_what_changed_nothing_is_not_written_down(world: World) -> None:
    pk = Schedule.objects.get(name="prune").pk
    client = browser_of(world.staff)

    client.post(f"/schedules/{pk}/resumptions/")
    client.post(f"/schedules/{pk}/resumptions/")
    client.post("/runners/requests/", {"act": "fill"})

    assert Event.objects.filter(name="system.steered").count() == 1


def test_limits_that_cannot_be_kept_are_not_written_down(world: World) -> None:
    answer = browser_of(world.staff).post("/queues/short/limits/", {"burst": 5})

    assert answer.status_code == 400
    assert not Event.objects.filter(name="system.steered").exists()


def test_a_process_that_never_beat_here_is_not_said_to_work(
    world: World, settings: Any, tmp_path: Path
) -> None:
    settings.FACTORY_HOME = tmp_path

    before = text(world.staff, "/system/")
    beats.beat("relay")

    assert before.count("was not started on this machine") == 4
    assert text(world.staff, "/system/").count("was not started on this machine") == 3
