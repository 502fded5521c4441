"""What Linux offers a supervisor: death signals, adoption of orphans, and lists of processes."""

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """This function will make this process the parent of every orphan below it, instead of init."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """This function will have the kernel send SIGTERM here when the parent dies, however it dies.

    Runs between fork and exec, so it allocates nothing and takes no lock.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def reap() -> set[int]:
    """This function will collect every dead child, own or adopted, and give their pids."""
    dead = set()
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            dead.add(pid)
    return dead


def children() -> set[int]:
    """This function will give the living children of this process, own and adopted."""
    me = os.getpid()
    return {pid for pid in _processes() if _parent(pid) == me}


def marked(mark: str) -> set[int]:
    """This function will give the processes whose environment contains `mark`."""
    wanted = mark.encode()
    found = set()
    for pid in _processes():
        with contextlib.suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes():
                found.add(pid)
    return found - {os.getpid()}


def send(pid: int, signum: signal.Signals) -> None:
    """This function will signal one process; one that is gone is left alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)


def kill_group(pid: int) -> None:
    """This function will end a process and the group it leads at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    send(pid, signal.SIGKILL)


def _processes() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])
    return 0
