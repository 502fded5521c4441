"""Other queues, drained in the same run: what a job costs there, results kept."""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from factory import scratch
from factory.embedded import valkey
from jobs import db, process

SEND_S = 120.0
START_S = 60.0
DRAIN_S = 20.0
WORKERS = 2
_STOP_S = 20.0

# Each is one program that sends, or works: the peer's own way, with its defaults where they do not
# cost it speed, so many worker processes, and every result kept.
_CELERY = """
import sys
from celery import Celery
app = Celery("peer", broker=sys.argv[2], backend=sys.argv[3])
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
@app.task(name="noop")
def noop():
    pass
if sys.argv[1] == "send":
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(int(sys.argv[4])):
            noop.apply_async(producer=producer)
else:
    app.worker_main(["worker", "--loglevel=CRITICAL", "--concurrency=" + sys.argv[4],
                     "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""
_DJANGO_Q = """
import json
import sys
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="peer", USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django_q"],
    DATABASES={"default": json.loads(sys.argv[2])},
    Q_CLUSTER={"name": "peer", "orm": "default", "workers": int(sys.argv[4]), "save_limit": 0,
               "timeout": 60, "retry": 120, "bulk": 100, "queue_limit": 500, "log_level": "CRITICAL"})
django.setup()
from django.core.management import call_command
if sys.argv[1] == "migrate":
    call_command("migrate", verbosity=0)
elif sys.argv[1] == "send":
    from django_q.tasks import async_task
    for _ in range(int(sys.argv[3])):
        async_task("gc.isenabled")
else:
    call_command("qcluster")
"""


class NotInstalled(Exception):
    """A peer that is not there to be measured."""


def require(name: str) -> None:
    """This function will refuse a peer that is not installed. Raises NotInstalled."""
    if importlib.util.find_spec(_PACKAGES[name]) is None:
        raise NotInstalled(f"--vs {name}: it is not installed: make .venv/development installs it")


def measure(name: str, count: int) -> dict[str, Any]:
    """This function will have a peer send and drain so many no-ops, and give rates a second.

    The drain is timed from its first result to its last, or to what is there after `DRAIN_S`:
    starting its workers is not counted.
    """
    with PEERS[name]() as peer:
        began = time.perf_counter()
        peer.send(count)
        sent_s = time.perf_counter() - began
        with peer.working() as workers:
            first_at, first = _reached(peer.done, 1, workers, START_S)
            last_at, last = _reached(peer.done, count, workers, DRAIN_S)
        drained = (last - first) / (last_at - first_at) if last > first else 0
        return {"jobs_per_s": round(drained), "enqueue_per_s": round(count / sent_s)}


class Celery:
    """Celery with a broker and results in a Valkey of its own, which writes nothing to disk."""

    def __init__(self, home: Path) -> None:
        socket = valkey.server(home).socket
        self._places = [f"redis+socket://{socket}?virtual_host={number}" for number in (0, 1)]
        self._results = redis.Redis(unix_socket_path=str(socket), db=1)

    def send(self, count: int) -> None:
        """This method will send from one process and wait until all is sent."""
        _run(_CELERY, "send", *self._places, str(count))

    @contextmanager
    def working(self) -> Iterator[process.Child]:
        """This method will keep its workers running."""
        with _working(_CELERY, "work", *self._places, str(WORKERS)) as workers:
            yield workers

    def done(self) -> int:
        """This method will count the results."""
        return int(self._results.dbsize())


class DjangoQ:
    """django-q2 with its ORM broker in a database of its own, each result a row."""

    def __init__(self, place: dict[str, Any], raw: db.Connection) -> None:
        # By Django's default its broker would connect anew for each of its questions.
        self._place, self._raw = json.dumps(place | {"CONN_MAX_AGE": None}), raw
        _run(_DJANGO_Q, "migrate", self._place, "0", "1")

    def send(self, count: int) -> None:
        """This method will send from one process and wait until all is sent."""
        _run(_DJANGO_Q, "send", self._place, str(count), "1")

    @contextmanager
    def working(self) -> Iterator[process.Child]:
        """This method will keep its cluster running."""
        with _working(_DJANGO_Q, "work", self._place, "0", str(WORKERS)) as workers:
            yield workers

    def done(self) -> int:
        """This method will count the results."""
        return int(db.rows(self._raw, "SELECT count(*) FROM django_q_task")[0][0])


@contextmanager
def _celery() -> Iterator[Celery]:
    home = Path(tempfile.mkdtemp(prefix="factory-bench-"))
    try:
        valkey.ensure_running(home)
        yield Celery(home)
    finally:
        valkey.stop(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _django_q() -> Iterator[DjangoQ]:
    with scratch.empty("peer") as (place, raw):
        yield DjangoQ(place, raw)


PEERS: dict[str, Callable[[], Any]] = {"celery": _celery, "django-q2": _django_q}
_PACKAGES = {"celery": "celery", "django-q2": "django_q"}


def _run(program: str, *words: str) -> None:
    done = _start(program, *words)
    if done.wait(SEND_S):
        raise TimeoutError(f"a peer's {words[0]} ended with status {done.returncode}")


@contextmanager
def _working(program: str, *words: str) -> Iterator[process.Child]:
    started = _start(program, *words)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.kill(started.pid, process.TERM)
        started.end(_STOP_S)


def _start(program: str, *words: str) -> process.Child:
    argv = [sys.executable, "-c", program, *words]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("DJANGO_")}
    return process.start(argv, env=kept, stdout=process.NOTHING, stderr=process.NOTHING)


def _reached(
    done: Callable[[], int], count: int, workers: process.Child, seconds: float
) -> tuple[float, int]:
    """When and how many results there were: all that were asked for, or what came within the time."""
    over = time.monotonic() + seconds
    while (found := done()) < count and time.monotonic() < over:
        if workers.poll() is not None:
            raise TimeoutError(f"a peer's workers ended after {found} jobs")
        time.sleep(0.005)
    if not found:
        raise TimeoutError("a peer did nothing")
    return time.perf_counter(), found
