"""The resident runner: claims, executes and finishes until its owner ends."""

import gc
import logging
import os
import select
import signal
from datetime import timedelta
from time import monotonic
from types import FrameType

from django.db.models.functions import Now

from jobs import db, process, version
from jobs.db import Connection
from jobs.desk import Desk
from jobs.execution import execute
from jobs.handover import Handover
from jobs.heartbeat import LEASE_S, Heartbeat
from jobs.last_resort import WITHDRAWN
from jobs.ledger import LOCK_CLASS, Claim, Ledger, statement
from jobs.models import Runner
from jobs.reporting import Report
from jobs.spool import Spool

log = logging.getLogger("jobs")

POLL_S = 1.0
"""Beneath the notifications lies a poll of this period."""
MOST = 500
"""The most claims at a time, where the queue allows it."""
QUICK_S = 0.1
"""While a batch takes less than this, the next one may be twice as large."""
TOKEN_S = 3.0
"""A token older than this is void: its broker has issued another."""
RECONNECT_S = 0.2
FAREWELL_S = 20.0
"""So long an ending runner tries to write its last ends."""
RECYCLE_AFTER = 1_000_000
RECYCLE_RSS_MB = 1024
RSS_CHECK_EVERY = 1000


def reside(pool: str, owner: str, issued_at: float) -> str:
    """This function will serve one queue until its owner ends, and say how many jobs it executed.

    `owner` is `pid:ticks` of the broker process, `issued_at` its monotonic clock in seconds. A runner
    that could not end in order ends its process: that is the proof upkeep needs to take its jobs.
    """
    # A broker that died issued it: its successor has issued another.
    if monotonic() - issued_at > TOKEN_S or not process.answers_to(owner):
        return "void token"
    resident = Resident(pool, owner)
    try:
        said = resident.reside()
    except Exception:
        log.exception("a runner of %s ended by an error, and its process with it", pool)
        os._exit(1)
    if held := resident.desk.known():
        log.error("a runner of %s ended with jobs %s in hand, and its process with it", pool, held)
        os._exit(1)
    return said


