"""Whether runners do their work: they claimed, or proved their queue empty, within `LOOK_S`."""

from collections.abc import Collection
from typing import Any, NamedTuple

from jobs import db, kinds, process
from jobs.db import Connection
from jobs.heartbeat import GRACE_S
from jobs.ledger import statement
from jobs.models.runner import FRESH_S

LOOK_S = 15.0
"""An idle runner looks once a second; one that did not for this long is wedged, in seconds."""
STALL_S = 5.0
"""What is due for longer than this beside an idle runner is stalled, in seconds."""
EMPTIED = "emptied it"
"""In the trouble of a pool: nobody starts a runner there until a person fills it again."""
_LIMITS = {"fresh_s": FRESH_S, "look_s": LOOK_S, "grace_s": GRACE_S, "stall_s": STALL_S}


class Pool(NamedTuple):
    """How one pool is served: numbers of runners, its last look, and a job that waits in vain."""

    name: str
    present: int
    heard: int
    working: int
    looked_s: float | None
    waiting: int | None
    waiting_s: float | None
    emptied_by: str | None

    @property
    def trouble(self) -> str:
        """Why nothing is claimed here, or ""."""
        if not self.present:
            by = f": {self.emptied_by} {EMPTIED}" if self.emptied_by else ""
            return f"no live runner in {self.name}{by}"
        if not self.heard:
            return f"the runners of {self.name} are silent"
        if not self.working:
            return f"the runners of {self.name} have not looked for work for {self.looked_s:.0f} s"
        if self.waiting:
            waited = f"has waited for {self.waiting_s:.0f} s beside an idle runner"
            return f"job {self.waiting} {waited} of {self.name}"
        return ""


class Wedged(NamedTuple):
    """A runner of this home that is to be ended; `busy` while its job may still take its time."""

    id: int
    pid: int
    ticks: int
    busy: bool | None
    why: str


def pools(raw: Connection, wanted: Collection[str]) -> list[Pool]:
    """This function will say of each wanted pool how it is served, on whatever hosts."""
    found = db.rows(raw, statement("pools"), {"pools": sorted(wanted), **_LIMITS})
    return [Pool._make(row) for row in found]


def stalls(raw: Connection) -> list[Pool]:
    """This function will list the pools in which a job waits beside an idle runner."""
    names = [row[0] for row in db.rows(raw, "SELECT name FROM job_queue ORDER BY name")]
    return [pool for pool in pools(raw, names) if pool.waiting]


def wedged(raw: Connection) -> list[Wedged]:
    """This function will list the runners of this home that live and do nothing, as of now."""
    values: dict[str, Any] = process.here() | _LIMITS
    found = db.rows(raw, statement("wedged"), values)
    suspected = [Wedged._make(row) for row in found]
    return [one for one in suspected if process.alive(one.pid, one.ticks)]


class Deaf(NamedTuple):
    """A runner of this home that holds a job somebody cancelled, for so many seconds by now."""

    runner: int
    pid: int
    ticks: int
    job: int
    kind: str
    asked_s: float

    @property
    def patient(self) -> bool:
        """Whether its kind grants the handler more time than others have."""
        try:
            return self.asked_s < kinds.get(self.kind).grace - GRACE_S
        except kinds.UnknownKind:
            return False


def deaf(raw: Connection) -> list[Deaf]:
    """This function will list who in this home holds a job that is cancelled, and has no more time."""
    found = [Deaf._make(row) for row in db.rows(raw, statement("deaf"), process.here())]
    return [one for one in found if not one.patient]


def serving(raw: Connection) -> dict[str, bool]:
    """This function will give the pools that have runners in this home: whether one is busy.

    A pool that a person emptied counts: nobody is to start a runner in it.
    """
    sql = (
        "SELECT pool, bool_or(stopped_at IS NULL AND coalesce(busy_until > clock_timestamp(), false))"
        " FROM job_runner WHERE (stopped_at IS NULL OR intent IN ('drain', 'stop'))"
        " AND host = %(host)s AND boot_id = %(boot_id)s AND home IN (%(home)s, '') GROUP BY pool"
    )
    return dict(db.rows(raw, sql, process.here()))
