"""A rolling restart: the next cluster works before the last job of the old one has ended."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from factory.supervisor import control, kernel, record
from factory.supervisor.control import Restarted, Shown
from factory.supervisor.loop import RETIRING
from factory.supervisor.record import GRACE_S
from factory.variables import Refused
from jobs import process, version
from jobs.models import Intent, Runner

NAME = "qcluster"
STARTS_S = 60.0
"""So long the next cluster may take until each pool has its runners."""
_LOOK_S = 0.2


def roll(by: str, wait_s: float) -> Restarted:
    """This function will start a cluster of the code on disk, then end the old one job by job.

    A job that is not done after `wait_s` is handed back and keeps its attempt. One that was broken
    off is taken up where it stopped, and done again if the code has changed since. Raises Refused,
    with the old cluster still at work.
    """
    left = _retiring()
    done = _replace(left or _begin(), by, wait_s)
    if left is None or _runs_this_code(done.after):
        return done
    return Restarted(NAME, done.before, _replace(_begin(), by, wait_s).after)


def _runs_this_code(pid: int) -> bool:
    found = set(_runners_of(pid).values_list("version", flat=True))
    return found <= {version.of_this_process()}


def _replace(old: Shown, by: str, wait_s: float) -> Restarted:
    """End a retiring cluster job by job, once its successor serves each pool."""
    after = _named(NAME)
    if after is None or not _until(lambda: _serves(after.pid), STARTS_S):
        raise Refused(
            f'NAME="{NAME}": its successor has no runner in each pool after {STARTS_S:.0f} s; '
            "the old one goes on: manage.py doctor says why"
        )
    _runners_of(old.pid).ask(Intent.DRAIN, by=by)  # type: ignore[attr-defined]
    _until(lambda: not _runners_of(old.pid).exists(), wait_s)
    clusters = set(_of(old.pid).values_list("cluster", flat=True))
    _end(old)
    Runner.objects.here().vacated().filter(cluster__in=clusters).update(intent="")
    return Restarted(NAME, old.pid, after.pid)


def _begin() -> Shown:
    """Have the supervisor start another cluster, and give the one that retires."""
    supervisor, old = _named("supervisor"), _named(NAME)
    if supervisor is None or old is None or not control.is_running():
        raise Refused(f"no {NAME} runs here: start it with manage.py up")
    os.kill(supervisor.pid, signal.SIGUSR2)
    if not _until(lambda: _retiring() is not None and _named(NAME) is not None, GRACE_S):
        raise Refused(f'NAME="{NAME}": the supervisor started no other: manage.py doctor says why')
    return old


def _end(old: Shown) -> None:
    ticks = process.started_ticks(old.pid)
    kernel.send(old.pid, signal.SIGTERM)
    kernel.send(old.pid, signal.SIGCONT)
    if ticks and not _until(lambda: not process.alive(old.pid, ticks), GRACE_S + 5):
        kernel.kill_group(old.pid)
    # Dead is not buried: while it is recorded, the supervisor would start no other beside it.
    _until(lambda: not _recorded(old.pid), GRACE_S)


def _recorded(pid: int) -> bool:
    found = record.read()
    return bool(found and found.running and pid in {each.pid for each in found.processes})


def _serves(pid: int) -> bool:
    found = list(_runners_of(pid).values_list("pool", flat=True))
    wanted: dict[str, int] = settings.FACTORY_WORKERS
    return all(found.count(pool) >= size for pool, size in wanted.items())


def _runners_of(pid: int) -> "QuerySet[Runner]":
    found: QuerySet[Runner] = _of(pid).filter(stopped_at=None)
    return found


def _of(pid: int) -> Any:
    """The runners that were forked by a sentinel which is a child of that process."""
    here = Runner.objects.here()
    names = set(here.exclude(cluster="").values_list("cluster", flat=True))
    mine = [name for name in names if process.answers_to(name) and _parent(name) == pid]
    return here.filter(cluster__in=mine)


def _parent(name: str) -> int | None:
    return process.parent(int(name.partition(":")[0]))


def _retiring() -> Shown | None:
    return _named(RETIRING)


def _named(name: str) -> Shown | None:
    return next((each for each in control.status() if each.name == name), None)


def _until(done: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True
