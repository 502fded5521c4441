"""The log file: several processes write it, it turns over, and no disk brings a process down."""

import fcntl
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.logfile import SharedFile
from tests.services import ROOT, ScratchDatabase, manage

MANY = """
import logging, sys
from factory.logfile import SharedFile
log = logging.getLogger("many")
log.propagate = False
log.addHandler(SharedFile(sys.argv[1], limit=20_000, kept=60))
for number in range(500):
    log.warning("%s", f"{sys.argv[2]} {number} " + "x" * 200)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """This fixture will name a log file that does not exist yet."""
    return tmp_path / "log"


@pytest.fixture
def handler(file: Path) -> Iterator[SharedFile]:
    """This fixture will lend the handler of a small log file, on a logger of its own."""
    made = SharedFile(str(file), limit=1000, kept=2)
    logger = logging.getLogger("tests.logfile")
    logger.addHandler(made)
    logger.setLevel(logging.INFO)
    yield made
    logger.removeHandler(made)
    made.close()


def say(text: str) -> None:
    """Log one line."""
    logging.getLogger("tests.logfile").info(text)


def test_no_line_of_several_processes_is_lost_or_torn_while_the_file_turns_over(file: Path) -> None:
    argv = [sys.executable, "-c", MANY, str(file)]
    writing = [subprocess.Popen([*argv, name], cwd=ROOT) for name in "abcd"]

    assert [process.wait(120) for process in writing] == [0] * 4

    files = [file, *file.parent.glob("log.*")]
    lines = [line for each in files for line in each.read_text().splitlines()]
    assert len(files) > 3
    assert {tuple(line.split()[:2]) for line in lines} == {
        (name, str(number)) for name in "abcd" for number in range(500)
    }
    assert len(lines) == 2000
    assert all(line.endswith("x" * 200) for line in lines)


def test_the_file_and_what_is_kept_of_it_have_a_bound(handler: SharedFile, file: Path) -> None:
    for number in range(100):
        say(f"{number} {'x' * 100}")

    found = sorted(path.name for path in file.parent.iterdir())
    assert found == ["log", "log.1", "log.2"]
    assert all(path.stat().st_size < 1200 for path in file.parent.iterdir())
    assert file.read_text().splitlines()[-1].startswith("99 ")


def test_a_file_that_somebody_renamed_away_is_begun_anew(handler: SharedFile, file: Path) -> None:
    say("before")
    file.rename(file.with_name("away"))
    say("after")

    assert file.read_text() == "after\n"
    assert file.with_name("away").read_text() == "before\n"


def test_the_file_is_readable_by_its_owner_alone(handler: SharedFile, file: Path) -> None:
    say("secret of the house")

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_fills_is_said_once_and_again_when_there_is_room(
    handler: SharedFile, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "factory.logs")
    say("one")
    file.unlink()
    file.symlink_to("/dev/full")
    for number in range(3):
        say(f"lost {number}")
    file.unlink()
    say("two")

    told = [line.message for line in caplog.records if line.name == "factory.logs"]
    assert told == [
        f'FACTORY_LOG_FILE="{file}": No space left on device: log lines go to the console only: '
        "make it writable, or name another file",
        f"{file} is written again",
    ]
    assert file.read_text() == "two\n"


@pytest.fixture
def shut(handler: SharedFile) -> Iterator[Path]:
    """This fixture will put the log file into a folder this account may not write to."""
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.touch()
        path.chmod(0o666)
        Path(folder).chmod(0o555)
        if root:
            os.seteuid(65534)
        try:
            handler.path = path
            yield path
        finally:
            if root:
                os.seteuid(0)
            Path(folder).chmod(0o755)


def test_that_a_full_file_cannot_be_renamed_is_said_once(
    shut: Path, handler: SharedFile, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(30):
        say(f"{number} {'x' * 100}")

    assert [line.split()[0] for line in shut.read_text().splitlines()] == list(map(str, range(30)))
    told = [line.message for line in caplog.records if line.name == "factory.logs"]
    assert told == [
        f'FACTORY_LOG_FILE="{shut}": it cannot be renamed when it is full: Permission denied: '
        "it grows without end: make its folder writable and start again"
    ]
    with open(shut) as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else BlockingIOError


def test_that_a_file_cannot_be_turned_over_is_said_at_the_start(
    shut: Path, handler: SharedFile
) -> None:
    assert "it cannot be renamed when it is full: Permission denied" in handler.trial()
    say("written all the same")

    assert shut.read_text() == "written all the same\n"
    assert not handler.failing


@pytest.mark.parametrize(
    ("path", "cause"),
    [("/nowhere/log", "No such file or directory"), ("/proc/version/log", "Not a directory")],
)
def test_a_file_that_cannot_be_written_is_one_warning_on_the_console(path: str, cause: str) -> None:
    environment = dict(os.environ) | {"FACTORY_LOG_FILE": path}

    done = manage("check", environment=environment)
    of_a_child = manage("check", environment=environment | {"FACTORY_SUPERVISOR": "x"})

    assert done.stderr.count("log lines go to the console only") == 1
    assert f'FACTORY_LOG_FILE="{path}": {cause}' in done.stderr
    assert "Traceback" not in done.stderr
    assert of_a_child.stderr == ""


def test_commands_write_json_lines_beside_what_people_read(
    scratch_database: ScratchDatabase, file: Path
) -> None:
    environment = scratch_database.environment | {"FACTORY_LOG_FILE": str(file)}
    code = "import structlog; structlog.get_logger('it').warning('hello', password='hunter2')"

    done = manage("shell", "-v0", "-c", code, environment=environment)

    line = json.loads(file.read_text())
    assert (line["event"], line["level"], line["logger"]) == ("hello", "warning", "it")
    assert line["password"] == "[redacted]"
    assert "hello" in done.stderr
    assert not done.stderr.startswith("{")


def test_a_full_file_that_cannot_be_renamed_is_written_on(handler: SharedFile, file: Path) -> None:
    (file.parent / "log.1" / "in the way").mkdir(parents=True)
    (file.parent / "log.2" / "in the way").mkdir(parents=True)

    for number in range(30):
        say(f"line {number} {'x' * 100}")

    assert [f"line {number} " in file.read_text() for number in range(30)] == [True] * 30
    assert not handler.failing
