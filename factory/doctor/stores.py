"""PostgreSQL and Valkey: given or embedded, versions, room, and whether the schema is ours."""

import time
from collections.abc import Iterator
from typing import Any

from factory import configuration, embedded
from factory.doctor import asking
from factory.embedded import external, programs
from factory.embedded.place import CannotStart
from jobs.ports import Check

_CROWDED = 0.8
_OPEN_S = 600
_FACTS = """
SELECT current_setting('server_version'),
  (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),
  (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
  extract(epoch FROM clock_timestamp())::float8,
  pg_size_pretty(pg_database_size(current_database()))
"""
_CONNECTIONS = """
SELECT count(*) FILTER (WHERE backend_type = 'client backend'),
  current_setting('max_connections')::int,
  max(extract(epoch FROM clock_timestamp() - xact_start)) FILTER (
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  )::float8
FROM pg_stat_activity
"""


def carried() -> Check:
    """This function will name the PostgreSQL that the packages carry."""
    try:
        detail = f"{programs.CARRIER} carries {programs.version()}"
        return Check("embedded PostgreSQL", True, detail)
    except (CannotStart, OSError) as cause:
        return Check("embedded PostgreSQL", False, str(cause), "run make")


def given() -> Iterator[Check]:
    """This function will say whether the servers that are given are what the product needs."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        if configuration.load()[name]:
            wrong, _, cure = next(external.complaints([name]), "").rpartition(": ")
            yield Check(f"server of {name}", not wrong, wrong or "is what the product needs", cure)


def database() -> Iterator[Check]:
    """This function will ask the database for its versions, extensions, clock and size."""
    where = "external" if configuration.load()["DATABASE_URL"] else "embedded"
    began = time.time()
    version, offered, made, clock, size = _row(_FACTS)
    apart = max(0.0, began - clock, clock - time.time())
    detail = f"{where} PostgreSQL {version}, {size}, clock {apart:.1f} s apart"
    cure = "set both clocks by NTP" if apart > 5 else ""
    yield Check("database", True, detail, cure, warning=bool(cure))
    vector = f"vector {made}" if made else f"vector {offered}, not created yet" if offered else ""
    cure = "install pgvector on that server"
    yield Check("extensions", bool(vector), vector or "pgvector is missing", "" if vector else cure)


def connections() -> Iterator[Check]:
    """This function will tell how many connections are taken, and how long one transaction lasts."""
    used, most, oldest = _row(_CONNECTIONS)
    crowded = used > most * _CROWDED
    cure = "raise max_connections, or stop who holds them: pg_stat_activity names them"
    yield Check("connections", True, f"{used} of {most}", (crowded and cure) or "", crowded)
    if oldest and oldest > _OPEN_S:
        detail = f"one is open for {oldest:.0f} s: nothing that died since can be cleaned up"
        yield Check("transactions", True, detail, "end it: pg_stat_activity names it", warning=True)


def migrations() -> Check:
    """This function will name the migrations that are not applied."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    missing = [f"{one.app_label}.{one.name}" for one, _ in plan]
    shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
    detail = f"{len(missing)} to be applied: {shown}" if missing else "all applied"
    return Check("migrations", not missing, detail, "manage.py migrate")


def valkey() -> Check:
    """This function will ask Valkey or Redis for its version and memory."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    where = "external" if configuration.load()["REDIS_URL"] else "embedded"
    # The client's own retries make one failed question cost 3.9 s.
    once = Retry(NoBackoff(), 0)
    url = embedded.redis_url()
    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=once) as client:
            facts: dict[str, Any] = client.info()
    except (RedisError, OSError) as error:
        cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return Check("valkey", False, f"{where}, does not answer: {cause}", asking.cure())
    name = "Valkey" if facts.get("valkey_version") else "Redis"
    version = facts.get("valkey_version") or facts.get("redis_version")
    detail = f"{where} {name} {version}, {facts.get('used_memory_human', '?')} used"
    return Check("valkey", True, detail)


def _row(sql: str) -> tuple[Any, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: tuple[Any, ...] = cursor.fetchone()
    return found
