"""Processes: starting, limiting, naming and ending them."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO

from django.conf import settings

Stream = int | IO[bytes] | None
NOTHING = subprocess.DEVNULL
PIPE = subprocess.PIPE
TOGETHER = subprocess.STDOUT
KILL = signal.SIGKILL
TERM = signal.SIGTERM
_CPU_GRACE_S = 2


@dataclass(frozen=True)
class Limits:
    """What one helper process may use; None leaves a resource as it is."""

    memory_mb: int | None = None
    cpu_s: int | None = None
    file_mb: int | None = None


class Child(subprocess.Popen[bytes]):
    """A helper process that leads its own process group."""

    def end(self, grace: float = 2.0) -> int:
        """This method will end the whole group, kindly first, and give the exit status."""
        end_group(self.pid, signal.SIGTERM)
        try:
            return self.wait(grace)
        except subprocess.TimeoutExpired:
            end_group(self.pid, signal.SIGKILL)
            return self.wait()


def start(
    argv: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = None,
) -> Child:
    """This function will start a program in a session of its own; no shell is involved."""
    child = Child(
        list(argv),
        env=env,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    if limits is not None:
        limit(child.pid, limits)
    return child


def limit(pid: int, limits: Limits) -> None:
    """This function will bound a running process (Linux prlimit); one that is gone is left alone."""
    wanted = (
        (resource.RLIMIT_AS, limits.memory_mb, 1 << 20),
        (resource.RLIMIT_CPU, limits.cpu_s, 1),
        (resource.RLIMIT_FSIZE, limits.file_mb, 1 << 20),
    )
    with contextlib.suppress(ProcessLookupError):
        for name, value, unit in wanted:
            if value is not None:
                # The soft limit of processor time is a signal with a name; the hard one is kill -9.
                more = _CPU_GRACE_S if name == resource.RLIMIT_CPU else 0
                resource.prlimit(pid, name, (value * unit, value * unit + more))


def end_group(pid: int, signum: int) -> None:
    """This function will signal a process group; one that is gone is left alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)


def started_ticks(pid: int) -> int | None:
    """This function will give the clock ticks since boot at which a process began, or None.

    Zombies count as gone. Source: field 22 of /proc/<pid>/stat, proc(5).
    """
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on; none for a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [] if fields[0] == "Z" else fields


def is_stopped(pid: int) -> bool:
    """This function will say whether a process is stopped by a signal: alive, but doing nothing."""
    fields = _stat(pid)
    return bool(fields) and fields[0] == "T"


def cpu_ticks(pid: int) -> int:
    """This function will give the clock ticks of processor time a process has used; 0 if gone."""
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def end(pid: int, ticks: int, signum: signal.Signals = signal.SIGKILL) -> bool:
    """This function will signal that very process, not one that got its number; True if it did."""
    if not alive(pid, ticks):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)
        return True
    return False


def at_clean_end(act: Callable[[], None]) -> None:
    """This function will act when this process of multiprocessing ends by itself, not by a signal."""
    Finalize(None, act, exitpriority=10)  # atexit is not heeded in what was forked


def parent(pid: int) -> int | None:
    """This function will give the pid of a process's parent, or None when it is gone."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def alive(pid: int, ticks: int) -> bool:
    """This function will say whether that very process still runs, not one that got its number."""
    return started_ticks(pid) == ticks


def orphans(argument: str) -> list[int]:
    """This function will list this installation's processes with that argument whose group's leader
    is gone.

    A service leads the process group of all it forks; whoever is left of it has nobody above. One
    account may have several installations: each has a FACTORY_HOME of its own.
    """
    left = [pid for pid in _own() if argument in _arguments(pid) and _left_behind(pid)]
    return [pid for pid in left if _variable(pid, "FACTORY_HOME") == os.environ.get("FACTORY_HOME")]


def _own() -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _owner(pid) == os.geteuid()]


def _owner(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _variable(pid: int, name: str) -> str | None:
    """What a process was started with."""
    with contextlib.suppress(OSError):
        for each in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if each.startswith(f"{name}=".encode()):
                return os.fsdecode(each.partition(b"=")[2])
    return None


def _left_behind(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and started_ticks(int(fields[2])) is None


def named(pid: int) -> str:
    """This function will name a process so that no later one has the name: `pid:ticks`."""
    return f"{pid}:{started_ticks(pid)}"


def answers_to(name: str) -> bool:
    """This function will say whether the process of that name still runs."""
    pid, _, ticks = name.partition(":")
    return pid.isdecimal() and ticks.isdecimal() and alive(int(pid), int(ticks))


def rss_mb() -> int:
    """This function will give this process's resident memory in MiB."""
    return memory_mb(os.getpid()) or 0


def memory_mb(pid: int) -> int | None:
    """This function will give a process's resident memory in MiB, or None when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * resource.getpagesize() >> 20


def groups_mb(groups: Collection[int]) -> list[int]:
    """This function will give the resident memory in MiB of each process in some groups."""
    if not groups:
        return []
    found = (_stat(int(name)) for name in os.listdir("/proc") if name.isdecimal())
    pages = [int(fields[21]) for fields in found if fields and int(fields[2]) in groups]
    return [count * resource.getpagesize() >> 20 for count in pages]


def helpers_peak_mb() -> int:
    """This function will give the most memory any helper held that ended and was waited for, in MiB.

    It never sinks in the life of this process: getrusage(2).
    """
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10


@cache
def boot_id() -> str:
    """This function will name this boot of this machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@cache
def host() -> str:
    """This function will name this machine as `FACTORY_HOST` says, or as it calls itself."""
    return settings.FACTORY_HOST or socket.gethostname()


def home() -> str:
    """This function will name the data directory this process lives in, as the kernel resolves it."""
    return str(Path(settings.FACTORY_HOME).resolve())


def here() -> dict[str, str]:
    """This function will name where this process lives, as the row of a runner does.

    Two that agree in all of it share process ids, a spool and the files of helpers.
    """
    return {"host": host(), "boot_id": boot_id(), "home": home()}
