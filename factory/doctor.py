"""What `doctor` asks: variables, programs, services, processes, and whatever the apps add."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TextIO

from factory import configuration, embedded
from factory.configuration import BASE_DIR, VARIABLES, Refused, Variable
from factory.embedded import postgres
from factory.embedded.place import CannotStart
from factory.supervisor import control
from jobs import process
from jobs.ports import Check, checks

_PYTHON = (3, 11)
_GIT = (2, 38)
_UP = "start it with manage.py up"


def examine() -> Iterator[Check]:
    """This function will ask everything there is to ask; whatever is down is an answer, too."""
    yield from variables()
    for name, ask in (_QUESTIONS | checks).items():
        yield _asked(name, ask)
    yield from _parts()


def variables() -> Iterator[Check]:
    """This function will show each variable: set or default, secrets hidden, or why it is refused."""
    try:
        configuration.read_dotenv()
    except Refused as refused:
        yield Check(".env", False, str(refused), "make it readable")
    refusals = {variable.name: text for variable, text in configuration.problems(os.environ)}
    for variable in VARIABLES:
        wrong = refusals.get(variable.name, "")
        yield Check(variable.name, not wrong, wrong or _value(variable), wrong and "see docs")


def without_settings(as_json: bool) -> int:
    """This function will say what can be said when the settings are refused, and give status 1."""
    return report(list(variables()), as_json, sys.stdout)


def report(found: list[Check], as_json: bool, out: TextIO) -> int:
    """This function will write the answers, as one JSON document or as lines; 0 if all is well."""
    ok = all(check.ok for check in found)
    if as_json:
        out.write(json.dumps({"ok": ok, "checks": [asdict(check) for check in found]}) + "\n")
        return 0 if ok else 1
    for check in found:
        cure = "" if check.ok or not check.cure else f" → {check.cure}"
        out.write(f"{'ok ' if check.ok else 'NO '} {check.name}: {check.detail}{cure}\n")
    out.write("all is well\n" if ok else "something needs a cure\n")
    return 0 if ok else 1


def _asked(name: str, ask: Callable[[], Check]) -> Check:
    try:
        return ask()
    except Exception as error:  # one question that fails must not silence the others
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return Check(name, False, lines[0], "start the services: manage.py up")


def _value(variable: Variable) -> str:
    text = os.environ.get(variable.name, "").strip()
    if text:
        return "set (hidden)" if variable.secret else f"set: {text}"
    return f"default: {variable.default}" if variable.default else "not set"


def _python() -> Check:
    version = platform.python_version()
    return Check("python", sys.version_info >= _PYTHON, version, "use Python 3.11 or later")


def _git() -> Check:
    cure = "install git 2.38 or later"
    program = shutil.which("git")
    if program is None:
        return Check("git", False, "not installed", cure)
    said = process.start([program, "--version"]).communicate()[0].decode().split()
    version = said[2] if len(said) > 2 else "0.0"
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return Check("git", numbers >= _GIT, version, cure)


def _disk() -> Check:
    home = configuration.load()["FACTORY_HOME"]
    free = shutil.disk_usage(home if home.exists() else BASE_DIR).free >> 20
    return Check("disk", free > 1024, f"{free} MiB free for {home}", "make room: 1 GiB at least")


def _database() -> Check:
    where = "external" if configuration.load()["DATABASE_URL"] else "embedded"
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
        vector = bool(cursor.fetchone()[0])
    detail = f"{where} PostgreSQL {version}, pgvector {'there' if vector else 'missing'}"
    return Check("database", vector, detail, "install pgvector on that server")


def _carried() -> Check:
    try:
        return Check(
            "embedded PostgreSQL", True, f"{postgres.CARRIER} carries {postgres.version()}"
        )
    except (CannotStart, OSError) as cause:
        return Check("embedded PostgreSQL", False, str(cause), "run make")


def _migrations() -> Check:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    detail = f"{len(missing)} to be applied" if missing else "all applied"
    return Check("migrations", not missing, detail, "manage.py migrate")


def _valkey() -> Check:
    where = "external" if configuration.load()["REDIS_URL"] else "embedded"
    version = _redis_version(embedded.redis_url())
    return Check("valkey", bool(version), f"{where} {version or 'does not answer'}", _UP)


def _redis_version(url: str) -> str:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    # The client's own retries make one failed question cost 3.9 s.
    once = Retry(NoBackoff(), 0)
    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=once) as client:
            facts = client.info("server")
    except (RedisError, OSError):
        return ""
    return str(facts.get("valkey_version") or facts.get("redis_version"))


def _supervisor() -> Check:
    running = control.is_running()
    names = ", ".join(shown.name for shown in control.status())
    return Check("supervisor", running, names or "nothing runs", _UP)


def _parts() -> Iterator[Check]:
    from factory import health

    for part in health.parts():
        yield Check(f"ready: {part.name}", not part.trouble, part.trouble or "yes", _UP)


_QUESTIONS: dict[str, Callable[[], Check]] = {
    "python": _python,
    "git": _git,
    "disk": _disk,
    "embedded PostgreSQL": _carried,
    "database": _database,
    "migrations": _migrations,
    "valkey": _valkey,
    "supervisor": _supervisor,
}
