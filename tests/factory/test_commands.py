"""The product's own commands: one line for bad input, and no surprise beside the answer."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from factory import embedded
from factory.embedded import postgres, valkey
from tests.services import ROOT, ScratchDatabase, manage

Capture = pytest.CaptureFixture[str]
OURS = ("up", "stop", "status", "restart", "doctor", "login_link", "relay", "watchdog", "smoke")


@pytest.mark.parametrize("name", OURS)
def test_a_wrong_argument_is_one_line(capsys: Capture, name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--explode", *(["eva"] if name == "login_link" else []))

    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err == (f"{name}: unrecognized arguments: --explode; see manage.py {name} --help\n")


def test_a_missing_argument_is_one_line(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("login_link")

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("login_link: the following arguments are required")


def test_what_cannot_be_printed_does_not_reach_the_terminal(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        call_command("status", "--\x1b[31m\nred")

    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [["jobs"], ["queues"], ["runners"], ["jobs", "cancel", "1"]])
def test_what_reads_the_ledger_starts_nothing(
    own_services: dict[str, str], words: list[str]
) -> None:
    home = Path(own_services["FACTORY_HOME"])

    done = manage(*words, environment=own_services, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nothing runs: start it with manage.py up\n"
    assert (postgres.running(home), valkey.running(home)) == (None, None)


def test_a_database_that_is_away_is_one_line(own_services: dict[str, str]) -> None:
    away = own_services | {"DATABASE_URL": "postgresql://factory@%2Fnonexistent/factory"}

    done = manage("jobs", environment=away, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("DATABASE_URL: /nonexistent/factory: No such file or directory: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["doctor"], ["status"], ["queues", "--json"]])
def test_a_full_disk_behind_the_answer_is_one_line(
    scratch_database: ScratchDatabase, words: list[str]
) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *words],
            env=scratch_database.environment | {"FACTORY_GITHUB_API": "http://127.0.0.1:9"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr == (
        "No room to write to: No space left on device: free some, then try again\n"
    )


def test_the_ledger_is_read_without_asking_valkey() -> None:
    # A frozen one made `manage.py jobs` take 4.7 s: each start asks it for a sign of life.
    assert not embedded.READS_ONLY & embedded.STARTS_SERVICES
