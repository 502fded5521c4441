"""A job's page stays small, whatever became of the job."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Attempt, LogChunk, Move
from tests.pages.conftest import World
from tests.pages.test_pages import text_of


def test_the_page_of_a_job_is_bounded_however_often_it_moved_and_whatever_it_logged(
    world: World, as_staff: Client
) -> None:
    job = world.job
    begun = job.moves.earliest("pk")
    since = timezone.now() + timedelta(seconds=1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    Move.objects.bulk_create(
        Move(
            job=job, at=since, from_state="queued", to_state="paused", fence=1, actor=f"mover-{n}-"
        )
        for n in range(5_000)
    )
    Attempt.objects.bulk_create(
        Attempt(
            job=job,
            number=n,
            fence=n,
            runner_id=1,
            started_at=since,
            ended_at=since,
            outcome="lost",
        )
        for n in range(1_000, 3_000)
    )
    LogChunk.objects.bulk_create(
        LogChunk(job=job, fence=2_999, seq=n, first_line=1 + n * 3, text=f"line {n} of it\n" * 3)
        for n in range(2_000)
    )

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
    with CaptureQueriesContext(connection) as asked:
        page = text_of(as_staff, f"/jobs/{job.pk}/")

    assert len(page) < 150_000
    texts = [one["sql"] for one in asked if '"job_log"."text"' in one["sql"]]
    assert len(texts) == 1
    assert '"job_log"."id" IN (' in texts[0]
    assert "101 of 5,00" in page
    assert f'datetime="{begun.at:%Y-%m-%dT%H:%M:%S.%fZ}"' in page.split("Timeline")[1]
    assert "mover-4999-" in page
    assert "mover-4899-" not in page
    assert "the last 100 of 2,001 ended" in page
    assert "the last 200 of 6,000 lines" in page
    assert 'id="L5801"' in page
    assert 'id="L5800"' not in page
