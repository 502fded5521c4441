"""Figures come from rows, and the same rows counted by hand give the same figures."""

from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

import pytest
from django.db import connection

from jobs import events, figures, ports, spans, tallies
from jobs.figures import Group
from jobs.models import Delivery, JobDay
from jobs.spans import BadSpan, Chosen, Span
from tests.jobs.conftest import introduce

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = Span(NOON, NOON + timedelta(hours=1))
pytestmark = pytest.mark.django_db


def by_hand(sql: str, *values: Any) -> None:
    """This function will write rows past every guard of the ledger."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def attempt(
    wait_s: float,
    run_s: float,
    outcome: str = "succeeded",
    *,
    at: datetime = NOON,
    kind: str = "demo.noop",
    scope: int | None = None,
    failure_class: str = "",
) -> None:
    """This function will have a job that was attempted once, and whose attempt began at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO job (kind, queue_id, scope) VALUES (%s, 'short', %s) RETURNING id",
            [kind, scope],
        )
        job = cursor.fetchone()[0]
    by_hand("UPDATE job_move SET at = %s WHERE job_id = %s", at - timedelta(seconds=wait_s), job)
    by_hand(
        "INSERT INTO job_attempt"
        " (job_id, number, fence, runner_id, started_at, ended_at, outcome, failure_class)"
        " VALUES (%s, 1, 1, 5, %s, %s, %s, %s)",
        *(job, at, at + timedelta(seconds=run_s), outcome, failure_class),
    )


def group(by: str, name: str = "", **more: Any) -> Group:
    found = figures.measured(Chosen(HOUR, **more)).groups
    return next(one for one in found if (one.by, one.name) == (by, name))


def ended(scopes: list[int] | None = None) -> int:
    return sum(one.ended or 0 for one in tallies.counted(Chosen(HOUR, scopes)).steps)


def test_waits_and_runs_are_those_of_the_rows() -> None:
    waits, runs = [0.1, 0.5, 2.0, 8.0, 9.0], [1.0, 3.0, 5.0, 7.0, 30.0]
    for wait, run in zip(waits, runs, strict=True):
        attempt(wait, run)

    all_of_them = group("")

    assert all_of_them.ended == 5
    assert all_of_them.wait_p50 == pytest.approx(2.0)
    assert all_of_them.wait_p95 == pytest.approx(quantiles(waits, n=20, method="inclusive")[18])
    assert all_of_them.run_p50 == pytest.approx(5.0)
    assert all_of_them.run_p95 == pytest.approx(quantiles(runs, n=20, method="inclusive")[18])


def test_each_kind_queue_project_and_runner_is_measured_apart() -> None:
    attempt(1, 1, kind="demo.noop", scope=7)
    attempt(1, 9, "failed", kind="demo.fail", scope=8, failure_class="bug")
    attempt(1, 9, "queued", kind="demo.fail", scope=8, failure_class="unknown")

    assert group("kind", "demo.fail")[2:6] == (2, 0, 1, 1)
    assert group("kind", "demo.noop")[2:6] == (1, 1, 0, 0)
    assert (group("project", "8").ended, group("project", "8").run_p50) == (2, 9.0)
    assert group("queue", "short").ended == group("runner", "5").ended == 3


def test_only_what_ended_within_the_span_counts() -> None:
    attempt(0, 1, at=NOON - timedelta(seconds=2))
    attempt(0, 1, at=NOON + timedelta(hours=1))
    attempt(0, 1)

    assert ended() == group("").ended == 1


def test_who_sees_one_project_sees_its_figures_only() -> None:
    attempt(0, 1, scope=7)
    attempt(0, 1, "failed", scope=8, failure_class="bug")
    attempt(0, 1)

    assert ended([7]) == group("", scopes=[7]).ended == 1
    assert tallies.counted(Chosen(HOUR, [7])).classes == []
    assert [day.jobs for day in tallies.counted(Chosen(HOUR, [7]), by_day=True).days] == [1]
    assert ended([]) == 0


