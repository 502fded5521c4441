"""The second caller of upkeep on every host, and who ends what is alive and does nothing.

It kills only what it saw in trouble at every look for `PATIENCE_S`, by pid and start time. While
the database does not answer it sees nothing, so an outage costs no runner its life.
"""

import signal
import threading
import time

import structlog
from django.conf import settings

from factory.lasting import Lasting
from jobs import beats, db, liveness, process, upkeep
from jobs.db import Connection
from jobs.heartbeat import GRACE_S
from jobs.liveness import Deaf, Pool, Wedged

EVERY_S = 1.0
PATIENCE_S = 8.0
DEAF_S = GRACE_S + 3.0
"""A runner has so long to let go of a job that was cancelled; it ends itself before, if it can."""
STARVED_S = 30.0
"""So long a pool may have no runner before the cluster that should start one is replaced."""
STALLED_S = 2.0
"""A runner that is idle for long and takes up a job within this was only slow to look."""
log = structlog.get_logger("factory.watchdog")


def watch() -> None:
    """This function will do the upkeep once a second until SIGTERM or SIGINT.

    Each cause for which it fails is logged once.
    """
    ended = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: ended.set())
    guard = Guard()
    raw, said = None, ""
    while not ended.wait(EVERY_S):
        try:
            beats.beat("watchdog")
            raw = raw or db.connect("factory watchdog")
            upkeep.tick(raw, asks_always=True)
            guard.look(raw)
            said = ""
        except Exception as error:  # whatever fails, the next second is another try
            db.close(raw)
            raw = None
            if str(error) != said:
                log.warning("upkeep failed", error=str(error).strip())
            said = str(error)
    db.close(raw)
    beats.end("watchdog")


class Guard:
    """Ends wedged runners, a silent pusher and a silent sentinel of this host."""

    def __init__(self) -> None:
        self._runners: Lasting[int] = Lasting(PATIENCE_S)
        self._cluster: Lasting[str] = Lasting(PATIENCE_S)
        self._starved: Lasting[str] = Lasting(STARVED_S)
        self._deaf: Lasting[tuple[int, int]] = Lasting(DEAF_S)
        self._stalled: Lasting[int] = Lasting(STALLED_S)
        self._told: set[int] = set()
        self._worked: dict[int, int] = {}
        self._woken: set[tuple[int, int]] = set()

    def look(self, raw: Connection) -> None:
        """This method will look once, and end what was in trouble for too long."""
        now = time.monotonic()
        self._look_at_runners(liveness.wedged(raw), now)
        silent = [name for name in ("pusher", "sentinel") if beats.trouble(name)]
        for name in self._cluster.over(silent, now):
            self._mend(name, beats.trouble(name))
        self._look_for_starved(liveness.serving(raw), now)
        self._look_at_deaf(liveness.deaf(raw), now)
        self._tell_stalls({one.waiting: one for one in liveness.stalls(raw) if one.waiting}, now)

    def _tell_stalls(self, stalled: dict[int, Pool], now: float) -> None:
        """Nobody is to be ended for it that one could name; people are told, once for each job."""
        for job in self._stalled.over(stalled, now):
            if job not in self._told:
                pool = stalled[job]
                log.error("a job is stalled", job=job, pool=pool.name, waiting_s=pool.waiting_s)
                self._told.add(job)
        self._told &= stalled.keys()

    def _look_at_runners(self, wedged: list[Wedged], now: float) -> None:
        dead = {one.id: one for one in wedged if not self._computes(one)}
        self._worked = {one.id: process.cpu_ticks(one.pid) for one in wedged}
        for runner in self._runners.over(dead, now):
            one = dead[runner]
            if process.end(one.pid, one.ticks):
                log.error("ended a wedged runner", runner=one.id, pid=one.pid, why=one.why)

    def _look_at_deaf(self, deaf: list[Deaf], now: float) -> None:
        """End who does not let go of a cancelled job; upkeep writes the end on that proof."""
        held = {(one.runner, one.job): one for one in deaf}
        for one in map(held.__getitem__, self._deaf.over(held, now)):
            if process.end(one.pid, one.ticks):
                log.error("ended a runner of a cancelled job", runner=one.runner, job=one.job)

    def _computes(self, one: Wedged) -> bool:
        """Whether it is silent only because its job leaves the other threads no time."""
        used = process.cpu_ticks(one.pid)
        return bool(one.busy) and used > self._worked.get(one.id, used)

    def _mend(self, name: str, why: str) -> None:
        """End a pusher: the sentinel starts another, and its runners end after their jobs.

        A sentinel takes the cluster with it. One that was only halted is told to go on, once.
        """
        found = beats.who(name)
        if found is None:
            return
        wake = name == "sentinel" and process.is_stopped(found[0]) and found not in self._woken
        self._woken.add(found)
        if process.end(*found, signal.SIGCONT if wake else signal.SIGKILL):
            done = "told to go on" if wake else "ended"
            log.error(f"{name} {done}", pid=found[0], why=why)

    def _look_for_starved(self, serving: dict[str, bool], now: float) -> None:
        """Replace a cluster that starts no runner, as long as none of its runners is busy."""
        wanted = {pool for pool, size in settings.FACTORY_WORKERS.items() if size}
        beating = beats.age("sentinel") is not None and not beats.trouble("sentinel")
        starved = wanted - serving.keys() if beating and not any(serving.values()) else set()
        if pools := self._starved.over(starved, now):
            found = beats.who("sentinel")
            if found and process.end(*found):
                log.error("ended a cluster that starts no runner", pools=pools, pid=found[0])
