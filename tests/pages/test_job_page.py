"""What the page of one job tells: its attempts, what it left, and what came too late."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs import queue, windows
from jobs.models import Artefact, Job, LateReport, Limit, LogChunk, Progress
from tests.pages.conftest import World, browser_of, runner
from tests.pages.test_pages import text_of


def test_a_final_failure_promises_no_further_attempt(world: World, as_staff: Client) -> None:
    final = text_of(as_staff, f"/jobs/{world.job.pk}/")
    waiting = queue.enqueue("demo.noop", {})

    assert "1, the last: auth is not tried again by itself" in final
    assert "1 of" not in final
    assert "0 of at most 3" in text_of(as_staff, f"/jobs/{waiting.pk}/")


def test_each_attempt_leads_to_its_own_log_and_says_what_memory_it_held(
    world: World, as_staff: Client
) -> None:
    job = world.job
    job.retry(by="user:1")
    Job.objects.filter(pk=job.pk).update(
        state="running", runner=runner(), started_at=Now(), attempt=2, fence=2
    )
    for fence in (1, 2):
        LogChunk.objects.create(job=job, fence=fence, seq=0, first_line=1, text=f"try {fence}\n")
    Progress.objects.create(job=job, fence=2, peak_mb=70, peaks={"1": 51, "2": 70})
    Job.objects.filter(pk=job.pk).update(
        state="failed", runner=None, finished_at=Now(), failure_class="bug", failure_message="Two."
    )

    page = text_of(as_staff, f"/jobs/{job.pk}/")
    log = text_of(as_staff, f"/jobs/{job.pk}/log/")

    for anchor, peak in (("a1-L1", "at most 51 MiB"), ("L1", "at most 70 MiB")):
        assert f'href="/jobs/{job.pk}/log/?at={anchor}#{anchor}"' in page
        assert f'id="{anchor}"' in log
        assert peak in page


def test_an_artefact_is_listed_and_fetched_as_a_file_that_no_browser_runs(
    world: World, as_staff: Client
) -> None:
    name, data = 'ev"il\u202e.html', b"<script>alert(1)</script>"
    Job.objects.filter(pk=world.job.pk).update(fence=1)
    left = Artefact.objects.create(
        job=world.job, fence=1, name=name, media_type="text/html", size=len(data), data=data
    )

    page = text_of(as_staff, f"/jobs/{world.job.pk}/")
    address = f"/jobs/{world.job.pk}/artefacts/{left.pk}/"
    fetched = as_staff.get(address)

    assert f'href="{address}"' in page
    assert "\u202e" not in page
    assert fetched.content == data
    assert fetched["Content-Disposition"].startswith("attachment;")
    assert fetched["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in fetched["Content-Security-Policy"]
    other = queue.enqueue("demo.noop", {})
    assert as_staff.get(f"/jobs/{other.pk}/artefacts/{left.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("accepted", "said"), [(True, "was taken"), (False, "Recorded, nothing overwritten")]
)
def test_a_late_report_is_shown_on_its_job(
    accepted: bool, said: str, world: World, as_staff: Client
) -> None:
    LateReport.objects.create(
        job=world.job, fence=1, runner_id=1, outcome="succeeded", accepted=accepted, found="failed"
    )

    assert said in text_of(as_staff, f"/jobs/{world.job.pk}/")


def test_jobs_that_wait_for_each_other_lead_to_each_other(world: World, as_staff: Client) -> None:
    parent = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    child = queue.enqueue("demo.noop", {}, scope=world.project.pk, depends=[parent.pk])

    below, above = (text_of(as_staff, f"/jobs/{job.pk}/") for job in (child, parent))

    assert f'waits for <a href="/jobs/{parent.pk}/">demo.noop #{parent.pk}</a>' in below
    assert "is cancelled if that does not succeed" in below
    assert f'<a href="/jobs/{child.pk}/">demo.noop #{child.pk}</a> waits for it' in above


def test_a_job_of_another_project_is_named_by_its_number_alone(world: World) -> None:
    parent = queue.enqueue("demo.sleep", {})
    child = queue.enqueue("demo.noop", {}, scope=world.project.pk, depends=[parent.pk])

    page = text_of(browser_of(world.viewer), f"/jobs/{child.pk}/")

    assert f">#{parent.pk}</a>" in page
    assert "demo.sleep" not in page


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (None, "one at a time"),
        ({"most_running": 3}, "at most 3 at a time"),
        ({"per_minute": 60, "burst": 60}, "at most 60 a minute"),
    ],
)
def test_the_limit_of_a_key_is_said(
    limit: dict[str, int] | None, said: str, world: World, as_staff: Client
) -> None:
    if limit:
        Limit.objects.create(key="boat", **limit)
    job = queue.enqueue("demo.noop", {}, limit_key="boat")

    assert said in text_of(as_staff, f"/jobs/{job.pk}/")


def test_a_paused_job_says_when_it_goes_on(world: World, as_staff: Client) -> None:
    job = queue.enqueue("demo.noop", {})
    job.pause(by="user:1")
    Job.objects.filter(pk=job.pk).update(resume_at=Now() + timedelta(minutes=1))

    assert "goes on by itself <time" in text_of(as_staff, f"/jobs/{job.pk}/")


def test_the_admin_shows_what_belongs_to_a_job_and_leads_to_its_acts(
    world: World, as_staff: Client
) -> None:
    parent = queue.enqueue("demo.noop", {})
    child = queue.enqueue("demo.noop", {}, depends=[parent.pk])
    Artefact.objects.create(
        job=child, fence=1, name="plan.txt", media_type="text/plain", size=4, data=b"text"
    )

    page = text_of(as_staff, f"/admin/jobs/job/{child.pk}/change/")

    assert f'href="/admin/jobs/job/{parent.pk}/change/">#{parent.pk}' in page
    assert "plan.txt" in page
    for noun in ("pauses", "cancellations", "syncs", "repairs", "reasons"):
        assert f'href="/jobs/{child.pk}/{noun}/"' in page


def test_the_admins_list_counts_no_further_than_it_shows(world: World, as_staff: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        text_of(as_staff, "/admin/jobs/job/")

    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT 10001" in count for count in counts)


def test_a_count_that_ends_at_its_cap_says_so(
    world: World, as_staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = text_of(as_staff, "/admin/jobs/job/")
    queue.enqueue_many("demo.noop", [{}] * 2)
    monkeypatch.setattr(windows, "MOST_LISTED", 2)
    capped = text_of(as_staff, "/admin/jobs/job/")

    assert "1 job\n" in exact
    assert "2+ jobs\n" in capped
    assert "All 2+ selected" in capped


def test_the_admin_tells_times_to_the_second_and_people_by_name(
    world: World, as_staff: Client
) -> None:
    world.job.retry(by=f"user:{world.contributor.pk}", reason="again")
    move = world.job.moves.latest("pk")

    page = text_of(as_staff, f"/admin/jobs/job/{world.job.pk}/change/")

    assert f"{move.at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert "<p>contributor</p>" in page
    assert "Retried by contributor: again" in page
    assert f"user:{world.contributor.pk}" not in page


def test_a_rerun_and_what_it_repeats_lead_to_each_other(world: World, as_staff: Client) -> None:
    old = world.job
    as_staff.post(f"/jobs/{old.pk}/reruns/")
    new = Job.objects.latest("pk")

    assert f'<dt>Led to</dt><dd><a href="/jobs/{new.pk}/">' in text_of(as_staff, f"/jobs/{old.pk}/")
    assert f'<dt>Began with</dt><dd><a href="/jobs/{old.pk}/">' in text_of(
        as_staff, f"/jobs/{new.pk}/"
    )


def test_a_log_of_several_attempts_says_which_wrote_what_and_when(
    world: World, as_staff: Client
) -> None:
    for fence in (1, 2):
        LogChunk.objects.create(job=world.job, fence=fence, seq=0, first_line=1, text="a\nb\n")
    LogChunk.objects.create(job=world.job, fence=2, seq=1, first_line=3, text="c\n")
    begun = LogChunk.objects.get(fence=1).created_at

    log = text_of(as_staff, f"/jobs/{world.job.pk}/log/")

    assert log.count('class="part"') == 2
    assert f"attempt 1, logged from {begun:%Y-%m-%d %H:%M:%S} UTC on" in log


def test_who_retries_what_was_due_later_is_told_that_it_begins_now(
    world: World, as_staff: Client
) -> None:
    later = queue.enqueue("demo.noop", {}, after=3600)
    later.cancel(by="user:1")

    asked = text_of(as_staff, f"/jobs/{later.pk}/retries/")

    assert f"It was due at {later.run_after:%Y-%m-%d %H:%M:%S} UTC" in asked
    assert "It was due" not in text_of(as_staff, f"/jobs/{world.job.pk}/retries/")


def test_the_admin_begins_with_the_state_and_the_acts(world: World, as_staff: Client) -> None:
    page = text_of(as_staff, f"/admin/jobs/job/{world.job.pk}/change/")

    places = [page.index(f"field-{name}") for name in ("word", "acts", "why", "queue", "fence")]
    assert places == sorted(places)


@pytest.mark.parametrize("address", ["/jobs/{}/", "/admin/jobs/job/{}/change/"])
def test_it_says_how_long_a_job_may_take(address: str, world: World, as_staff: Client) -> None:
    page = text_of(as_staff, address.format(world.job.pk))

    assert "60 s, then its handler is interrupted, 10 s later its process ended" in page
