"""How fast the ledger drains: no-op jobs through a real cluster on a scratch database."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from factory import scratch
from factory.bench import machine, peers
from factory.variables import BASE_DIR
from jobs import process, queue
from jobs.models import Attempt, Job, Move, Queue, Runner
from jobs.states import FINISHED, State

LATENCIES = 300
PATIENCE_S = 600.0
STOP_S = 20.0
ROUNDS = 3
PEER_COUNT = {"celery": 3000, "django-q2": 500}
"""Peers are slower by orders of magnitude, and their rates do not depend on the number."""


def run(count: int, batch: int | None, rivals: Sequence[str] = ()) -> dict[str, Any]:
    """This function will measure enqueue rate, durable drain rate and start latency.

    The drain is timed by the database's clock, from the first claim to the last end, with every
    move and attempt written. Latency is the time from acceptance to claim of single jobs. With
    rivals, all take turns for `ROUNDS` rounds, nothing of the others running; figures are medians.
    """
    ours: list[dict[str, int]] = []
    theirs: dict[str, list[dict[str, int]]] = {name: [] for name in rivals}
    with scratch.database() as environment:
        if batch is not None:
            Queue.objects.filter(name="short").update(batch=batch)
        with cluster(environment):
            start_ms = _latency()
        for _ in range(ROUNDS if rivals else 1):
            with cluster(environment):
                ours.append(drain(count))
            for name in rivals:
                theirs[name].append(peers.measure(name, min(count, PEER_COUNT[name])))
        found = _middle(ours)
        return found | {
            "start_ms": start_ms,
            "lost": _lost(),
            "attempts": Attempt.objects.count(),
            "moves": Move.objects.count(),
            "fsync": _setting("fsync") == "on" and _setting("synchronous_commit") == "on",
            "peers": {name: _beside(found, _middle(each)) for name, each in theirs.items()},
            "machine": machine.describe(),
        }


def _middle(rounds: Sequence[dict[str, int]]) -> dict[str, Any]:
    middle: dict[str, Any] = {
        name: round(median(each[name] for each in rounds)) for name in rounds[0]
    }
    return middle | {"rounds": [each["jobs_per_s"] for each in rounds]}


def _beside(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ratio = ours["jobs_per_s"] / max(1, theirs["jobs_per_s"])
    return theirs | {"ours_is_times": round(ratio, 1)}


@contextmanager
def cluster(environment: dict[str, str]) -> Iterator[None]:
    """This function will run a cluster with as many short runners as a peer has workers, and a long one."""
    cluster = process.start(
        [sys.executable, str(BASE_DIR / "manage.py"), "qcluster"],
        env=environment | {"FACTORY_WORKERS": f"short={peers.WORKERS},long=1"},
        stdout=process.NOTHING,
        stderr=process.NOTHING,
    )
    try:
        until(lambda: Runner.objects.fresh().count() == peers.WORKERS + 1)
        yield
    finally:
        # The main process alone: a signal to the group can hang django-q2 (its issue 346).
        os.kill(cluster.pid, process.TERM)
        cluster.end(STOP_S)


def _latency() -> dict[str, float]:
    for _ in range(LATENCIES):
        job = queue.enqueue("demo.noop", {})
        until(lambda pk=job.pk: Job.objects.filter(pk=pk, state__in=FINISHED).exists())
    seconds = [
        (started - created).total_seconds()
        for started, created in Job.objects.values_list("started_at", "created_at")
    ]
    parts = quantiles(seconds, n=100)
    return {"p50": round(parts[49] * 1000, 1), "p95": round(parts[94] * 1000, 1)}


def drain(
    count: int,
    kind: str = "demo.noop",
    arguments: dict[str, Any] | None = None,
    then: Callable[[list[int]], None] = lambda made: None,
    **options: Any,
) -> dict[str, int]:
    """This function will enqueue so many jobs while nothing is claimed, then time their drain.

    `then` is called with their ids before the drain begins. Gives rates a second.
    """
    short = Queue.objects.get(name="short")
    short.pause(by="bench")
    began = time.perf_counter()
    made = queue.enqueue_many(kind, [arguments or {}] * count, **options)
    enqueue_s = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE job")
    then(made)
    short.resume()
    jobs = Job.objects.filter(pk__range=(made[0], made[-1]))
    until(lambda: not Job.objects.filter(state__in=(State.QUEUED, State.RUNNING)).exists(), 0.1)
    seen = jobs.aggregate(first=Min("started_at"), last=Max("finished_at"))
    drained_s = (seen["last"] - seen["first"]).total_seconds()
    return {"jobs_per_s": round(count / drained_s), "enqueue_per_s": round(count / enqueue_s)}


def _lost() -> int:
    return Job.objects.exclude(state=State.SUCCEEDED).count()


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def until(true: Callable[[], bool], every: float = 0.002) -> None:
    """This function will wait until something is true; raises TimeoutError."""
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > give_up:
            raise TimeoutError("the measured cluster did not do its work")
        time.sleep(every)
