"""Answers many ask for at once, kept in Valkey for as long as nothing was committed.

The key names the database's own snapshot: two readers have the same one only while no transaction
has ended in between, in whatever process. So each commit, an event or not, drops what was kept,
without a message that could be lost or come late.
"""

from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from factory import probe

FRESH_S = 1
"""Not longer than this, even if nothing is committed: a lease runs out without a commit."""
HITS, MISSES = "hot.hits", "hot.misses"
_MOMENT = "SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned() IS NULL"
AWAY = (RedisError, OSError)
"""What asking Valkey raises while it is away."""


def kept(name: str, audience: Hashable, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """This function will give what `read` gives, or gave while the database was the same.

    It reads by itself while Valkey is away, and within a transaction that has written: what that
    wrote is in nobody's snapshot.
    """
    moment, unwritten = _moment()
    if not unwritten or is_away():
        return read()
    key = "hot." + sha256(repr((name, audience, moment)).encode()).hexdigest()
    try:
        found: dict[str, Any] | None = cache.get(key)
        _count(MISSES if found is None else HITS)
    except AWAY:
        return read()
    return _stored(key, read()) if found is None else found


def counts() -> dict[str, int]:
    """This function will say how often something was found kept, and how often not, by all processes.

    It gives nothing while Valkey is away.
    """
    if is_away():
        return {}
    try:
        found = cache.get_many([HITS, MISSES])
    except AWAY:
        return {}
    return {"hit": found.get(HITS, 0), "miss": found.get(MISSES, 0)}


def _moment() -> tuple[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(_MOMENT)
        moment, unwritten = cursor.fetchone()
    return moment, unwritten


def is_away() -> bool:
    """This function will say whether Valkey was seen in trouble: a frozen one would be waited for."""
    return any(part.name == "valkey" and part.trouble for part in probe.watched())


def _count(name: str) -> None:
    try:
        cache.incr(name)
    except ValueError:  # nobody counted yet
        cache.add(name, 1, timeout=None)


def _stored(key: str, told: dict[str, Any]) -> dict[str, Any]:
    try:
        cache.set(key, told, timeout=FRESH_S)
    except AWAY:
        return told
    return told
