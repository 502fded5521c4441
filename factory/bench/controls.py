"""What each control costs: the same drain with it and without it, in one run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from factory import scratch
from factory.bench import jobs, machine
from jobs import queue
from jobs.models import Limit, Queue

BY = "bench"
_TRIGGERS = ("job_born", "job_moved")
_FREE = 30_000
"""Limits far above what is reached: they are kept, and bound nothing."""
_PARENTS = 10_000
_SLOWER = 20
"""What is claimed or written one by one is measured with so many times fewer."""


def run(count: int) -> dict[str, Any]:
    """This function will drain so many no-ops under each control, and give microseconds per job.

    `costs_us` is what a control adds to the first measure, in which every job leaves its moves and
    its attempt; `again` is the same measure at the end, and tells how far figures can be trusted.
    """
    found: dict[str, Any] = {}
    with scratch.database() as environment, jobs.cluster(environment):
        jobs.drain(count)  # tables that grew once, plans that were made
        for name, measure in _VARIANTS.items():
            found[name] = _figures(measure(count))
    shipped = found["as shipped"]["us_per_job"]
    for figures in found.values():
        figures["costs_us"] = round(figures["us_per_job"] - shipped, 1)
    return {"controls": found, "machine": machine.describe()}


def _figures(drained: dict[str, int]) -> dict[str, Any]:
    return drained | {"us_per_job": round(1e6 / drained["jobs_per_s"], 1)}


def _shipped(count: int) -> dict[str, int]:
    return jobs.drain(count)


def _bare(count: int) -> dict[str, int]:
    with _without_history():
        return jobs.drain(count)


@contextmanager
def _without_history() -> Iterator[None]:
    _triggers("DISABLE")
    try:
        yield
    finally:
        _triggers("ENABLE")


def _triggers(word: str) -> None:
    with connection.cursor() as cursor:
        for name in _TRIGGERS:
            cursor.execute(f"ALTER TABLE job {word} TRIGGER {name}")


def _limited_queue(count: int) -> dict[str, int]:
    short = Queue.objects.get(name="short")
    short.limit(most=_FREE, per_minute=60 * _FREE, burst=60 * _FREE, by=BY)
    try:
        return jobs.drain(count // _SLOWER)
    finally:
        short.limit(by=BY)


def _limited_key(count: int) -> dict[str, int]:
    Limit.on("bench", by=BY, most=_FREE)
    return jobs.drain(count // _SLOWER, limit_key="bench")


def _awaited(count: int) -> dict[str, int]:
    def wait(made: list[int]) -> None:
        for first in range(0, len(made), _PARENTS):
            queue.enqueue("demo.noop", {}, depends=made[first : first + _PARENTS])

    return jobs.drain(count, then=wait)


def _each(count: int) -> dict[str, int]:
    return jobs.drain(count // _SLOWER, "demo.sleep", {"seconds": 0})


_VARIANTS: dict[str, Callable[[int], dict[str, int]]] = {
    "as shipped": _shipped,
    "without moves and attempts": _bare,
    "its queue has limits": _limited_queue,
    "its key has limits": _limited_key,
    "another job waits for it": _awaited,
    "its end written by itself": _each,
    "as shipped, again": _shipped,
}
