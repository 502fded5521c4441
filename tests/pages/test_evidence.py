"""Why a job is believed to be where it is: every source with its own word and time."""

from datetime import timedelta

from django.db.models.functions import Now
from django.test import Client

from jobs import evidence, queue, topics
from jobs.models import Job, LogChunk, Progress, Runner
from tests.pages.conftest import World, browser_of, hold, runner
from tests.pages.test_pages import text_of


def held(world: World) -> Job:
    """This function will give a running job that logged, told progress and is to be cancelled."""
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk, actor=f"user:{world.staff.pk}")
    hold(job, runner())
    LogChunk.objects.create(
        job=job, fence=1, seq=0, first_line=1, text="one\n\x1b[31mthe\x1b[0m last\n"
    )
    Progress.objects.create(job=job, fence=1, current=3, total=9)
    job.cancel(by=f"user:{world.staff.pk}")
    return Job.objects.select_related("progress").get(pk=job.pk)


def test_each_source_speaks_for_itself_and_tells_its_time(world: World) -> None:
    found = {one.name: one for one in evidence.of(held(world))}

    assert found["ledger row"].says.startswith("running, attempt 1, fence 1, held by runner")
    assert found["wish"].says == "cancel, asked by staff"
    assert found["last move"].says.startswith("from queued to running")
    assert found["lock of the runner"].says == "free: nobody holds it"
    assert found["process of the runner"].says.endswith("is gone")
    assert found["progress"].says.startswith("3/9")
    assert found["last line of the log"].says == "the last"
    assert [name for name, one in found.items() if one.at is None] == []


def test_a_runner_whose_row_is_gone_is_said_to_be_gone(world: World) -> None:
    job = held(world)
    Job.objects.filter(pk=job.pk).update(runner_id=10**6)
    job.refresh_from_db()

    found = {one.name: one.says for one in evidence.of(job)}

    assert found["runner row"] == "there is none of runner 1000000"
    assert "process of the runner" not in found


def test_the_evidence_stands_beside_the_reasons(world: World) -> None:
    page = text_of(browser_of(world.viewer), f"/jobs/{held(world).pk}/reasons/")

    assert 'id="evidence"' in page
    assert page.count('<th scope="row">') == 8


def test_each_move_says_how_long_its_state_lasted(world: World, as_staff: Client) -> None:
    page = text_of(as_staff, f"/jobs/{world.job.pk}/")

    assert page.count('<span class="lasted">') == 2  # queued, running; it is failed still


def test_a_job_that_becomes_lost_is_news_for_open_pages_of_those_that_wait_for_it(
    world: World,
) -> None:
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    waiting = queue.enqueue("demo.noop", {}, scope=world.project.pk, depends=[job.pk])
    holding = runner()
    hold(job, holding)
    before = topics.page_fingerprints([str(waiting.pk)])

    Runner.objects.filter(pk=holding.pk).update(lease_until=Now() - timedelta(seconds=1))

    assert topics.page_fingerprints([str(waiting.pk)]) != before
