"""The runners of all machines: their clusters, their pools, and the code they run."""

from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Extract, Now

from jobs import db, process
from jobs.db import Connection
from jobs.models import Intent, Job, Queue, Runner
from jobs.models.runner import EMPTYING, FRESH_S
from jobs.states import State

FILL = "fill"
"""The act on places that somebody emptied; the others are intents."""


class Cluster(NamedTuple):
    """The runners that one sentinel of one host has forked; `pids` are their processes."""

    host: str
    sentinel: int
    pusher: int
    pids: list[int]
    since: datetime
    seen_at: datetime
    busy: bool
    rss_mb: dict[int, int]

    @property
    def name(self) -> str:
        """What tells it from other clusters of its host."""
        return str(self.sentinel)


_CLUSTERS = """
SELECT host, split_part(cluster, ':', 1)::int, max(split_part(owner, ':', 1))::int,
       array_agg(pid ORDER BY id), min(started_at), max(seen_at),
       bool_or(busy_until > clock_timestamp()), jsonb_object_agg(pid, rss_mb)
FROM job_runner WHERE stopped_at IS NULL AND cluster <> '' GROUP BY host, cluster ORDER BY host, cluster
"""


def clusters(seconds: float) -> list[Cluster]:
    """This function will read the clusters of all hosts, within so many seconds.

    On a connection of its own: whoever asks may be in no state to use Django's. Raises `db.Silent`
    and `db.Error`.
    """
    parameters: dict[str, Any] = dict(connection.get_connection_params())
    parameters.pop("cursor_factory", None)
    with closing(db.Impatient(parameters, seconds)) as asked:
        found = asked.ask(_CLUSTERS)
    return [_cluster(*row) for row in found]


class Seat(NamedTuple):
    """One runner as people see it, or the place a person keeps empty."""

    runner: Runner
    word: str
    job: int | None
    seen_age_s: float
    skewed: bool

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.runner.pool}-{self.runner.pk}"


class Pool(NamedTuple):
    """The runners of one queue, on all machines, and how much waits there."""

    name: str
    waiting: int
    seats: list[Seat]

    @property
    def acts(self) -> list[str]:
        """What can be asked of the whole pool now."""
        there = any(not seat.runner.stopped_at for seat in self.seats)
        empty = any(seat.runner.stopped_at for seat in self.seats)
        return [*(["drain", "recycle"] if there else []), *(["fill"] if empty else [])]


def seats(mine: str) -> list[Seat]:
    """This function will list the runners that are present, and the places people keep empty.

    `mine` is the version of the code they are compared with.
    """
    held = Job.objects.filter(runner=OuterRef("pk")).values("pk")[:1]
    known: QuerySet[Runner] = Runner.objects.filter(
        Q(stopped_at=None) | Q(stopped_at__isnull=False, intent__in=EMPTYING)
    ).annotate(job_held=Subquery(held), age=Extract(Now() - F("seen_at"), "epoch"))
    return [_seat(runner, mine) for runner in known.order_by("pool", "pk")]


def pools(mine: str) -> list[Pool]:
    """This function will group the runners by the queue they serve; queues without one, too."""
    found = seats(mine)
    # Not by a join with all jobs: what is queued has an index.
    queued = Job.objects.filter(state=State.QUEUED).values("queue")
    waiting = dict(queued.annotate(count=Count("pk")).values_list("queue", "count"))
    names = {name: waiting.get(name, 0) for name in Queue.objects.values_list("name", flat=True)}
    names |= {seat.runner.pool: 0 for seat in found if seat.runner.pool not in names}
    return [
        Pool(name, count, [seat for seat in found if seat.runner.pool == name])
        for name, count in sorted(names.items())
    ]


def shape(seat: Seat) -> dict[str, Any]:
    """This function will describe a runner as commands and the API show it."""
    row = seat.runner
    return {
        "id": row.pk,
        "name": seat.name,
        "host": row.host,
        "pid": row.pid,
        "queues": [row.pool],
        "state": seat.word,
        "job": seat.job,
        "since": row.started_at,
        "seen_age_s": seat.seen_age_s,
        "rss_mb": row.rss_mb,
        "executed": row.executed,
        "version": row.version,
        "skewed": seat.skewed,
        "asked": row.intent,
        "asked_by": row.intent_by,
    }


def addressed(act: str, runner: int | None, pool: str) -> "QuerySet[Runner]":
    """This function will find those an act concerns: one, those of a pool, or all."""
    found = Runner.objects.vacated() if act == FILL else Runner.objects.present()
    found = found if runner is None else found.filter(pk=runner)
    return found.filter(pool=pool) if pool else found


def skew(mine: str) -> list[str]:
    """This function will name the live runners whose code is not `mine`, each with its own."""
    fresh = Runner.objects.fresh().exclude(version__in=("", mine)).order_by("pk")
    told = fresh.values_list("pk", "pool", "host", "version")
    return [f"runner {pk} ({pool}, {host}) runs {code}" for pk, pool, host, code in told]


def refill_after_the_end(raw: Connection) -> None:
    """This function will forget which places of this host were empty in clusters that are gone.

    A cluster that starts has all its places filled: it was started for that.
    """
    emptied = "SELECT DISTINCT cluster FROM job_runner WHERE host = %s AND stopped_at IS NOT NULL"
    found = db.rows(raw, f"{emptied} AND intent IN ('drain', 'stop')", (process.host(),))
    gone = [name for (name,) in found if not process.answers_to(name)]
    if gone:
        sql = "UPDATE job_runner SET intent = '' WHERE host = %s AND cluster = ANY (%s)"
        db.rows(raw, f"{sql} AND stopped_at IS NOT NULL", (process.host(), gone))


def _seat(runner: Any, mine: str) -> Seat:
    age = round(float(runner.age), 1)
    skewed = bool(runner.version) and runner.version != mine
    return Seat(runner, _word(runner, age), runner.job_held, age, skewed)


def _word(runner: Any, age: float) -> str:
    if runner.stopped_at:
        return "emptied"
    if age > FRESH_S:
        return "silent"
    if runner.intent:
        return {Intent.DRAIN: "draining", Intent.RECYCLE: "recycling"}.get(
            runner.intent, "stopping"
        )
    return "busy" if runner.job_held else "idle"


def _cluster(*row: Any) -> Cluster:
    memory = {int(pid): mb for pid, mb in row[-1].items()}
    return Cluster._make((*row[:-2], bool(row[-2]), memory))