class Resident:
    """A runner in this process. It knows nothing of django-q2."""

    def __init__(self, pool: str, owner: str) -> None:
        self.pool = pool
        self.owner = owner
        self.ending = ""
        self._raw: Connection | None = None
        self._ledger: Ledger | None = None
        self._listener: Connection | None = None
        self._locked = False
        self._unflushed: list[Report] = []
        self._row = self._introduce()
        self._wake_read, self._wake_write = os.pipe()
        self.desk = Desk(Spool(self._row.pk))
        self._handover = Handover(self.desk.known)

    def reside(self) -> str:
        """This method will run until `stop`, then drain."""
        heartbeat = Heartbeat(self._row.pk, self.desk, self._handover, self.stop, self.owner)
        heartbeat.start()
        gc.freeze()  # what start-up made stays: no collection need look at it in the middle of a job
        most = 1
        try:
            while not self.ending:
                most = self._turn(most)
                self._recycle_when_due()
        finally:
            heartbeat.close()
            self._farewell()
        return f"{self.desk.executed} jobs; {self.ending}"

    def stop(self, why: str) -> None:
        """This method will let the runner end after the job in work. Any thread."""
        if not self.ending:  # once: nobody empties the pipe
            self.ending = why
            os.write(self._wake_write, b".")

    def _introduce(self) -> Runner:
        ticks = process.started_ticks(os.getpid())
        return Runner.objects.create(
            pool=self.pool,
            **process.here(),
            pid=os.getpid(),
            pid_ticks=ticks or 0,
            owner=self.owner,
            cluster=process.named(os.getppid()),
            version=version.of_this_process(),
            lease_until=Now() + timedelta(seconds=LEASE_S),
        )

    def _turn(self, most: int) -> int:
        """Finish the last batch, claim and execute the next; give the size to try after it."""
        claims: list[Claim] = []
        self._handover.asks()
        try:
            with self.desk.writing() as ended:
                claims, _ = self._connected().finish_and_claim(ended, self.pool, most, self._row.pk)
        except db.UniqueViolation:
            # Two runners reached for jobs of one limit key: the index let one of them have it.
            self.desk.looked(empty=False)
            return 1
        except db.LostConnection as error:
            self._disconnect(error)
            return 1
        finally:
            self.desk.load(claims)
            self._handover.is_answered()
        self.desk.looked(empty=not claims)
        if not claims:
            if not ended:
                self._wait(POLL_S)
            return 1
        began = monotonic()
        self._work()
        return min(MOST, most * 2) if monotonic() - began < QUICK_S else 1

    def _work(self) -> None:
        while not self.ending and (claim := self.desk.next()):
            signal.signal(signal.SIGUSR1, self._on_signal)  # the job before may have changed it
            ending = execute(claim, self._flush, self.desk.begin)
            execution = self.desk.execution
            self._flush(last=True)
            self.desk.end(ending)
            if execution is not None and execution.withdrawn:
                self._hand_back([claim], WITHDRAWN)
            elif execution is not None and not execution.kind.batch:
                self._write_ends()
        if self.ending:
            waiting = self.desk.take_waiting()
            self._hand_back(waiting, "Handed back unstarted: its runner is ending.")

    def _flush(self, *, last: bool = False) -> None:
        """Write the report of the job in work, and at its end the rest of it."""
        execution = self.desk.execution
        if execution is None or not execution.report.unwritten:
            return
        try:
            execution.report.write(self._connected().raw, last=last)
        except db.LostConnection as error:
            if last:
                self._unflushed.append(execution.report)
            self._disconnect(error)

    def _write_ends(self) -> None:
        try:
            with self.desk.writing() as ended:
                self._connected().finish(ended)
        except db.LostConnection as error:
            self._disconnect(error)

    def _hand_back(self, claims: list[Claim], reason: str) -> None:
        try:
            self._connected().hand_back(claims, reason)
        except db.LostConnection as error:
            self._disconnect(error)

    def _connected(self) -> Ledger:
        """Open the connection this runner claims on; its lock says that the runner lives."""
        if self._ledger is None:
            name = f"factory runner {self._row.pk}"
            self._raw, self._locked = db.connect(name), False
            db.rows(self._raw, statement("predecessor"), {"name": name})
            self._lock(self._raw)
            ledger = Ledger(self._raw, self._row.pk)
            ledger.disown(self._row.pk, self.desk.known())
            while self._unflushed:  # before their ends, which close the log
                self._unflushed[0].write(self._raw, last=True)
                del self._unflushed[0]
            self._ledger = ledger
        elif not self._locked:
            self._lock(self._ledger.raw)
        return self._ledger

    def _lock(self, raw: Connection) -> None:
        # Refused while a connection that was cut still lives on in the server: asked again.
        asked = "SELECT pg_try_advisory_lock(%s, %s)"
        self._locked = bool(db.rows(raw, asked, (LOCK_CLASS, self._row.pk))[0][0])

    def _disconnect(self, error: Exception) -> None:
        log.warning("runner %s: %s", self._row.pk, str(error).strip())
        db.close(self._raw)
        self._ledger = None
        self._pause(RECONNECT_S)
        with db.quiet():  # at once: a job may come next that takes long, and the lock is free
            self._connected()

    def _wait(self, seconds: float) -> None:
        """Sleep until something is queued, the runner must end, or the time is over."""
        try:
            listener = self._listening()
            select.select([listener, self._wake_read], [], [], seconds)
            db.notified(listener)
        except db.LostConnection:
            db.close(self._listener)
            self._listener = None
            self._pause(RECONNECT_S)

    def _listening(self) -> Connection:
        if self._listener is None:
            listener = db.connect(f"factory listener {self._row.pk}")
            db.rows(listener, "LISTEN job_wake")
            self._listener = listener
        return self._listener

    def _pause(self, seconds: float) -> None:
        select.select([] if self.ending else [self._wake_read], [], [], seconds)

    def _recycle_when_due(self) -> None:
        if self.desk.executed >= RECYCLE_AFTER:
            self.stop(f"recycled after {RECYCLE_AFTER} jobs")
        elif self.desk.executed % RSS_CHECK_EVERY == 0 and process.rss_mb() > RECYCLE_RSS_MB:
            self.stop(f"recycled above {RECYCLE_RSS_MB} MiB")

    def _farewell(self) -> None:
        """Write what is left, however long the database takes to come back, and close the row."""
        give_up = monotonic() + FAREWELL_S
        try:
            while self.desk.owes() and monotonic() < give_up:
                self._write_ends()
            if not self.desk.known():
                self._close_row()
        finally:
            db.close(self._raw)
            db.close(self._listener)
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _close_row(self) -> None:
        """Say that this runner ended. With a job in hand its open row is the evidence upkeep needs."""
        with db.quiet():
            db.rows(
                self._connected().raw,
                statement("farewell"),
                {"runner": self._row.pk, "ending": self.ending or "ended by an error"},
            )

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        execution = self.desk.execution
        if execution is not None:
            execution.on_signal(signum, frame)
