"""Upkeep that shows: jobs the product gives itself, each with its last and next run.

Each is bounded, can be killed at any moment and repeated at will.
"""

from contextlib import closing
from itertools import chain
from time import monotonic
from typing import Any

from django.db import connection

from jobs import (
    audit,
    db,
    dependencies,
    events,
    kinds,
    retention,
    schedules,
    storage,
    sums,
    upkeep,
)
from jobs.context import Run
from jobs.levels import Level

PRUNE_S = 600.0
"""Retention stops after this; what is left, the next run removes."""
# What a rebuilding that was interrupted leaves: never used, but written to. None is being built now.
_LEFT_HALF_BUILT = """
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    WHERE NOT i.indisvalid AND t.relnamespace = 'public'::regnamespace
      AND c.relname ~ '_cc(new|old)[0-9]*$'
      AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index)
"""


@kinds.register("upkeep.reconcile", timeout=120, idle=60)
def reconcile(run: Run) -> dict[str, Any]:
    """Derives the truth from evidence again, and compares the board with it."""
    with closing(db.connect("factory reconcile")) as raw:
        tick = upkeep.tick(raw)
        released = dependencies.sweep(raw)
    for failure in tick.failures:
        run.log(failure, Level.ERROR)
    made = audit.verify_board()
    for one in made.disagreements:
        run.log(f"{one['what']}: the board says {one['board']}, {one['reality']}", Level.ERROR)
    return {
        "settled": tick.settled,
        "promoted": tick.promoted,
        "released": released,
        "disagreements": len(made.disagreements),
        "seconds": made.seconds,
    }


@kinds.register("upkeep.sum", queue="long", timeout=2 * PRUNE_S, idle=300)
def sum_hours(run: Run) -> dict[str, Any]:
    """Sums what ended within each hour and day that is over: what metrics of a long time are made of."""
    closed = _close(run)
    covered = sums.covered()
    return {"hours": closed, "summed_until": covered.until.isoformat() if covered else None}


@kinds.register("upkeep.prune", queue="long", timeout=2 * PRUNE_S, idle=300)
def prune(run: Run) -> dict[str, Any]:
    """Turns old finished jobs into daily counts, and removes old events and rows nobody needs."""
    until = monotonic() + PRUNE_S
    removed: dict[str, int] = {}
    _close(run)
    retired = retention.retire()
    if sums.behind():
        retired = iter(())
        run.log("Old jobs stay: what ended with them is not summed yet.", Level.WARNING)
    forgotten = retention.forget_events(events.passing())
    for gone in chain(retention.leftovers(), retired, forgotten):
        removed[gone.name] = removed.get(gone.name, 0) + gone.rows
        run.progress(sum(removed.values()), None, gone.name)
        if monotonic() > until:
            run.log("There is more to remove: the next run goes on.", Level.WARNING)
            return removed
    return removed


@kinds.register("upkeep.reindex", queue="long", timeout=3600, idle=3600)
def reindex(run: Run) -> dict[str, Any]:
    """Rebuilds the indexes that are much larger than their entries need, beside the work."""
    found = storage.indexes()
    bloated = [one for one in found if one.bloated]
    dropped = [name for (name,) in db.query(_LEFT_HALF_BUILT)]
    for name in dropped:
        run.log(f"{name}: left by a rebuilding that was interrupted; dropped", Level.WARNING)
        db.query(f"DROP INDEX CONCURRENTLY IF EXISTS {_quoted(name)}")
    for number, one in enumerate(bloated):
        run.progress(number, len(bloated), one.name)
        db.query(f"REINDEX INDEX CONCURRENTLY {_quoted(one.name)}")
    after = {one.name: one.bytes for one in storage.indexes()}
    rebuilt = [
        {"index": one.name, "bytes_before": one.bytes, "bytes_after": after.get(one.name)}
        for one in bloated
    ]
    if not rebuilt:
        run.log(f"None of {len(found)} indexes is larger than it should be.")
    return {"examined": len(found), "rebuilt": rebuilt, "dropped": dropped}


@kinds.register("upkeep.vacuum", timeout=120, idle=60)
def vacuum(run: Run) -> dict[str, Any]:
    """Says what the database's tables need: dead rows, bloat, old transactions; analyzes some."""
    tables = storage.tables()
    analyzed = [one.name for one in tables if one.misjudged]
    for name in analyzed:
        db.query(f"ANALYZE {_quoted(name)}")
    advice = storage.advice()
    for sentence in advice:
        run.log(sentence, Level.WARNING)
    if not advice:
        run.log(f"All is well with {len(tables)} tables.")
    return {
        "advice": advice,
        "analyzed": analyzed,
        "tables": [
            {"name": one.name, "bytes": one.bytes, "live": one.live, "dead": one.dead}
            for one in tables[:12]
        ],
        "oldest_snapshots": [
            {"who": one.name, "seconds": one.seconds, "transactions": one.age}
            for one in storage.holders()[:5]
        ],
    }


def _close(run: Run) -> int:
    closed = 0
    for closed, hour in enumerate(sums.close(), start=1):
        run.progress(closed, None, f"{hour:%Y-%m-%d %H:%M}")
    return closed


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


# What looks after the queue does not wait behind it.
schedules.stand("reconcile", kind="upkeep.reconcile", cron="*/10 * * * *", priority=100)
schedules.stand("sum", kind="upkeep.sum", cron="2 * * * *", priority=100)
schedules.stand("prune", kind="upkeep.prune", cron="37 * * * *")
schedules.stand("vacuum", kind="upkeep.vacuum", cron="7 * * * *", priority=100)
schedules.stand("reindex", kind="upkeep.reindex", cron="22 3 * * *")
