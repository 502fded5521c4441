"""What is summed of hours that are over is what the rows said, and stays when they go."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from jobs import db, retention, sums, tallies
from jobs.models import AttemptSum, Job, JobDay
from jobs.spans import Chosen, Span
from jobs.sums import DAY, HOUR
from jobs.tallies import Counted
from tests.jobs.test_truth_figures import by_hand

OUTCOMES = ("succeeded", "succeeded", "succeeded", "failed", "queued", "scheduled", "cancelled")
KINDS = ("demo.noop", "demo.fail", "demo.sleep")
NOW = datetime.now(UTC)
TODAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
LONG = Span(TODAY - 20 * DAY, NOW)
pytestmark = pytest.mark.django_db


def ended(*found: tuple[str, datetime, str, str], queue: str = "short") -> None:
    """This function will have jobs of a kind that were attempted once: until when, and how."""
    kinds, ends, outcomes, classes = (list(each) for each in zip(*found, strict=True))
    with transaction.atomic():
        by_hand(
            "WITH given AS MATERIALIZED (SELECT nextval('job_id_seq') AS id, g.* FROM"
            " unnest(%s::text[], %s::timestamptz[], %s::text[], %s::text[]) AS g (kind, at, outcome, class)),"
            " made AS (INSERT INTO job (id, kind, queue_id, state, attempt, started_at, finished_at, created_at)"
            " SELECT id, kind, %s, 'succeeded', 1, at, at, at FROM given)"
            " INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, ended_at, outcome, failure_class)"
            " SELECT id, 1, 1, 1, at, at, outcome, class FROM given ORDER BY at",
            *(kinds, ends, outcomes, classes, queue),
        )


def some(number: int, since: datetime, until: datetime) -> list[tuple[str, datetime, str, str]]:
    """This function will make up ends of every sort, also at the edges of hours and of days."""
    chance, found = random.Random(7), []  # noqa: S311 — the same each time
    for _ in range(number):
        at = since + (until - since) * chance.random()
        if chance.random() < 0.2:
            at = min(max(since, at.replace(minute=0, second=0, microsecond=0)), until)
        outcome = chance.choice(OUTCOMES)
        failed = outcome in ("failed", "queued", "scheduled")
        cause = chance.choice(("bug", "timeout")) if failed else ""
        found.append((chance.choice(KINDS), at, outcome, cause))
    return found


def by_rows(of: Chosen) -> tuple[Any, ...]:
    """This function will count the rows themselves, one by one: steps, kinds, queues and classes."""
    sql = (
        "SELECT a.ended_at, j.kind, j.queue_id, a.outcome, a.failure_class"
        " FROM job_attempt a JOIN job j ON j.id = a.job_id"
        " WHERE a.ended_at >= %s AND a.ended_at < %s AND (%s = '' OR j.kind = %s)"
    )
    rows = db.query(sql, (*of.span, of.kind, of.kind))
    starts = of.steps
    steps: Counter[datetime] = Counter()
    for at, *_ in rows:
        steps[max(start for start in starts if start <= at)] += 1
    return (
        [steps[start] for start in starts],
        Counter((kind, outcome) for _, kind, _, outcome, _ in rows if outcome in ("succeeded",)),
        Counter(kind for _, kind, *_ in rows),
        Counter(queue for _, _, queue, *_ in rows),
        Counter(cause for *_, outcome, cause in rows if cause),
    )


def by_figures(found: Counted) -> tuple[Any, ...]:
    return (
        [step.ended for step in found.steps],
        Counter({(kind, "succeeded"): one.succeeded for kind, one in found.kinds.items()}),
        Counter({kind: one.ended for kind, one in found.kinds.items()}),
        Counter({queue: one.ended for queue, one in found.queues.items()}),
        Counter({one.failure_class: one.failed for one in found.classes}),
    )


def closed() -> int:
    """This function will sum what is over, and say how many hours those were."""
    return sum(1 for _ in sums.close())


@pytest.mark.parametrize("kind", ["", "demo.fail"])
@pytest.mark.parametrize(
    ("since", "until"),
    [
        (TODAY - 2.4 * DAY, NOW),
        (TODAY - 20 * DAY, NOW),
        (TODAY - 2 * DAY, TODAY),
        (TODAY - 47.3 * HOUR, TODAY - 22.6 * HOUR),
        (TODAY - 6.5 * DAY, TODAY - 9.5 * HOUR),
        (NOW - timedelta(minutes=80), NOW),
    ],
)
def test_figures_from_sums_are_those_of_the_rows(
    since: datetime, until: datetime, kind: str
) -> None:
    ended(*some(400, TODAY - 2 * DAY, NOW))
    ended(*some(60, TODAY - 2 * DAY, NOW), queue="long")
    of = Chosen(Span(since, until), None, kind)
    from_rows = by_figures(tallies.counted(of))
    closed()

    found = by_figures(tallies.counted(of))

    assert found == from_rows == by_rows(of)


def test_each_hour_is_summed_once_and_each_day_when_it_is_over() -> None:
    ended(*some(50, TODAY - 2 * DAY, TODAY))

    first, again = closed(), closed()

    assert (first >= 48, again) == (True, 0)
    whole = AttemptSum.objects.filter(kind="", hours=24, since__lt=TODAY).order_by("since")
    assert list(whole.values_list("since", flat=True)) == [TODAY - 2 * DAY, TODAY - DAY]
    assert sum(whole.values_list("count", flat=True)) == 50
    hours = AttemptSum.objects.filter(hours=1, since__lt=TODAY)
    assert hours.filter(kind="").count() == 48
    assert sum(hours.exclude(kind="").values_list("count", flat=True)) == 50


def test_what_ends_now_is_counted_beside_the_sums() -> None:
    ended(*some(20, TODAY - DAY, TODAY))
    closed()

    ended(("demo.noop", datetime.now(UTC), "succeeded", ""))

    found = tallies.counted(Chosen(Span(TODAY - 2 * DAY, datetime.now(UTC) + HOUR)))
    assert found.whole.ended == 21


def test_sums_stay_when_jobs_go_and_nothing_counts_twice(settings: Any) -> None:
    settings.FACTORY_KEEP_DAYS = 1
    kept = retention.KEEP_EACH
    ended(*[("demo.noop", TODAY - 4 * DAY + n * HOUR, "succeeded", "") for n in range(30)])
    closed()
    of = Chosen(LONG)
    before = tallies.counted(of, by_day=True)

    removed = sum(gone.rows for gone in retention.retire())

    assert (removed, Job.objects.count()) == (30 - kept, kept)
    assert tallies.counted(of, by_day=True) == before
    assert sum(day.jobs or 0 for day in before.days) == 30


def test_days_before_the_sums_count_what_was_removed_and_what_is_there() -> None:
    gone: dict[str, Any] = {"kind": "demo.noop", "state": "succeeded", "run_counts": []}
    JobDay.objects.create(**gone, day=(TODAY - 3 * DAY).date(), count=41, wait_counts=[])
    ended(("demo.noop", TODAY - 2.5 * DAY, "succeeded", ""), ("demo.noop", TODAY, "failed", "bug"))

    closed()

    covered = sums.covered()
    assert covered is not None
    assert covered.since == TODAY - 2 * DAY
    days = {
        (day.day, day.state): day.jobs for day in tallies.counted(Chosen(LONG), by_day=True).days
    }
    assert days == {
        ((TODAY - 3 * DAY).date(), "succeeded"): 42,
        (TODAY.date(), "failed"): 1,
    }


def test_only_what_is_open_and_too_much_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    ended(*some(40, TODAY - 2 * DAY, TODAY))
    closed()
    ended(*[("demo.noop", datetime.now(UTC), "succeeded", "")] * 9)
    monkeypatch.setattr(tallies, "COUNTED", 5)

    found = tallies.counted(Chosen(Span(TODAY - 2 * DAY, datetime.now(UTC) + HOUR)))

    covered = sums.covered()
    assert covered is not None
    known = [step for step in found.steps if step.ended is not None]
    assert sum(step.ended or 0 for step in known) == 40
    assert all(step.since + HOUR > covered.until for step in found.steps if step not in known)
    assert not found.known


def test_an_edge_with_more_than_is_read_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    ended(*[("demo.noop", TODAY - DAY + timedelta(minutes=40), "succeeded", "")] * 6)
    closed()
    monkeypatch.setattr(tallies, "COUNTED", 5)

    found = tallies.counted(Chosen(Span(TODAY - DAY + timedelta(minutes=30), TODAY)))

    assert (found.steps[0].ended, found.steps[1].ended, found.known) == (None, 0, False)
