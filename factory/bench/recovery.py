"""How soon work goes on after kill -9: of busy runners, of idle ones, and of a whole cluster."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median
from typing import Any

from factory import scratch
from factory.bench import machine
from factory.bench.jobs import until
from factory.variables import BASE_DIR
from jobs import process, queue
from jobs.models import Job, Runner
from jobs.states import FINISHED, State

LOAD = 200
"""Jobs that wait, each a twentieth of a second long, when the whole cluster is killed."""
_LOOK_S = 0.005


def run(kills: int, idle_kills: int) -> dict[str, Any]:
    """This function will kill and time, on a scratch database; times are in seconds.

    Busy: until the same job is running again. Idle: until a job that was enqueued at that moment has
    ended. Tree: from the next start of the cluster until everything has ended.
    """
    with scratch.database() as environment:
        with _cluster(environment):
            busy = _of_busy(kills)
            idle = _of_idle(idle_kills)
        tree = _of_a_tree(environment)
    return {"busy": busy, "idle": idle, "tree": tree, "machine": machine.describe()}


def _of_busy(kills: int) -> dict[str, Any]:
    job = queue.enqueue("demo.sleep", {"seconds": 3600}, max_attempts=kills + 5)
    taken = []
    for _ in range(kills):
        until(lambda: _held(job.pk) is not None, _LOOK_S)
        claim = _held(job.pk)
        began = time.monotonic()
        os.kill(Runner.objects.get(pk=claim[0]).pid, process.KILL)  # type: ignore[index]
        until(lambda: _held(job.pk) not in (None, claim), _LOOK_S)  # noqa: B023 — awaited here
        taken.append(time.monotonic() - began)
    until(lambda: _held(job.pk) is not None)
    Job.objects.get(pk=job.pk).cancel(by="bench")
    until(lambda: Job.objects.filter(pk=job.pk, state__in=FINISHED).exists())
    return _told(taken)


def _of_idle(kills: int) -> dict[str, Any]:
    taken = []
    for _ in range(kills):
        until(lambda: Runner.objects.fresh().filter(pool="short").exists(), _LOOK_S)
        idle = Runner.objects.fresh().filter(pool="short").latest("pk")
        began = time.monotonic()
        os.kill(idle.pid, process.KILL)
        job = queue.enqueue("demo.noop", {})
        until(lambda: Job.objects.filter(pk=job.pk, state=State.SUCCEEDED).exists(), _LOOK_S)  # noqa: B023 — called before the next round
        taken.append(time.monotonic() - began)
    return _told(taken)


def _of_a_tree(environment: dict[str, str]) -> dict[str, Any]:
    with _cluster(environment) as pid:
        made = queue.enqueue_many("demo.sleep", [{"seconds": 0.05}] * LOAD)
        until(lambda: Job.objects.filter(pk__in=made, state=State.SUCCEEDED).count() > LOAD // 10)
        process.end_group(pid, process.KILL)
    left = Job.objects.filter(pk__in=made).exclude(state=State.SUCCEEDED).count()
    began = time.monotonic()
    with _cluster(environment, ready=False):
        until(lambda: not Job.objects.filter(pk__in=made).exclude(state__in=FINISHED).exists())
    done = Job.objects.filter(pk__in=made, state=State.SUCCEEDED).count()
    took = round(time.monotonic() - began, 2)
    return {"jobs": LOAD, "left": left, "done": done, "lost": LOAD - done, "s": took}


def _held(job: int) -> tuple[int, int] | None:
    return Job.objects.filter(pk=job, state=State.RUNNING).values_list("runner_id", "fence").first()


def _told(taken: list[float]) -> dict[str, Any]:
    if not taken:
        return {"kills": 0}
    known = {"p50_s": round(median(taken), 2), "max_s": round(max(taken), 2)}
    return {"kills": len(taken), **known}


@contextmanager
def _cluster(environment: dict[str, str], *, ready: bool = True) -> Iterator[int]:
    cluster = process.start(
        [sys.executable, str(BASE_DIR / "manage.py"), "qcluster"],
        env=environment | {"FACTORY_WORKERS": "short=1,long=1"},
        stdout=process.NOTHING,
        stderr=process.NOTHING,
    )
    try:
        until(lambda: not ready or Runner.objects.fresh().count() == 2)
        yield cluster.pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(cluster.pid, process.TERM)  # the main process alone: see `bench.jobs`
        cluster.end(20)
