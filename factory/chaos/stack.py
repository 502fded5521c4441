"""The installation that chaos strikes: the one this process's environment describes."""

import http.client
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from factory import configuration, embedded
from factory.embedded import postgres
from factory.supervisor import kernel, record
from factory.variables import BASE_DIR, Refused
from jobs import beats, process

AWAY = (DatabaseError, InterfaceError)
"""What the database raises while it is struck."""
_UP_S = 180.0
_ASK_S = 5.0


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """This function will run one statement and give what it returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def answered(ask: Callable[[], Any]) -> Any:
    """This function will ask the database, or give None while it is away."""
    try:
        return ask()
    except AWAY:
        connection.close()
        return None


def manage(*words: str) -> tuple[int, str]:
    """This function will run one command to its end and give its status and what it said."""
    argv = [sys.executable, str(BASE_DIR / "manage.py"), *words]
    done = process.start(argv, env=dict(os.environ), stderr=process.TOGETHER)
    said, _ = done.communicate(timeout=_UP_S)
    return done.returncode, said.decode(errors="replace")


def up() -> None:
    """This function will start all of it and wait until it is ready. Raises Refused."""
    status, said = manage("up", "--detach")
    if status:
        raise Refused(f"chaos: its own installation did not start: {said.strip()[-300:]}")


def told() -> Path:
    """This function will name the file that keeps what its processes say."""
    return configuration.home() / "up.log"


def hand(name: str) -> int | None:
    """This function will give the pid of the supervisor or of one of its processes."""
    found = record.read()
    known = [found.supervisor, *found.processes] if found else []
    return next((each.pid for each in known if each.name == name and each.alive), None)


def sentinel() -> int | None:
    """This function will give the pid of the cluster's sentinel."""
    return next(iter(children(hand("qcluster") or 0)), None)


def beating(name: str) -> int | None:
    """This function will give the pid of the process that beats under a name, if it lives."""
    found = beats.who(name)
    return found[0] if found and process.alive(*found) else None


def monitor() -> int | None:
    """This function will give the pid of the cluster's monitor: neither runner nor pusher.

    None while a worker waits for its runner: they cannot be told apart.
    """
    known = {pid for (pid,) in answered(lambda: rows(_RUNNERS)) or []}
    others = set(children(sentinel() or 0)) - known - {beating("pusher")}
    return others.pop() if len(others) == 1 else None


_RUNNERS = "SELECT pid FROM job_runner WHERE stopped_at IS NULL"


def children(pid: int) -> list[int]:
    """This function will give the living children of a process."""
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def everybody() -> set[int]:
    """This function will give every process of the supervisor's tree, also one that was lost."""
    found = record.read()
    if found is None:
        return set()
    return kernel.marked(found.mark) | ({found.supervisor.pid} if found.supervisor.alive else set())


def tree(pid: int) -> set[int]:
    """This function will give a process and all that descends from it."""
    return {pid}.union(*(tree(child) for child in children(pid)))


def halt(pids: Collection[int], seconds: float) -> threading.Timer:
    """This function will halt processes by SIGSTOP and let them go on after so many seconds."""
    ticks = {pid: process.started_ticks(pid) for pid in pids}
    for pid in pids:
        kernel.send(pid, signal.SIGSTOP)
    timer = threading.Timer(seconds, _wake, (ticks,))
    timer.daemon = True
    timer.start()
    return timer


def _wake(ticks: dict[int, int | None]) -> None:
    for pid, began in ticks.items():
        if began is not None:
            process.end(pid, began, signal.SIGCONT)


def database() -> set[int]:
    """This function will give the server's processes, the server first of all."""
    server = postgres.running(configuration.home())
    return tree(server) if server else set()


def kill_everything() -> None:
    """This function will kill the whole tree with -9: processes, services, supervisor."""
    services = set(embedded.processes().values())
    for pid in everybody() | services:
        kernel.send(pid, signal.SIGKILL)
    until(lambda: not any(process.started_ticks(pid) for pid in services), 10)


def ready() -> bool:
    """This function will say whether the product tells that all of it can do its work."""
    status, _ = ask("/readyz")
    return status == 200


def ask(path: str, **headers: str) -> tuple[int, Any]:
    """This function will give the status and the JSON of an answer; status 0 when none came."""
    place = ("127.0.0.1", settings.FACTORY_PORT)
    with closing(http.client.HTTPConnection(*place, timeout=_ASK_S)) as client:
        try:
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, ValueError, http.client.HTTPException):
            return 0, None


def until(true: Callable[[], object], seconds: float, every: float = 0.02) -> bool:
    """This function will wait until something is true, at most so long, and say whether it is."""
    over = time.monotonic() + seconds
    while not true():
        if time.monotonic() > over:
            return False
        time.sleep(every)
    return True
