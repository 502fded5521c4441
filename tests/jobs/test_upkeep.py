"""Death needs proof; what a dead runner held comes back once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs import maintenance, process, queue, schedules, upkeep
from jobs.context import Run
from jobs.ledger import LOCK_CLASS, Claim, statement
from jobs.models import Attempt, Job, LogChunk, Move, Runner, Schedule
from jobs.reporting import Report
from jobs.upkeep import Suspect, proof_of_death
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import GONE_PID, Desk, introduce, other_connection, states

HERE = Suspect(
    1, process.host(), process.boot_id(), 1, process.started_ticks(1), False, home=process.home()
)

PROOFS = {
    "lock free, process alive": (HERE, ""),
    "lease over, but its process is there": (HERE._replace(lease_over=True), ""),
    "process gone": (HERE._replace(pid=GONE_PID), "is gone"),
    "its number belongs to a later process": (HERE._replace(pid_ticks=1), "is gone"),
    "machine booted again": (HERE._replace(boot_id="before", lease_over=True), "booted again"),
    "a namesake's boot, lease running": (HERE._replace(boot_id="of a clone"), ""),
    "gone from another home, lease running": (HERE._replace(pid=GONE_PID, home="/b"), ""),
    "of another home, lease over": (HERE._replace(home="/b", lease_over=True), "lease"),
    "another machine, lease running": (HERE._replace(host="elsewhere"), ""),
    "another machine, lease over": (HERE._replace(host="elsewhere", lease_over=True), "lease"),
    "row gone a moment ago": (Suspect(1, None, None, None, None, False), ""),
    "row gone for long": (Suspect(1, None, None, None, None, True), "row is gone"),
}


@pytest.mark.parametrize("case", PROOFS)
def test_death_needs_proof(case: str) -> None:
    suspect, proof = PROOFS[case]

    assert proof in proof_of_death(suspect)
    assert bool(proof_of_death(suspect)) == bool(proof)


def test_a_lease_that_ran_out_while_the_database_was_away_proves_nothing_yet(
    committed: services.ScratchDatabase,
) -> None:
    runner = introduce(host="elsewhere", lease_until=Now() - timedelta(seconds=1))
    with other_connection(committed) as raw:
        [cut_off] = upkeep.suspects(raw, asks_always=True)
        Runner.objects.update(seen_at=Now())
        [seen_since] = upkeep.suspects(raw, asks_always=True)

    assert (cut_off.id, cut_off.lease_over) == (runner.pk, False)
    assert seen_since.lease_over


def tick() -> upkeep.Tick:
    return upkeep.tick(connection.connection)


@pytest.fixture
def silent_worker(desk: Desk) -> Desk:
    """This fixture will lend a runner whose process is gone; its hands can still claim."""
    desk.runner = introduce(pid=GONE_PID)
    return desk


def test_a_runner_whose_process_is_there_is_left_alone(desk: Desk, running_job: Claim) -> None:
    done = tick()

    assert (done.settled, states(running_job.id)) == ([], ["running"])


def test_a_clone_of_a_machine_leaves_the_runners_of_its_namesake_their_jobs(desk: Desk) -> None:
    desk.runner = introduce(boot_id="of the other machine")
    job = queue.enqueue("demo.noop", {}).pk
    desk.claim()

    done = tick()

    assert (done.settled, states(job)) == ([], ["running"])


def test_one_job_of_a_dead_runner_is_queued_and_its_attempt_counts(silent_worker: Desk) -> None:
    queue.enqueue("demo.noop", {})
    claim = silent_worker.claim()[0]

    done = tick()

    job = Job.objects.get(pk=claim.id)
    assert (done.requeued, job.state, job.attempt, job.solo) == ([job.pk], "queued", 1, False)
    assert "process 99999999 on" in job.reason
    assert Move.objects.filter(job=job).latest("pk").actor == "upkeep"
    assert Attempt.objects.values_list("number", "failure_class").get() == (1, "worker-lost")


def test_the_last_attempt_of_a_dead_runner_fails(silent_worker: Desk) -> None:
    queue.enqueue("demo.noop", {}, max_attempts=1)
    claim = silent_worker.claim()[0]

    done = tick()

    job = Job.objects.get(pk=claim.id)
    assert (done.failed, job.state, job.failure_class) == ([job.pk], "failed", "worker-lost")


def test_a_crowd_is_refunded_and_each_runs_alone_next(silent_worker: Desk) -> None:
    made = queue.enqueue_many("demo.noop", [{}] * 3, max_attempts=1)
    silent_worker.claim()

    tick()

    assert set(Job.objects.values_list("state", "attempt", "solo")) == {("queued", 0, True)}
    assert not Attempt.objects.exists()
    silent_worker.runner = introduce()
    assert silent_worker.claim_ids() == made[:1]


def test_a_crowd_with_a_successor_of_its_key_comes_back(silent_worker: Desk) -> None:
    queue.enqueue("demo.noop", {}, unique_key="k")
    queue.enqueue("demo.noop", {})
    silent_worker.claim()
    queue.enqueue("demo.noop", {}, unique_key="k")

    assert len(tick().requeued) == 2


def test_the_row_of_a_dead_runner_is_closed_with_the_proof(silent_worker: Desk) -> None:
    tick()

    silent_worker.runner.refresh_from_db()
    assert silent_worker.runner.stopped_at is not None
    assert "is gone" in silent_worker.runner.ending


def test_settling_is_done_once(silent_worker: Desk) -> None:
    queue.enqueue("demo.noop", {})
    silent_worker.claim()
    first = tick().requeued

    assert (len(first), tick().requeued) == (1, [])


def test_a_deleted_runner_shows_its_jobs_as_lost(desk: Desk, running_job: Claim) -> None:
    before = Job.objects.lost().count()

    Runner.objects.all().delete()

    assert (before, Job.objects.lost().get().pk) == (0, running_job.id)


def test_a_silent_runner_shows_its_jobs_as_lost(desk: Desk, running_job: Claim) -> None:
    Runner.objects.update(lease_until=Now() - timedelta(seconds=1))

    assert Job.objects.lost().get().pk == running_job.id


@pytest.mark.parametrize("how", ["deleted", "closed"])
def test_jobs_of_a_runner_without_a_row_come_back_after_a_lease(
    desk: Desk, running_job: Claim, how: str
) -> None:
    if how == "deleted":
        Runner.objects.all().delete()
    else:
        Runner.objects.update(stopped_at=Now())
    early = tick().requeued

    Job.objects.update(started_at=Now() - timedelta(seconds=16))

    assert (early, tick().requeued) == ([], [running_job.id])


@pytest.fixture
def dead_batch(committed: services.ScratchDatabase) -> services.ScratchDatabase:
    """This fixture will lend a database with 20 jobs in the hands of a dead runner."""
    queue.enqueue_many("demo.noop", [{}] * 20)
    with other_connection(committed) as raw:
        Desk(raw, introduce(pid=GONE_PID)).claim(20)
    return committed


def test_a_live_runner_that_lost_its_lock_is_no_suspect_while_it_holds_it(
    dead_batch: services.ScratchDatabase,
) -> None:
    runner = Runner.objects.get()
    with other_connection(dead_batch) as holder, other_connection(dead_batch) as raw:
        holder.cursor().execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, runner.pk])

        assert upkeep.tick(raw).settled == []
    assert Job.objects.filter(state="running").count() == 20


def test_racing_ticks_settle_once(dead_batch: services.ScratchDatabase) -> None:
    def race(_: int) -> list[int]:
        with other_connection(dead_batch) as raw:
            return upkeep.tick(raw).requeued

    with ThreadPoolExecutor(8) as pool:
        settled = [job for found in pool.map(race, range(8)) for job in found]

    assert len(settled) == len(set(settled)) == 20
    assert Move.objects.filter(to_state="queued").count() == 40
    assert set(Job.objects.values_list("attempt", flat=True)) == {0}


def test_a_tick_that_comes_late_leaves_the_next_claim_alone(
    dead_batch: services.ScratchDatabase,
) -> None:
    values = {"runner": Runner.objects.get().pk, "proof": "p", "rowless": True}
    with other_connection(dead_batch) as first, ThreadPoolExecutor(1) as pool:
        first.autocommit = False
        first.cursor().execute(statement("settle"), values)

        late = pool.submit(settle_late, dead_batch, values)
        wait_until_blocked(dead_batch)
        first.cursor().execute("UPDATE job SET state='running', runner_id=5, fence=9")
        first.commit()

        assert late.result(timeout=60) == 0
    assert set(Job.objects.values_list("state", "runner_id", "fence")) == {("running", 5, 9)}


def settle_late(database: services.ScratchDatabase, values: dict[str, Any]) -> int:
    with other_connection(database) as raw, raw.cursor() as cursor:
        cursor.execute(statement("settle"), values)
        return int(cursor.rowcount)


def wait_until_blocked(database: services.ScratchDatabase) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"

    def blocked() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(waiting, [database.name])
            return cursor.rowcount > 0

    assert wait_for(blocked)


@pytest.fixture
def unpromotable(committed: services.ScratchDatabase) -> int:
    """This fixture will lend a job that is due, in a database that refuses to queue it."""
    job = queue.enqueue("demo.noop", {}, after=0.001).pk
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON job FOR EACH ROW"
            " WHEN (old.state = 'scheduled') EXECUTE FUNCTION refuse()"
        )
    return job


def test_a_step_of_upkeep_that_fails_keeps_no_other_from_its_turn(
    committed: services.ScratchDatabase, unpromotable: int, caplog: pytest.LogCaptureFixture
) -> None:
    dead = introduce(pid=GONE_PID)
    schedule = schedules.make(
        Schedule(name="s", kind="demo.noop", cron="* * * * *", arguments={}), by="user:1"
    )
    Schedule.objects.filter(pk=schedule.pk).update(next_at=Now() - timedelta(minutes=1))

    with other_connection(committed) as raw:
        done, again = upkeep.tick(raw), upkeep.tick(raw)

    assert (done.settled, done.fired, states(unpromotable)) == ([dead.pk], 1, ["scheduled"])
    assert "upkeep: promote: CheckViolation: refused" in done.failures[0]
    assert len(again.failures) == 1
    assert [record.message for record in caplog.records].count(done.failures[0]) == 1


def test_what_upkeep_cannot_do_is_in_the_log_of_its_job(
    committed: services.ScratchDatabase, unpromotable: int
) -> None:
    queue.enqueue("upkeep.reconcile", {})
    with other_connection(committed) as raw:
        claim = Desk(raw, introduce()).claim()[0]
        report = Report(claim)

        maintenance.reconcile(Run(claim, report, lambda: None))
        report.write(raw)

    assert "upkeep: promote: CheckViolation: refused" in LogChunk.objects.get().text


def test_a_foreign_file_among_the_helpers_of_a_dead_runner_stops_no_settling(
    db: None, settings: Any, tmp_path: Path
) -> None:
    settings.FACTORY_HOME = tmp_path
    dead = introduce(pid=GONE_PID)
    for folder in (f"{GONE_PID}:1", "x:1"):
        (tmp_path / "run" / "helpers" / folder).mkdir(parents=True)
        (tmp_path / "run" / "helpers" / folder / "x").touch()

    assert tick().settled == [dead.pk]


def test_due_jobs_are_promoted_by_one_of_two_racing_ticks(
    committed: services.ScratchDatabase,
) -> None:
    queue.enqueue_many("demo.noop", [{}] * 50, after=0.001)
    with ThreadPoolExecutor(4) as pool:
        ticks: list[Callable[[], int]] = [lambda: promoted(committed)] * 4
        counts = [future.result() for future in [pool.submit(each) for each in ticks]]

    assert sum(counts) == 50
    assert Move.objects.filter(from_state="scheduled", to_state="queued").count() == 50


def promoted(database: services.ScratchDatabase) -> int:
    with other_connection(database) as raw:
        return upkeep.tick(raw).promoted
