"""Acts on many jobs while a runner drains them."""

from django.db import connection

from jobs import acts, queue
from jobs.models import Job
from tests.jobs.conftest import Cluster, wait_for

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def test_many_jobs_are_paused_while_a_runner_drains_them(cluster: Cluster) -> None:
    met = 0
    for _ in range(3):
        made = queue.enqueue_many("demo.noop", [{}] * 15_000)
        ours = Job.objects.filter(pk__gte=made[0])
        assert wait_for(ours.filter(state="succeeded").exists)

        outcome = acts.pause(ours.filter(state="queued"), by="user:1")
        assert wait_for(lambda some=ours: not some.filter(state__in=["queued", "running"]).exists())

        assert outcome.done == ours.filter(state="paused").count()
        met += outcome.done
        acts.cancel(ours, by="user:1")
    assert met > 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(DEADLOCKS)
        assert cursor.fetchone() == (0,)
