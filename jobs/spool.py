"""Ends of jobs that could not be written: on this machine's disk until the database is back.

A runner that cannot reach the database keeps each end in a file below FACTORY_HOME/spool before it
tries again, so that not even its own death loses it. It removes the file once the end is written.
What a dead runner left there is written by the next upkeep of its host, before its jobs are settled:
a job whose work is done is not done again. The fence decides as ever; an end that comes after
another claim is recorded as a late report and changes nothing.
"""

import json
import logging
import os
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

from django.conf import settings

from jobs import db, process
from jobs.ledger import Ending, Ledger

log = logging.getLogger("jobs")

BROKEN = ".broken"
"""Added to the name of a file that cannot be read or belongs to another database: for people."""


_NUMBER, _TEXT = (int,), (str,)
_OF_FILE: dict[str, tuple[type, ...]] = {
    "runner": _NUMBER,
    "pid": _NUMBER,
    "ticks": _NUMBER,
    "boot_id": _TEXT,
    "ended_at": _TEXT,
    "endings": (list,),
}
_OF_ENDING: dict[str, tuple[type, ...]] = dict(
    zip(
        Ending._fields,
        (_NUMBER, _NUMBER, _TEXT, (str, NoneType), _TEXT, _TEXT, _TEXT, (int, float)),
        strict=True,
    )
)


class Malformed(ValueError):
    """A file is not what a runner keeps; the text says why."""


class Left(NamedTuple):
    """What one file holds: who left it, when, and the ends."""

    path: Path
    runner: int
    pid: int
    ticks: int
    boot_id: str
    ended_at: str
    endings: list[Ending]

    @property
    def orphaned(self) -> bool:
        """Whether its runner is surely gone; a live one writes the end itself."""
        return self.boot_id != process.boot_id() or not process.alive(self.pid, self.ticks)


class Spool:
    """What one runner could not write yet. Any thread."""

    def __init__(self, runner: int) -> None:
        self.runner = runner
        self._files: dict[Path, set[Ending]] = {}
        self._number = 0
        self._lock = threading.Lock()

    def keep(self, endings: Sequence[Ending]) -> None:
        """This method will put ends on the disk that are not there yet, in one file."""
        with self._lock:
            kept = set().union(*self._files.values())
            fresh = [ending for ending in endings if ending not in kept]
            if not fresh:
                return
            self._number += 1
            path = folder() / f"{self.runner}-{self._number}.json"
            try:
                _store(path, self._text(fresh))
            except OSError as error:  # in memory they are still
                log.error("spool: %s cannot be kept: %s", path.name, error.strerror)
                return
            self._files[path] = set(fresh)

    def forget(self, endings: Sequence[Ending]) -> None:
        """This method will remove the files whose ends are all written."""
        if not self._files:
            return
        with self._lock:
            for path, waiting in list(self._files.items()):
                waiting.difference_update(endings)
                if not waiting:
                    del self._files[path]
                    _remove(path)

    def _text(self, endings: list[Ending]) -> str:
        said = {
            "runner": self.runner,
            "pid": os.getpid(),
            "ticks": process.started_ticks(os.getpid()),
            "boot_id": process.boot_id(),
            "ended_at": datetime.now(UTC).isoformat(),
            "endings": [ending._asdict() for ending in endings],
        }
        return json.dumps(said)


def _remove(path: Path) -> None:
    """Remove a file; what stays on a disk turned read-only is refused by the fence at its replay."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.error("spool: %s cannot be removed: %s", path.name, error.strerror)


def folder() -> Path:
    """This function will name the directory, which is there only once something was kept."""
    return Path(settings.FACTORY_HOME) / "spool"


def waiting() -> list[Path]:
    """This function will list what is kept on this machine, oldest first."""
    found = []
    for path in folder().glob("*.json"):
        with suppress(OSError):
            if path.is_file():
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def set_aside() -> list[Path]:
    """This function will list what could not be replayed: a person has to look at it."""
    return sorted(folder().glob(f"*{BROKEN}"))


def replay(runner: int | None = None, *, proven: bool = False) -> list[int]:
    """This function will write what dead runners of this host, or one of them, left behind.

    Gives the jobs that ended by it. Any number of callers may race: the fence lets one end in. When
    the death of that one is `proven`, its process may live on: as the host of another.
    """
    accepted: list[int] = []
    for path in waiting():
        try:
            left = _read(path)
            if runner in (None, left.runner) and (left.orphaned or (proven and runner)):
                accepted += _write(left)
        except FileNotFoundError:
            continue  # somebody else was faster
        except db.LostConnection:
            raise
        except Exception as error:  # whatever is in it, it must not stop upkeep for ever
            _set_aside(path, repr(error)[:300])
    return accepted


def _read(path: Path) -> Left:
    said = _checked(json.loads(path.read_text()), _OF_FILE)
    endings = [Ending(**_checked(one, _OF_ENDING)) for one in said.pop("endings")]
    return Left(path, **said, endings=endings)


def _checked(said: Any, types: dict[str, tuple[type, ...]]) -> dict[str, Any]:
    """What was said, when it has these fields and no others, each of its type."""
    if not isinstance(said, dict) or said.keys() != types.keys():
        raise Malformed(f"it has not exactly the fields {', '.join(types)}")
    for name, allowed in types.items():
        if type(said[name]) not in allowed:  # True is no number here
            raise Malformed(f"its field {name} is a {type(said[name]).__name__}")
    return said


def _write(left: Left) -> list[int]:
    with closing(db.connect("factory spool")) as raw:
        known = "SELECT 1 FROM job_runner WHERE (id, pid, pid_ticks, boot_id) = (%s, %s, %s, %s)"
        if not db.rows(raw, known, (left.runner, left.pid, left.ticks, left.boot_id)):
            _set_aside(left.path, "its runner is unknown to this database")
            return []
        ledger = Ledger(raw, left.runner)
        db.rows(raw, "BEGIN")
        refused = set(ledger.finish(left.endings, left.ended_at))
        accepted = [ending for ending in left.endings if ending.id not in refused]
        ledger.record_late(accepted, left.ended_at, accepted=True)
        db.rows(raw, "COMMIT")
    left.path.unlink(missing_ok=True)
    for ending in accepted:
        log.warning(
            "job %s: its end was found in the spool of dead runner %s", ending.id, left.runner
        )
    return [ending.id for ending in accepted]


def _set_aside(path: Path, why: str) -> None:
    with suppress(OSError):  # somebody else was faster, or `verify_board` tells that it waits
        path.rename(path.with_name(path.name + BROKEN))
        log.error("spool: %s is set aside: %s", path, why)


def _store(path: Path, text: str) -> None:
    """All or nothing, and still there after a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with open(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    inside = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(inside)
    finally:
        os.close(inside)
