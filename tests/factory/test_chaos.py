"""Chaos finds nothing in what we ship, and would find what is broken."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from factory.chaos import course, plan
from factory.chaos.book import Book, Struck
from factory.chaos.checks import INVARIANTS
from factory.chaos.faults import FAULTS
from factory.chaos.history import History, lost, phantom
from factory.chaos.orders import SORTS
from factory.chaos.soak import Soak
from jobs import queue
from jobs.models import Job
from tests import services
from tests.jobs.conftest import committed

__all__ = ["committed"]

BY = "user:chaos"
SEED = 20_417
"""One, and not another each time: `chaos --for 120` is what looks for what nobody has seen."""
AIM_S = 2.0
RECOVERY = "7 recovery after a worker's death"
WHOLE = ("1 ", "3 ", "5 ", "6 ", "8 ", "10 ", "15 ", "17 ", "checkpoints", "pauses", "verifying")
WHOLE += ("dependencies", "limits", "ends")


@pytest.fixture
def history(committed: services.ScratchDatabase, tmp_path: Path) -> History:
    """This fixture will lend a history of one accepted job that succeeded, with its effects."""
    sink = tmp_path / "sink.log"
    sink.touch()
    run(course._TABLE)
    job = queue.enqueue("demo.noop", {}, subject="chaos 0", actor=BY)
    made = History(Book(accepted={"chaos 0": [job.pk]}), [], sink)
    run(
        "UPDATE job SET state = 'running', runner_id = 1, started_at = now(), fence = 1, attempt = 1"
    )
    run("UPDATE job SET state = 'succeeded', runner_id = NULL, finished_at = now()")
    return made


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def behind(sql: str, *values: Any) -> None:
    """Change rows behind the back of every trigger: what a defect of ours would have to do."""
    run("SET session_replication_role = replica")
    run(sql, *values)
    run("SET session_replication_role = origin")


def verdict(history: History, number: str) -> str | None:
    (check,) = [check for name, check in INVARIANTS.items() if name.startswith(number)]
    return check(history)


def test_a_short_course_with_every_kind_of_order_keeps_every_invariant() -> None:
    print(f"chaos --seed {SEED}")  # noqa: T201 — how to have it again
    words = ["runner-busy", "pill", "duplicate", "postgres-stop", "pusher", "relay"]
    faults = [f"--fault={name}" for name in words]

    done = services.manage(
        "chaos", "--json", f"--seed={SEED}", "--for=12", "--jobs=500", *faults, check=False
    )

    print(done.stderr)  # noqa: T201 — in full: pytest shortens what an assertion says
    told = json.loads(done.stdout or "{}")
    assert (told.get("lost"), told.get("phantom")) == (0, 0), (done.stdout, done.stderr)
    # How long a recovery takes is judged here as everywhere: by five times the aim.
    assert (told["recovery_s"]["max"] or 0) < 5 * AIM_S
    del told["invariants"][RECOVERY]
    assert set(told["invariants"].values()) <= {"held", "not applicable"}, done.stdout
    assert sum(told["faults"].values()) >= 2
    assert told["jobs"]["succeeded"] > 250


def test_the_same_seed_is_the_same_plan_and_strikes_each_fault_before_one_twice() -> None:
    first, again, other = (plan.make(seed, 500, 200, list(FAULTS)) for seed in (7, 7, 8))
    struck = [step.fault for step in first.steps if isinstance(step, plan.Strike)]

    assert first == again
    assert first.steps != other.steps
    assert set(struck[: len(FAULTS)]) == set(FAULTS)
    assert {step.sort for step in first.steps if isinstance(step, plan.Order)} == set(SORTS)


def test_a_whole_history_holds(history: History) -> None:
    for number in WHOLE:
        assert verdict(history, number) == "", number
    assert (lost(history), phantom(history)) == ([], [])


def test_a_job_that_vanished_or_never_ended_is_lost(history: History) -> None:
    waiting = queue.enqueue("demo.noop", {}, subject="chaos 1", actor=BY).pk
    gone = waiting + 1000

    history.book.accepted |= {"chaos 1": [waiting], "chaos 2": [gone]}

    assert lost(history) == [waiting, gone]
    assert "2 jobs without an end" in str(verdict(history, "3 "))


def test_a_job_nobody_asked_for_is_a_phantom(history: History) -> None:
    queue.enqueue("demo.noop", {}, subject="chaos 0", actor=BY)
    history.calls = [{"what": "began", "job": 999_999, "fence": 1}]

    assert phantom(history) == ["chaos 0: 2 jobs", "job 999999 executed without a row"]


def test_a_move_that_does_not_follow_breaks_the_first_invariant(history: History) -> None:
    behind("UPDATE job_move SET from_state = 'paused' WHERE to_state = 'succeeded'")

    assert "do not follow" in str(verdict(history, "1 "))


def test_a_row_beside_its_moves_breaks_the_first_invariant(history: History) -> None:
    behind("UPDATE job SET state = 'queued', finished_at = NULL")

    assert "not where their moves lead" in str(verdict(history, "1 "))


def test_an_effect_that_came_twice_or_never_breaks_the_fifth(history: History) -> None:
    job = Job.objects.get()
    behind("UPDATE job SET kind = 'chaos.effect'")
    never = verdict(history, "5 ")
    run("INSERT INTO chaos_effect (job, step, fence) SELECT %s, 'effect', 1", job.pk)
    outside = verdict(history, "5 ")
    history.calls = [{"what": "effect", "job": job.pk, "key": f"job:{job.pk}:effect", "at": 1.0}]
    fine = verdict(history, "5 ")
    run("UPDATE chaos_effect SET fence = 2")
    by_another = verdict(history, "5 ")
    run("INSERT INTO chaos_effect (job, step, fence) SELECT %s, 'effect', 1", job.pk)

    assert "by the last claim" in str(by_another)
    assert "not there exactly once" in str(never)
    assert "without an effect outside" in str(outside)
    assert fine == ""
    assert "not there exactly once" in str(verdict(history, "5 "))


def test_too_many_executions_break_the_sixth(history: History) -> None:
    job = history.book.ids[0]

    history.calls = [{"what": "began", "job": job, "fence": n} for n in range(5)]

    assert verdict(history, "6 ") == f"job {job}: 5 of 3"


def test_a_slow_recovery_breaks_the_seventh(history: History) -> None:
    job = history.book.ids[0]
    behind("UPDATE job_move SET at = now() + interval '9 s' WHERE to_state = 'running'")
    history.struck.append(Struck("runner-busy", time.time(), "pid 1", 0, job))
    history.read()

    assert "it took" in str(verdict(history, "7 "))


def test_what_begins_after_a_cancellation_breaks_the_fifteenth(history: History) -> None:
    job = history.book.ids[0]
    behind("UPDATE job SET state = 'cancelled'")
    behind("UPDATE job_move SET to_state = 'cancelled' WHERE to_state = 'succeeded'")
    history.book.cancelled.add(job)
    fine = verdict(history, "15 ")
    history.calls = [{"what": "effect", "job": job, "sent": time.time() + 5}]
    late = verdict(history, "15 ")
    history.calls = []
    behind("UPDATE job SET state = 'succeeded'")

    assert fine == ""
    assert "it went on after its cancellation" in str(late)
    assert "not so any more" in str(verdict(history, "15 "))


def test_a_schedule_without_its_job_breaks_the_sixteenth(history: History) -> None:
    run(
        "INSERT INTO job_schedule (name, kind, arguments, cron, next_at, created_at)"
        " VALUES ('chaos-1', 'demo.noop', '{}', '* * * * *', now(), now())"
    )
    none = verdict(history, "16 ")

    history.book.schedules.append("chaos-1")

    assert none is None
    assert verdict(history, "16 ") == "schedules, ticks, jobs: chaos-1 0 0"


def test_a_step_that_is_repeated_without_a_death_is_told(history: History) -> None:
    began, step = {"what": "began", "job": 1}, {"what": "effect", "job": 1, "key": "job:1:step2"}
    history.calls = [began, step, began, step]
    fine = verdict(history, "checkpoints")

    history.calls = [began, step, began, step, step]

    assert fine == ""
    assert verdict(history, "checkpoints") == "steps that were repeated: job 1: 2 in 2 executions"


def test_what_goes_on_while_it_is_paused_is_told(history: History) -> None:
    job = history.book.ids[0]
    behind("UPDATE job_move SET to_state = 'paused' WHERE to_state = 'succeeded'")

    history.calls = [{"what": "effect", "job": job, "sent": time.time() + 5}]

    assert verdict(history, "pauses") == f"jobs that went on while they were paused: [{job}]"


def test_a_success_around_its_check_is_told(history: History) -> None:
    behind("""UPDATE job SET kind = 'chaos.verified', arguments = '{"good": true}'""")

    assert "without its check" in str(verdict(history, "verifying"))


def test_a_child_that_did_not_wait_is_told(history: History) -> None:
    parent, child = queue.enqueue("demo.noop", {}).pk, history.book.ids[0]
    run(
        "INSERT INTO job_dependency (child_id, parent_id, policy) VALUES (%s, %s, 'cancel')",
        child,
        parent,
    )

    assert "did not wait" in str(verdict(history, "dependencies"))


def test_what_the_audit_finds_is_told(history: History) -> None:
    behind("UPDATE job SET state = 'queued', finished_at = NULL")

    assert "verify_board:" in str(verdict(history, "verify_board"))


def test_a_job_of_a_transaction_that_was_taken_back_breaks_the_seventeenth(
    history: History,
) -> None:
    history.book.undone.add("chaos 0")

    assert "taken back" in str(verdict(history, "17 "))


def test_more_jobs_of_a_key_than_may_run_are_told(history: History) -> None:
    queue.enqueue("demo.noop", {}, subject="chaos 1", actor=BY)
    behind("UPDATE job SET limit_key = 'chaos:1'")
    for second, job in enumerate(Job.objects.all()):
        behind(
            "INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, ended_at, outcome)"
            " VALUES (%s, 2, 2, 1, now() + %s * interval '1 s', now() + interval '9 s', 'succeeded')",
            job.pk,
            second,
        )
    alone = verdict(history, "limits")
    run("INSERT INTO job_limit (key, most_running) VALUES ('chaos:1', 2)")

    assert "beside too many of their key" in str(alone)
    assert verdict(history, "limits") == ""


def test_a_failure_nobody_planned_is_told(history: History) -> None:
    behind("UPDATE job SET state = 'failed', failure_class = 'bug', failure_message = 'odd'")

    assert "should not have" in str(verdict(history, "ends"))


def test_a_soak_names_what_grew_and_passes_over_what_reached_its_size(history: History) -> None:
    soak = Soak(history.book)
    soak.samples["bytes of job"] = [mib * 2**20 for mib in (1, 2, 4, 8, 30, 40, 60, 70)]
    soak.samples["files of web"] = [5.0, 20, 21, 22, 21, 20, 22, 21]
    history.soak = soak

    assert soak.verdict()["grown"] == ["bytes of job"]
    assert verdict(history, "19 ") == "grown: bytes of job"


def test_what_retention_took_after_its_end_is_not_lost(history: History) -> None:
    soak, job = Soak(history.book), history.book.ids[0]
    history.book.accepted["chaos 1"] = [job + 1]

    Job.objects.all().delete()
    soak.look()

    assert soak.samples["bytes of job"]
    assert (lost(history), history.book.ended) == ([job + 1], {job})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--for", "0"], "--for 0: give 1 to 86400 seconds"),
        (["--jobs", "0"], "--jobs 0: give a number from 1"),
        (["--soak", "--fault", "web"], "--soak: it has no faults; leave out --fault"),
        (["--fault", "flood"], "invalid choice: 'flood'"),
    ],
)
def test_nonsense_is_refused_in_one_line(words: list[str], said: str) -> None:
    done = services.manage("chaos", *words, check=False)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
