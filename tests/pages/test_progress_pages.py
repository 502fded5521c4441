"""What people see of progress, and of ends that arrived late: on the page, in the admin, as reasons."""

from django.test import Client

from jobs import queue
from jobs.models import Job, LateReport, Progress
from jobs.why import why
from tests.pages.conftest import World, fail, hold, runner


def text_of(client: Client, address: str) -> str:
    """This function will read a page that is there."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def under_way(world: World) -> Job:
    """This function will lend a job that is a third through its steps."""
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    hold(job, runner())
    Progress.objects.create(
        job=job, fence=1, current=37, total=120, item="web-ui", rate=0.07, eta_s=1200
    )
    return job


def test_a_running_job_shows_rate_and_time_left(world: World, as_staff: Client) -> None:
    job = under_way(world)

    for address in (f"/jobs/{job.pk}/", "/jobs/"):
        page = text_of(as_staff, address)
        assert "37/120" in page
        assert "4.2/min · ~20 min left" in page


def test_a_time_left_that_nobody_renewed_is_not_shown(world: World, as_staff: Client) -> None:
    job = under_way(world)
    Progress.objects.update(eta_s=None)

    page = text_of(as_staff, f"/jobs/{job.pk}/")

    assert "4.2/min" in page
    assert "left" not in page.partition("4.2/min")[2][:40]


def test_a_paused_job_says_how_far_it_got_and_no_time(world: World, as_staff: Client) -> None:
    job = under_way(world)
    Job.objects.filter(pk=job.pk).update(state="paused", runner=None)

    page = text_of(as_staff, f"/jobs/{job.pk}/")

    assert "37/120 · web-ui" in page
    assert "/min" not in page


def test_counts_beyond_the_lists_are_told(world: World, as_staff: Client) -> None:
    job = under_way(world)
    Progress.objects.update(items_failed=["a: why"], failed_count=1200, done_count=0)

    assert "1,200 failed, the last 1" in text_of(as_staff, f"/jobs/{job.pk}/")


def test_a_late_report_is_shown_on_the_page_in_the_admin_and_as_a_reason(
    world: World, as_staff: Client
) -> None:
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    fail(job)
    job.refresh_from_db()
    for accepted in (True, False):
        LateReport.objects.create(
            job=job, fence=1, runner_id=7, outcome="succeeded", accepted=accepted, found=job.state
        )

    page = text_of(as_staff, f"/jobs/{job.pk}/")
    listed = text_of(as_staff, "/admin/jobs/latereport/")
    reasons = [sentence.text for sentence in why(job)]

    assert "Recorded, nothing overwritten" in page
    assert "succeeded" in listed
    said = "Runner 7 reported late that claim 1 ended as succeeded: "
    assert said + "it was the last claim still, so that was taken." in reasons
    assert said + "the job was failed by then, so that is recorded and changed nothing." in reasons
