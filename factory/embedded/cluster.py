"""The files of an embedded PostgreSQL, its socket, and which of its processes live."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from factory.embedded import living


@dataclass(frozen=True)
class Cluster:
    """One embedded server: its files, its socket, and the account that runs it."""

    base: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """The data directory; it exists only once it is complete."""
        return self.base / "pgdata"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.data / "server.log"

    def postmaster(self) -> int | None:
        """This method will give the process id of the server that runs, or None."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            if living.names(pid, self.data):
                return pid
        return None

    def family(self) -> set[int]:
        """This method will give the server and its children, also those that outlived it."""
        return living.working_in("postgres", self.data)
