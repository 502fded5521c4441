"""`verify_board`: compare what the board says with rows, runners, locks and processes.

A disagreement is told only when two looks found the same one, some seconds apart: what is being
changed at this very moment disagrees with nothing.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from django.utils import timezone

from jobs import db, liveness, ports, process, schedules, spool, upkeep
from jobs.db import Connection
from jobs.ledger import LOCK_CLASS, statement
from jobs.models import Verification
from jobs.ports import Disagreement, Found
from jobs.states import LEGAL
from jobs.why import LATE_S

MOST = 10_000
"""So many jobs of each sort are compared row by row: unfinished, newest, and a window of the rest."""
AGAIN_S = 2.5
"""Between the two looks; upkeep mends within a second what it can prove."""
SPOOLED_S = 30.0
KEPT = 100
_TRIGGERS = ("job_born", "job_moved", "job_removed", "job_id_is_final", "job_ties_removed")
_STATEMENTS = {
    "moves give the row": "replay",
    "attempts are executions": "attempts",
    "held by a live runner": "holders",
    "blocked by what is open": "blocked",
    "no more run than limits let": "limits",
    "progress under its fence": "progress",
    "what is due was queued": "due",
    "history belongs to a job": "history",
    "locks and connections of runners": "phantoms",
    "the private door": "door",
    "deliveries": "deliveries",
}


def verify_board(*, most: int = MOST) -> Verification:
    """This function will look twice, keep what disagreed both times, and record the result."""
    began = time.monotonic()
    first, covered = _look(most)
    confirmed = first
    if first:
        time.sleep(AGAIN_S)
        again, covered = _look(most)
        confirmed = {key: one for key, one in first.items() if key in again}
    made = Verification.objects.create(
        host=process.host(),
        seconds=round(time.monotonic() - began, 3),
        ok=not confirmed,
        disagreements=[_shape(one) for one in confirmed.values()],
        covered=covered,
    )
    made.refresh_from_db(fields=["at"])
    _prune()
    return made


def last_green() -> Verification | None:
    """This function will give the last run in which nothing disagreed, if there is one."""
    return Verification.objects.filter(ok=True).order_by("-pk").first()


def describe(made: Verification) -> dict[str, Any]:
    """This function will give a run as the command and the pages show it."""
    return {
        "ok": made.ok,
        "checked_at": made.at,
        "disagreements": made.disagreements,
        "seconds": made.seconds,
        "host": made.host,
        "covered": made.covered,
    }


def _look(most: int) -> tuple[dict[tuple[str, str], Disagreement], dict[str, str]]:
    """Everything that disagrees now, by what it is about, and how much was looked at."""
    found: dict[tuple[str, str], Disagreement] = {}
    covered: dict[str, str] = {}
    now = timezone.now()
    with closing(db.connect("factory audit")) as raw:
        for name, question in _questions(raw, most).items():
            answer = question(raw)
            covered[name] = answer.covered
            for one in answer.disagreements:
                found[name, one.what] = one._replace(since=one.since or now)
    return found, covered


def _questions(raw: Connection, most: int) -> dict[str, ports.Audit]:
    with _snapshot(raw):
        ids = [row[0] for row in db.rows(raw, statement("audit/looked"), {"most": most})]
    own: dict[str, ports.Audit] = {
        name: partial(_by_statement, f"audit/{file}", ids, most)
        for name, file in _STATEMENTS.items()
    }
    return own | _OTHERS | ports.audits


def _by_statement(name: str, ids: list[int], most: int, raw: Connection) -> Found:
    values: dict[str, Any] = {
        "ids": ids,
        "most": most,
        "late_s": 3 * LATE_S,
        "lock_class": LOCK_CLASS,
        "triggers": list(_TRIGGERS),
        "olds": [str(old) for old, _ in sorted(LEGAL)],
        "news": [str(new) for _, new in sorted(LEGAL)],
    }
    sql = statement(name)
    with _snapshot(raw):
        rows = db.rows(raw, sql, values)
    covered = f"{len(ids)} jobs" if "%(ids)s" in sql else "all"
    return Found(covered, [Disagreement._make(row) for row in rows])


@contextmanager
def _snapshot(raw: Connection) -> Iterator[None]:
    """Let several tables be read as of one moment."""
    db.rows(raw, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        db.rows(raw, "ROLLBACK")


def _runners(raw: Connection) -> Found:
    """Upkeep settles whoever is surely dead within a second."""
    suspects = upkeep.suspects(raw)
    dead = [(one, upkeep.proof_of_death(one)) for one in suspects if one.host is not None]
    return Found(
        f"{len(suspects)} without a lock",
        [Disagreement(f"runner {one.id}", "present", proof, None) for one, proof in dead if proof],
    )


def _pools(raw: Connection) -> Found:
    """No silent stall: what is due does not wait beside a runner that is idle."""
    stalls = liveness.stalls(raw)
    return Found(
        "all pools",
        [Disagreement(f"job {one.waiting}", "queued", one.trouble, None) for one in stalls],
    )


def _processes(raw: Connection) -> Found:
    """A cluster whose main process died goes on working, known to nobody."""
    orphans = process.orphans("qcluster")
    return Found(
        f"processes of {process.host()}",
        [
            Disagreement(
                f"process {pid}",
                "no cluster of ours",
                "it goes on although who started it is gone",
                None,
            )
            for pid in orphans
        ],
    )


def _schedules(raw: Connection) -> Found:
    """The next tick of a schedule is the one its expression says, and none was passed over."""
    wrong = schedules.misplanned()
    return Found(
        "all schedules",
        [Disagreement(f"schedule {one}", str(one.next_at), why, None) for one, why in wrong],
    )


def _spool(raw: Connection) -> Found:
    """What a runner kept on the disk is written as soon as the database is back."""
    files = spool.waiting()
    late = [path for path in files if time.time() - path.stat().st_mtime > SPOOLED_S]
    return Found(
        f"{len(files)} files",
        [
            Disagreement(path.name, "its jobs are shown without it", "it waits in the spool", None)
            for path in late
        ]
        + [
            Disagreement(path.name, "says nothing of it", "an end that could not be replayed", None)
            for path in spool.set_aside()
        ],
    )


_OTHERS: dict[str, ports.Audit] = {
    "runners": _runners,
    "pools": _pools,
    "processes": _processes,
    "schedules": _schedules,
    "spool": _spool,
}


def _shape(one: Disagreement) -> dict[str, Any]:
    since = one.since.isoformat() if one.since else None
    return {"what": one.what, "board": one.board, "reality": one.reality, "since": since}


def _prune() -> None:
    """Keep the newest runs, and the last green one however old it is."""
    newest = Verification.objects.order_by("-pk").values("pk")[:KEPT]
    green = last_green()
    old = Verification.objects.exclude(pk__in=list(newest.values_list("pk", flat=True)))
    old.exclude(pk=green.pk if green else 0).delete()
