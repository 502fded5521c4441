"""Which processes of an embedded service live, and how they are ended."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from factory.embedded.place import account_name

Pids = Callable[[], set[int]]
# To whom, which signal, and the seconds it is given.
Step = tuple[Pids, signal.Signals, float]


class CannotEnd(Exception):
    """A process that does not end, or is somebody else's; the text is one line with the cure."""


def names(pid: int, path: Path) -> bool:
    """This function will say whether the command line of a running process names `path`.

    Whole: a directory whose name only begins so is another one. Valkey writes it after a colon.
    """
    wanted = rb"(?:^|[\0:])" + re.escape(os.fsencode(path)) + rb"(?:[\0 ]|$)"
    with suppress(OSError):
        return bool(re.search(wanted, Path(f"/proc/{pid}/cmdline").read_bytes()))
    return False


def named(program: str, path: Path) -> set[int]:
    """This function will give the processes of a program whose command line names `path`."""
    return {pid for pid in _all() if _runs(pid, program) and names(pid, path)}


def working_in(program: str, path: Path) -> set[int]:
    """This function will give the processes of a program whose working directory is `path`."""
    wanted = str(path.resolve())
    return {pid for pid in _all() if _runs(pid, program) and _link(pid, "cwd") == wanted}


def frozen(pid: int) -> bool:
    """This function will say whether a process was stopped by a signal and does nothing."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"
    return False


def end(what: str, alive: Pids, steps: Sequence[Step]) -> signal.Signals:
    """This function will signal step by step until none is alive, and give the last signal.

    Frozen processes are woken first. Raises CannotEnd.
    """
    for receivers, signum, seconds in steps:
        for pid in receivers():
            _send(what, pid, signum)
        for pid in alive():
            _send(what, pid, signal.SIGCONT)
        if _gone(alive, seconds):
            return signum
    left = ", ".join(str(pid) for pid in sorted(alive()))
    raise CannotEnd(f"{what} (pid {left}) does not end even when killed: restart this machine")


def _gone(alive: Pids, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while alive():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _send(what: str, pid: int, signum: signal.Signals) -> None:
    try:
        with suppress(ProcessLookupError):
            os.kill(pid, signum)
    except PermissionError:
        owner = account_name(Path(f"/proc/{pid}").stat().st_uid)
        raise CannotEnd(f"{what} (pid {pid}) belongs to {owner}: end it as that one") from None


def _runs(pid: int, program: str) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == program
    return False


def _link(pid: int, name: str) -> str:
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/{name}")
    return ""


def _all() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())
