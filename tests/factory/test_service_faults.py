"""Embedded services under fault: each one heals, or is one line with the cause and the cure."""

import errno
import fcntl
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from factory.embedded import living, place, postgres, valkey
from factory.embedded.living import CannotEnd
from factory.embedded.place import CannotStart
from jobs import process
from tests.factory import servers
from tests.factory.conftest import wait_for
from tests.services import ROOT, ScratchDatabase, freeze, manage

START = "import sys, pathlib; from factory.embedded import {0}; {0}.ensure_running(pathlib.Path(sys.argv[1]))"


@pytest.fixture
def running_home(home: Path) -> Path:
    """This fixture will lend a data directory whose PostgreSQL runs and holds one row."""
    postgres.ensure_running(home)
    ask(home, "CREATE TABLE kept AS SELECT 1 AS row")
    return home


def ask(home: Path, sql: str) -> object:
    """Run one statement and give the first value it returns."""
    with closing(connect(home)) as raw, raw.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        raw.commit()
        return row[0] if row else None


def connect(home: Path) -> Any:
    """Open a session."""
    where = postgres.address(home)
    return psycopg2.connect(dbname=where["NAME"], user=where["USER"], host=where["HOST"])


def pid_of(home: Path) -> int:
    """Give the pid of a PostgreSQL that must run."""
    pid = postgres.running(home)
    assert pid
    return pid


# Crashes


def test_a_kill_of_who_starts_the_server_leaves_one_server_that_the_next_finds(
    running_home: Path,
) -> None:
    postgres.stop(running_home)
    argv = [sys.executable, "-c", START.format("postgres"), str(running_home)]
    starting = subprocess.Popen(argv, cwd=ROOT)
    assert wait_for(lambda: postgres.running(running_home), 60)

    starting.kill()
    starting.wait()
    pid = pid_of(running_home)
    postgres.ensure_running(running_home)

    assert pid_of(running_home) == pid
    assert ask(running_home, "SELECT count(*) FROM kept") == 1


