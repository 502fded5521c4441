"""What the supervisor writes down for the next command: who runs, since when, at which address."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from factory import configuration
from factory.embedded.place import make_private
from factory.supervisor import kernel
from jobs import process

GRACE_S = 10.0
"""So long whoever is told to end may take; then it is killed."""


class AlreadyRunning(Exception):
    """A second supervisor of the same data directory."""


@dataclass
class Recorded:
    """One process; its start in clock ticks tells it from a later one with the same number."""

    name: str
    pid: int
    ticks: int
    started_at: float

    @property
    def alive(self) -> bool:
        """Whether this very process runs."""
        return process.alive(self.pid, self.ticks)


@dataclass
class Record:
    """The supervisor and its processes; `mark` is in the environment of all of them.

    `ready` is set once the address was told, `cannot` names what could not work at that moment.
    """

    supervisor: Recorded
    mark: str
    url: str
    boot_id: str
    ready: bool = False
    cannot: list[str] = field(default_factory=list)
    processes: list[Recorded] = field(default_factory=list)

    def write(self) -> None:
        """This method will replace the record, whole or not at all."""
        draft = _file("supervisor.json.new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
        draft.rename(_file("supervisor.json"))

    @property
    def running(self) -> bool:
        """Whether the supervisor that wrote this runs."""
        return self.boot_id == process.boot_id() and self.supervisor.alive

    def clean(self) -> list[str]:
        """This method will end what a dead supervisor left behind, and give the names.

        The kernel told them to end when it died: they get as long as it would have given them, so
        that jobs in work go back.
        """
        if self.boot_id != process.boot_id():
            return []
        left = [each for each in self.processes if each.alive]
        for each in left:
            kernel.send(each.pid, signal.SIGCONT)  # one that is halted ends, too
        _wait_for_end({each.pid for each in left}, GRACE_S)
        lasting = {each.pid for each in left if each.alive} | kernel.marked(self.mark)
        for pid in lasting:
            kernel.kill_group(pid)
        _wait_for_end(lasting, 5)
        return [each.name for each in left]


def this(name: str, pid: int) -> Recorded:
    """This function will describe a process that runs now."""
    return Recorded(name, pid, process.started_ticks(pid) or 0, time.time())


def read() -> Record | None:
    """This function will read what the last supervisor wrote, or None."""
    try:
        found: dict[str, Any] = json.loads(_file("supervisor.json").read_text())
        found["supervisor"] = Recorded(**found["supervisor"])
        found["processes"] = [Recorded(**each) for each in found["processes"]]
        return Record(**found)
    except (OSError, ValueError, TypeError, KeyError):
        return None  # none, or one that an older version wrote


def forget() -> None:
    """This function will remove the record, and all heartbeats: nobody is awaited any more."""
    with suppress(OSError):  # on a disk turned read-only it stays, and names a dead supervisor
        _file("supervisor.json").unlink()
    for beat in _directory().glob("*.beat*"):  # and what a kill left of one that was being written
        beat.unlink(missing_ok=True)


@contextmanager
def only_one() -> Iterator[None]:
    """This function will hold the supervisor's lock, or raise AlreadyRunning with its pid."""
    make_private(_directory())
    with open(_file("supervisor.lock"), "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = read()
            pid = other.supervisor.pid if other else "unknown"
            raise AlreadyRunning(f"already running (pid {pid})") from None
        yield


def _directory() -> Path:
    return configuration.home() / "run"


def _file(name: str) -> Path:
    return _directory() / name


def _wait_for_end(pids: set[int], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(process.started_ticks(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
