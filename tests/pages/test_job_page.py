"""What the page of one job tells: its attempts, what it left, and what came too late."""

import pytest
from django.db.models.functions import Now
from django.test import Client

from jobs import queue
from jobs.models import Artefact, Job, LateReport, LogChunk, Progress
from tests.pages.conftest import World, runner
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
        assert f'href="/jobs/{job.pk}/log/#{anchor}"' in page
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
