"""The second thread of a runner: its sign of life, and all that cannot wait for a busy handler."""

import logging
import math
import os
import threading
from collections.abc import Callable
from functools import partial
from time import monotonic

from jobs import beats, db, last_resort, process
from jobs.db import Connection
from jobs.desk import Desk
from jobs.execution import Execution
from jobs.handover import Handover
from jobs.interruptions import (
    Cancelled,
    Dispossessed,
    Exhausted,
    Interruption,
    TimedOut,
    Withdrawn,
)
from jobs.last_resort import WITHDRAWN
from jobs.ledger import Ledger, statement
from jobs.models import Intent
from jobs.states import Intent as Asking
from jobs.steps import Steps

log = logging.getLogger("jobs")

TICK_S = 0.1
LEASE_EVERY_S = 1.0
LEASE_S = 15
"""No other machine may declare a runner dead before this has passed since its last sign."""
REPORT_EVERY_S = 0.5
HEED_EVERY_S = 0.2
"""So often a runner looks what was asked of the jobs it holds."""
COMPARE_EVERY_S = 2.0
"""So often a runner compares what it has in hand with what the ledger says it holds."""
LOCK_MS = 200
"""So long the heartbeat waits for a lock: what holds it may be the very handler it is to interrupt."""
INTERRUPT_EVERY_S = 2.0
GRACE_S = 10.0
"""A handler that goes on for so long after its first interruption is ended with its process; a kind
may say otherwise."""

DRAIN_S = 5.0
"""So long a handler may go on after its cluster was told to end; then it is interrupted."""
DEAF_S = 1.5
"""A handler that goes on for so long after that is ended with its process.

Together they must end well within the ten seconds that the supervisor and others grant a cluster.
"""
UNHEARD = "The answer to its claim was lost with a connection."


