"""The ids of a span of time: of jobs whose ids do not grow with the time they were made, too."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from jobs import ages, board, queue
from jobs.models import Job

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> dict[int, datetime]:
    """This fixture will make 200 jobs, and tell when each was made: nearly in order, some not at all."""
    told = {}
    chance = random.Random(7)  # noqa: S311 — no secret
    for number, pk in enumerate(queue.enqueue_many("demo.noop", [{}] * 200)):
        late = timedelta(hours=chance.choice([0, 0, 0, 1, 30, 2000]))
        told[pk] = BEGIN + timedelta(hours=number) - late
    for pk, at in told.items():
        Job.objects.filter(pk=pk).update(created_at=at)
    return told


def test_a_span_holds_exactly_what_was_made_in_it(made: dict[int, datetime]) -> None:
    chance = random.Random(11)  # noqa: S311 — no secret
    moments = [BEGIN + timedelta(hours=chance.randint(-2100, 260)) for _ in range(24)]
    spans = [*zip(moments[::2], moments[1::2], strict=True), (moments[0], None), (None, moments[1])]
    spans += [(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))]

    for since, until in spans:
        found = ages.among(Job.objects.all(), since, until).values_list("pk", flat=True)

        meant = {
            pk
            for pk, at in made.items()
            if (since is None or at >= since) and (until is None or at < until)
        }
        assert set(found) == meant, (since, until)


def test_a_list_of_an_old_span_begins_at_its_last_id(made: dict[int, datetime]) -> None:
    chosen = board.Filter(since="2026-01-02", until="2026-01-03")
    meant = sorted(pk for pk, at in made.items() if datetime(2026, 1, 2, tzinfo=UTC) <= at)
    meant = [pk for pk in meant if made[pk] < datetime(2026, 1, 3, tzinfo=UTC)]

    found = chosen.of(Job.objects.order_by("-pk"))

    assert list(found.values_list("pk", flat=True)) == meant[::-1]
    last = max(pk for pk, at in made.items() if at < datetime(2026, 1, 3, tzinfo=UTC))
    assert f'"id" <= {last}' in str(found.query)
    assert not chosen.is_wide


def test_the_planner_may_choose_again_afterwards() -> None:
    with connection.cursor() as cursor:
        ages.among(Job.objects.all(), BEGIN, None)
        cursor.execute("SELECT current_setting('enable_seqscan')")

        assert cursor.fetchone() == ("on",)
