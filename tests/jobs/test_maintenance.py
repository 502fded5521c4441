"""Upkeep that shows: what the product's own jobs do, as jobs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs import db, maintenance, queue, retention, schedules, storage
from jobs.models import Job, JobDay, Schedule, Tick
from jobs.models.schedule import clock
from tests import services
from tests.jobs.conftest import other_connection, serve
from tests.jobs.test_retention import ended


def carried_out(kind: str, pool: str = "short") -> Job:
    """This function will have a job of a kind executed, and give it."""
    job = queue.enqueue(kind, {})
    serve(pool, seconds=60)
    job.refresh_from_db()
    return job


def test_each_of_them_is_a_schedule_with_a_next_run(committed: services.ScratchDatabase) -> None:
    Schedule.objects.all().delete()

    schedules.lay("default")

    laid = {one.name: one for one in Schedule.objects.all()}
    assert {"reconcile", "prune", "reindex", "vacuum"} <= set(laid)
    for one in laid.values():
        one.examine()
        assert (one.standing, one.next_at is not None) == (True, True)


def test_a_due_one_becomes_a_job_that_is_carried_out(committed: services.ScratchDatabase) -> None:
    Schedule.objects.all().delete()
    schedules.lay("default")
    due = clock() - timedelta(seconds=1)
    Schedule.objects.filter(name="vacuum").update(next_at=due)
    with other_connection(committed) as raw:
        schedules.fire_due(raw)

    serve(seconds=60)

    done = Schedule.objects.get(name="vacuum")
    assert (done.last_job.kind, done.last_job.state) == ("upkeep.vacuum", "succeeded")
    assert done.next_at > done.last_at
    assert Tick.objects.get(schedule=done).job_id == done.last_job_id


def test_reconcile_compares_the_board_with_reality(committed: services.ScratchDatabase) -> None:
    job = carried_out("upkeep.reconcile")

    assert (job.state, job.result["disagreements"]) == ("succeeded", 0), job.result


def test_reconcile_lets_go_what_waits_for_nothing_any_more(
    committed: services.ScratchDatabase,
) -> None:
    with other_connection(committed) as raw:
        made = queue.enqueue_many("demo.noop", [{}])
        db.rows(raw, "ALTER TABLE job DISABLE TRIGGER USER")
        db.rows(raw, "UPDATE job SET state = 'blocked'")
        db.rows(raw, "ALTER TABLE job ENABLE TRIGGER USER")

    job = carried_out("upkeep.reconcile")

    assert job.result["released"] == 1
    assert Job.objects.get(pk=made[0]).state == "succeeded"


def test_prune_says_what_it_removed(committed: services.ScratchDatabase) -> None:
    ended(15)

    job = carried_out("upkeep.prune", "long")

    assert (job.state, job.result["jobs"]) == ("succeeded", 5)
    assert JobDay.objects.get().count == 5


def test_prune_stops_in_time_and_leaves_the_rest_to_the_next(
    committed: services.ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(60)
    monkeypatch.setattr(retention, "WINDOW", 10)
    monkeypatch.setattr(maintenance, "PRUNE_S", -1)

    job = carried_out("upkeep.prune", "long")

    assert job.state == "succeeded"
    assert Job.objects.filter(kind="demo.noop").count() == 60
    assert "next run" in job.log_chunks.get().text


def test_retention_loses_nothing_while_runners_work(committed: services.ScratchDatabase) -> None:
    ended(3000)
    queue.enqueue_many("demo.noop", [{}] * 3000)
    counts: list[int] = []

    def clean() -> None:
        counts.extend(gone.rows for gone in retention.retire())
        connection.close()

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    serve(seconds=60)
    cleaner.join(60)

    counted = sum(JobDay.objects.values_list("count", flat=True))
    assert sum(counts) == counted
    assert Job.objects.count() + counted == 6000
    assert Job.objects.exclude(state="succeeded").count() == 0
    assert Job.objects.filter(finished_at__gt=Now() - timedelta(days=1)).count() == 3000


@contextmanager
def bloated(rows: int = 300_000) -> Iterator[str]:
    """This function will lend an index of the ledger's that holds far more than its entries need."""
    name = "job_tick_bloated"
    db.query(f"CREATE INDEX {name} ON job_tick (at, due_at, id)")
    schedule = schedules.make(Schedule(name="s", kind="demo.noop", cron="0 * * * *"), by="user:1")
    db.query(
        "INSERT INTO job_tick (schedule_id, due_at, at, outcome)"
        " SELECT %s, now() + n * interval '1 second', now() - n * interval '1 second', 'fired'"
        " FROM generate_series(1, %s) n",
        (schedule.pk, rows),
    )
    db.query("DELETE FROM job_tick WHERE id %% 20 > 0", ())
    db.query("VACUUM ANALYZE job_tick")
    yield name
    db.query(f"DROP INDEX {name}")


