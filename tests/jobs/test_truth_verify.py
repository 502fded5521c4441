"""`verify_board` tells what disagrees, and only what disagrees twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from factory import snapshot
from jobs import audit, board, ledger, queue, schedules
from jobs.failures import Failed, FailureClass
from jobs.ledger import LOCK_CLASS
from jobs.models import Job, Queue, Runner, Verification
from jobs.ports import Disagreement, Found, audits
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import GONE_PID, Cluster, Desk, introduce, other_connection, serve, states

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """This fixture will let the second look follow at once: nothing changes meanwhile here."""
    monkeypatch.setattr(audit, "AGAIN_S", 0.1)


def found() -> dict[str, str]:
    """This function will verify and give the reality of each disagreement."""
    return {one["what"]: one["reality"] for one in audit.verify_board().disagreements}


def by_hand(sql: str) -> None:
    """This function will change rows past every guard of the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET session_replication_role = replica; {sql}")
        cursor.execute("SET session_replication_role = origin")


def test_a_board_that_is_true_is_green() -> None:
    queue.enqueue_many("demo.noop", [{}] * 20)
    queue.enqueue("demo.fail", {})
    queue.enqueue("demo.noop", {}, after=60)
    serve_some()

    made = audit.verify_board()

    assert (made.ok, made.disagreements) == (True, [])
    assert audit.last_green() == made
    assert made.covered["moves give the row"] == "22 jobs"


def test_a_child_that_ignored_a_failure_is_no_lie_when_that_begins_anew(
    committed: services.ScratchDatabase,
) -> None:
    parent = queue.enqueue("demo.fail", {})
    child = queue.enqueue("demo.noop", {}, depends=[parent.pk], policy="ignore", after=60)
    with other_connection(committed) as raw:
        desk = Desk(raw, introduce())
        no = Failed(FailureClass.AUTH, "No.")
        desk.ledger.finish([ledger.failure(claim, no) for claim in desk.claim()])

    Job.objects.get(pk=parent.pk).retry(by="user:1")

    assert states(parent.pk, child.pk) == ["queued", "scheduled"]
    assert found() == {}


def serve_some() -> None:
    Job.objects.filter(state="scheduled").update(state="cancelled", finished_at="2026-01-01T00:00Z")
    serve()


LIES = {
    "a state set past the door": (
        "UPDATE job SET state = 'paused'",
        "its moves end at queued, fence 0 of 0",
    ),
    "moves that are gone": ("DELETE FROM job_move", "it has no moves"),
    "an attempt nobody made": (
        "INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, outcome)"
        " SELECT id, 1, 1, 1, now(), 'failed' FROM job",
        "1 ended",
    ),
    "progress under a fence nobody had": (
        "INSERT INTO job_progress (job_id, fence, current, item, items_done, items_failed)"
        " SELECT id, 9, 1, '', '[]', '[]' FROM job",
        "its last fence is 0",
    ),
    "history of no job": (
        "INSERT INTO job_move (job_id, from_state, to_state, fence, actor)"
        " VALUES (12345, '', 'queued', 0, 'x')",
        "there is no such job",
    ),
    "what is due and waits": (
        "UPDATE job SET state = 'scheduled', run_after = now() - interval '1 minute';"
        " UPDATE job_move SET to_state = 'scheduled'",
        "it is due",
    ),
    "what was to resume and did not": (
        "UPDATE job SET state = 'paused', resume_at = now() - interval '1 minute';"
        " UPDATE job_move SET to_state = 'paused'",
        "it was to resume",
    ),
    "what nothing blocks": (
        "UPDATE job SET state = 'blocked'; UPDATE job_move SET to_state = 'blocked'",
        "nothing it depends on keeps it",
    ),
    "what should be blocked": (
        "INSERT INTO job_dependency (child_id, parent_id, policy)"
        " SELECT id, (SELECT min(id) FROM job), 'hold' FROM job WHERE id > (SELECT min(id) FROM job)",
        "it depends on #1, which is queued",
    ),
    "a delivery nobody knows": ("UPDATE job SET event_id = 7", "no delivery names it"),
}


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_told(lie: str) -> None:
    queue.enqueue("demo.noop", {})
    if lie == "what should be blocked":
        queue.enqueue("demo.noop", {})
    sql, reality = LIES[lie]

    by_hand(sql)

    assert list(found().values()) == [reality]


def test_a_held_job_without_a_runner_is_told(committed: services.ScratchDatabase) -> None:
    queue.enqueue("demo.noop", {})
    with other_connection(committed) as raw:
        job = Desk(raw, introduce()).claim_ids()[0]

    before = found()
    Runner.objects.all().delete()

    assert (before, list(found())) == ({}, [f"job {job}"])


@pytest.mark.parametrize("limit", ["key", "queue"])
def test_more_that_run_than_a_limit_lets_are_told(
    committed: services.ScratchDatabase, limit: str
) -> None:
    queue.enqueue_many("demo.noop", [{}] * 2)
    with other_connection(committed) as raw:
        assert len(Desk(raw, introduce()).claim_ids()) == 2
    before = found()
    by_hand(
        "UPDATE job SET limit_key = 'k', limit_slot = id"
        if limit == "key"
        else "UPDATE job_queue SET most_running = 1 WHERE name = 'short'"
    )

    name = {"key": "the key k", "queue": "the queue short"}[limit]
    assert (before, found()) == ({}, {name: "2 run"})


