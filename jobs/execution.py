"""Carrying out one claim: the handler, its time limits, and what its end means."""

import json
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import close_old_connections, connections

from jobs import kinds, ledger
from jobs.context import Run
from jobs.failures import Anticipated, Failed, FailureClass, failure_of
from jobs.ledger import Claim, Ending
from jobs.models import Stale
from jobs.redaction import redact
from jobs.reporting import Report

log = logging.getLogger("jobs")


class TimedOut(Anticipated):
    """The handler took longer than its kind allows, or gave no sign of life."""

    failure_class = FailureClass.TIMEOUT


class Dispossessed(BaseException):
    """Another runner holds the job: whatever the handler is doing, it must stop."""


class Execution:
    """One claim being carried out by the main thread, watched by the heartbeat thread."""

    def __init__(self, claim: Claim, kind: kinds.Kind, flush: Callable[[], None]) -> None:
        self.claim = claim
        self.kind = kind
        self.report = Report(claim)
        self.run = Run(claim, self.report, flush)
        self._interruption: BaseException | None = None
        self._interruptible = False

    def carry_out(self) -> Ending | None:
        """This method will call the handler and give the end to write.

        None: the handler finished the job itself, or it is no longer ours to finish.
        """
        try:
            self._interruptible = True
            value = self.kind.handler(self.run, **self.claim.arguments)
            self._interruptible = False
        except (Dispossessed, Stale) as error:
            log.warning("job %s: its late report was refused: %s", self.claim.id, error)
            return None
        except Exception as error:
            return self._failed(error)
        finally:
            self._interruptible = False
            self.run.end_processes()
        return None if self.run.completed else self._ended(value)

    def interrupt(self, reason: BaseException) -> None:
        """This method will end the helpers and raise `reason` in the handler. Any thread."""
        self._interruption = reason
        self.run.end_processes()
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGUSR1)

    def on_signal(self, signum: int, frame: FrameType | None) -> None:
        """This method will raise a wanted interruption, but only while the handler runs."""
        reason, self._interruption = self._interruption, None
        if self._interruptible and reason is not None:
            self._interruptible = False
            raise reason

    def _ended(self, value: Any) -> Ending:
        if isinstance(value, Failed):
            return ledger.failure(self.claim, _redacted(value))
        try:
            return ledger.success(self.claim, None if value is None else json.dumps(value))
        except TypeError as error:
            return ledger.failure(self.claim, Failed(FailureClass.BUG, f"its result: {error}"))

    def _failed(self, error: Exception) -> Ending | None:
        if self.run.completed:
            log.exception("job %s: an error after its end was written", self.claim.id)
            return None
        failed = _redacted(failure_of(error))
        if failed.failure_class == FailureClass.BUG:
            log.error("job %s (%s) failed", self.claim.id, self.kind.name, exc_info=error)
        self.report.log(f"{failed.failure_class}: {failed.message}")
        _drop_broken_transactions()
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
    return execution.carry_out()


def _redacted(failed: Failed) -> Failed:
    return Failed(failed.failure_class, redact(failed.message)[:2000])


def _drop_broken_transactions() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
