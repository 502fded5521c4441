"""Progress that can be believed: stored with its pace, told with its age, never beyond evidence."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs import board, ledger, queue, reporting, summary
from jobs.failures import Failed, FailureClass
from jobs.ledger import Claim
from jobs.models import Job, Progress
from jobs.reporting import ITEMS_KEPT, Report
from tests.jobs.conftest import Desk

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that goes as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """This method will tell the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """This fixture will put a clock that is moved by hand into reports."""
    made = Clock()
    monkeypatch.setattr(reporting, "monotonic", made)
    return made


def work(report: Report, clock: Clock, upto: int, seconds: float, *, begin: int = 0) -> None:
    """This function will report even steps of 120, and store them."""
    report.progress(begin, 120, "web-ui")
    for number in range(begin + 1, upto + 1):
        clock.now += seconds
        report.progress(number, 120, "web-ui")
    report.write(connection.connection)


def told(job: int) -> dict[str, Any]:
    """This function will give a job as commands and the API tell it."""
    return summary.describe(board.shown(Job.objects.filter(pk=job)).get())


def test_a_running_job_says_rate_and_time_left(running_job: Claim, clock: Clock) -> None:
    work(Report(running_job), clock, 37, 60 / 4.2)

    job = told(running_job.id)

    assert summary.words(job) == "37/120 · 4.2/min · ~20 min left · web-ui"
    assert job["progress"]["rate_per_min"] == 4.2
    assert 1150 < job["progress"]["eta_s"] < 1190


def test_the_time_left_shrinks_while_nothing_is_reported(running_job: Claim, clock: Clock) -> None:
    work(Report(running_job), clock, 37, 14)
    before = told(running_job.id)["progress"]["eta_s"]
    Progress.objects.update(updated_at=Now() - timedelta(seconds=100))

    assert before - 102 <= told(running_job.id)["progress"]["eta_s"] <= before - 98

    Progress.objects.update(updated_at=Now() - timedelta(seconds=5000))
    assert told(running_job.id)["progress"]["eta_s"] is None


def test_a_stall_takes_the_time_left_away_without_a_report(
    running_job: Claim, clock: Clock
) -> None:
    report = Report(running_job)
    work(report, clock, 37, 14)
    assert Progress.objects.get().eta_s

    clock.now += 100
    report.write(connection.connection)

    assert Progress.objects.get().eta_s is None
    assert "left" not in summary.words(told(running_job.id))


def test_no_bar_goes_beyond_its_end(running_job: Claim, clock: Clock) -> None:
    report = Report(running_job)
    report.progress(130, 120)
    report.write(connection.connection)

    job = told(running_job.id)["progress"]

    assert (job["percent"], job["eta_s"]) == (100, None)


def test_an_unknown_total_is_a_count_and_no_bar(running_job: Claim) -> None:
    report = Report(running_job)
    report.progress(12, None, "x")
    report.write(connection.connection)

    job = told(running_job.id)

    assert (job["progress"]["percent"], summary.words(job)) == (None, "12 so far · x")


def test_counts_are_true_when_the_lists_are_cut(running_job: Claim) -> None:
    report = Report(running_job)
    report.progress(1, done=[str(number) for number in range(ITEMS_KEPT + 50)])
    report.progress(2, failed=["a: why"])
    report.write(connection.connection)

    progress = told(running_job.id)["progress"]

    assert (progress["done_count"], len(progress["items_done"])) == (ITEMS_KEPT + 50, ITEMS_KEPT)
    assert (progress["failed_count"], progress["items_failed"]) == (1, ["a: why"])


def test_an_ended_job_has_no_rate_and_no_time_left(
    running_job: Claim, clock: Clock, desk: Desk
) -> None:
    work(Report(running_job), clock, 37, 14)
    desk.ledger.finish([ledger.success(running_job, None)])

    assert summary.words(told(running_job.id)) == "37/120 · web-ui"