def test_a_limit_that_was_lowered_accuses_nobody(committed: services.ScratchDatabase) -> None:
    queue.enqueue_many("demo.noop", [{}] * 2)
    with other_connection(committed) as raw:
        Desk(raw, introduce()).claim_ids()

    Queue.objects.get(pk="short").limit(most=1, by="user:1")

    assert found() == {}


def test_a_dead_runner_whose_row_stays_is_told() -> None:
    runner = introduce(pid=GONE_PID)

    assert "is gone" in found()[f"runner {runner.pk}"]


def test_a_lock_and_a_connection_of_no_runner_are_told(
    committed: services.ScratchDatabase,
) -> None:
    with other_connection(committed) as raw, raw.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 77)", [LOCK_CLASS])
        cursor.execute("SET application_name = 'factory listener 77'")

        assert set(found()) == {"the lock of runner 77", "factory listener 77"}


def test_a_door_that_stands_open_is_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job DISABLE TRIGGER job_moved")

    assert found() == {"trigger job_moved": "it is disabled"}


@pytest.fixture
def passing() -> Iterator[list[Found]]:
    """This fixture will lend a question that disagrees at the first look only."""
    said = Disagreement("x", "a", "b", None)
    answers = [Found("all", [said]), Found("all", [])]
    audits.register("t.passing", lambda raw: answers.pop(0) if answers else Found("all", []))
    yield answers
    del audits["t.passing"]


def test_what_disagreed_once_is_not_told(passing: list[Any]) -> None:
    made = audit.verify_board()

    assert (made.ok, passing) == (True, [])


def test_the_last_green_run_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KEPT", 2)
    green = audit.verify_board()
    queue.enqueue("demo.noop", {})
    by_hand("DELETE FROM job_move")

    for _ in range(3):
        audit.verify_board()

    assert audit.last_green() == green
    assert Verification.objects.count() == 3


def test_the_command_exits_with_the_verdict(committed: services.ScratchDatabase) -> None:
    queue.enqueue("demo.noop", {})
    yes = services.manage("verify_board", environment=committed.environment)
    by_hand("UPDATE job SET state = 'paused'")

    no = services.manage("verify_board", "--json", environment=committed.environment, check=False)

    assert "nothing disagrees" in yes.stdout
    document = json.loads(no.stdout)
    assert (no.returncode, document["ok"], len(document["disagreements"])) == (1, False, 1)
    assert set(document["disagreements"][0]) == {"what", "board", "reality", "since"}


def test_a_schedule_whose_tick_was_passed_over_is_told() -> None:
    schedules.lay("default")
    assert found() == {}
    by_hand(
        "UPDATE job_schedule SET paused_at = NULL, next_at = now() - interval '1 hour'"
        " WHERE name = 'prune'"
    )

    assert "was not seen to" in found()["schedule prune"]


def test_a_file_that_stays_in_the_spool_is_told(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FACTORY_HOME = tmp_path
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "7-1.json").write_text("{}")
    early = found()
    monkeypatch.setattr(audit, "SPOOLED_S", -1)

    assert (early, found()) == ({}, {"7-1.json": "it waits in the spool"})


def test_a_page_that_counts_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    queue.enqueue("demo.noop", {})
    real = snapshot.jobs
    monkeypatch.setattr(snapshot, "jobs", lambda user: real(user) | {"jobs": {"queued": 2}})

    assert found() == {"unfinished jobs of /api/status": "the rows say {'queued': 1}"}


def test_a_list_that_hides_a_job_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = queue.enqueue_many("demo.noop", [{}] * 2)
    real = board.shown
    monkeypatch.setattr(board, "shown", lambda jobs: real(jobs).exclude(pk=second))

    assert found()["the first page of /jobs/"] == f"the rows say [({second}, 'queued')]"
    assert first != second


def test_under_load_nothing_disagrees(
    start_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AGAIN_S", 2.5)  # as shipped: what is in motion is looked at again
    start_cluster("short=2", runners=2)
    for _ in range(5):
        queue.enqueue_many("demo.noop", [{}] * 2000)
        assert audit.verify_board().disagreements == []


FORKS = "import os, sys, time; os.fork() or time.sleep(60); os.wait()"


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "of-another-installation"])
def test_what_is_left_of_a_killed_cluster_of_ours_is_told(ours: bool, tmp_path: Path) -> None:
    home = os.environ["FACTORY_HOME"] if ours else str(tmp_path)
    main = subprocess.Popen(
        [sys.executable, "-c", FORKS, "qcluster"],
        env=os.environ | {"FACTORY_HOME": home},
        start_new_session=True,
    )
    try:
        assert wait_for(lambda: bool(children(main.pid)))
        left = children(main.pid)
        before = found()
        main.kill()
        main.wait()

        after = found()
    finally:
        os.killpg(main.pid, signal.SIGKILL)

    assert (before, set(after)) == ({}, {f"process {pid}" for pid in left if ours})


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
