"""Ends that could not be written: kept on the disk, written once, refused by the fence when late."""

import json
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from factory.embedded import postgres
from jobs import db, ledger, process, queue, spool, upkeep
from jobs.audit import verify_board
from jobs.desk import Desk
from jobs.failures import Failed, FailureClass
from jobs.ledger import Claim, Ledger
from jobs.models import Attempt, Job, LateReport, LogChunk, Progress, Runner
from jobs.reporting import Report
from jobs.runner import Resident
from jobs.spool import Spool
from tests.factory.conftest import wait_for
from tests.jobs.conftest import (
    GONE_PID,
    Cluster,
    ended,
    introduce,
    moves,
    owner,
    running,
    serve,
    states,
)

FAILED = Failed(FailureClass.AUTH, "No.")


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    """This fixture will lend a FACTORY_HOME of its own."""
    settings.FACTORY_HOME = tmp_path
    return tmp_path


@pytest.fixture
def raw(committed: Any) -> Iterator[Any]:
    """This fixture will lend upkeep's connection to a database in which commits are real."""
    with closing(db.connect("test")) as made:
        yield made


@pytest.fixture
def hands(raw: Any) -> Ledger:
    """This fixture will lend the hot statements on that connection."""
    return Ledger(raw)


def claimed(hands: Ledger, runner: Runner, count: int = 1) -> list[Claim]:
    """This function will claim so many fresh jobs for a runner."""
    queue.enqueue_many("demo.noop", [{}] * count)
    hands.runner = runner.pk
    return hands.finish_and_claim([], "short", 100, runner.pk)[0]


def left_by(runner: Runner, *endings: ledger.Ending) -> Path:
    """This function will leave what a runner that died would."""
    kept = Spool(runner.pk)
    for ending in endings:
        kept.keep([ending])
    for path in spool.waiting():
        said = json.loads(path.read_text())
        path.write_text(json.dumps(said | {"pid": runner.pid, "ticks": runner.pid_ticks}))
    return path


@pytest.fixture
def dead(raw: Any) -> Runner:
    """This fixture will lend the row of a runner whose process is gone."""
    return introduce(pid=GONE_PID, pid_ticks=1)


def reports() -> list[tuple[Any, ...]]:
    return list(
        LateReport.objects.order_by("pk").values_list("job", "outcome", "accepted", "found")
    )