def test_a_line_of_log_is_a_sign_of_life(running_job: Claim, clock: Clock) -> None:
    report = Report(running_job)
    clock.now += 30
    report.log("here")
    clock.now += 10
    report.write(connection.connection)

    progress = Progress.objects.get()
    silent = (progress.updated_at - progress.heard_at).total_seconds()
    lasted = (progress.updated_at - progress.started_at).total_seconds()
    assert (round(silent), round(lasted)) == (10, 40)


def test_a_quick_job_that_only_logs_writes_no_progress(running_job: Claim) -> None:
    report = Report(running_job)
    report.log("done")

    report.write(connection.connection, last=True)

    assert not Progress.objects.exists()


def paused(claim: Claim, desk: Desk) -> Claim:
    """This function will pause a running job as its runner does at a checkpoint, and claim it again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET state = 'paused', runner_id = NULL, max_attempts = max_attempts + 1"
            " WHERE id = %s",
            [claim.id],
        )
        cursor.execute("UPDATE job SET state = 'queued' WHERE id = %s", [claim.id])
    return desk.claim()[0]


def test_a_resumed_job_goes_on_at_its_pace_without_the_pause(
    running_job: Claim, clock: Clock, desk: Desk
) -> None:
    work(Report(running_job), clock, 37, 14)
    again = paused(running_job, desk)
    clock.now += 10_000

    report = Report(again)
    report.progress(37, 120, "web-ui")
    report.write(connection.connection)

    progress = Progress.objects.get()
    assert progress.fence == 2
    assert progress.rate == pytest.approx(1 / 14)
    assert progress.eta_s == pytest.approx(83 * 14)


def test_another_attempt_begins_with_a_rate_of_its_own(
    running_job: Claim, clock: Clock, desk: Desk
) -> None:
    work(Report(running_job), clock, 37, 14)
    lost = Failed(FailureClass.WORKER_LOST, "Gone.")
    desk.ledger.finish([ledger.failure(running_job, lost)])
    report = Report(desk.claim()[0])
    assert told(running_job.id)["progress"]["rate_per_min"] is None

    report.progress(0, 120)
    report.write(connection.connection)

    assert (Progress.objects.get().rate, Progress.objects.get().eta_s) == (None, None)


def test_the_most_memory_of_each_claim_is_kept(running_job: Claim, desk: Desk) -> None:
    for claim, held in ((running_job, (80, 300, 90)), (None, (120,))):
        report = Report(claim or desk.claim()[0])
        for mb in held:
            report.holds(mb)
            report.write(connection.connection)
        desk.ledger.hand_back([report.claim], "")

    progress = Progress.objects.get()
    assert (progress.peak_mb, progress.peaks) == (120, {"1": 300, "2": 120})


def test_the_fence_refuses_a_pace(running_job: Claim, clock: Clock, desk: Desk) -> None:
    report = Report(running_job)
    desk.ledger.hand_back([running_job], "")
    desk.claim()

    work(report, clock, 3, 14)

    assert not Progress.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3, "~5 s left"), (44, "~45 s left"), (89, "~90 s left"), (95, "~2 min left"),
     (1186, "~20 min left"), (7000, "~2 h left"), (200_000, "~2 days left")],
)  # fmt: skip
def test_the_time_left_is_rounded_as_far_as_it_is_known(seconds: int, said: str) -> None:
    shown = {"state": "running", "progress": {"rate_per_min": None, "eta_s": seconds}}

    assert summary.pace_words(shown) == said


@pytest.mark.parametrize(
    ("rate", "said"), [(0.35, "0.35/min"), (4.2, "4.2/min"), (240.0, "240/min"), (6e4, "1,000/s")]
)
def test_a_rate_is_told_in_the_unit_people_count_in(rate: float, said: str) -> None:
    shown = {"state": "running", "progress": {"rate_per_min": rate, "eta_s": None}}

    assert summary.pace_words(shown) == said


def test_a_report_of_nothing_is_no_row(running_job: Claim) -> None:
    queue.enqueue("demo.noop", {})

    Report(running_job).write(connection.connection, last=True)

    assert not Progress.objects.exists()
