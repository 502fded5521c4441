"""Upkeep: one idempotent function that derives the truth from evidence again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from jobs import db, process, schedules, spool, tended
from jobs.db import Connection
from jobs.ledger import LOCK_CLASS, statement
from jobs.steps import Steps

log = logging.getLogger("jobs")
_steps = Steps("upkeep")


class Suspect(NamedTuple):
    """A runner whose lock is free, or whose row is gone while jobs name it (no host then)."""

    id: int
    host: str | None
    boot_id: str | None
    pid: int | None
    pid_ticks: int | None
    lease_over: bool
    rss_mb: int | None = None
    home: str | None = None
    outlived: bool = False


@dataclass
class Tick:
    """What one tick did."""

    replayed: list[int] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    requeued: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    promoted: int = 0
    resumed: int = 0
    judged: int = 0
    fired: int = 0
    failures: list[str] = field(default_factory=list)
    """What a step could not do, in a sentence; the next tick tries again."""


def tick(raw: Connection, *, asks_always: bool = False) -> Tick:
    """This function will settle dead runners, queue what is due, resume and fire schedules.

    Every host calls it all the time; any number of callers may race. What one step cannot do keeps
    no other from its turn; a lost connection is raised after them. Who `asks_always` keeps `raw` as
    long as the database is there: a new connection then means that it was away.
    """
    done = Tick()
    db.rows(raw, "SET factory.actor = 'upkeep'")  # a dead runner does not move its own jobs
    steps: dict[str, Callable[[Connection, Tick], None]] = {
        "replay the spool": _replay,
        "settle dead runners": partial(_settle_dead, asks_always=asks_always),
        "promote": _promote,
        "resume": _resume,
        "judge": _judge,
        "fire schedules": _fire,
        "look at queues": _look,
    }
    bound = {name: partial(step, raw, done) for name, step in steps.items()}
    done.failures += _steps.take(raw, bound)
    return done


def _replay(raw: Connection, done: Tick) -> None:
    done.replayed += spool.replay()


def _settle_dead(raw: Connection, done: Tick, *, asks_always: bool) -> None:
    looked_at = suspects(raw, asks_always=asks_always)
    proofs = ((suspect, proof_of_death(suspect)) for suspect in looked_at)
    steps = {
        f"settle runner {suspect.id}": partial(_settle, raw, suspect, proof, done)
        for suspect, proof in proofs
        if proof
    }
    done.failures += _steps.take(raw, steps)


def _promote(raw: Connection, done: Tick) -> None:
    done.promoted = db.changed(raw, statement("promote"))


def _resume(raw: Connection, done: Tick) -> None:
    done.resumed = db.changed(raw, statement("resume_due"))


def _judge(raw: Connection, done: Tick) -> None:
    [(done.judged,)] = db.rows(raw, statement("judge"))


def _fire(raw: Connection, done: Tick) -> None:
    done.fired = len(schedules.fire_due(raw))


def _look(raw: Connection, done: Tick) -> None:
    db.changed(raw, statement("look_at_queues"))


def proof_of_death(suspect: Suspect) -> str:
    """This function will say why a runner whose lock is free is surely dead, or give "".

    A free lock alone proves nothing: a restart of PostgreSQL frees the locks of live runners.
    """
    if suspect.host is None:
        return "its runner's row is gone and nothing renews its lease" if suspect.lease_over else ""
    # Only its own home has what it left: the ends in its spool, and the helpers to be ended.
    if (suspect.host, suspect.home) != (process.host(), process.home()):
        return "its lease is over and its lock is free" if suspect.lease_over else ""
    if suspect.boot_id != process.boot_id():
        # The boot alone proves nothing: a clone of this machine may run under the same name.
        return f"{suspect.host} was booted again since" if suspect.lease_over else ""
    if process.alive(suspect.pid or 0, suspect.pid_ticks or 0):
        return f"process {suspect.pid} hosts a later runner" if suspect.outlived else ""
    held = f"; it held {suspect.rss_mb} MiB when last seen" if suspect.rss_mb else ""
    return f"process {suspect.pid} on {suspect.host} is gone{held}"


def suspects(raw: Connection, *, asks_always: bool = False) -> list[Suspect]:
    """This function will list the runners whose lock is free, and those whose row is gone."""
    values = {"lock_class": LOCK_CLASS, "asks_always": asks_always}
    found = db.rows(raw, statement("suspects"), values)
    return [Suspect._make(row) for row in found]


def _settle(raw: Connection, suspect: Suspect, proof: str, done: Tick) -> None:
    # What it had done is not done again.
    done.replayed += spool.replay(suspect.id, proven=suspect.host is not None)
    tended.end_left_behind()
    values: dict[str, Any] = {
        "runner": suspect.id,
        "proof": proof,
        "rowless": suspect.host is None,
    }
    moved = db.rows(raw, statement("settle"), values)
    done.settled.append(suspect.id)
    for job, state in moved:
        (done.failed if state == "failed" else done.requeued).append(job)
    log.warning("runner %s is dead (%s): %s jobs left its hands", suspect.id, proof, len(moved))
