"""A handler that will not stop: its process ends, and its job goes on from what that left behind."""

import logging
import os
import threading
from contextlib import suppress
from functools import partial

from jobs import db
from jobs.desk import Desk
from jobs.execution import Execution
from jobs.failures import Failed
from jobs.ledger import Ending, Ledger, failure, statement, stopped

log = logging.getLogger("jobs")

LAST_WORD_S = 1.0
"""So long giving its job back may take a process that ends with it."""
DID_NOT_STOP = "It did not stop when it was interrupted; its process was ended."
WITHDRAWN = "Handed back unfinished: its cluster was told to end. This attempt does not count."


def end_process(runner: int, desk: Desk, ledger: Ledger, execution: Execution) -> None:
    """This function will end a handler that will not stop, and this process with it.

    The job's end is on the disk and is written when the death of this process is proven, as
    `cancelled` is: nothing of it goes on when the next attempt begins. Returns if it stopped after all.
    """
    ending = _last_end(execution)
    if ending is not None:
        desk.bequeath(ending)
    last = partial(execution.report.write, ledger.raw, last=True)
    for tell in (partial(desk.hand_back, ledger), partial(desk.write_ends, ledger), last):
        with suppress(db.Error):  # the handler's own transaction may hold these rows
            tell()
    if desk.execution is not execution:
        if ending is not None:
            desk.disinherit(ending)
        return
    log.error("runner %s ends with job %s: %s", runner, execution.claim.id, DID_NOT_STOP)
    execution.run.end_processes()
    if ending is not None and execution.withdrawing:
        with suppress(db.Error):
            _give_back(runner, ledger, execution)
            desk.disinherit(ending)
        execution.run.end_processes()  # what it started since
    os._exit(1)


def _last_end(execution: Execution) -> Ending | None:
    """What becomes of the job; None where a cancel was asked, which tells it on that proof."""
    if execution.cancelled_by:
        return None
    if execution.withdrawing:
        return stopped(execution.claim)._replace(reason=WITHDRAWN)
    return failure(execution.claim, Failed(execution.interrupted_for, DID_NOT_STOP))


def _give_back(runner: int, ledger: Ledger, execution: Execution) -> None:
    """Give the job away as the very last act: the machine may end before this death is proven.

    However long the answer takes, this process goes on for `LAST_WORD_S` at most.
    """
    threading.Timer(LAST_WORD_S, os._exit, (1,)).start()
    db.rows(ledger.raw, "BEGIN")
    db.rows(ledger.raw, statement("farewell"), {"runner": runner, "ending": DID_NOT_STOP})
    ledger.hand_back([execution.claim], WITHDRAWN)
    db.rows(ledger.raw, "COMMIT")
