"""What the tests of the ledger share: claims, a runner in this process, and a real qcluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.db.models.functions import Now

from factory.embedded import postgres
from jobs import kinds, process, queue
from jobs.ledger import Claim, Ledger
from jobs.models import Job, Runner
from jobs.runner import Resident
from tests import services
from tests.factory.conftest import home, wait_for

__all__ = ["home"]

GONE_PID = 99_999_999
"""Above the kernel's pid_max: no process has it."""


def owner() -> str:
    """This function will name this process as runners name their broker."""
    return f"{os.getpid()}:{process.started_ticks(os.getpid())}"


def introduce(**differing: Any) -> Runner:
    """This function will store a runner: this process, but for what is said to differ."""
    known: dict[str, Any] = {
        "pool": "short",
        "host": process.host(),
        "boot_id": process.boot_id(),
        "home": process.home(),
        "pid": os.getpid(),
        "pid_ticks": process.started_ticks(os.getpid()),
        "owner": owner(),
        "lease_until": Now() + timedelta(seconds=15),
    }
    return Runner.objects.create(**known | differing)


def processes() -> list[dict[str, Any]]:
    """This function will give two processes that live: one process hosts one runner at a time."""
    pids = (os.getpid(), os.getppid())
    return [{"pid": pid, "pid_ticks": process.started_ticks(pid)} for pid in pids]


def states(*jobs: int) -> list[str]:
    """This function will read the states of jobs, in the order of their ids."""
    return list(Job.objects.filter(pk__in=jobs).order_by("pk").values_list("state", flat=True))


def moves(job: int) -> list[str]:
    """This function will read the states a job went through."""
    return list(Job.objects.get(pk=job).moves.order_by("pk").values_list("to_state", flat=True))


class Desk:
    """A runner's hands on one connection: what it claims, how that ends."""

    def __init__(self, raw: Any, runner: Runner) -> None:
        self.ledger = Ledger(raw)
        self.runner = runner

    def claim(self, most: int = 100, pool: str = "short") -> list[Claim]:
        """This method will claim; Django's own connection gives arguments as text."""
        claims, _ = self.ledger.finish_and_claim([], pool, most, self.runner.pk)
        return [
            claim._replace(arguments=json.loads(claim.arguments))
            if isinstance(claim.arguments, str)
            else claim
            for claim in claims
        ]

    def claim_ids(self, most: int = 100, pool: str = "short") -> list[int]:
        """This method will claim and give the ids."""
        return [claim.id for claim in self.claim(most, pool)]


@pytest.fixture
def desk(db: None) -> Desk:
    """This fixture will lend a runner's hands inside the test's transaction."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    return Desk(connection.connection, introduce())


@pytest.fixture
def running_job(desk: Desk) -> Claim:
    """This fixture will lend a job that is running."""
    queue.enqueue("demo.noop", {})
    return desk.claim()[0]


@pytest.fixture
def kind() -> Iterator[Callable[..., Any]]:
    """This fixture will register kinds for one test: `@kind("t.name")`."""
    before = dict(kinds._kinds)
    yield kinds.register
    kinds._kinds.clear()
    kinds._kinds.update(before)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[services.ScratchDatabase]:
    """This fixture will connect Django to a fresh database in which commits are real."""
    with services.scratch() as database, django_db_blocker.unblock():
        settings = connection.settings_dict
        test_name = settings["NAME"]
        connection.close()
        settings["NAME"] = database.name
        yield database
        connection.close()
        settings["NAME"] = test_name


@pytest.fixture
def task_modules(settings: Any) -> None:
    """This fixture will let async_task run functions of the tests."""
    settings.FACTORY_TASK_MODULES = ("tests",)


@contextmanager
def other_connection(database: services.ScratchDatabase) -> Iterator[Any]:
    """This function will lend an autocommitting connection beside Django's."""
    raw = psycopg2.connect(database.url)
    raw.autocommit = True
    try:
        yield raw
    finally:
        raw.close()


