"""What `manage.py` says when it cannot begin: one line, status 2, and nothing was started."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from factory.configuration import SUPERVISED
from factory.embedded import postgres, valkey
from factory.supervisor import control
from factory.variables import BASE_DIR
from tests.factory.conftest import wait_for
from tests.factory.servers import free_port
from tests.services import ScratchDatabase, freeze, manage


@pytest.mark.parametrize(
    ("word", "hint"),
    [("nonsense", "manage.py help lists them all"), ("jbos", "did you mean jobs?")],
)
def test_a_command_that_does_not_exist_is_one_line(word: str, hint: str) -> None:
    done = manage(word, check=False)

    assert done.returncode == 2
    assert done.stderr == f'"{word}" is no command: {hint}\n'


def test_a_command_loads_nothing_of_what_it_does_not_use() -> None:
    argv = [sys.executable, "-X", "importtime", "manage.py", "status"]
    told = subprocess.run(argv, cwd=BASE_DIR, capture_output=True, text=True, timeout=60).stderr
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}

    assert "projects.tasks" in loaded  # every kind of job is known
    of_others = {"cryptography", "factory.urls", "jobs.admin", "projects.maps", "redis", "yaml"}
    assert not loaded & (
        of_others | {"environ", "ninja", "uvicorn", "git", "tree_sitter", "rich.console"}
    )


def test_a_database_without_tables_is_one_line_with_the_cure(
    scratch_database: ScratchDatabase,
) -> None:
    empty = scratch_database.url.rpartition("/")[0] + "/postgres"

    done = manage("jobs", environment=dict(os.environ) | {"DATABASE_URL": empty}, check=False)

    assert done.returncode == 2
    assert "manage.py up or manage.py migrate makes it" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_said_before_anything_is_started(
    home: Path, own_services: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = manage("up", environment=own_services | {"PORT": str(port)}, check=False)

    assert refused.returncode == 2
    assert refused.stderr == (
        f'PORT="{port}": another program listens on 127.0.0.1: choose another with --port or PORT\n'
    )
    assert not (home / "postgres").exists()
    assert not (home / "valkey").exists()


@pytest.mark.parametrize(
    ("bind", "cure"),
    [
        (
            "192.0.2.1",
            'FACTORY_BIND="192.0.2.1": Cannot assign requested address: use an address of',
        ),
        ("nowhere.invalid", 'FACTORY_BIND="nowhere.invalid": Name or service not known: use an'),
        ("localhost", ""),
    ],
)
def test_an_address_that_is_not_this_machines_is_told_from_a_port_in_use(
    bind: str, cure: str
) -> None:
    assert control.cannot_listen(bind, free_port()).startswith(cure)
    assert bool(control.cannot_listen(bind, free_port())) == bool(cure)


@pytest.mark.parametrize("name", ["run", "up.log"])
def test_a_data_directory_that_cannot_be_written_is_one_line(
    scratch_database: ScratchDatabase, home: Path, name: str
) -> None:
    wrong = home / name
    wrong.mkdir() if name == "up.log" else wrong.touch()
    environment = scratch_database.environment | {"FACTORY_HOME": str(home)}

    done = manage("up", "--detach", "--no-web", environment=environment, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith(f"{wrong}: ")
    assert done.stderr.count("\n") == 1


HOSTILE = {
    "PGHOST": "192.0.2.1",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGDATA": "/nowhere",
    "PGSERVICE": "nowhere",
    "PGSSLMODE": "verify-full",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGTARGETSESSIONATTRS": "standby",
    "PGREQUIREAUTH": "gss",
}


def test_variables_of_libpq_in_the_shell_change_nothing_for_a_server_that_is_given(
    scratch_database: ScratchDatabase,
) -> None:
    done = manage("enqueue", "demo.noop", environment=scratch_database.environment | HOSTILE)

    assert scratch_database.rows("SELECT count(*) FROM job") == [(1,)], done.stderr


def test_variables_of_libpq_in_the_shell_change_nothing_for_the_embedded_server(
    home: Path, own_services: dict[str, str]
) -> None:
    manage("migrate", "auth", "-v0", environment=own_services | HOSTILE)
    manage("createsuperuser", "--noinput", environment=own_services | HOSTILE | _SOMEBODY)

    assert postgres.running(home)
    assert valkey.running(home)


_SOMEBODY = {
    "DJANGO_SUPERUSER_USERNAME": "ana",
    "DJANGO_SUPERUSER_EMAIL": "ana@example.org",
    "DJANGO_SUPERUSER_PASSWORD": "correct-horse-battery",
}


@pytest.mark.parametrize("word", ["up", "migrate"])
def test_a_given_server_that_is_away_is_said_before_another_is_started(
    word: str, home: Path, own_services: dict[str, str]
) -> None:
    given = {"DATABASE_URL": f"postgres://127.0.0.1:{free_port()}/x", "PORT": str(free_port())}

    refused = manage(word, environment=own_services | given, check=False)

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert not (home / "valkey").exists()


def test_a_process_of_the_supervisor_waits_for_a_frozen_database(
    home: Path, own_services: dict[str, str]
) -> None:
    postgres.ensure_running(home)
    valkey.ensure_running(home)
    frozen = postgres.running(home)
    assert frozen
    freeze(frozen)
    argv = [sys.executable, BASE_DIR / "manage.py", "watchdog"]
    started = subprocess.Popen(argv, env=own_services | {SUPERVISED: "test"})
    try:
        # One that gave up would be started again ever later, and be away when the database is back.
        beats = wait_for((home / "run" / "watchdog.beat").exists, 60)
        gave_up = wait_for(lambda: started.poll() is not None, 2)
    finally:
        os.kill(frozen, signal.SIGCONT)
        started.kill()
        started.wait()

    assert (beats, gave_up) == (True, False)
