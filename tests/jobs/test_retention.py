"""Old finished jobs become daily counts; what somebody needs stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs import queue, retention, schedules
from jobs.models import (
    Attempt,
    Dependency,
    Job,
    JobDay,
    LateReport,
    LogChunk,
    Move,
    Runner,
    Schedule,
    Tick,
)
from jobs.models.schedule import clock
from projects.models import Project
from tests.jobs.conftest import introduce
from tests.pages.conftest import mapped

OLD = 40
"""Days; 30 are kept."""

pytestmark = pytest.mark.django_db


def ended(
    count: int = 1,
    *,
    days: float = OLD,
    state: str = "succeeded",
    kind: str = "demo.noop",
    **options: Any,
) -> list[int]:
    """This function will make jobs that waited 2 s, ran 3 s and ended so many days ago."""
    made = queue.enqueue_many(kind, [{}] * count, **options)
    runner = introduce()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET state = 'running', runner_id = %s, attempt = 1, fence = 1,"
            " started_at = now() - %s * interval '1 day' - interval '3 seconds' WHERE id = ANY (%s)",
            [runner.pk, days, made],
        )
        cursor.execute(
            "UPDATE job SET state = %s, runner_id = NULL, finished_at = now() - %s * interval '1 day',"
            " created_at = now() - %s * interval '1 day' - interval '5 seconds',"
            " failure_class = CASE WHEN %s = 'failed' THEN 'bug' ELSE '' END WHERE id = ANY (%s)",
            [state, days, days, state, made],
        )
    Runner.objects.filter(pk=runner.pk).update(stopped_at=Now())
    return made


def retire() -> int:
    return sum(gone.rows for gone in retention.retire())


def test_of_thirty_old_jobs_ten_stay_and_twenty_are_counted() -> None:
    made = ended(30)

    gone = retire()

    assert (gone, list(Job.objects.order_by("pk").values_list("pk", flat=True))) == (20, made[20:])
    day = JobDay.objects.get()
    assert (day.kind, day.state, day.scope, day.count, day.attempts) == (
        "demo.noop", "succeeded", None, 20, 20,
    )  # fmt: skip
    assert (round(day.run_s), round(day.wait_s)) == (60, 40)
    assert day.day == (clock() - timedelta(days=OLD)).date()


def test_counts_say_how_long_jobs_ran_and_waited() -> None:
    ended(12)

    retire()

    day = JobDay.objects.get()
    bucket = {"run": retention.BOUNDS_S.index(5), "wait": retention.BOUNDS_S.index(2.5)}
    assert len(day.run_counts) == len(retention.BOUNDS_S) + 1
    assert (day.run_counts[bucket["run"]], sum(day.run_counts)) == (2, 2)
    assert (day.wait_counts[bucket["wait"]], sum(day.wait_counts)) == (2, 2)


def test_a_second_run_adds_to_the_counts_of_the_first() -> None:
    ended(12)
    retire()
    ended(3)

    assert (retire(), retire()) == (3, 0)
    day = JobDay.objects.get()
    assert (day.count, sum(day.run_counts), sum(day.wait_counts)) == (5, 5, 5)


def test_each_project_and_kind_keeps_ten_of_its_own() -> None:
    ended(12)
    ended(12, scope=7)
    ended(11, kind="demo.steps", scope=7)
    ended(4, scope=8)

    gone = retire()

    left = list(Job.objects.values_list("scope", "kind"))
    assert (gone, {pair: left.count(pair) for pair in left}) == (
        5,
        {(None, "demo.noop"): 10, (7, "demo.noop"): 10, (7, "demo.steps"): 10, (8, "demo.noop"): 4},
    )


def test_what_stays_is_found_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_STRETCH", 7)
    rare = ended(11, kind="demo.steps", scope=7)
    made = ended(30)
    queue.enqueue_many("demo.noop", [{}] * 9)
    few = ended(4, scope=7)

    assert retire() == 21
    left = set(Job.objects.exclude(state="queued").values_list("pk", flat=True))
    assert left == {*rare[1:], *made[20:], *few}


def test_what_is_not_old_stays() -> None:
    ended(25, days=29)

    assert (retire(), Job.objects.count()) == (0, 25)


def test_a_failed_job_stays_until_somebody_put_it_away() -> None:
    failed = ended(1, state="failed")
    again = ended(1, state="failed")
    ended(10, days=1)
    Job.objects.filter(pk__in=again).update(acknowledged_at=Now() - timedelta(days=OLD + 1))

    assert retire() == 0  # the second was put away, retried, and has failed again since
    Job.objects.filter(pk__in=failed).update(acknowledged_at=Now())
    assert retire() == 1
    assert not Job.objects.filter(pk__in=failed).exists()


def test_a_cancelled_job_goes_and_a_live_one_stays() -> None:
    ended(1, state="cancelled")
    queue.enqueue("demo.noop", {})
    Job.objects.filter(state="queued").update(created_at=Now() - timedelta(days=OLD))
    ended(10, days=1)

    assert retire() == 1
    assert Job.objects.filter(state="queued").count() == 1


def test_what_a_waiting_job_depends_on_stays() -> None:
    [parent] = ended(1, state="cancelled")
    ended(10, days=1)
    child = queue.enqueue("demo.steps", {})
    Dependency.objects.create(child=child, parent_id=parent, policy="hold")
    Job.objects.filter(pk=parent).update(awaited=True)

    assert retire() == 0
    child.cancel(by="user:7")
    assert retire() == 1


def test_history_goes_with_its_job() -> None:
    made = ended(11)
    LogChunk.objects.create(job_id=made[0], fence=1, seq=1, first_line=1, text="hello\n")

    retire()

    assert not LogChunk.objects.exists()
    assert Move.objects.filter(job_id=made[0]).count() == 0
    assert Attempt.objects.filter(job_id=made[0]).count() == 0
    assert Attempt.objects.filter(job_id=made[1]).count() == 1


def test_a_map_outlives_the_job_that_made_it() -> None:
    made = mapped(Project.objects.create(name="Harbour", slug="harbour")).current_map
    [job] = ended(1)
    ended(10)
    type(made).objects.update(job=job)

    assert retire() == 1
    made.refresh_from_db()
    assert made.job_id is None


def test_windows_are_as_many_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "WINDOW", 7)
    ended(60)
    ended(20, days=1)

    gone = [step.rows for step in retention.retire()]

    assert (sum(gone), len(gone)) == (60, 9)


def test_runners_that_stopped_long_ago_go_and_present_ones_stay() -> None:
    gone, held, present = introduce(), introduce(), introduce()
    Runner.objects.filter(pk__in=[gone.pk, held.pk]).update(stopped_at=Now() - timedelta(days=OLD))
    [job] = queue.enqueue_many("demo.noop", [{}])
    Job.objects.filter(pk=job).update(state="running", runner=held, started_at=Now(), fence=1)

    removed = {step.name: step.rows for step in retention.leftovers()}

    assert removed["runners"] == 1
    assert set(Runner.objects.values_list("pk", flat=True)) == {held.pk, present.pk}


def test_old_late_reports_of_jobs_that_are_gone_go_and_the_others_stay() -> None:
    [job] = queue.enqueue_many("demo.noop", [{}])
    old = Now() - timedelta(days=OLD)
    told = {"fence": 1, "runner_id": 1, "outcome": "succeeded", "accepted": False}
    for number, at in ((job, old), (job + 1, old), (job + 2, Now())):
        LateReport.objects.create(job_id=number, found="gone", recorded_at=at, **told)

    removed = {step.name: step.rows for step in retention.leftovers()}

    assert removed["late reports"] == 1
    assert set(LateReport.objects.values_list("job", flat=True)) == {job, job + 2}


def test_of_old_ticks_the_last_twenty_of_each_schedule_stay() -> None:
    schedule = schedules.make(Schedule(name="s", kind="demo.noop", cron="0 * * * *"), by="user:1")
    then = clock() - timedelta(days=OLD)
    Tick.objects.bulk_create(
        Tick(schedule=schedule, due_at=then + timedelta(minutes=n), at=then, outcome="fired")
        for n in range(25)
    )

    removed = {step.name: step.rows for step in retention.leftovers()}

    assert (removed["ticks"], Tick.objects.count()) == (5, 20)
    assert Tick.objects.order_by("due_at").first().due_at == then + timedelta(minutes=5)
