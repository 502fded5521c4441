"""One PostgreSQL and one Valkey per test run, in a temporary directory, and clones of a template."""

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

import psycopg2

from factory.embedded import postgres, valkey

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "factory_template"
_PREFIX = "factory-tests-"
_MEMORY = Path("/dev/shm")
_ENOUGH = 8 << 30
_FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = 128MB\n"
_FAST += "max_wal_size = 256MB\n"  # what is written is kept in memory, perhaps
_FAST += "autovacuum_naptime = 1h\n"  # of what it did, no test may know when
_FAST += "file_copy_method = clone"  # by the kernel: half the time, also where nothing is shared
_numbers = count(1)


@dataclass(frozen=True)
class ScratchDatabase:
    """A fresh copy of the migrated database for tests that start processes of their own."""

    name: str
    environment: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Its DATABASE_URL."""
        return self.environment["DATABASE_URL"]

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """This method will run one statement on a new connection and give what it returns."""
        return query(self.name, sql, parameters)


def place() -> Path:
    """This function will give where the files of services go: into memory, where it has room.

    A clone of the template is 750 small files: on a disk that takes the kernel ten times as long.
    """
    with suppress(OSError):
        room = os.statvfs(_MEMORY)
        runs = not room.f_flag & os.ST_NOEXEC  # the server's programs may be copied there
        if runs and room.f_bavail * room.f_frsize >= _ENOUGH and os.access(_MEMORY, os.W_OK):
            return _MEMORY
    return Path(tempfile.gettempdir())


def begin() -> Path:
    """This function will start the services of this test run and point the environment at them.

    A worker of pytest-xdist finds them running: the controller started them.
    """
    if "FACTORY_TESTS" not in os.environ:
        _sweep()
        home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place()))
        home.chmod(0o755)  # the account PostgreSQL runs as passes through it
        (home / "owner").write_text(str(os.getpid()))
        os.environ["FACTORY_TESTS"] = str(home)
        atexit.register(end, home, os.getpid())
        postgres.ensure_running(home, _FAST)
        valkey.ensure_running(home)
    home = Path(os.environ["FACTORY_TESTS"])
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    for name in [name for name in os.environ if name.startswith("FACTORY_")]:
        if name not in ("FACTORY_TESTS", "FACTORY_SHOTS"):
            del os.environ[name]  # what the developer's shell says must not change a test
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "factory.settings",
        "DATABASE_URL": postgres.url(home),
        "REDIS_URL": valkey.address(home),
        "FACTORY_HOME": str(home / f"home-{worker}"),
        "FACTORY_REDIS_PREFIX": f"test-{worker}",
        "FACTORY_DOTENV": os.devnull,
        "FACTORY_API_CALLS": "0",  # or one test could use up what another may ask
    }
    return home


def end(home: Path, owner: int) -> None:
    """This function will stop the services and remove their files, in the process that began."""
    if os.getpid() != owner:
        return
    valkey.stop(home)
    postgres.stop(home)
    shutil.rmtree(home, ignore_errors=True)


_PAUSE_SCHEDULES = "UPDATE job_schedule SET paused_at = now(), paused_by = 'tests', next_at = NULL"


def template() -> str:
    """This function will migrate the template database, once per test run, and give its name."""
    home = Path(os.environ["FACTORY_TESTS"])
    with open(home / "template.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = home / "template.done"
        if not done.exists():
            query("postgres", f"CREATE DATABASE {TEMPLATE}")
            manage("migrate", "--verbosity=0", "--skip-checks", environment=_environment(TEMPLATE))
            # No test may meet a job that a schedule made because of the time of day.
            query(TEMPLATE, _PAUSE_SCHEDULES)
            done.touch()
    return TEMPLATE


@contextmanager
def scratch() -> Iterator[ScratchDatabase]:
    """This function will lend a fresh clone of the template."""
    name = f"scratch_{os.getpid()}_{next(_numbers)}"
    # By files: block by block through the log, as is usual, takes the server six times as long.
    query("postgres", f"CREATE DATABASE {name} TEMPLATE {template()} STRATEGY FILE_COPY")
    try:
        yield ScratchDatabase(name, _environment(name))
    finally:
        query("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def freeze(pid: int) -> None:
    """This function will halt a process by a signal, and return once all of its threads stand still.

    The signal is only on its way when `kill` returns; for a moment the process seems to be well.
    """
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + 30
    while not all(_halted(task) for task in Path(f"/proc/{pid}/task").iterdir()):
        assert time.monotonic() < until, f"process {pid} does not stand still"
        time.sleep(0.01)


def _halted(task: Path) -> bool:
    with suppress(OSError):  # a thread that ended meanwhile
        return (task / "stat").read_text().rpartition(")")[2].split()[0] in "TZX"
    return True


def query(database: str, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """This function will run one statement on the test server, outside a transaction."""
    home = Path(os.environ["FACTORY_TESTS"])
    place = postgres.address(home, database)
    raw = psycopg2.connect(dbname=database, user=place["USER"], host=place["HOST"])
    with closing(raw):
        raw.autocommit = True
        with raw.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


def manage(
    *arguments: str, environment: dict[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """This function will run one `manage.py` command to its end and give what it said."""
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment or dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if check and done.returncode:
        raise AssertionError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done


def _environment(database: str) -> dict[str, str]:
    home = Path(os.environ["FACTORY_TESTS"])
    return dict(os.environ) | {"DATABASE_URL": postgres.url(home, database)}


def _sweep() -> None:
    """This function will remove what a test run left that was killed with -9."""
    places = {_MEMORY, Path(tempfile.gettempdir())}
    for home in chain.from_iterable(where.glob(f"{_PREFIX}*") for where in places):
        with suppress(OSError, ValueError):
            owner = int((home / "owner").read_text())
            if not Path(f"/proc/{owner}").exists():
                end(home, os.getpid())