def serve(pool: str = "short", *, seconds: float = 60) -> Resident:
    """This function will be a runner in this process until no job of the pool lives."""
    resident = Resident(pool, owner())
    over = threading.Thread(target=_end_when_idle, args=(resident, pool, seconds))
    before = signal.getsignal(signal.SIGUSR1)
    over.start()
    try:
        resident.reside()
    finally:
        signal.signal(signal.SIGUSR1, before)
        over.join()
    return resident


def _end_when_idle(resident: Resident, pool: str, seconds: float) -> None:
    raw = psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})
    raw.autocommit = True
    alive = (
        "SELECT FROM job WHERE queue_id = %s AND state NOT IN ('succeeded', 'failed', 'cancelled')"
    )

    def idle() -> bool:
        with raw.cursor() as cursor:
            cursor.execute(alive, [pool])
            return cursor.rowcount == 0

    wait_for(idle, seconds)
    resident.stop("the test is over")
    raw.close()


class Cluster:
    """An unmodified `manage.py qcluster` and every process of its group."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.main = subprocess.Popen(
            [sys.executable, services.ROOT / "manage.py", "qcluster"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def children(self) -> dict[str, list[int]]:
        """The pids below: the sentinel, and under it workers that are runners and the rest."""
        sentinel = _children_of(self.main.pid)
        below = _children_of(sentinel[0]) if sentinel else []
        runners = set(Runner.objects.present().values_list("pid", flat=True))
        return {
            "sentinel": sentinel,
            "runners": [pid for pid in below if pid in runners],
            "others": [pid for pid in below if pid not in runners],
        }

    def ready(self, runners: int = 1) -> bool:
        """This method will wait until so many runners of it are present."""
        return wait_for(lambda: len(self.children["runners"]) >= runners, 90)

    def kill(self) -> None:
        """This method will end every process of the group at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.main.pid, signal.SIGKILL)
        self.main.wait(60)


def _children_of(pid: int) -> list[int]:
    with suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]
    return []


@pytest.fixture
def start_cluster(committed: services.ScratchDatabase) -> Iterator[Callable[..., Cluster]]:
    """This fixture will start clusters on the committed database and end them, whatever happens."""
    started: list[Cluster] = []

    def start(workers: str = "short=1", runners: int = 1) -> Cluster:
        started.append(Cluster(committed.environment | {"FACTORY_WORKERS": workers}))
        assert started[-1].ready(runners)
        return started[-1]

    yield start
    for cluster in started:
        cluster.kill()


@pytest.fixture
def cluster(start_cluster: Callable[..., Cluster]) -> Cluster:
    """This fixture will lend a cluster of one runner."""
    return start_cluster()


@pytest.fixture
def restartable(home: Path, django_db_setup: None, django_db_blocker: object) -> Iterator[Path]:
    """This fixture will lend a PostgreSQL of its own, migrated, with Django connected to it."""
    postgres.ensure_running(home)
    environment = dict(os.environ) | {"DATABASE_URL": postgres.url(home), "FACTORY_HOME": str(home)}
    services.manage("migrate", "--verbosity=0", "--skip-checks", environment=environment)
    settings, before = connection.settings_dict, dict(connection.settings_dict)
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection.close()
        settings.update({"HOST": postgres.address(home)["HOST"], "NAME": postgres.NAME})
        yield home
        connection.close()
        settings.update(before)
    # A test module may have a home of its own, which ends no services.
    postgres.stop(home)
    shutil.rmtree(postgres.cluster(home).base, ignore_errors=True)


def ended(*jobs: int, seconds: float = 60) -> bool:
    """This function will wait until jobs are finished."""
    return wait_for(
        lambda: all(job.is_finished for job in Job.objects.filter(pk__in=jobs)), seconds
    )


def running(job: int, seconds: float = 60) -> bool:
    """This function will wait until a job is running."""
    return wait_for(lambda: states(job) == ["running"], seconds)
