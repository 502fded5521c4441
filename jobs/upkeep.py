"""Upkeep: one idempotent function that derives the truth from evidence again."""

import logging
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jobs import db, process, schedules, spool, tended
from jobs.db import Connection
from jobs.ledger import LOCK_CLASS, statement

log = logging.getLogger("jobs")


class Suspect(NamedTuple):
    """A runner whose lock is free, or whose row is gone while jobs name it (no host then)."""

    id: int
    host: str | None
    boot_id: str | None
    pid: int | None
    pid_ticks: int | None
    lease_over: bool
    rss_mb: int | None = None


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


def tick(raw: Connection) -> Tick:
    """This function will settle dead runners, queue what is due, resume and fire schedules.

    Every host calls it all the time; any number of callers may race.
    """
    done = Tick()
    db.rows(raw, "SET factory.actor = 'upkeep'")  # a dead runner does not move its own jobs
    done.replayed = spool.replay()
    for suspect in suspects(raw):
        proof = proof_of_death(suspect)
        if proof:
            done.replayed += spool.replay(suspect.id)  # what it had done is not done again
            tended.end_left_behind()
            _settle(raw, suspect, proof, done)
    with raw.cursor() as cursor:
        cursor.execute(statement("promote"))
        done.promoted = cursor.rowcount
        cursor.execute(statement("resume_due"))
        done.resumed = cursor.rowcount
    [(done.judged,)] = db.rows(raw, statement("judge"))
    done.fired = len(schedules.fire_due(raw))
    return done


def proof_of_death(suspect: Suspect) -> str:
    """This function will say why a runner whose lock is free is surely dead, or give "".

    A free lock alone proves nothing: a restart of PostgreSQL frees the locks of live runners.
    """
    if suspect.host is None:
        return "its runner's row is gone and nothing renews its lease" if suspect.lease_over else ""
    if suspect.host != process.host():
        return "its lease is over and its lock is free" if suspect.lease_over else ""
    if suspect.boot_id != process.boot_id():
        # The boot alone proves nothing: a clone of this machine may run under the same name.
        return f"{suspect.host} was booted again since" if suspect.lease_over else ""
    if process.alive(suspect.pid or 0, suspect.pid_ticks or 0):
        return ""
    held = f"; it held {suspect.rss_mb} MiB when last seen" if suspect.rss_mb else ""
    return f"process {suspect.pid} on {suspect.host} is gone{held}"


def suspects(raw: Connection) -> list[Suspect]:
    """This function will list the runners whose lock is free, and those whose row is gone."""
    found = db.rows(raw, statement("suspects"), {"lock_class": LOCK_CLASS})
    return [Suspect._make(row) for row in found]


def _settle(raw: Connection, suspect: Suspect, proof: str, done: Tick) -> None:
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
