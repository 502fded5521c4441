"""Who executes jobs, what waits, what should have moved by now, and what the tables need."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models import Count, F, Max, Min, OuterRef, Subquery
from django.db.models.functions import Extract, Greatest, Now

from factory.doctor import asking
from jobs import audit, beats, board, fleet, kinds, lines, overall, storage, version, why
from jobs.models import Job, LogChunk, Runner, Verification
from jobs.ports import Check
from jobs.states import HELD

MARGIN_S = 30
"""A runner ends what is silent for too long by itself, within this."""
_NAMED = 5
_CURES = {
    "stuck": "manage.py jobs sync N; if it stays: manage.py restart qcluster",
    "stalled": "manage.py jobs why N, then manage.py restart qcluster",
    "failed": "read them at /jobs/failures/; retry or acknowledge them",
    "undelivered": "manage.py deliveries --dead, then manage.py deliveries replay N",
}


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
    cure = refill(missing) if missing else "manage.py runners shows them" if few or silent else ""
    return Check("runners", not missing, detail, cure, warning=bool(few or silent))


def refill(pools: Iterable[str]) -> str:
    """This function will say how pools get runners again: nobody but a person refills an emptied one."""
    vacated = Runner.objects.vacated().filter(pool__in=pools).order_by("pool")
    emptied = vacated.values_list("pool", flat=True).distinct()
    return "; ".join(f"manage.py runners fill --pool {pool}" for pool in emptied) or asking.cure()


def code() -> Check:
    """This function will name what runs other code than the one on this machine's disk."""
    mine = version.on_disk()
    told = {name: beats.code(name) for name in beats.NAMES}
    here = [f"{name} runs {other}" for name, other in told.items() if other not in ("", mine)]
    other = [*here, *fleet.skew(mine)]
    cure = "manage.py restart qcluster --rolling, then manage.py restart NAME for the others"
    detail = "; ".join(other[:_NAMED]) if other else "everything that runs does so"
    return Check("code", True, f"{mine} on disk: {detail}", cure, warning=bool(other))


def _silent() -> str:
    quiet = Runner.objects.present().exclude(pk__in=Runner.objects.fresh())
    ages = quiet.annotate(age=Extract(Now() - F("seen_at"), "epoch")).order_by("pk")
    listed = ages.values_list("pk", "pool", "age")[:_NAMED]
    return ", ".join(f"runner {pk} ({pool}) for {age:.0f} s" for pk, pool, age in listed)


def queues() -> Iterator[Check]:
    """This function will tell how much waits in each queue, how long, and whether it may move."""
    live = set(Runner.objects.fresh().values_list("pool", flat=True))
    for line in lines.of_queues():
        yield _queue(line, live)


def _queue(line: lines.Line, live: set[str]) -> Check:
    queue = line.queue
    name, detail = f"queue {queue.name}", f"{line.depth} wait"
    if line.oldest_s is not None:
        detail += f", the oldest for {line.oldest_s:.0f} s"
    if queue.is_limited:
        detail += f", {line.running} run, limited to {queue.limit_words}"
    if queue.paused:
        cure = f"when it may go on: manage.py queues resume {queue.name}"
        return Check(
            name, True, f"paused by {why.who(queue.paused_by)}, {detail}", cure, warning=True
        )
    if line.depth and queue.name not in live:
        return Check(name, False, f"{detail}, and no live runner serves it", refill([queue.name]))
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
    old = overall.old().aggregate(count=Count("pk"), first=Min("pk"))
    detail = "none"
    if old["count"]:
        detail = f"{old['count']} wait or run for more than 24 h, such as job {old['first']}"
    cure = "manage.py jobs why N says what it waits for; cancel what is obsolete"
    yield Check("old jobs", not old["count"], detail, cure)


def counters() -> Iterator[Check]:
    """This function will tell what is stuck, stalled, failed and unread, or undelivered."""
    for one in overall.counters():
        if one.name in _CURES:
            first = f", such as job {one.jobs[0]}" if one.jobs else ""
            detail = f"{one.capped}{first}: {one.meaning}" if one.number else "none"
            wrong, cure = bool(one.number), _CURES[one.name]
            yield Check(f"{one.name} jobs", not (wrong and one.bad), detail, cure, warning=wrong)


def verified() -> Check:
    """This function will say when the board was last compared with reality, and how it was."""
    last = Verification.objects.order_by("-pk").first()
    name = "verify_board"
    if last is None:
        return Check(name, True, "never run yet; the schedule reconcile runs it every 10 minutes")
    green = audit.last_green()
    detail = f"{last.at:%Y-%m-%d %H:%M:%S} UTC: {last}"
    if not last.ok:
        detail += f", such as {last.disagreements[0]['what']}"
        detail += f"; last green {green.at:%Y-%m-%d %H:%M:%S} UTC" if green else "; never green"
    return Check(name, last.ok, detail, "manage.py verify_board tells each; jobs sync N mends one")


def tables() -> Check:
    """This function will say what the tables need: dead rows, bloat, who holds an old snapshot."""
    needed = storage.advice()
    cure = "manage.py schedules run vacuum says more" if needed else ""
    return Check("tables", True, " ".join(needed) or "none needs anything", cure, bool(needed))


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
