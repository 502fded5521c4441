"""The resident runner in this process, and the broker that asks for it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django_q.signing import SignedPackage

from jobs import process, queue, runner, upkeep
from jobs.broker import ResidentBroker
from jobs.context import Run
from jobs.models import Intent, Job, Runner
from jobs.why import locked
from tests.factory.conftest import wait_for
from tests.jobs.conftest import introduce, moves, other_connection, owner, serve, states
from tests.services import ROOT, ScratchDatabase

pytestmark = pytest.mark.usefixtures("committed")

Register = Callable[..., Any]
HOST = """
import sys, time
import django
django.setup()
from jobs import runner
runner.reside("short", sys.argv[1], time.monotonic())
"""
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"


@pytest.mark.parametrize("connections", ["factory runner %", "factory heartbeat %", "factory %"])
def test_a_connection_cut_under_a_job_costs_nothing(kind: Register, connections: str) -> None:
    @kind("t.cut")
    def cut(run: Run) -> None:
        run.log("before")
        with connection.cursor() as cursor:
            cursor.execute(CUT, [connections])
        threading.Event().wait(0.3)

    made = [queue.enqueue("t.cut", {}).pk, *queue.enqueue_many("demo.noop", [{}] * 20)]
    serve()

    assert set(states(*made)) == {"succeeded"}
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}
    assert Job.objects.get(pk=made[0]).log_chunks.get().text == "before\n"


@pytest.mark.parametrize("cut", ["nothing", "factory runner %", "factory listener %", "factory %"])
def test_a_runner_that_never_idles_holds_its_lock_in_every_job(kind: Register, cut: str) -> None:
    held = []

    @kind("t.cut", batch=False)
    def is_cut(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute(CUT, [cut])

    @kind("t.looks")
    def looks(run: Run) -> None:
        held.append(locked(Runner.objects.get().pk))

    for name in ("looks", "cut", "looks"):
        queue.enqueue(f"t.{name}", {})
    serve()

    assert held == [True, True]


def test_an_idle_listener_that_was_cut_listens_again(kind: Register) -> None:
    @kind("t.cut")
    def cut(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute(CUT, ["factory listener %"])

    late = queue.enqueue("demo.noop", {}, after=0.5).pk
    queue.enqueue("t.cut", {})
    Job.objects.filter(pk=late).update(state="queued", priority=-1)
    serve()

    assert states(late) == ["succeeded"]


def test_what_waits_behind_a_slow_job_is_handed_back_uncounted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "QUICK_S", 60.0)  # claims of 1, 2, 4 … 32, and then these two
    queue.enqueue_many("demo.noop", [{}] * 63, priority=2)
    slow = queue.enqueue("demo.sleep", {"seconds": 2.0}, priority=1).pk
    waiting = queue.enqueue("demo.noop", {}).pk

    serve()

    assert states(slow, waiting) == ["succeeded", "succeeded"]
    assert moves(waiting) == ["queued", "running", "queued", "running", "succeeded"]
    assert Job.objects.get(pk=waiting).attempt == 1


@pytest.mark.parametrize("how", ["row removed", "job taken"])
def test_a_runner_that_lost_its_job_stops_the_handler(kind: Register, how: str) -> None:
    told = threading.Event()

    @kind("t.lost", max_attempts=1)
    def lost(run: Run) -> None:
        if how == "row removed":
            Runner.objects.all().delete()
        else:
            Job.objects.filter(pk=run.job_id).update(runner_id=77, fence=77)
        try:
            threading.Event().wait(60)
        except BaseException:
            told.set()
            raise

    job = queue.enqueue("t.lost", {}).pk
    serve(seconds=60 if how == "row removed" else 3)  # what was taken from it never ends

    assert told.is_set()
    assert states(job) == ["failed" if how == "row removed" else "running"]


def test_a_runner_says_when_and_how_it_ended() -> None:
    queue.enqueue("demo.noop", {})

    resident = serve()

    row = Runner.objects.get()
    assert row.stopped_at is not None
    assert (row.ending, resident.desk.executed) == ("the test is over", 1)


def test_a_runner_ends_with_its_owner() -> None:
    said = runner.Resident("short", f"{os.getpid()}:1").reside()

    assert said == "0 jobs; its broker ended"


def test_an_old_token_is_void() -> None:
    assert runner.reside("short", owner(), 0.0) == "void token"
    assert not Runner.objects.exists()


def pools(tokens: Any) -> list[str]:
    return [SignedPackage.loads(package)["args"][0] for _, package in tokens or ()]


@pytest.fixture
def broker(settings: Any) -> ResidentBroker:
    """This fixture will lend a broker that keeps two short runners and one long one."""
    settings.FACTORY_WORKERS = {"short": 2, "long": 1}
    return ResidentBroker("test")


def test_a_broker_asks_once_for_what_is_missing(broker: ResidentBroker) -> None:
    assert pools(broker.dequeue()) == ["short", "short", "long"]
    assert broker.dequeue() is None


def test_a_runner_that_began_and_died_is_asked_for_again(broker: ResidentBroker) -> None:
    broker.dequeue()
    Runner.objects.create(
        pool="long",
        host=process.host(),
        boot_id=process.boot_id(),
        pid=os.getpid(),
        pid_ticks=0,
        owner=owner(),
    )

    assert pools(broker.dequeue()) == ["long"]


def test_a_broker_does_upkeep(broker: ResidentBroker) -> None:
    job = queue.enqueue("demo.noop", {}, after=0.001).pk

    broker.dequeue()

    assert states(job) == ["queued"]


def test_a_broker_never_raises(broker: ResidentBroker) -> None:
    connection.settings_dict["NAME"] = "nowhere"

    assert broker.dequeue() is None


def test_a_broker_holds_nothing_itself(broker: ResidentBroker) -> None:
    broker.set_stat("key", "value", 1)

    assert (broker.get_stat("key"), broker.get_stats("*"), bool(broker.cache)) == (None, [], False)
    assert (broker.ping(), broker.queue_size(), broker.lock_size()) == (True, 0, 0)
    assert broker.info() == "PostgreSQL ledger"


def test_the_token_of_a_broker_that_died_is_void() -> None:
    said = runner.reside("short", f"{os.getpid()}:1", time.monotonic())

    assert said == "void token"
    assert not Runner.objects.exists()


def test_a_runner_that_cannot_write_its_ends_ends_its_process_and_nothing_is_lost(
    committed: ScratchDatabase,
) -> None:
    job = queue.enqueue("demo.noop", {}).pk
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE ON job FOR EACH ROW WHEN (new.state = 'succeeded')"
    )
    with other_connection(committed) as raw, raw.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;"
            f"{refuse} EXECUTE FUNCTION refuse()"
        )
        argv = [sys.executable, "-c", HOST, owner()]
        host = subprocess.run(argv, cwd=ROOT, env=committed.environment, timeout=60, check=False)
        cursor.execute("DROP TRIGGER refuse ON job")
        before = states(job)

        upkeep.tick(raw)

    assert (host.returncode, before, states(job)) == (1, ["running"], ["succeeded"])
    assert Job.objects.get(pk=job).attempt == 1


@pytest.mark.parametrize("intent", ["drain", "recycle", "stop"])
def test_a_runner_that_is_asked_to_end_finishes_its_job_and_claims_no_other(
    kind: Register, intent: str
) -> None:
    @kind("t.asked")
    def asked(run: Run) -> None:
        Runner.objects.filter(stopped_at=None).ask(Intent(intent), by="user:7")
        wait_for(lambda: resident.ending)

    job = queue.enqueue("t.asked", {}).pk
    after = queue.enqueue("demo.noop", {}).pk
    resident = runner.Resident("short", owner())
    signals = signal.getsignal(signal.SIGUSR1)
    said = resident.reside()
    signal.signal(signal.SIGUSR1, signals)

    assert said == f"1 jobs; asked to {intent} by user:7"
    assert states(job, after) == ["succeeded", "queued"]
    row = Runner.objects.get()
    assert (row.intent, row.ending) == (intent, f"asked to {intent} by user:7")
    assert Runner.objects.vacated().count() == (intent != "recycle")


@pytest.mark.parametrize(("intent", "asked"), [("drain", []), ("stop", []), ("recycle", ["long"])])
def test_an_emptied_place_is_taken_again_only_when_somebody_fills_it(
    broker: ResidentBroker, intent: str, asked: list[str]
) -> None:
    cluster = process.named(os.getppid())
    emptied = introduce(pool="long", cluster=cluster, owner="1:1", intent=intent)
    Runner.objects.update(stopped_at=Now(), started_at=Now() - timedelta(minutes=5))

    first = pools(broker.dequeue())
    Runner.objects.fill()

    assert first == ["short", "short", *asked]
    assert pools(broker.dequeue()) == ([] if asked else ["long"])
    assert emptied.pk
