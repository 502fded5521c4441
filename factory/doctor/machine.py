"""What stands on this machine: Python and its packages, programs, disk, our processes."""

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from factory import configuration, embedded
from factory.doctor.asking import UP
from factory.embedded import postgres
from factory.supervisor import control
from factory.variables import BASE_DIR
from jobs import process
from jobs.plain import numbered
from jobs.ports import Check

_PYTHON = (3, 11)
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_WANTED = re.compile(r"^([A-Za-z0-9._-]+)", re.MULTILINE)
_TOLD = ("Django", "django-q2", "psycopg2-binary", "channels", "redis", "uvicorn", "GitPython")
_FREE_MIB = 1024
_WALK_S = 1.5


def python() -> Check:
    """This function will say which Python runs this."""
    version = platform.python_version()
    return Check("python", sys.version_info >= _PYTHON, version, "use Python 3.11 or later")


def packages() -> Check:
    """This function will compare the installed packages with the lock."""
    wanted = _WANTED.findall((BASE_DIR / "requirements.in").read_text())
    locked = {
        _plain(name): version
        for name, version in _PIN.findall((BASE_DIR / "requirements.txt").read_text())
    }
    here = _installed(*(_changed_at(folder) for folder in sys.path))
    missing = [name for name in wanted if _plain(name) not in here]
    if missing:
        return Check("packages", False, f"not installed: {', '.join(missing)}", "run make")
    other = [
        f"{name} {here[_plain(name)]} is installed, {locked[_plain(name)]} is locked"
        for name in wanted
        if locked.get(_plain(name), here[_plain(name)]) != here[_plain(name)]
    ]
    if other:
        return Check("packages", True, "; ".join(other), "run make", warning=True)
    told = ", ".join(f"{name} {here[_plain(name)]}" for name in _TOLD)
    return Check("packages", True, f"{len(wanted)} as locked: {told}")


def _changed_at(folder: str) -> tuple[str, int]:
    try:
        return folder, os.stat(folder).st_mtime_ns
    except OSError:
        return folder, 0


@lru_cache(maxsize=1)
def _installed(*places: tuple[str, int]) -> dict[str, str]:
    """The versions of all packages, read again once a folder of `places` has other entries."""
    return {_plain(one.metadata["Name"]): one.version for one in metadata.distributions()}


def tmux() -> Check:
    """This function will say whether tmux is there, which coding sessions need; it is no failure."""
    said = _said("tmux", "-V")
    return Check("tmux", True, said or "not installed: only coding sessions need it")


def ssh() -> Check:
    """This function will say whether an ssh client is there, for repositories over ssh."""
    said = _said("ssh", "-V")
    cure = "install openssh-client"
    return Check("ssh", True, said or "not installed: ssh addresses fail", cure, warning=not said)


def disk() -> Iterator[Check]:
    """This function will tell the room for the data directory, and what the clones take."""
    home: Path = configuration.load()["FACTORY_HOME"]
    places = {"disk": home}
    if not configuration.load()["DATABASE_URL"]:
        data = postgres.cluster(home).data
        if not data.is_relative_to(home.resolve()):  # as root it lies elsewhere
            places["disk of PostgreSQL"] = data
    for name, path in places.items():
        there = next(each for each in (path, *path.parents) if each.exists())
        free = shutil.disk_usage(there).free >> 20
        found = os.statvfs(there)
        inodes = found.f_favail if found.f_files else 1 << 20  # some file systems do not count
        detail = f"{free:,} MiB and {inodes:,} files free for {path}"
        enough = free > _FREE_MIB and inodes > 10_000
        yield Check(name, enough, detail, "make room: 1 GiB and 10,000 files at least")
    yield Check("clones", True, _clones(home / "repositories"))


def _clones(folder: Path) -> str:
    until, size = time.monotonic() + _WALK_S, 0
    number = len(list(folder.glob("*.git")))
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(path, name)).st_size
            except OSError:
                continue  # gone meanwhile
        if time.monotonic() > until:
            return f"{numbered(number, 'clone')}, more than {size >> 20:,} MiB"
    return f"{numbered(number, 'clone')}, {size >> 20:,} MiB"


def supervisor() -> Iterator[Check]:
    """This function will tell the processes of this machine, and which of them are frozen."""
    shown = control.status()
    names = ", ".join(each.name for each in shown)
    if control.is_running():
        yield Check("supervisor", True, names)
    else:
        values = configuration.load()
        apart = bool(values["DATABASE_URL"] and values["REDIS_URL"])
        left = f"; left: {names}" if names else ""
        why = ": right only if other machines or units run the processes" if apart else ""
        detail = f"nothing runs here{why}{left}" if apart or not left else f"not running{left}"
        yield Check("supervisor", apart, detail, UP, warning=apart)
    frozen = [f"{each.name} (pid {each.pid})" for each in shown if process.is_stopped(each.pid)]
    if frozen:
        detail = f"stopped by a signal: {', '.join(frozen)}"
        yield Check("frozen", False, detail, "kill -CONT the pid, or manage.py restart NAME")
    away = {"postgres", "valkey"} - set(embedded.processes()) - _given()
    if control.is_running() and away:
        detail = f"does not run: {', '.join(sorted(away))}"
        yield Check("embedded services", False, detail, "see doctor's other answers and up.log")


def _given() -> set[str]:
    values = configuration.load()
    names = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
    return {name for name, variable in names.items() if values[variable]}


def _said(program: str, option: str) -> str:
    path = shutil.which(program)
    if path is None:
        return ""
    started = process.start([path, option], stderr=process.TOGETHER)
    lines = started.communicate()[0].decode(errors="replace").strip().splitlines()
    return lines[0] if lines else f"{path} says nothing of its version"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
