"""Embedded PostgreSQL with pgvector, on a unix socket: where it is, how it starts and ends."""

import errno
import logging
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from factory.embedded import living, pgdata, place, programs
from factory.embedded.cluster import Cluster
from factory.embedded.pgdata import NAME
from factory.embedded.place import CannotStart

log = logging.getLogger("factory.embedded")
_LONGEST_SOCKET_DIRECTORY = 85  # of 107: "/.s.PGSQL.5432.lock" follows
_START_S = 120
_FAST_S = 20.0
_AT_ONCE_S = 8.0  # its children have 5 s of these before it kills them
_ORPHANS_S = 3.0
_NO_SPACE = 1 << 20


def cluster(home: Path) -> Cluster:
    """This function will compute where the server of a data directory is; it touches nothing."""
    base = place.reachable(home, place.account()) / "postgres"
    return Cluster(base, place.socket_directory(base / "run", _LONGEST_SOCKET_DIRECTORY))


def address(home: Path, name: str = NAME) -> dict[str, Any]:
    """This function will give Django's settings for a database of the embedded server."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": NAME,
        "HOST": str(cluster(home).sockets),
        "PORT": "5432",  # said, because libpq would read PGPORT
        "OPTIONS": {},
    }


def url(home: Path, name: str = NAME) -> str:
    """This function will give the DATABASE_URL of a database of the embedded server."""
    return f"postgresql://{NAME}@{quote(str(cluster(home).sockets), safe='')}:5432/{name}"


def ensure_running(home: Path, extra: str = "") -> bool:
    """This function will start the server unless it runs, and say whether it did.

    The first time it makes the data directory and the database and tries pgvector. `extra` is
    added to the server's configuration. Raises CannotStart.
    """
    server = cluster(home)
    with place.explained(), place.locked(server.base / "lock"):
        binaries = programs.of(server)
        place.make_private(server.sockets, place.account())
        pgdata.make(server, binaries)
        pgdata.configure(server, extra)
        place.shorten(server.log)
        if started := not _ready(server, binaries):
            _start(server, binaries)
        _make_database(server, binaries)
    return started


def running(home: Path) -> int | None:
    """This function will give the server's process id, or None."""
    return cluster(home).postmaster()


def stop(home: Path) -> bool:
    """This function will stop the server, ending its clients' sessions, and say whether it ran.

    By signals, as pg_ctl does it: a server can be stopped whose wheel is gone. One that does not
    end fast is ended at once, and at last killed; it recovers at its next start. Raises CannotEnd.
    """
    server = cluster(home)
    if not server.family():
        return False
    with place.locked(server.base / "lock"):
        last = living.end("PostgreSQL", server.family, _steps(server))
        if last == signal.SIGKILL:
            log.warning("PostgreSQL did not end by itself and was killed: it will recover")
    return True


def _steps(server: Cluster) -> Sequence[living.Step]:
    def parent() -> set[int]:
        pid = server.postmaster()
        return {pid} if pid else set()

    return (
        (parent, signal.SIGINT, _FAST_S),
        (parent, signal.SIGQUIT, _AT_ONCE_S),
        (server.family, signal.SIGKILL, _AT_ONCE_S),
    )


def _ready(server: Cluster, binaries: Path, wait: float = 0) -> bool:
    until = time.monotonic() + wait
    while True:
        _refuse_frozen(server)
        argv = [binaries / "pg_isready", "-q", "-h", server.sockets, "-t", "3"]
        answer = programs.run(argv).returncode
        if answer == 0:
            return True
        # 1: a server that is starting or recovering; it deserves all the time it needs.
        limit = until if answer != 1 else max(until, time.monotonic() + 1)
        if time.monotonic() >= limit:
            return False
        time.sleep(0.05)


def _refuse_frozen(server: Cluster) -> None:
    pid = server.postmaster()
    if pid and living.frozen(pid):
        raise CannotStart(
            f"PostgreSQL is frozen by a signal (pid {pid}): kill -CONT {pid} lets it go on, "
            "manage.py stop ends it"
        )


def _start(server: Cluster, binaries: Path) -> None:
    _end_orphans(server)
    programs.forget_copies(server, binaries)
    pgdata.defuse_stale_pid(server)
    said_before = server.log.stat().st_size if server.log.exists() else 0
    argv = [binaries / "pg_ctl", "-D", server.data, "-w", "-t", str(_START_S)]
    failed = programs.quietly([*argv, "-l", server.log, "start"])
    # One that was already starting makes pg_ctl fail, and is just as good.
    if failed and not _ready(server, binaries, wait=10 if server.postmaster() else 0):
        said = _why(server, said_before)
        raise CannotStart(f"PostgreSQL did not start: {said}: {place.cure(said)}")


def _end_orphans(server: Cluster) -> None:
    """This function will end what outlived a killed server: it would keep the next from starting.

    Such a process ends by itself within moments, unless it is frozen or busy.
    """
    if server.postmaster():
        return
    steps: list[living.Step] = [(set, signal.SIGCONT, _ORPHANS_S)]
    steps.append((server.family, signal.SIGKILL, _AT_ONCE_S))
    last = server.family() and living.end("A process of PostgreSQL", server.family, steps)
    if last == signal.SIGKILL:
        log.warning("processes outlived a killed PostgreSQL and were ended: it will recover")


def _why(server: Cluster, said_before: int) -> str:
    """This function will give the line that says why it did not start; a full disk keeps none."""
    if shutil.disk_usage(server.base).free < _NO_SPACE:
        return f"{server.base}: {os.strerror(errno.ENOSPC)}"
    with open(server.log, errors="replace") as file:
        file.seek(said_before)
        return f"{programs.told(file.read())} (see {server.log})"


def _make_database(server: Cluster, binaries: Path) -> None:
    checked = server.base / f"pgvector-{place.digest(Path(_processor(), str(binaries)))}"
    if checked.exists():
        return
    psql = [binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", server.sockets, "-U", NAME]
    known = programs.run([*psql, "-d", "postgres", "-c", "SELECT datname FROM pg_database"])
    if NAME not in known.stdout.split():
        made = programs.run([*psql, "-d", "postgres", "-c", f"CREATE DATABASE {NAME}"])
        if made.returncode:
            said = programs.told(made.stderr)
            raise CannotStart(f"The database was not made: {said}: {place.cure(said)}")
    sql = "CREATE EXTENSION IF NOT EXISTS vector; SELECT '[1,2]'::vector <=> '[2,1]'::vector"
    tried = programs.run([*psql, "-d", NAME, "-c", sql])
    if tried.returncode:
        # At once: asked to end while it recovers from the illegal instruction, it takes its time.
        living.end("PostgreSQL", server.family, _steps(server)[1:])
        raise CannotStart(_no_vector(tried.stderr))
    checked.touch()


def _no_vector(said: str) -> str:
    if "connection" in said:  # to a server that an illegal instruction ended
        return (
            "pgvector does not work here: its build needs a processor with AVX2: "
            "set DATABASE_URL to a PostgreSQL with pgvector"
        )
    return f"pgvector does not work: {programs.told(said)}: run make, or set DATABASE_URL"


def _processor() -> str:
    """This function will name the processor: data may move to a machine where pgvector fails."""
    with open("/proc/cpuinfo") as file:
        return next((line.strip() for line in file if line.startswith("model name")), "unknown")