class Heartbeat(threading.Thread):
    """Renews the lease, writes reports, hands back, enforces limits; on its own connection."""

    def __init__(
        self, runner: int, desk: Desk, handover: Handover, stop: Callable[[str], None], owner: str
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._runner, self._desk, self._handover, self._stop_runner = runner, desk, handover, stop
        self._cluster = process.named(os.getppid())
        self._owner_pid, self._owner_ticks = (int(part) for part in owner.split(":"))
        self._done = threading.Event()
        self._raw: Connection | None = None
        self._ledger: Ledger | None = None
        self._steps = Steps(f"heartbeat of runner {runner}")
        self._leased_at = self._reported_at = self._interrupted_at = self._heeded_at = 0.0
        self._compared_at = 0.0
        self._withdraws_at = math.inf

    def run(self) -> None:
        """This method will beat until `close`; a lost connection is opened again."""
        while not self._done.wait(TICK_S):
            if not process.alive(self._owner_pid, self._owner_ticks):
                self._stop_runner("its broker ended")
                self._withdraw()
            try:
                self._beat(self._connected(), monotonic())
            except db.LostConnection as error:
                if self._raw is not None:  # once an outage
                    log.warning("heartbeat of runner %s: %s", self._runner, str(error).strip())
                db.close(self._raw)
                self._raw = None
            except Exception:  # without this thread no lease is renewed and no limit is enforced
                log.exception("heartbeat of runner %s", self._runner)
        db.close(self._raw)

    def _withdraw(self) -> None:
        """Set the time at which the job in work goes back, if the cluster ends."""
        if self._withdraws_at == math.inf and self._cluster_ends():
            self._withdraws_at = monotonic() + DRAIN_S
        if beats.age(beats.HURRY) is not None:
            self._withdraws_at = min(self._withdraws_at, monotonic())

    def close(self) -> None:
        """This method will end the thread and wait for it."""
        self._done.set()
        self.join(timeout=10)

    def _cluster_ends(self) -> bool:
        """Whether the broker ended in order; one that died or was killed is replaced by another."""
        return not beats.pushes(self._cluster)

    def _connected(self) -> Ledger:
        if self._raw is None or self._raw.closed or self._ledger is None:
            self._raw = db.connect(f"factory heartbeat {self._runner}")
            db.rows(self._raw, "SELECT set_config('lock_timeout', %s, false)", (str(LOCK_MS),))
            self._ledger = Ledger(self._raw, self._runner)
        return self._ledger

    def _beat(self, ledger: Ledger, now: float) -> None:
        """Do what is due: what keeps the runner and its limits alive first, what may wait last."""
        steps: dict[str, Callable[[], None]] = {}
        if now - self._leased_at >= LEASE_EVERY_S:
            steps["lease"] = partial(self._renew, ledger, now)
        if now - self._heeded_at >= HEED_EVERY_S and self._desk.known():
            steps["intents"] = partial(self._heed, ledger, now)
        steps["limits"] = partial(self._enforce, ledger, now)
        if self._desk.slow(now):
            steps["hand-back"] = partial(self._desk.hand_back, ledger)
            steps["ends"] = partial(self._desk.write_ends, ledger)
        if now - self._compared_at >= COMPARE_EVERY_S:
            steps["claims"] = partial(self._compare, ledger, now)
        if now - self._reported_at >= REPORT_EVERY_S:
            steps["report"] = partial(self._report, ledger, now)
        self._steps.take(ledger.raw, steps)

    def _compare(self, ledger: Ledger, now: float) -> None:
        """Queue again what is held here by the ledger alone."""
        lost = self._handover.lost(ledger.held(self._runner))
        self._compared_at = now
        if lost:
            ledger.hand_back(lost, UNHEARD)

    def _report(self, ledger: Ledger, now: float) -> None:
        execution = self._desk.execution
        if execution is not None:
            self._reported_at = now
            execution.report.write(ledger.raw)

    def _heed(self, ledger: Ledger, now: float) -> None:
        """Note the cancel of what is in work, and take what was cancelled or paused off the desk."""
        asked = {(one.id, one.fence): one for one in ledger.asked(self._runner)}
        execution = self._desk.execution
        found = execution and asked.get((execution.claim.id, execution.claim.fence))
        if execution and found and found.intent == Asking.CANCEL:
            execution.cancelled_by = found.by
        if asked:
            with self._desk.handing_back(asked) as waiting:
                ledger.hand_back(waiting, "It had not begun.")
        self._heeded_at = now

    def _renew(self, ledger: Ledger, now: float) -> None:
        execution, idle_since = self._desk.execution, self._desk.idle_since
        values = {
            "runner": self._runner,
            "lease_s": LEASE_S,
            "looked_s": max(0.0, now - self._desk.looked_at),
            "busy_s": self._allowed(now) if execution else None,
            "idle_s": None if idle_since is None else max(0.0, now - idle_since),
            "rss_mb": process.rss_mb(),
            "executed": self._desk.executed,
        }
        found = db.rows(ledger.raw, statement("renew"), values)
        self._leased_at = now
        if found and found[0][0]:
            self._obey(*found[0])
        if not found:
            self._stop_runner("its row was closed or removed")
            if execution is not None:
                execution.interrupt(Dispossessed("the runner was declared dead"))
        elif execution is not None and self._dispossessed(ledger, execution):
            execution.interrupt(Dispossessed("the job is no longer held"))

    def _obey(self, intent: str, by: str) -> None:
        """Do what a person asked of this runner: claim nothing more; with `stop`, soon."""
        self._stop_runner(f"asked to {intent} by {by}")
        if intent == Intent.STOP and self._withdraws_at == math.inf:
            self._withdraws_at = monotonic() + DRAIN_S

    def _allowed(self, now: float) -> float:
        """For how many seconds more the job in work may go on before this process is ended."""
        execution = self._desk.execution
        timeout = execution.timeout if execution else 0.0
        grace = execution.kind.grace if execution else GRACE_S
        return self._desk.begun_at + timeout + grace - now

    def _dispossessed(self, ledger: Ledger, execution: Execution) -> bool:
        if ledger.holds(execution.claim.id, execution.claim.fence):
            return False
        # The handler may have finished between the two readings.
        return self._desk.execution is execution and not execution.run.completed

    def _enforce(self, ledger: Ledger, now: float) -> None:
        execution = self._desk.execution
        if execution is None:
            return
        began = execution.interrupted_at
        grace = execution.kind.grace if now < self._withdraws_at else DEAF_S
        if began is not None and now - began > grace:
            last_resort.end_process(self._runner, self._desk, ledger, execution)
        reason = self._reason(execution, now)
        if reason and now - self._interrupted_at >= INTERRUPT_EVERY_S:
            self._interrupted_at = now
            execution.interrupt(reason)

    def _reason(self, execution: Execution, now: float) -> Interruption | None:
        """Why the handler must not go on, if so."""
        if execution.cancelled_by:
            return Cancelled(f"{execution.cancelled_by} cancelled it")
        if overdue := self._overdue(execution, now):
            return TimedOut(overdue)
        held, allowed = execution.run.measure(), execution.kind.memory_mb
        if allowed is not None and held > allowed:
            return Exhausted(f"It held {held} MiB of memory; its kind may hold {allowed}.")
        return Withdrawn(WITHDRAWN) if now >= self._withdraws_at else None

    def _overdue(self, execution: Execution, now: float) -> str:
        kind = execution.kind
        if now - self._desk.begun_at > execution.timeout:
            return f"It took longer than {execution.timeout:g} s."
        if now - execution.report.heard_at > kind.idle:
            return f"It gave no sign of life for {kind.idle:g} s."
        return ""