def test_reindex_rebuilds_what_is_bloated_and_nothing_else(
    committed: services.ScratchDatabase,
) -> None:
    with bloated() as name:
        job = carried_out("upkeep.reindex", "long")

        [rebuilt] = [one for one in job.result["rebuilt"] if one["index"] == name]
        again = carried_out("upkeep.reindex", "long")

    assert job.state == "succeeded"
    assert rebuilt["bytes_after"] < rebuilt["bytes_before"] / storage.BLOATED_TIMES
    assert (again.result["rebuilt"], again.result["dropped"]) == ([], [])


def test_reindex_drops_what_an_interrupted_one_left(committed: services.ScratchDatabase) -> None:
    db.query("CREATE INDEX tick_at_ccnew ON job_tick (at)")
    db.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tick_at_ccnew'::regclass")

    job = carried_out("upkeep.reindex", "long")

    assert job.result["dropped"] == ["tick_at_ccnew"]
    assert db.query("SELECT to_regclass('tick_at_ccnew')") == [(None,)]


def test_a_fresh_database_needs_no_advice(committed: services.ScratchDatabase) -> None:
    job = carried_out("upkeep.vacuum")

    assert (job.state, job.result["advice"]) == ("succeeded", [])
    assert {one["name"] for one in job.result["tables"]} & {"job", "job_move"}


def test_vacuum_names_who_keeps_dead_rows(
    committed: services.ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LONG_S", 0.0)
    with other_connection(committed) as raw:
        raw.autocommit = False
        db.rows(raw, "SET application_name = 'somebody''s shell'")
        db.rows(raw, "SELECT txid_current()")

        said = [one for one in storage.advice() if "somebody's shell" in one]

    assert len(said) == 1, said
    assert "end it if nobody needs it" in said[0]


def test_vacuum_sees_dead_rows_and_analyzes_what_changed(
    committed: services.ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "DEAD_ROWS", 100)
    db.query("ALTER TABLE job_day SET (autovacuum_enabled = off)")
    db.query(
        "INSERT INTO job_day (kind, day, state, count, attempts, run_s, wait_s, run_counts, wait_counts)"
        " SELECT 'k' || n, now(), 'failed', 1, 1, 1, 1, '{}', '{}' FROM generate_series(1, 20000) n"
    )
    db.query("UPDATE job_day SET count = 2")
    db.query("SELECT pg_stat_force_next_flush()")

    job = carried_out("upkeep.vacuum")

    assert "job_day" in job.result["analyzed"]
    assert any(one.startswith("job_day: ") for one in job.result["advice"]), job.result


def test_vacuum_warns_long_before_numbers_of_transactions_run_out(
    committed: services.ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any("not frozen" in one for one in storage.advice())

    monkeypatch.setattr(storage, "WRAPAROUND_SHARE", 0)

    assert any("VACUUM FREEZE" in one for one in storage.advice())
