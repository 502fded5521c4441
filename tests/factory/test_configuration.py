"""The environment is read once and refused by name."""

import multiprocessing
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from factory import configuration, keys
from factory.variables import VARIABLES, Refused
from tests.services import manage

REFUSED = [
    ("FACTORY_DEBUG", "yes-please", "use true or false"),
    ("FACTORY_ENV", "production", "use dev, staging or prod"),
    ("FACTORY_HOME", "relative/path", "use an absolute path"),
    ("FACTORY_HOME", "/etc/passwd", "name a directory"),
    ("DATABASE_URL", "mysql://user@host/name", "use postgresql://"),
    ("DATABASE_URL", "postgresql://user@host:http/name", "not an address"),
    ("DATABASE_URL", "postgresql://user@host/", "it names no database"),
    ("REDIS_URL", "foo", "use redis://"),
    ("REDIS_URL", "redis:///0", "it names no host"),
    ("FACTORY_BIND", "0.0.0.0:80", "use a host name"),
    ("FACTORY_BIND", "999.1.1.1", "no such address"),
    ("FACTORY_BIND", "127.1", "no such address"),
    ("FACTORY_BIND", "::1::", "no such address"),
    ("PORT", "0", "use a port from 1 to 65535"),
    ("PORT", "65536", "use a port from 1 to 65535"),
    ("PORT", "٨٠", "use a port from 1 to 65535"),
    ("FACTORY_URL", "example.org", "use http://host:port"),
    ("FACTORY_ALLOWED_HOSTS", "a b", "is no host"),
    ("FACTORY_ALLOWED_HOSTS", "localhost,a.org:8000", '"a.org:8000" has a port: write a.org'),
    ("FACTORY_ALLOWED_HOSTS", "[::1]:80", "has a port: write [::1]"),
    ("FACTORY_OIDC_DOMAINS", "a.org:443", "has a port: write a.org"),
    ("FACTORY_WORKERS", "short", "use pools with a number"),
    ("FACTORY_WORKERS", "short=0", "use 1 to 64 runners"),
    ("FACTORY_WORKERS", "short=1,short=2", "use pools with a number"),
    ("FACTORY_SECRET_KEY", "short", "at least 32"),
    ("FACTORY_FIELD_KEY", "short", "not a Fernet key"),
    ("FACTORY_GIT_CA", "/nowhere.pem", "no such file"),
    ("FACTORY_LOG_FILE", "log", "use an absolute path"),
    ("FACTORY_LOG_FILE", "/tmp", "name a file in it"),
    ("FACTORY_LOG_LEVEL", "LOUD", "use DEBUG, INFO, WARNING or ERROR"),
]


@pytest.mark.parametrize(("name", "text", "cure"), REFUSED)
def test_nonsense_is_refused_by_name_in_one_line(name: str, text: str, cure: str) -> None:
    environment = {name: text}

    found = [sentence for _, sentence in configuration.problems(environment)]

    assert len(found) == 1
    assert found[0].startswith(name)
    assert cure in found[0]
    assert "\n" not in found[0]


def test_a_secret_is_never_repeated_in_a_refusal() -> None:
    environment = {
        "FACTORY_SECRET_KEY": "hunter2",
        "DATABASE_URL": "mysql://user:hunter2@host/name",
        "REDIS_URL": "http://:hunter2@host",
    }

    found = [sentence for _, sentence in configuration.problems(environment)]

    assert len(found) == 3
    assert not any("hunter2" in sentence for sentence in found)


def test_every_default_is_accepted() -> None:
    assert list(configuration.problems({})) == []


def test_a_variable_that_is_empty_counts_as_not_given() -> None:
    assert list(configuration.problems({variable.name: "" for variable in VARIABLES})) == []


def test_control_characters_of_a_refused_text_do_not_reach_the_terminal() -> None:
    found = [text for _, text in configuration.problems({"FACTORY_ENV": "\x1b[2Jdev\n" * 30})]

    assert found[0].isprintable()
    assert len(found[0]) < 150


def test_a_command_refuses_in_one_line_with_status_2() -> None:
    done = manage("migrate", environment=_with(FACTORY_DEBUG="yes-please"), check=False)

    assert done.returncode == 2
    assert done.stderr == 'FACTORY_DEBUG="yes-please": use true or false\n'
    assert done.stdout == ""


def test_a_dotenv_file_is_read_and_the_real_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# a comment\nFACTORY_LOG=json\nPORT=9\n")
    code = "from django.conf import settings as s; print(s.LOGGING['form'], s.FACTORY_PORT)"

    done = manage(
        "shell", "-v0", "-c", code, environment=_with(FACTORY_DOTENV=tmp_path / "env", PORT=7)
    )

    assert done.stdout.split() == ["json", "7"]


def test_a_dotenv_file_is_refused_like_the_environment(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("PORT=many\n")

    done = manage("check", environment=_with(FACTORY_DOTENV=tmp_path / "env"), check=False)

    assert (done.returncode, done.stderr) == (2, 'PORT="many": use a port from 1 to 65535\n')


def test_of_a_malformed_line_in_the_dotenv_file_only_its_number_is_said(tmp_path: Path) -> None:
    (tmp_path / "env").write_bytes(b"PORT=9\nFACTORY_SECRET_KEY: hunter2\n# \xe9\nKEY = hunter3\n")

    done = manage("check", environment=_with(FACTORY_DOTENV=tmp_path / "env"))

    assert done.stderr == f"{tmp_path}/env: passed over line 2, 4: write NAME=value\n"
    assert "hunter" not in done.stdout


def test_a_database_address_may_name_a_socket_directory_and_options() -> None:
    address = "postgresql://ana:p%40ss@%2Frun%2FPg:6543/name?sslmode=require"
    variable = next(each for each in VARIABLES if each.name == "DATABASE_URL")

    found = variable.read({"DATABASE_URL": address})

    assert found["HOST"] == "/run/Pg"
    assert (found["USER"], found["PASSWORD"], found["PORT"]) == ("ana", "p@ss", "6543")
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_a_generated_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = keys.keep(tmp_path / "key", keys.secret_key)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert keys.keep(tmp_path / "key", keys.secret_key) == first
    assert len(first) > 60


def test_processes_that_race_for_a_secret_all_get_the_same(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    answers: Any = context.SimpleQueue()
    racing = [
        context.Process(target=lambda: answers.put(keys.keep(tmp_path / "k", keys.field_key)))
        for _ in range(8)
    ]
    for process in racing:
        process.start()

    found = {answers.get() for _ in racing}

    for process in racing:
        process.join()
    assert len(found) == 1
    assert os.listdir(tmp_path) == ["k"]


def test_a_data_directory_that_cannot_be_made_is_refused_by_name() -> None:
    done = manage("check", environment=_with(FACTORY_HOME="/proc/1/nothing"), check=False)

    assert done.returncode == 2
    assert done.stderr.startswith('FACTORY_HOME="/proc/1/nothing": ')
    assert done.stderr.count("\n") == 1


def test_an_empty_key_file_is_refused_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "key").touch()

    with pytest.raises(Refused, match="key is empty"):
        keys.keep(tmp_path / "key", keys.secret_key)


def _with(**variables: Any) -> dict[str, str]:
    return dict(os.environ) | {name: str(text) for name, text in variables.items()}
