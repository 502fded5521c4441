"""Embedded PostgreSQL and Valkey: started once, whoever asks, and never half made."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from factory.embedded import STARTS_SERVICES, place, postgres, valkey
from factory.embedded.place import CannotStart
from tests.factory.conftest import wait_for
from tests.services import ROOT, manage

ENSURE = "import sys, pathlib; from factory.embedded import {0}; " + (
    "print({0}.ensure_running(pathlib.Path(sys.argv[1])))"
)


def test_a_cold_start_gives_a_database_with_pgvector(home: Path) -> None:
    started = postgres.ensure_running(home)

    assert started
    assert _ask(home, "SELECT '[1,2]'::vector <=> '[2,1]'::vector < 1") is True
    assert _ask(home, "SHOW data_checksums") == "on"
    assert _ask(home, "SHOW listen_addresses") == ""


def test_a_second_start_finds_the_server_running(home: Path) -> None:
    postgres.ensure_running(home)
    pid = postgres.running(home)

    again = postgres.ensure_running(home)

    assert not again
    assert postgres.running(home) == pid


def test_racing_cold_starts_make_one_server(home: Path) -> None:
    racing = [_ensure("postgres", home) for _ in range(6)]

    said = sorted(process.communicate()[0].strip() for process in racing)

    assert said == ["False"] * 5 + ["True"]
    assert [process.returncode for process in racing] == [0] * 6


def test_a_kill_in_the_middle_of_the_first_start_leaves_nothing_half_made(home: Path) -> None:
    killed = _ensure("postgres", home)
    base = postgres.cluster(home).base
    assert wait_for(lambda: list(base.glob("pgdata.new-*/PG_VERSION")))

    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()

    assert not postgres.cluster(home).data.exists()
    assert postgres.ensure_running(home)
    assert _ask(home, "SELECT 1") == 1


def test_a_stale_pid_that_belongs_to_another_program_does_not_stop_the_start(home: Path) -> None:
    postgres.ensure_running(home)
    pid = postgres.running(home)
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: postgres.running(home) is None)
    file = postgres.cluster(home).data / "postmaster.pid"
    file.write_text("\n".join([str(os.getpid()), *file.read_text().splitlines()[1:]]) + "\n")

    started = wait_for(lambda: _started(home))

    assert started
    assert _ask(home, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    sockets = postgres.cluster(deep).sockets

    postgres.ensure_running(deep)
    valkey.ensure_running(deep)
    answered = _ask(deep, "SELECT 1"), _redis(deep).ping()
    postgres.stop(deep)
    valkey.stop(deep)

    assert answered == (1, True)
    assert len(str(sockets)) < 60
    assert sockets.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(sockets)
    shutil.rmtree(valkey.server(deep).sockets)


def test_a_socket_directory_that_somebody_else_laid_out_is_refused(home: Path) -> None:
    deep = home / ("f" * 120)
    sockets = postgres.cluster(deep).sockets
    sockets.symlink_to(home)

    try:
        with pytest.raises(CannotStart, match="belongs to somebody else"):
            postgres.ensure_running(deep)
    finally:
        sockets.unlink()


def test_stopping_ends_the_servers_while_clients_are_connected(home: Path) -> None:
    postgres.ensure_running(home)
    valkey.ensure_running(home)
    with closing(_connect(home)):
        stopped = postgres.stop(home), valkey.stop(home)

    assert stopped == (True, True)
    assert (postgres.running(home), valkey.running(home)) == (None, None)
    assert (postgres.stop(home), valkey.stop(home)) == (False, False)


def test_racing_starts_make_one_valkey(home: Path) -> None:
    racing = [_ensure("valkey", home) for _ in range(4)]

    said = sorted(process.communicate()[0].strip() for process in racing)

    assert said == ["False", "False", "False", "True"]


def test_valkey_keeps_nothing_on_disk_and_listens_on_no_port(home: Path) -> None:
    valkey.ensure_running(home)

    with _redis(home) as client:
        options = client.config_get("save", "port", "appendonly")

    assert options == {"save": "", "port": "0", "appendonly": "no"}


def test_the_account_of_the_server_never_gets_into_a_private_parent(home: Path) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    nobody = place.account()

    found = place.reachable(private / "data", nobody)

    assert private.stat().st_mode & 0o777 == 0o700
    if nobody:
        assert found.parent == Path("/var/lib/factory")
    else:
        assert found == private / "data"


@pytest.mark.parametrize("command", ["check", "status", "stop", "doctor"])
def test_commands_that_only_look_start_nothing(
    command: str, home: Path, own_services: dict[str, str]
) -> None:
    manage(command, environment=own_services, check=False)

    assert command not in STARTS_SERVICES
    assert (postgres.running(home), valkey.running(home)) == (None, None)


def test_given_addresses_switch_the_embedded_services_off(home: Path) -> None:
    manage(
        "migrate",
        "--check",
        "-v0",
        environment=dict(os.environ) | {"FACTORY_HOME": str(home)},
        check=False,
    )

    assert (postgres.running(home), valkey.running(home)) == (None, None)


def _connect(home: Path) -> "psycopg2.extensions.connection":
    where = postgres.address(home)
    return psycopg2.connect(
        dbname=where["NAME"], user=where["USER"], host=where["HOST"], port=where["PORT"]
    )


def _redis(home: Path) -> "redis.Redis":
    return redis.Redis.from_url(valkey.address(home))


def _ask(home: Path, sql: str) -> object:
    with closing(_connect(home)) as raw, raw.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
        return row[0] if row else None


def _started(home: Path) -> bool:
    try:
        return postgres.ensure_running(home)
    except CannotStart:
        return False  # children of the killed server still hold its shared memory


def _ensure(service: str, home: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", ENSURE.format(service), str(home)]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
