"""The process groups that jobs started: they end with their job, and with a runner that was killed.

Each group has a file below FACTORY_HOME/run/helpers, in the folder of the runner that tends it. A
runner that is killed or frozen cannot end its groups; whoever proves its death does, before its jobs
leave its hands: nothing of a job goes on when the next attempt begins or `cancelled` is written.
"""

import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from jobs import process


class Tended:
    """The process groups of one execution. Any thread."""

    def __init__(self) -> None:
        self._groups: dict[int, int | None] = {}
        self._closed = False

    def add(self, pid: int) -> None:
        """This method will take the group that process leads into care."""
        ticks = self._groups[pid] = process.started_ticks(pid)
        with suppress(OSError):  # a full disk costs the second net, not the job
            path = _file(pid, ticks)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch()
        if self._closed:
            self.end()

    def pids(self) -> list[int]:
        """This method will list the leaders of the groups."""
        return list(self._groups)

    def end(self) -> None:
        """This method will end every group."""
        for pid, ticks in list(self._groups.items()):
            _end(pid, ticks)
            self._groups.pop(pid, None)  # afterwards: an interruption may strike in between
            with suppress(OSError):
                _file(pid, ticks).unlink()
                _file(pid, ticks).parent.rmdir()

    def close(self) -> None:
        """This method will end every group, and from now on each that is added."""
        self._closed = True
        self.end()


def end_left_behind() -> None:
    """This function will end the groups of this host's runners that are gone."""
    with suppress(FileNotFoundError):
        for folder in _folder().iterdir():
            if not process.answers_to(folder.name):
                _end_all(folder)


def _end_all(folder: Path) -> None:
    with suppress(OSError):  # another upkeep may be at it
        for path in folder.iterdir():
            pid, _, ticks = path.name.partition(":")
            if pid.isdecimal():
                _end(int(pid), int(ticks) if ticks.isdecimal() else None)
            path.unlink()
        folder.rmdir()


def _end(pid: int, ticks: int | None) -> None:
    # A number that went to another process since is no group of ours any more.
    if process.started_ticks(pid) in (None, ticks):
        process.end_group(pid, process.KILL)


def _file(pid: int, ticks: int | None) -> Path:
    return _folder() / process.named(os.getpid()) / f"{pid}:{ticks}"


def _folder() -> Path:
    return Path(settings.FACTORY_HOME) / "run" / "helpers"
