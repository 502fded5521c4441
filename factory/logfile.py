"""One log file for all processes: each appends whole lines, and whoever finds it full renames it.

The rotating handler of the standard library is made for one process: of several, one renames the
file away and the others go on in the old one, which the next rotation removes.
"""

import errno
import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path

LIMIT = 20 << 20
KEPT = 5


class SharedFile(logging.Handler):
    """Writes lines to a file that several processes write, and that anybody may rename away.

    What the disk refuses is passed over, since the console has every line too; it is said once,
    and said again when it works. A file that cannot be renamed is written on, however full.
    """

    def __init__(self, path: str, limit: int = LIMIT, kept: int = KEPT) -> None:
        super().__init__()
        self.path = Path(path)
        self.limit = limit
        self.kept = kept
        self.failing = False
        self._stuck = False
        self._descriptor = -1
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """This method will write one line, in one piece."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        except Exception:  # as every handler of the standard library does
            self.handleError(record)
            return
        try:
            self._append(line)
        except OSError as error:
            self._say(failing=True, text=complaint(self.path, error))
        else:
            self._say(failing=False, text=f"{self.path} is written again")

    def trial(self) -> str:
        """This method will say in one line why the file cannot be written or turned over, or ""."""
        try:
            self._open()
        except OSError as error:
            self.failing = True
            return complaint(self.path, error)
        self._stuck = not os.access(self.path.parent, os.W_OK | os.X_OK, effective_ids=True)
        return self._endless(os.strerror(errno.EACCES)) if self._stuck else ""

    def close(self) -> None:
        """This method will close the file."""
        self._close()
        super().close()

    def _append(self, line: bytes) -> None:
        self._open()
        if not self._stuck and os.fstat(self._descriptor).st_size >= self.limit:
            self._turn_over()
        data = b"\n" + line if self._torn else line
        self._torn = os.write(self._descriptor, data) < len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _open(self) -> None:
        """This method will open the file, anew when another one has its name by now."""
        if self._descriptor >= 0 and self._is_named():
            return
        self._close()
        self._stuck = False
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)

    def _is_named(self) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        return False

    def _turn_over(self) -> None:
        try:
            # The lock is on the file, not its name, and ends with it. Whoever holds it renames.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            if self._is_named():
                self._rename()
        except OSError as error:
            # Until another process renames it: a second attempt would only move what is kept.
            self._stuck = True
            logging.getLogger("factory.logs").warning(self._endless(error.strerror))
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._open()

    def _rename(self) -> None:
        for number in range(self.kept - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._numbered(number).rename(self._numbered(number + 1))
        self.path.rename(self._numbered(1))

    def _endless(self, cause: str) -> str:
        wrong = f'FACTORY_LOG_FILE="{self.path}": it cannot be renamed when it is full: {cause}'
        return f"{wrong}: it grows without end: make its folder writable and start again"

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _say(self, *, failing: bool, text: str) -> None:
        if failing != self.failing:
            self.failing = failing
            level = logging.WARNING if failing else logging.INFO
            logging.getLogger("factory.logs").log(level, text)


def complaint(path: Path, error: OSError) -> str:
    """This function will say in one line why a log file cannot be written."""
    cause = f'FACTORY_LOG_FILE="{path}": {error.strerror}'
    return f"{cause}: log lines go to the console only: make it writable, or name another file"