def test_an_end_is_kept_once_and_for_this_account_only(home: Path) -> None:
    kept, claim = Spool(7), ledger.Ending(1, 1, "succeeded", '{"n": 1}', "", "", "", 0)

    kept.keep([claim])
    kept.keep([claim])

    assert [path.name for path in spool.waiting()] == ["7-1.json"]
    assert stat.S_IMODE(spool.waiting()[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder().stat().st_mode) == 0o700
    kept.forget([claim])
    assert list(spool.folder().iterdir()) == []


def test_a_file_stays_until_all_of_its_ends_are_written(home: Path) -> None:
    kept = Spool(7)
    one, two = (ledger.Ending(n, 1, "succeeded", None, "", "", "", 0) for n in (1, 2))
    kept.keep([one, two])

    kept.forget([one])
    assert len(spool.waiting()) == 1
    kept.forget([two])
    assert spool.waiting() == []


def test_a_full_disk_does_not_stop_the_runner(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "spool").write_text("in the way")

    Spool(7).keep([ledger.Ending(1, 1, "succeeded", None, "", "", "", 0)])

    assert "cannot be kept" in caplog.text


def test_a_disk_turned_read_only_does_not_stop_the_runner(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept, ending = Spool(7), ledger.Ending(1, 1, "succeeded", None, "", "", "", 0)
    kept.keep([ending])
    [path] = spool.waiting()
    path.unlink()
    path.mkdir()  # what root cannot unlink either

    kept.forget([ending])

    assert "7-1.json cannot be removed" in caplog.text


def test_what_a_dead_runner_had_done_is_not_done_again(
    raw: Any, hands: Ledger, dead: Runner
) -> None:
    """multica#8529: the report of a completion was lost in a gap of the network."""
    done, lost = claimed(hands, dead, 2)
    left_by(dead, ledger.success(done, '{"n": 1}'))

    tick = upkeep.tick(raw)

    assert (tick.replayed, tick.requeued) == ([done.id], [lost.id])
    job = Job.objects.get(pk=done.id)
    assert (job.state, job.result, job.attempt) == ("succeeded", {"n": 1}, 1)
    assert reports() == [(done.id, "succeeded", True, "succeeded")]
    assert spool.waiting() == []


def test_the_spool_of_a_home_is_honoured_though_another_home_of_the_host_looks_first(
    raw: Any, hands: Ledger, dead: Runner, settings: Any, home: Path
) -> None:
    done = claimed(hands, dead)[0]
    left_by(dead, ledger.success(done, None))

    settings.FACTORY_HOME = home / "of the other supervisor"
    other = upkeep.tick(raw)
    settings.FACTORY_HOME = home
    own = upkeep.tick(raw)

    assert (other.settled, other.requeued) == ([], [])
    assert (own.replayed, own.requeued, states(done.id)) == ([done.id], [], ["succeeded"])
    assert reports() == [(done.id, "succeeded", True, "succeeded")]


def test_an_end_that_a_runner_left_in_a_process_that_hosts_another_is_written(
    raw: Any, hands: Ledger
) -> None:
    runner = introduce()
    done, lost = claimed(hands, runner, 2)
    left_by(runner, ledger.success(done, None))

    alone = upkeep.tick(raw)
    introduce()
    outlived = upkeep.tick(raw)

    assert (alone.replayed, alone.settled) == ([], [])
    assert (outlived.replayed, outlived.settled) == ([done.id], [runner.pk])
    assert states(done.id, lost.id) == ["succeeded", "queued"]
    assert Runner.objects.get(pk=runner.pk).ending == f"process {os.getpid()} hosts a later runner"


def test_a_failure_that_was_kept_gets_its_next_attempt(
    raw: Any, hands: Ledger, dead: Runner
) -> None:
    (claim,) = claimed(hands, dead)
    left_by(dead, ledger.failure(claim, Failed(FailureClass.TRANSIENT_NETWORK, "Away.")))

    upkeep.tick(raw)

    job = Job.objects.get(pk=claim.id)
    assert (job.failure_class, job.attempt) == ("transient-network", 1)
    assert Attempt.objects.get().message == "Away."


def test_an_end_after_another_claim_is_recorded_and_changes_nothing(
    raw: Any, hands: Ledger, dead: Runner
) -> None:
    (claim,) = claimed(hands, dead)
    upkeep.tick(raw)
    (again,) = hands.finish_and_claim([], "short", 1, introduce().pk)[0]
    left_by(dead, ledger.success(claim, '{"n": 1}'))

    tick = upkeep.tick(raw)

    job = Job.objects.get(pk=claim.id)
    assert (tick.replayed, job.state, job.fence) == ([], "running", again.fence)
    report = LateReport.objects.get()
    assert (report.fence, report.runner_id, report.result) == (1, dead.pk, {"n": 1})
    assert (report.accepted, report.found) == (False, "running")
    assert report.ended_at is not None
    assert spool.waiting() == []


def test_an_end_of_a_job_that_is_gone_is_recorded(raw: Any, hands: Ledger, dead: Runner) -> None:
    (claim,) = claimed(hands, dead)
    left_by(dead, ledger.success(claim._replace(id=claim.id + 1000), None))

    upkeep.tick(raw)

    assert reports() == [(claim.id + 1000, "succeeded", False, "gone")]


def test_what_a_live_runner_keeps_is_left_to_it(raw: Any, hands: Ledger) -> None:
    runner = introduce()
    (claim,) = claimed(hands, runner)
    path = left_by(runner, ledger.success(claim, None))

    assert spool.replay() == []
    assert spool.waiting() == [path]
    assert states(claim.id) == ["running"]


def test_a_file_nobody_can_read_is_set_aside_and_stops_nobody(
    raw: Any, hands: Ledger, dead: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    (claim,) = claimed(hands, dead)
    left_by(dead, ledger.success(claim, None))
    (spool.folder() / "0-0.json").write_text('{"runner": 1')

    upkeep.tick(raw)

    assert states(claim.id) == ["succeeded"]
    assert [path.name for path in spool.folder().iterdir()] == ["0-0.json.broken"]
    assert "is set aside" in caplog.text


def test_an_end_the_heartbeat_cannot_write_is_kept_and_written_later(
    raw: Any, hands: Ledger
) -> None:
    """After a failover the old server can only be read: its connection is not lost."""
    runner = introduce()
    (claim,) = claimed(hands, runner)
    desk = Desk(Spool(runner.pk))
    desk.end(ledger.success(claim, '{"n": 1}'))
    db.rows(raw, "SET default_transaction_read_only = on")

    with pytest.raises(db.LostConnection):
        desk.write_ends(hands)
    assert (desk.owes(), len(spool.waiting())) == (True, 1)
    db.rows(raw, "SET default_transaction_read_only = off")
    desk.write_ends(hands)

    assert (states(claim.id), desk.owes(), spool.waiting()) == (["succeeded"], False, [])


def test_an_end_the_database_refuses_stays_in_the_hands_of_the_heartbeat(
    raw: Any, hands: Ledger
) -> None:
    runner = introduce()
    (claim,) = claimed(hands, runner)
    desk = Desk(Spool(runner.pk))
    desk.end(ledger.success(claim, None)._replace(state="nonsense"))

    for _ in range(2):
        with pytest.raises(db.Error):
            desk.write_ends(hands)

    assert (desk.known(), desk.owes(), len(spool.waiting())) == ([claim.id], True, 1)


def test_an_end_the_database_refuses_is_set_aside(raw: Any, hands: Ledger, dead: Runner) -> None:
    (claim,) = claimed(hands, dead)
    left_by(dead, ledger.success(claim, None)._replace(state="nonsense"))

    tick = upkeep.tick(raw)

    assert (tick.replayed, tick.requeued) == ([], [claim.id])
    assert spool.waiting() == []


def test_an_end_for_another_database_is_set_aside(raw: Any, hands: Ledger, dead: Runner) -> None:
    (claim,) = claimed(hands, introduce())
    stranger = Runner(pk=dead.pk, pid=GONE_PID, pid_ticks=2)
    left_by(stranger, ledger.success(claim, None))

    assert spool.replay() == []
    assert states(claim.id) == ["running"]
    assert [path.suffix for path in spool.folder().iterdir()] == [".broken"]


def test_an_end_whose_answer_was_lost_is_no_late_report(
    raw: Any, hands: Ledger, dead: Runner
) -> None:
    (done, failed) = claimed(hands, dead, 2)
    ends = [ledger.success(done, None), ledger.failure(failed, FAILED)]
    hands.finish(ends)

    refused = hands.finish(ends)

    assert (sorted(refused), reports()) == ([done.id, failed.id], [])


def test_an_end_refused_by_the_fence_is_recorded(raw: Any, hands: Ledger) -> None:
    runner = introduce()
    (claim,) = claimed(hands, runner)
    hands.hand_back([claim], "")

    hands.finish([ledger.failure(claim, FAILED)])
    hands.finish([ledger.failure(claim, FAILED)])

    assert reports() == [(claim.id, "failed", False, "queued")]
    report = LateReport.objects.get()
    assert (report.failure_class, report.message, report.runner_id) == ("auth", "No.", runner.pk)


def test_many_that_replay_at_once_write_an_end_once(raw: Any, hands: Ledger, dead: Runner) -> None:
    claims = claimed(hands, dead, 20)
    left_by(dead, *(ledger.success(claim, None) for claim in claims))
    ended_by: list[int] = []

    def replay() -> None:
        ended_by.extend(spool.replay())

    threads = [threading.Thread(target=replay) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(ended_by) == sorted(claim.id for claim in claims)
    assert sorted(reports()) == [(claim.id, "succeeded", True, "succeeded") for claim in claims]
    assert spool.waiting() == []


def test_late_reports_go_with_their_job_and_are_never_changed(
    raw: Any, hands: Ledger, dead: Runner
) -> None:
    (claim,) = claimed(hands, dead)
    left_by(dead, ledger.success(claim, None))
    upkeep.tick(raw)

    with pytest.raises(Exception, match="never changed"):
        LateReport.objects.update(outcome="failed")
    Job.objects.filter(pk=claim.id).delete()
    assert not LateReport.objects.exists()


@pytest.mark.usefixtures("committed")
def test_an_end_and_the_end_of_its_log_outlast_a_lost_connection(kind: Callable[..., Any]) -> None:
    seen: list[int] = []
    resident: list[Resident] = []

    @kind("t.cut")
    def cut(run: Any) -> None:
        run.log("before the cut")
        db.close(resident[0]._raw)
        seen.append(run.attempt)

    queue.enqueue("t.cut", {})
    made = Resident("short", owner())
    resident.append(made)
    ending = threading.Thread(
        target=lambda: wait_for(lambda: bool(seen) and not made.desk.owes()) and made.stop("over")
    )
    before = signal.getsignal(signal.SIGUSR1)
    ending.start()
    made.reside()
    signal.signal(signal.SIGUSR1, before)
    ending.join(30)

    job = Job.objects.get()
    assert (seen, job.state, job.attempt) == ([1], "succeeded", 1)
    assert LogChunk.objects.get().text == "before the cut\n"
    assert (reports(), spool.waiting()) == ([], [])


@pytest.mark.usefixtures("committed")
def test_a_runner_in_good_health_keeps_nothing_on_the_disk() -> None:
    queue.enqueue_many("demo.noop", [{}] * 50)

    serve()

    assert not spool.folder().exists()


def wake(restartable: Path) -> None:
    connection.close()
    postgres.ensure_running(restartable)


@pytest.mark.parametrize("killed", [False, True], ids=["lives", "is-killed"])
def test_a_job_that_ends_while_the_database_is_away_is_not_run_twice(
    restartable: Path, killed: bool
) -> None:
    environment = dict(os.environ) | {
        "DATABASE_URL": postgres.url(restartable),
        "FACTORY_HOME": str(restartable),
        "FACTORY_WORKERS": "short=1",
    }
    cluster = Cluster(environment)
    try:
        assert cluster.ready()
        job = queue.enqueue("demo.sleep", {"seconds": 3.0}).pk
        assert running(job)
        runner = Job.objects.get(pk=job).runner

        os.kill(postgres.running(restartable) or 0, signal.SIGQUIT)  # immediate: no goodbye
        assert wait_for(lambda: list((restartable / "spool").glob("*.json")))
        if killed:
            assert process.end(runner.pid, runner.pid_ticks)
        wake(restartable)

        assert ended(job, seconds=60)
        found = Job.objects.get(pk=job)
        assert (found.state, found.result) == ("succeeded", {"seconds": 3.0})
        assert (found.attempt, found.fence) == (1, 1)
        assert moves(job) == ["queued", "running", "succeeded"]
        assert reports() == ([(job, "succeeded", True, "succeeded")] if killed else [])
        assert wait_for(lambda: not list((restartable / "spool").glob("*")))
    finally:
        cluster.kill()


def test_what_was_set_aside_is_told_by_verify_board(home: Path, raw: Any) -> None:
    spool.folder().mkdir()
    (spool.folder() / "1-1.json.broken").write_text("")

    told = {one["what"]: one["reality"] for one in verify_board().disagreements}

    assert told["1-1.json.broken"] == "an end that could not be replayed"


def test_progress_that_could_not_be_written_is_written_next_time(raw: Any, hands: Ledger) -> None:
    (claim,) = claimed(hands, introduce())
    report = Report(claim)
    report.progress(1, 2, "x")
    broken = db.connect("test")
    broken.close()

    with pytest.raises(db.LostConnection):
        report.write(broken)
    report.write(raw, last=True)

    assert Progress.objects.get(job=claim.id).current == 1