@pytest.mark.parametrize("asked", ["each job", "the newest attempts"])
@pytest.mark.parametrize("kind", ["", "demo.fail"])
def test_figures_of_projects_are_the_same_whichever_way_they_are_found(
    asked: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        outcome = "failed" if number % 3 == 0 else "succeeded"
        done = "demo.fail" if number % 2 else "demo.noop"
        at = NOON + timedelta(minutes=4 * number)
        attempt(0, 1 + number, outcome, at=at, kind=done, scope=7 + number % 3)
    attempt(0, 1)
    monkeypatch.setattr(tallies, "FEW_JOBS", 100 if asked == "each job" else -1)

    of = Chosen(HOUR, [7, 8], kind)
    found, measured = tallies.counted(of, by_day=True), figures.measured(of)

    mine = [n for n in range(12) if n % 3 < 2 and (not kind or n % 2)]
    failed, minutes = sum(n % 3 == 0 for n in mine), {4 * n for n in mine}
    assert found.whole == (len(mine), len(mine) - failed, failed, 0)
    assert [step.ended for step in found.steps] == [int(n in minutes) for n in range(60)]
    assert (found.queues["short"], found.known) == (found.whole, True)
    assert sum(day.jobs or 0 for day in found.days) == len(mine)
    assert sorted(one.name for one in measured.groups if one.by == "project") == ["7", "8"]
    assert measured.groups[0][2:6] == found.whole
    assert sum(measured.spread) == len(mine)


def test_of_few_projects_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt(0, 1, scope=7)
    for _ in range(5):
        attempt(0, 1, at=NOON + timedelta(minutes=9))
    monkeypatch.setattr(tallies, "COUNTED", 2)

    assert tallies.counted(Chosen(HOUR, [7])).known
    assert tallies.counted(Chosen(HOUR, [])).whole.ended == 0
    assert not tallies.counted(Chosen(HOUR)).known


def test_failures_are_counted_by_class() -> None:
    attempt(0, 1, "failed", failure_class="bug")
    attempt(0, 1, "queued", failure_class="transient-network")
    attempt(0, 1, "failed", failure_class="transient-network")

    assert tallies.counted(Chosen(HOUR)).classes == [("transient-network", 2, 1), ("bug", 1, 0)]


def test_removed_jobs_count_in_their_day() -> None:
    attempt(0, 1)
    JobDay.objects.create(
        kind="demo.noop",
        day=NOON.date(),
        state="succeeded",
        count=41,
        run_counts=[],
        wait_counts=[],
    )

    assert tallies.counted(Chosen(HOUR), by_day=True).days == [(NOON.date(), "succeeded", 42)]


def test_a_span_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadSpan, match="before until"):
        spans.span(NOON, NOON)
    with pytest.raises(BadSpan, match="92 days"):
        spans.span(NOON - timedelta(days=93), NOON)


def test_deliveries_on_their_way_are_behind_their_event() -> None:
    events.register("t.news", version=1, fields={}, meaning="A test.")
    ports.subscribers.register("t.news", ports.Subscriber("demo.noop", lambda event: {}))
    try:
        for _ in range(3):
            events.publish("t.news", {}, scope=None)
    finally:
        del events._schemas["t.news"], ports.subscribers["t.news"]
    by_hand("UPDATE job_event SET created_at = now() - interval '90 seconds'")
    done = Delivery.objects.order_by("pk")[0].job_id
    by_hand("UPDATE job SET state = 'succeeded', finished_at = now() WHERE id = %s", done)

    lag = figures.event_lag()

    assert lag.open == 2
    assert lag.oldest_s == pytest.approx(90, abs=30)
    assert lag.p95_s == pytest.approx(90, abs=30)


def test_the_database_is_timed_and_runners_are_weighed() -> None:
    introduce(rss_mb=81)

    assert 0 < figures.database().answer_s < 5
    assert figures.database().active_s >= 0
    assert list(figures.memory().values()) == [81]


def test_a_recent_span_of_a_million_attempts_is_found_by_its_index() -> None:
    by_hand(
        "INSERT INTO job (kind, queue_id, state, finished_at)"
        " SELECT 'demo.noop', 'short', 'succeeded', now() FROM generate_series(1, 1000)"
    )
    by_hand(
        "INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, ended_at, outcome)"
        " SELECT j.id, 1, 1, 1, now(), now() - make_interval(secs => 200000 - n), 'succeeded'"
        " FROM generate_series(1, 200000) n JOIN (SELECT min(id) AS id FROM job) j ON true"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT brin_summarize_new_values('attempt_ended')")
        cursor.execute("ANALYZE job_attempt")
        cursor.execute(
            "EXPLAIN SELECT count(*) FROM job_attempt WHERE ended_at >= now() - interval '5 minutes'"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "attempt_ended" in plan, plan
