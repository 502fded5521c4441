"""The inbox of the home page: who is needed for what, and with which act it begins."""

from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from factory import inbox
from jobs import dependencies, ports, queue
from jobs.models import Delivery, Event, Job, Queue
from projects import planning, portfolio
from projects.models import Repository, Task
from tests.pages.conftest import World, browser_of, hold, runner


def told(user: Any) -> dict[str, list[str]]:
    """This function will give what an inbox says, by title."""
    return {
        one.title: [f"{need.what}: {need.why}" for need in one.needs]
        for one in inbox.of(user).sections
    }


def made(world: World, number: int = 1) -> list[Job]:
    """This function will enqueue jobs of the project."""
    return [queue.enqueue("demo.noop", {}, scope=world.project.pk) for _ in range(number)]


def test_a_failure_needs_those_who_may_retry_it_and_nobody_else(world: World) -> None:
    needed = [
        name
        for name in ("stranger", "viewer", "contributor", "staff")
        if "Failed and read by nobody" in told(getattr(world, name))
    ]

    assert needed == ["contributor", "staff"]


def test_a_failure_leaves_the_inbox_once_it_was_read(world: World) -> None:
    world.job.acknowledge(by="user:1")

    assert "Failed and read by nobody" not in told(world.staff)


def test_a_silent_runner_is_told_with_the_job_it_holds(world: World) -> None:
    (job,) = made(world)
    hold(job, runner("-1 second"))

    (need,) = inbox.of(world.contributor).sections[0].needs

    assert (need.word, need.verb) == ("lost", "Sync")
    assert "no sign of life" in need.why


def test_a_cancel_that_nobody_confirms_is_told_with_who_asked(world: World) -> None:
    (job,) = made(world)
    hold(job, runner())
    job.cancel(by=f"user:{world.viewer.pk}")
    Job.objects.filter(pk=job.pk).update(intent_at="2020-01-01T00:00:00Z")

    assert told(world.staff)["Stuck"] == [
        f"demo.noop #{job.pk}: viewer asked to cancel it, and that is not confirmed."
    ]


def test_what_is_held_behind_a_failure_is_parked(world: World) -> None:
    (job,) = made(world)
    dependencies.depend(job.pk, [world.job.pk], policy="hold", by="user:1")

    assert (
        f"Held by #{world.job.pk} (failed)"
        in told(world.contributor)["Parked behind what failed"][0]
    )


def test_what_people_paused_is_there_but_not_what_goes_on_with_its_project(world: World) -> None:
    by_hand, with_project = made(world, 2)
    by_hand.pause(by=f"user:{world.viewer.pk}", reason="the weather")
    with_project.pause(by="user:1", reason=portfolio.PUT_AWAY)

    (said,) = told(world.contributor)["Paused by people"]

    assert said.startswith(f"demo.noop #{by_hand.pk}")
    assert "the weather" in said


def test_a_blocked_task_needs_its_assignee_alone(world: World) -> None:
    wanted = {"title": "Paint the door", "assignee": world.contributor}
    task = planning.create(Task, world.project, wanted, by="user:1")
    planning.move(task, task.state, "BLOCKED", by="user:1", reason="no paint")

    assert "Blocked tasks of yours" not in told(world.staff)
    assert told(world.contributor)["Blocked tasks of yours"] == ["Paint the door · M: no paint"]


def test_an_old_map_says_which_commit_it_shows(world: World) -> None:
    Repository.objects.update(head_commit="f" * 40)

    (said,) = told(world.contributor)["Maps that are old or failed"]

    assert "The map shows 0123456789, the newest commit is ffffffffff." in said
    assert "Maps that are old or failed" not in told(world.viewer)


def test_dead_letters_and_paused_queues_need_staff(world: World) -> None:
    event = Event.objects.create(name="map.completed", version=1, payload={}, subject="quay")
    Delivery.objects.create(event=event, kind="demo.noop", stopped="A loop.")
    Queue.objects.update_or_create(pk="short", defaults={"paused": True, "paused_at": Now()})

    assert {"Deliveries that were stopped", "Paused queues"} <= told(world.staff).keys()
    assert not {"Deliveries that were stopped", "Paused queues"} & told(world.contributor).keys()


def test_a_delivery_that_failed_waits_for_who_may_retry_its_job(world: World) -> None:
    event = Event.objects.create(
        name="map.completed", version=1, payload={}, subject="quay", scope=world.project.pk
    )
    Job.objects.filter(pk=world.job.pk).update(event_id=event.pk)
    Delivery.objects.create(event=event, kind="demo.fail", job_id=world.job.pk)

    (said,) = told(world.contributor)["Deliveries that failed"]

    assert f"#{world.job.pk}" in said
    assert "Failed and read by nobody" not in told(world.contributor)
    assert "Deliveries that failed" not in told(world.viewer)


def test_the_inbox_costs_the_same_for_1_and_for_300_and_says_so(world: World) -> None:
    with CaptureQueriesContext(connection) as at_one:
        inbox.of(world.staff)
    made(world, 300)
    fail_many(world)

    with CaptureQueriesContext(connection) as at_many:
        found = inbox.of(world.staff)

    assert len(at_many) == len(at_one)
    assert [one.capped for one in found.sections] == ["99+"]
    assert len(found.sections[0].needs) == inbox.SHOWN


def fail_many(world: World) -> None:
    """This function will let all queued jobs fail."""
    holder = runner()
    queued = Job.objects.filter(state="queued")
    queued.update(state="running", runner=holder, started_at=Now(), attempt=1, fence=1)
    Job.objects.filter(state="running").update(
        state="failed", runner=None, finished_at=Now(), failure_class="INTERNAL"
    )


def test_what_the_relay_watches_changes_with_what_the_inbox_says(world: World) -> None:
    keys = [str(world.contributor.pk), str(world.viewer.pk)]
    before = inbox.fingerprints(keys)

    world.job.acknowledge(by="user:1")

    after = inbox.fingerprints(keys)
    assert [before[key] == after[key] for key in keys] == [False, True]
    assert 'id="inbox"' in inbox.render(keys)[keys[0]]


def test_each_need_is_a_link_or_a_form_that_its_person_may_use(world: World) -> None:
    Repository.objects.update(head_commit="f" * 40)
    page = browser_of(world.contributor).get("/").content.decode()

    assert f'data-confirm href="/jobs/{world.job.pk}/retries/"' in page
    sync = f"/projects/harbour/repositories/{world.repository.pk}/syncs/"
    assert f'form="act" formaction="{sync}"' in page
    assert browser_of(world.contributor).get(f"/jobs/{world.job.pk}/retries/").status_code == 200
    assert browser_of(world.contributor).post(sync).status_code == 302


def test_an_empty_inbox_says_what_would_be_there(world: World, client: Client) -> None:
    assert "Nothing waits for you" in browser_of(world.viewer).get("/").content.decode()


def test_every_source_finds_rows_with_the_field_by_which_a_change_is_seen(world: World) -> None:
    assert ports.needs
    for source in ports.needs.values():
        assert list(source.find(world.stranger).values_list("pk", source.moved)) == []
