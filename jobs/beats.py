"""Heartbeats of this host's processes: files below FACTORY_HOME/run, touched once a second.

A file names the process that beats, so that whoever finds it silent can end that very one. A
clean end removes it: what is there and old is silent, what is not there is not awaited. It appears
whole, with its time, under its name: no reader meets one that is half written.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from jobs import process, version

FRESH_S = 4.0
"""A process that beats once a second and has not for this long is silent, in seconds."""
NAMES = ("supervisor", "web", "relay", "watchdog", "pusher", "sentinel")
"""Who beats on a machine that runs everything."""
HURRY = "hurry"
"""Beats while somebody who asked for the end asked again: who has a job in work gives it back."""
_PUSHER = "pusher of "
_written: dict[str, int] = {}


def beat(name: str) -> None:
    """This function will note that this process, called `name`, is at work now."""
    if _written.get(name) == os.getpid():
        with suppress(FileNotFoundError):  # somebody thought it gone
            os.utime(_file(name))
            return
    known = process.started_ticks(os.getpid())
    _put(name, f"{os.getpid()} {known} {version.of_this_process()}", time.time())
    _written[name] = os.getpid()


def await_first(name: str) -> None:
    """This function will have `name` count as silent until it beats."""
    _put(name, "", 0)


def end(name: str) -> None:
    """This function will no longer await `name`: it ended by its own will."""
    _file(name).unlink(missing_ok=True)


def begins_pushing(cluster: str) -> None:
    """This function will note that a cluster, named by its sentinel, has a pusher that did not end.

    Only its clean end takes that back: two clusters stand beside each other while one retires.
    """
    for path in _file(_PUSHER).parent.glob(f"{_PUSHER}*.beat"):
        if not process.answers_to(path.stem.removeprefix(_PUSHER)):
            path.unlink(missing_ok=True)
    beat(_PUSHER + cluster)


def ends_pushing(cluster: str) -> None:
    """This function will note that the pusher of a cluster ended by its own will."""
    end(_PUSHER + cluster)
    mine = who("pusher")
    if mine is None or mine[0] == os.getpid():  # another cluster may beat by now
        end("pusher")


def pushes(cluster: str) -> bool:
    """This function will say whether that cluster has a pusher, or is to get another for one that died."""
    return _file(_PUSHER + cluster).exists()


def is_followed(name: str) -> bool:
    """This function will say whether a later process beats as `name`: it is watched, this one no more."""
    found = who(name)
    return (
        _written.get(name) == os.getpid()
        and found is not None
        and found[0] != os.getpid()
        and process.alive(*found)
    )


def age(name: str) -> float | None:
    """This function will give the seconds since the last beat, or None when none is awaited.

    A beat of the future was made before the clock was set back: none was made since.
    """
    try:
        return round(abs(time.time() - _file(name).stat().st_mtime), 1)
    except OSError:
        return None


def who(name: str) -> tuple[int, int] | None:
    """This function will give the pid of the process that beats, and its start in clock ticks."""
    with suppress(OSError, ValueError):
        pid, ticks, *_ = _file(name).read_text().split()
        return int(pid), int(ticks)
    return None


def code(name: str) -> str:
    """This function will give the version of the code that the process which beats runs, or ""."""
    with suppress(OSError, ValueError):
        _, _, told = _file(name).read_text().split()
        return told
    return ""


def trouble(name: str) -> str:
    """This function will say that a process is silent, or give "" while it beats or is not awaited."""
    found = age(name)
    if found is None or found <= FRESH_S:
        return ""
    return "has not begun yet" if who(name) is None else f"silent for {found:.0f} s"


def _put(name: str, text: str, at: float) -> None:
    path = _file(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text)
    os.utime(draft, (at, at))
    draft.replace(path)


def _file(name: str) -> Path:
    return Path(settings.FACTORY_HOME) / "run" / f"{name}.beat"
