"""Carrying out one claim: the handler, its time limits, and what its end means."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from jobs import db, kinds, ledger, plain, tracing
from jobs.context import Run
from jobs.failures import Failed, FailureClass, RateLimited, failure_of
from jobs.interruptions import Cancelled, Interruption, Paused, Withdrawn
from jobs.ledger import Claim, Ending
from jobs.levels import Level
from jobs.models import Stale
from jobs.redaction import redact
from jobs.reporting import Report

log = logging.getLogger("jobs")


class Execution:
    """One claim being carried out by the main thread, watched by the heartbeat thread."""

    def __init__(self, claim: Claim, kind: kinds.Kind, flush: Callable[[], None]) -> None:
        self.claim = claim
        self.kind = kind
        self.report = Report(claim)
        self.run = Run(claim, self.report, flush)
        self.run.verifier = kind.verifier
        self.cancelled_by = ""
        self.interrupted_at: float | None = None
        self.withdrawn = False
        self._why: BaseException | None = None
        self._interruption: BaseException | None = None
        self._interruptible = False
        self._connection: BaseDatabaseWrapper | None = None

    def carry_out(self) -> Ending | None:
        """This method will call the handler and give the end to write.

        None: the handler finished the job itself, or it was `withdrawn`. An end of a job that another
        runner holds is given all the same: the fence refuses it.
        """
        process_id, connection = os.getpid(), connections[DEFAULT_DB_ALIAS]
        self._connection, depth = connection, len(connection.atomic_blocks)
        try:
            outcome = self._call()
            if self._why is not None and not self.run.completed:
                raise self._why  # what it waited for was taken from it: its word counts no more
        except BaseException as error:  # sys.exit() in a handler must not end the runner
            # After an interruption, errors are its echo: a cancelled query, a helper that was killed.
            outcome = self._stopped(self._why or error) or self._explained(self._why or error)
        finally:
            if os.getpid() != process_id:
                os._exit(1)  # a fork of the handler came out here: the job is not its own
            self.run.close()
        self.run.measure_helpers()
        if _rolled_back(connection, depth) and not isinstance(outcome, Failed | Ending):
            outcome = Failed(FailureClass.BUG, "It left a transaction open: that is rolled back.")
        if isinstance(outcome, Failed | Ending):
            connection.close_if_unusable_or_obsolete()
        if not self.run.completed:
            self.withdrawn = self.withdrawing and isinstance(outcome, Failed)
            return None if self.withdrawn else self._ending(outcome)
        if isinstance(outcome, Failed):
            log.error("job %s, after its end was written: %s", self.claim.id, outcome.message)
        return None

    def interrupt(self, reason: BaseException) -> None:
        """This method will end what the handler waits for and raise `reason` in it. Any thread."""
        self.interrupted_at = self.interrupted_at or monotonic()
        self._interruption = reason
        self._why = reason
        self.run.end_processes()
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGUSR1)
        if self._interruptible and self._connection is not None:
            db.cancel(self._connection.connection)

    @property
    def interrupted_for(self) -> FailureClass:
        """The class of a failure that comes of its last interruption."""
        return getattr(self._why, "failure_class", FailureClass.UNKNOWN)

    @property
    def timeout(self) -> float:
        """How long it may take, in seconds: as its kind says, or less where its job says so."""
        return min(self.kind.timeout, self.run.limit_s)

    @property
    def withdrawing(self) -> bool:
        """Whether it was interrupted because the cluster ends."""
        return isinstance(self._why, Withdrawn)

    def on_signal(self, signum: int, frame: FrameType | None) -> None:
        """This method will raise a wanted interruption, but only while the handler runs."""
        reason, self._interruption = self._interruption, None
        # What commits is done; after a commit it is too late, before one the next signal comes.
        if not self._interruptible or reason is None or self.run.committing:
            return
        if self.run.starting_helper:
            self.run.strikes = reason
            return
        raise reason

    def _call(self) -> Any:
        try:
            self._interruptible = True
            outcome = self.kind.handler(self.run, **self.claim.arguments)
            if isinstance(outcome, Failed) or self.run.completed:
                return outcome
            return self.run.verify(outcome) or outcome
        finally:
            self._interruptible = False

    def _stopped(self, error: BaseException) -> Ending | None:
        """The end of an execution that stopped before it was done, and did not fail."""
        if isinstance(error, Cancelled):
            return ledger.cancelled(self.claim)
        if isinstance(error, Paused):
            return ledger.stopped(self.claim)
        if isinstance(error, RateLimited):
            return ledger.rate_limited(self.claim, error, advanced=self.run.advanced)
        return None

    def _explained(self, error: BaseException) -> Failed:
        try:
            failed = _failure_of(error)
        except Exception:  # its text cannot be read
            failed = Failed(FailureClass.BUG, type(error).__name__)
        if failed.failure_class == FailureClass.BUG:
            log.error("job %s (%s) failed", self.claim.id, self.kind.name, exc_info=error)
        return failed

    def _ending(self, outcome: Any) -> Ending:
        if isinstance(outcome, Ending):
            return outcome
        if not isinstance(outcome, Failed):
            try:
                result = None if outcome is None else plain.document(outcome)
                return ledger.success(self.claim, result)
            except plain.NotPlain as error:
                outcome = Failed(FailureClass.BUG, f"Its result cannot be stored: {error}.")
        failed = _storable(_with_cause(outcome, self.run.memory.exhausted))
        self.report.log(f"{failed.failure_class}: {failed.message}", Level.ERROR)
        return ledger.failure(self.claim, failed)


def execute(claim: Claim, flush: Callable[[], None], begin: Callable[[Execution], None]) -> Any:
    """This function will carry out a claim; `begin` learns of the execution before it starts."""
    try:
        kind = kinds.get(claim.kind)
    except kinds.UnknownKind as error:
        return ledger.failure(claim, Failed(FailureClass.BUG, str(error)))
    execution = Execution(claim, kind, flush)
    begin(execution)
    if not kind.batch:
        close_old_connections()
    tracing.begin(claim.id, claim.root_id, claim.trace)
    try:
        return execution.carry_out()
    finally:
        tracing.end()


def _failure_of(error: BaseException) -> Failed:
    if isinstance(error, Interruption):
        return Failed(error.failure_class, str(error))
    if isinstance(error, Stale):
        return Failed(FailureClass.UNKNOWN, str(error))
    return failure_of(error)


def _with_cause(failed: Failed, exhausted: str) -> Failed:
    """What a handler makes of a helper that got no more memory is not the cause of its failure."""
    if exhausted and failed.failure_class in (FailureClass.BUG, FailureClass.UNKNOWN):
        return Failed(FailureClass.RESOURCE_EXHAUSTED, f"{exhausted}: {failed.message}")
    return failed


def _storable(failed: Failed) -> Failed:
    message = plain.printable(redact(str(failed.message)))[:2000]
    if failed.failure_class not in FailureClass.values:
        return Failed(FailureClass.BUG, f"Unknown class {failed.failure_class!r:.40}: {message}")
    return Failed(FailureClass(failed.failure_class), message)


def _rolled_back(connection: BaseDatabaseWrapper, depth: int) -> bool:
    """Leave no transaction behind that the handler began: the next job would run inside it."""
    raw = connection.connection
    open_by_hand = raw is not None and db.in_transaction(raw)
    if len(connection.atomic_blocks) > depth or (not depth and open_by_hand):
        connection.close()
        del connections[DEFAULT_DB_ALIAS]
        return True
    return False