@pytest.mark.parametrize("state", ["alone", "busy", "frozen"])
def test_a_killed_server_recovers_whatever_its_children_do(
    running_home: Path, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(connect(running_home)) as raw:
        child = raw.info.backend_pid
        if state == "busy":
            busy = subprocess.Popen(_endless(running_home), stderr=subprocess.DEVNULL)
            assert wait_for(lambda: ask(running_home, _BUSY))
        if state == "frozen":
            freeze(child)
        os.kill(pid_of(running_home), signal.SIGKILL)

        assert postgres.ensure_running(running_home)

        assert wait_for(lambda: not _lives(child))
    if state == "busy":
        busy.wait(60)
    assert ask(running_home, "SELECT count(*) FROM kept") == 1
    assert ("outlived a killed PostgreSQL" in caplog.text) == (state == "busy")


_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO%'"


def _endless(home: Path) -> list[str | Path]:
    code = "import sys, psycopg2; psycopg2.connect(host=sys.argv[1], user='factory', "
    code += "dbname='factory').cursor().execute('DO $$ BEGIN LOOP END LOOP; END $$')"
    return [sys.executable, "-c", code, postgres.cluster(home).sockets]


def test_a_pid_on_record_of_a_server_of_a_directory_with_a_longer_name_is_not_ours(
    running_home: Path,
) -> None:
    longer = Path(f"{postgres.cluster(running_home).data}2")
    argv = ["sh", "-c", "sleep 60; :", "-D", str(longer)]
    with subprocess.Popen(argv, start_new_session=True) as other:
        assert wait_for(lambda: living.names(other.pid, longer))
        mistaken = living.names(other.pid, postgres.cluster(running_home).data)
        os.killpg(other.pid, signal.SIGKILL)

    assert not mistaken


# Frozen processes


def test_a_frozen_server_is_named_at_once_and_ended_by_stop(running_home: Path) -> None:
    pid = pid_of(running_home)
    freeze(pid)

    began = time.monotonic()
    with pytest.raises(CannotStart, match=rf"frozen by a signal \(pid {pid}\): kill -CONT {pid}"):
        postgres.ensure_running(running_home)
    took = time.monotonic() - began
    stopped = postgres.stop(running_home)

    assert took < 15  # without a frozen server's own time to start, which is two minutes
    assert stopped
    assert not _lives(pid)
    postgres.ensure_running(running_home)
    assert ask(running_home, "SELECT count(*) FROM kept") == 1


def test_a_frozen_session_does_not_hold_up_the_end_of_the_server(running_home: Path) -> None:
    pid = pid_of(running_home)
    with closing(connect(running_home)) as raw:
        freeze(raw.info.backend_pid)

        assert postgres.stop(running_home)

    assert not _lives(pid)


def test_a_frozen_valkey_is_ended_by_stop(home: Path) -> None:
    valkey.ensure_running(home)
    pid = valkey.running(home)
    assert pid
    freeze(pid)

    stopped = valkey.stop(home)

    assert stopped
    assert not _lives(pid)
    assert not valkey.stop(home)


@pytest.mark.parametrize("fault", ["frozen", "socket", "pid file", "two"])
def test_a_valkey_that_serves_nobody_is_replaced(home: Path, fault: str) -> None:
    valkey.ensure_running(home)
    pid = valkey.running(home)
    ours = valkey.server(home)
    assert pid
    if fault == "frozen":
        freeze(pid)
    if fault in ("socket", "two"):
        ours.socket.unlink()
    if fault in ("pid file", "two"):
        ours.pid_file.unlink()

    replaced = valkey.ensure_running(home)

    assert replaced == (fault != "pid file")
    assert _lives(pid) == (fault == "pid file")
    assert len(living.named("valkey-server", ours.socket)) == 1
    assert valkey._answers(ours)


def test_who_does_not_end_when_told_is_killed() -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(99)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()

        def alive() -> set[int]:
            return set() if child.poll() is not None else {child.pid}

        steps = ((alive, signal.SIGTERM, 0.2), (alive, signal.SIGKILL, 10.0))
        last = living.end("It", alive, steps)

    assert last == signal.SIGKILL


def test_a_process_of_somebody_else_is_named_with_its_owner() -> None:
    sleeping = subprocess.Popen(["sleep", "60"]) if os.geteuid() == 0 else None
    pid = sleeping.pid if sleeping else 1  # both are root's
    answer: Any = multiprocessing.get_context("fork").SimpleQueue()
    asking = multiprocessing.get_context("fork").Process(target=_end_as_nobody, args=(pid, answer))
    asking.start()

    said = answer.get()

    asking.join()
    if sleeping:
        sleeping.kill()
        sleeping.wait()
    assert said == f"PostgreSQL (pid {pid}) belongs to root: end it as that one"


def _end_as_nobody(pid: int, answer: Any) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        living.end("PostgreSQL", lambda: {pid}, [(lambda: {pid}, signal.SIGTERM, 0.1)])
    except CannotEnd as cause:
        answer.put(str(cause))


def test_a_lock_that_a_frozen_process_holds_is_not_waited_for_without_end(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_LOCK_S", 0.3)
    lock = home / "lock"
    with open(lock, "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(CannotStart, match="held by another process"), place.locked(lock):
            pass


# Places


def test_a_directory_of_somebody_else_is_refused(home: Path) -> None:
    postgres.ensure_running(home)
    postgres.stop(home)
    data = postgres.cluster(home).data
    if os.geteuid() == 0:
        os.chown(data, 12345, 12345)
        owner = "account 12345"
    else:
        shutil.move(data, data.with_name("away"))
        data.symlink_to("/usr")
        owner = "root"

    with pytest.raises(CannotStart, match=f"belongs to {owner}: run as that account, or set"):
        postgres.ensure_running(home)

    if data.is_symlink():
        data.unlink()


def test_a_directory_that_holds_something_else_is_refused(home: Path) -> None:
    data = postgres.cluster(home).data
    data.mkdir(parents=True)
    (data / "notes").write_text("mine")
    servers.give(data)

    with pytest.raises(CannotStart, match="holds no PostgreSQL data: move it away"):
        postgres.ensure_running(home)

    assert (data / "notes").read_text() == "mine"


@pytest.mark.parametrize("major", ["11", "99"])
def test_data_of_another_major_version_is_refused_with_advice(home: Path, major: str) -> None:
    postgres.ensure_running(home)
    postgres.stop(home)
    (postgres.cluster(home).data / "PG_VERSION").write_text(f"{major}\n")

    with pytest.raises(CannotStart, match=f"{major}, this one is 18: back up with {major}, then"):
        postgres.ensure_running(home)


def test_binaries_the_servers_account_cannot_reach_are_copied_and_old_copies_removed(
    home: Path,
) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    servers.copy_of_carrier(private)
    base = postgres.cluster(home).base
    (base / "runtime" / "draft-left").mkdir(parents=True)

    with _carried_by(private):
        done = subprocess.run(
            [sys.executable, "-c", START.format("postgres"), str(home)], cwd=ROOT, check=False
        )

    program = Path(f"/proc/{pid_of(home)}/exe").resolve()
    assert done.returncode == 0
    assert private.stat().st_mode & 0o777 == 0o700
    assert (base / "runtime" in program.parents) == (os.geteuid() == 0)
    assert len(list((base / "runtime").iterdir())) == (os.geteuid() == 0)


@pytest.mark.parametrize("fault", ["another processor", "missing"])
def test_pgvector_that_does_not_work_is_one_line(
    home: Path, own_services: dict[str, str], fault: str
) -> None:
    carrier = home / "carrier"
    carrier.mkdir()
    package = servers.copy_of_carrier(carrier)
    if fault == "missing":
        next(package.glob("pginstall*/share/postgresql/extension/vector.control")).unlink()
    else:
        servers.break_vector(package)

    done = manage("migrate", environment=own_services | {"PYTHONPATH": str(carrier)}, check=False)

    cause = "AVX2: set DATABASE_URL to" if fault != "missing" else 'extension "vector" is not avail'
    assert done.returncode == 2
    assert done.stderr.startswith("pgvector does not work")
    assert cause in done.stderr
    assert done.stderr.count("\n") == 1


# Logs


def test_the_servers_own_logs_do_not_grow_for_ever(running_home: Path) -> None:
    valkey.ensure_running(running_home)
    logs = [postgres.cluster(running_home).log, valkey.server(running_home).log]
    for log in logs:
        with open(log, "a") as file:
            file.write("something it said\n" * 700_000)

    postgres.ensure_running(running_home)
    valkey.ensure_running(running_home)
    with pytest.raises(psycopg2.Error):
        ask(running_home, "SELECT nonsense")

    assert [log.stat().st_size < 2 << 20 for log in logs] == [True, True]
    assert wait_for(lambda: "nonsense" in logs[0].read_text().rpartition("it said\n")[2])
    assert b"\0" not in logs[0].read_bytes()


def test_a_log_the_server_cannot_write_is_one_line(running_home: Path) -> None:
    postgres.stop(running_home)
    log = postgres.cluster(running_home).log
    log.unlink()
    log.mkdir()

    with pytest.raises(CannotStart, match=r"server\.log: Is a directory"):
        postgres.ensure_running(running_home)

    log.rmdir()


# Disks


def test_a_first_start_on_a_full_disk_leaves_nothing_half_made() -> None:
    said = _on_disk(20, "start left stop")

    assert said[0].startswith("PostgreSQL's data directory was not made: ")
    assert f"{os.strerror(errno.ENOSPC)}: make room there, or set FACTORY_HOME" in said[0]
    assert said[1] == "left "


def test_a_start_on_a_full_disk_is_one_line_and_succeeds_once_there_is_room() -> None:
    said = _on_disk(150, "start stop fill start free start stop")

    assert said[0] == "started True"
    assert said[3].startswith("PostgreSQL did not start: ")
    assert f"{os.strerror(errno.ENOSPC)}: make room there" in said[3]
    assert said[5] == "started True"


def test_a_disk_that_fills_under_a_running_server_loses_no_acknowledged_row() -> None:
    said = _on_disk(130, "start crowd write free start count stop")

    acknowledged = int(said[2].split()[1])
    assert acknowledged > 50
    assert said[4].startswith("started ")
    assert int(said[5].split()[1]) >= acknowledged


def test_a_disk_that_fills_does_not_end_the_supervisor(
    scratch_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", scratch_database.url)

    assert _on_disk(8, "supervise") == ["alive True noted True"]


def test_valkey_runs_and_ends_on_a_full_disk() -> None:
    assert _on_disk(1, "fill cache")[1] == "valkey True True None"


def test_a_disk_that_became_read_only_is_one_line() -> None:
    said = _on_disk(150, "start stop", "ro", "start cache")

    assert "Read-only file system: mount it writable, or set FACTORY_HOME" in said[2]
    assert "Read-only file system: mount it writable, or set FACTORY_HOME" in said[3]


@contextmanager
def _carried_by(directory: Path) -> Iterator[None]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(directory)
    try:
        yield
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def _on_disk(megabytes: int, *rounds: str) -> list[str]:
    """Play acts of `on_small_disk` on a disk of that size; "ro" makes it read-only.

    The disk is a tmpfs in a mount namespace of its own, so nothing of it can stay behind; an
    ordinary user gets one through a user namespace, in which he is himself again.
    """
    disk = servers.scratch()
    root = os.geteuid() == 0
    who = [] if root else ["unshare", "-U", f"--map-user={os.geteuid()}"]
    who += [] if root else [f"--map-group={os.getegid()}"]
    play = " ".join([*who, sys.executable, "-m", "tests.factory.on_small_disk", str(disk)])
    lines = [f"mount -t tmpfs -o size={megabytes}m,mode=0755 none {disk}"]
    if not root:
        lines[0] = lines[0].replace("mode=0755", "mode=0777")
    lines += [
        f"mount -o remount,bind,ro {disk}" if acts == "ro" else f"{play} {acts}" for acts in rounds
    ]
    done = subprocess.run(
        ["unshare", "-m" if root else "-Urm", "sh", "-ec", "\n".join(lines)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    disk.rmdir()
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _lives(pid: int) -> bool:
    return process.started_ticks(pid) is not None
