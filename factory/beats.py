"""Heartbeats of processes: the time a file below FACTORY_HOME/run was last touched."""

import time
from pathlib import Path

from factory import configuration


def beat(name: str) -> None:
    """This function will note that the process called `name` is at work now."""
    path = _file(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch()


def age(name: str) -> float | None:
    """This function will give the seconds since the last beat, or None when there was none."""
    try:
        return max(0.0, round(time.time() - _file(name).stat().st_mtime, 1))
    except OSError:
        return None


def _file(name: str) -> Path:
    return Path(configuration.load()["FACTORY_HOME"]) / "run" / f"{name}.beat"
