"""What people see of queues and of keys with limits: how much waits, what runs, what bounds it."""

from typing import Any, NamedTuple

from django.db import connection

from jobs.db import statement
from jobs.models import Limit, Queue


class Line(NamedTuple):
    """One queue as it stands: `oldest_s` is how long the first has waited, `tokens` may begin now."""

    queue: Queue
    depth: int
    oldest_s: float | None
    running: int
    tokens: float | None


class Key(NamedTuple):
    """One key with limits: how many of its jobs run, and how many more may begin now by its rate."""

    limit: Limit
    running: int
    tokens: float | None


def of_queues() -> list[Line]:
    """This function will give every queue by name, with what stands in it."""
    queues = Queue.objects.in_bulk()
    return [Line(queues[name], *rest) for name, *rest in sorted(_rows("lines")) if name in queues]


def of_keys() -> list[Key]:
    """This function will give every key that has limits of its own, by name."""
    limits = Limit.objects.in_bulk()
    return [Key(limits[key], *rest) for key, *rest in sorted(_rows("keys")) if key in limits]


def shape(line: Line) -> dict[str, Any]:
    """This function will describe a queue as commands and the API show it."""
    queue = line.queue
    return {
        "name": queue.name,
        "paused": queue.paused,
        "paused_by": queue.paused_by,
        "paused_at": queue.paused_at,
        "batch": queue.batch,
        "queued": line.depth,
        "oldest_s": None if line.oldest_s is None else round(line.oldest_s, 1),
        "running": line.running,
        **_bounds(queue, line.tokens),
    }


def key_shape(key: Key) -> dict[str, Any]:
    """This function will describe a key as commands show it."""
    return {"key": key.limit.key, "running": key.running, **_bounds(key.limit, key.tokens)}


def _bounds(limited: Queue | Limit, tokens: float | None) -> dict[str, Any]:
    fields = ("most_running", "per_minute", "burst", "limited_by", "limited_at")
    found = {name: getattr(limited, name) for name in fields}
    return found | {"tokens": None if tokens is None else round(tokens, 2)}


def _rows(name: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name))
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
