"""What other commands ask of the supervisor: who runs, end, restart."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory import configuration, embedded
from factory.supervisor import kernel, record
from factory.supervisor.loop import RETIRING
from factory.supervisor.record import GRACE_S, Recorded
from factory.variables import BASE_DIR, Refused
from jobs import beats, process

_STOP_S = GRACE_S + 20
_DETACH_S = 180
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Shown:
    """One running process as `status` shows it."""

    name: str
    pid: int
    uptime_s: float
    heartbeat_age_s: float | None


def status() -> list[Shown]:
    """This function will list what runs: the supervisor, its processes, the embedded services.

    What a killed supervisor left is listed as long as it lives.
    """
    found = record.read()
    shown = []
    if found and found.boot_id == process.boot_id():
        shown = [_shown(each) for each in [found.supervisor, *found.processes] if each.alive]
        if not found.running:
            helpers = kernel.marked(found.mark) - {each.pid for each in shown}
            shown += [Shown("helper", pid, _uptime(pid), None) for pid in sorted(helpers)]
    for name, pid in embedded.processes().items():
        shown.append(Shown(name, pid, _uptime(pid), None))
    return shown


def is_running() -> bool:
    """This function will say whether a supervisor runs."""
    found = record.read()
    return bool(found and found.running)


def stop() -> list[str]:
    """This function will end the supervisor, all it started and the services; gives their names."""
    ended = [each.name for each in status()]
    found = record.read()
    if found and found.running:
        os.kill(found.supervisor.pid, signal.SIGTERM)
        if not _until(lambda: not found.supervisor.alive, _STOP_S):
            kernel.kill_group(found.supervisor.pid)
            _until(lambda: not found.supervisor.alive, 5)
    if found:
        ended += [name for name in found.clean() if name not in ended]
        if not found.running:
            record.forget()
    embedded.stop()
    return ended


@dataclass(frozen=True)
class Restarted:
    """One process that was replaced: the pids before and after."""

    name: str
    before: int
    after: int


def restart(name: str | None) -> list[Restarted]:
    """This function will end one process or all, and wait until the supervisor has new ones.

    Raises Refused when nothing runs, no process has that name, or one does not come back.
    """
    known = {each.name: each for each in status() if each.name != "supervisor"}
    if not is_running():
        raise Refused("nothing runs: start it with manage.py up")
    if name == "supervisor":
        raise Refused('NAME="supervisor": it starts the others: manage.py stop, then manage.py up')
    if name == RETIRING:
        raise Refused(f'NAME="{name}": it ends with its last job, and nothing follows it: wait')
    if name is not None and name not in known:
        raise Refused(f'NAME="{name}": no such process: use {", ".join(sorted(known))}')
    apart = {*embedded.processes(), RETIRING}
    wanted = [name] if name else [each for each in known if each not in apart]
    for each in wanted:
        _end(known[each])
    if not _until(lambda: all(_successor(known[each]) for each in wanted), _STOP_S):
        away = [each for each in wanted if not _successor(known[each])]
        raise Refused(
            f'NAME="{", ".join(away)}": ended, but did not come back within {_STOP_S:.0f} s: '
            "manage.py doctor says why"
        )
    return [Restarted(each, known[each].pid, _successor(known[each])) for each in wanted]


def detach(log: Path) -> int:
    """This function will start `manage.py up` in the background and wait until it is ready.

    It gives 0, or the status with which it ended before that.
    """
    argv = [word for word in sys.argv[1:] if word != "--detach"]
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        cure = "remove it, or run without --detach"
        raise Refused(f"{log}: {error.strerror}: {cure}") from None
    with open(descriptor, "a") as file:
        started = subprocess.Popen(
            [sys.executable, BASE_DIR / "manage.py", *argv],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    _until(lambda: started.poll() is not None or _is_ready(started.pid), _DETACH_S)
    return started.returncode or 0


def cannot_listen(bind: str, port: int) -> str:
    """This function will say in one line why no server could listen there, or ""."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        return f'PORT="{port}": this account may not listen there: use a port from 1024 on'
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            cure = "choose another with --port or PORT"
            return f'PORT="{port}": another program listens on {bind}: {cure}'
        cure = "use an address of this machine, such as 127.0.0.1 or 0.0.0.0"
        return f'FACTORY_BIND="{bind}": {error.strerror}: {cure}'
    return ""


def url() -> str:
    """This function will give the address of the running product, or the configured one."""
    found = record.read()
    return found.url if found and found.running else str(configuration.load()["FACTORY_URL"])


def _end(shown: Shown) -> None:
    if shown.name == "postgres":
        embedded.postgres.stop(configuration.home())
    elif shown.name == "valkey":
        embedded.valkey.stop(configuration.home())
    else:
        kernel.send(shown.pid, signal.SIGTERM)
        kernel.send(shown.pid, signal.SIGCONT)  # one that is frozen ends, too
        if not _until(lambda: not Path(f"/proc/{shown.pid}").exists(), GRACE_S):
            kernel.kill_group(shown.pid)


def _successor(old: Shown) -> int:
    """The pid that has the name now, or 0; of a process that beats, once it has done so."""
    for each in status():
        age = each.heartbeat_age_s
        if each.name == old.name and each.pid != old.pid and (age is None or age < each.uptime_s):
            return each.pid
    return 0


def _is_ready(pid: int) -> bool:
    found = record.read()
    return bool(found and found.ready and found.supervisor.pid == pid)


def _shown(each: Recorded) -> Shown:
    uptime = round(max(0.0, time.time() - each.started_at), 1)
    return Shown(each.name, each.pid, uptime, beats.age(each.name))


def _uptime(pid: int) -> float:
    with open("/proc/uptime") as file:
        booted = float(file.read().split()[0])
    return round(max(0.0, booted - (record.this("", pid).ticks / _TICKS_PER_S)), 1)


def _until(done: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
