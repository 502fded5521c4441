"""Who executes jobs, what waits, and what should have moved by now."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Extract, Greatest, Now

from factory.doctor import asking
from jobs import board, kinds
from jobs.models import Job, LogChunk, Queue, Runner
from jobs.ports import Check
from jobs.states import HELD, State

MARGIN_S = 30
"""A runner ends what is silent for too long by itself, within this."""
OLD = datetime.timedelta(hours=24)
_NAMED = 5


def runners() -> Check:
    """This function will compare the live runners with those that are wanted."""
    wanted = {pool: count for pool, count in settings.FACTORY_WORKERS.items() if count}
    live = dict(Runner.objects.fresh().values_list("pool").annotate(Count("pk")))
    missing = sorted(pool for pool in wanted if not live.get(pool))
    few = [pool for pool, count in wanted.items() if 0 < live.get(pool, 0) < count]
    detail = ", ".join(
        f"{live.get(pool, 0)} of {count} in {pool}" for pool, count in wanted.items()
    )
    if silent := _silent():
        detail += f"; silent: {silent}"
    cure = asking.cure() if missing else "manage.py runners shows them" if few or silent else ""
    return Check("runners", not missing, detail, cure, warning=bool(few or silent))


def _silent() -> str:
    quiet = Runner.objects.present().exclude(pk__in=Runner.objects.fresh())
    ages = quiet.annotate(age=Extract(Now() - F("seen_at"), "epoch")).order_by("pk")
    listed = ages.values_list("pk", "pool", "age")[:_NAMED]
    return ", ".join(f"runner {pk} ({pool}) for {age:.0f} s" for pk, pool, age in listed)


def queues() -> Iterator[Check]:
    """This function will tell how much waits in each queue, how long, and whether it may move."""
    waiting = Q(job__state=State.QUEUED)
    live = set(Runner.objects.fresh().values_list("pool", flat=True))
    listed = Queue.objects.annotate(
        depth=Count("job", filter=waiting),
        age=Extract(Now() - Min("job__updated_at", filter=waiting), "epoch"),
    )
    for queue in listed.order_by("name"):
        yield _queue(queue, live)


def _queue(queue: Any, live: set[str]) -> Check:
    name = f"queue {queue.name}"
    detail = f"{queue.depth} wait"
    if queue.depth:
        detail += f", the oldest for {queue.age:.0f} s"
    if queue.paused:
        cure = f"when it may go on: manage.py queues resume {queue.name}"
        return Check(name, True, f"paused, {detail}", cure, warning=True)
    if queue.depth and queue.name not in live:
        return Check(name, False, f"{detail}, and no live runner serves it", asking.cure())
    return Check(name, True, detail)


def stalls() -> Iterator[Check]:
    """This function will name running jobs that are silent for too long, and what waits for ages."""
    silent = list(_silent_jobs())
    cure = "read manage.py jobs log N, then manage.py restart qcluster"
    yield Check("silent jobs", not silent, "; ".join(silent[:_NAMED]) or "none", cure)
    lost = [str(job.pk) for job in Job.objects.lost().order_by("pk")[:_NAMED]]
    detail = f"without a live runner: {', '.join(lost)}" if lost else "none"
    cure = "upkeep queues them again within 15 s; if not: manage.py restart watchdog"
    yield Check("lost jobs", not lost, detail, cure)
    old = _waiting_too_long()
    count = old.aggregate(count=Count("pk"), first=Min("pk"))
    detail = "none"
    if count["count"]:
        detail = f"{count['count']} queued for more than 24 h, such as job {count['first']}"
    yield Check(
        "old jobs", not count["count"], detail, "manage.py runners; cancel what is obsolete"
    )


def _silent_jobs() -> Iterator[str]:
    idle = {kind.name: kind.idle for kind in kinds.all_kinds()}
    logged = LogChunk.objects.filter(job=OuterRef("pk")).values("job")
    newest = Subquery(logged.annotate(at=Max("created_at")).values("at"))
    held = board.shown(Job.objects.filter(state__in=HELD)).annotate(
        silent=Extract(Now() - Greatest("heard_at", newest), "epoch")
    )
    for job in held.order_by("pk"):
        bound = idle.get(job.kind)
        if bound is not None and job.silent > bound + MARGIN_S:
            yield f"job {job.pk} ({job.kind}) for {job.silent:.0f} s, {bound:g} are allowed"


def _waiting_too_long() -> "QuerySet[Job]":
    # A queue that a person paused is told of as such.
    return Job.objects.filter(state=State.QUEUED, updated_at__lt=Now() - OLD, queue__paused=False)
