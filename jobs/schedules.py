"""Schedules: fired once per tick, whoever looks; missed ticks make one job or none."""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.db.models.functions import Now

from jobs import cron, db, queue
from jobs.db import Connection
from jobs.ledger import statement
from jobs.models import CatchUp, Job, Schedule, Tick
from jobs.models.schedule import BadSchedule, clock
from jobs.states import UNSTARTED

log = logging.getLogger("jobs")

GRACE = timedelta(minutes=1)
"""A tick that is later than this is skipped, where its schedule says so."""
OVERDUE = timedelta(seconds=10)
"""Upkeep looks several times a second: a tick this old, that nobody saw to, is a defect."""
ROLLOUT = timedelta(minutes=5)
"""So long a kind may be unknown to a process before its schedule is paused."""


@dataclass(frozen=True)
class Standing:
    """A schedule the product lays by itself after every `migrate`."""

    name: str
    kind: str
    cron: str
    priority: int


_standing: dict[str, Standing] = {}


def stand(name: str, *, kind: str, cron: str, priority: int = 0) -> None:
    """This function will have a schedule laid by the product; people may pause and re-time it."""
    _standing[name] = Standing(name, kind, cron, priority)


def lay(using: str, **_: Any) -> None:
    """This function will write the standing schedules that are missing, and remove forgotten ones.

    What people changed of the others stays.
    """
    if Schedule._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated back to before them
    rows = Schedule.objects.using(using)
    rows.filter(standing=True).exclude(name__in=_standing).delete()
    known = set(rows.values_list("name", flat=True))
    for one in _standing.values():
        if one.name not in known:
            made = Schedule(**asdict(one), standing=True)
            made.plan()
            rows.bulk_create([made], ignore_conflicts=True)


def make(schedule: Schedule, *, by: str) -> Schedule:
    """This function will store a new schedule or a changed one; raises `BadSchedule`.

    Its next tick is the next time after now, whatever it was before.
    """
    schedule.examine()
    if schedule.paused_at is not None:
        schedule.next_at = None
    if schedule._state.adding:
        schedule.created_by = by
    schedule.changed_at, schedule.changed_by = schedule.planned_at, by
    schedule.save()
    schedule.refresh_from_db()  # what the database filled in
    return schedule


def run(schedule: Schedule, *, by: str) -> Tick:
    """This function will make a job of a schedule now, paused or not; raises `BadSchedule`.

    Its ticks come as before. If the job of an earlier tick was not begun yet, it is that one.
    """
    schedule.examine()
    with transaction.atomic():
        locked = Schedule.objects.select_for_update().get(pk=schedule.pk)
        tick = Tick(schedule=locked, due_at=clock(), outcome=Tick.Outcome.ASKED, actor=by)
        _fire(locked, tick)
    schedule.refresh_from_db()
    return tick


def shapes(found: Iterable[Schedule]) -> list[dict[str, Any]]:
    """This function will describe schedules as commands and the API show them, with one question."""
    listed = list(found)
    ticks = Tick.objects.filter(schedule__in=listed).order_by("schedule_id", "-due_at")
    last = dict(ticks.distinct("schedule_id").values_list("schedule_id", "outcome"))
    now = clock()
    return [_shape(one, last.get(one.pk), now) for one in listed]


def fire_due(raw: Connection) -> list[Tick]:
    """This function will fire every tick whose time has come, each in a transaction of its own.

    Any number of callers may race: the row is locked, and a tick is unique.
    """
    due = [pk for (pk,) in db.rows(raw, statement("due_schedules"))]
    try:
        ticks = [_see_to(pk) for pk in due]
    finally:
        # Upkeep's processes keep no connection of Django's: it would be broken after an outage.
        if due and not connection.in_atomic_block:
            connection.close()
    return [tick for tick in ticks if tick is not None]


def _see_to(pk: int) -> Tick | None:
    with transaction.atomic():
        # Locked by somebody: that one sees to it.
        found = Schedule.objects.active().select_for_update(skip_locked=True).filter(pk=pk).first()
        if found is None:
            return None
        now = clock()
        planned = found.next_at or now
        try:
            with transaction.atomic():  # one that is malformed stops no other
                return _tick(found, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # While a new version is rolled out, the old processes do not know its kinds.
            unknown = isinstance(error, BadSchedule) and error.field == "kind"
            if unknown and now - planned < ROLLOUT:
                return None
            return _disabled(found, planned, error)


def _tick(schedule: Schedule, now: datetime) -> Tick | None:
    first = schedule.next_at
    schedule.examine()
    schedule.plan(now)
    Schedule.objects.filter(pk=schedule.pk).update(next_at=schedule.next_at, planned_at=now)
    if first is None or first > now:
        return None  # fired meanwhile, or planned by a clock that has gone back since
    newest = cron.due(schedule.cron, schedule.zone, first, now)
    tick = Tick(schedule=schedule, due_at=newest.at, missed=newest.missed, actor="upkeep")
    if Tick.objects.filter(schedule=schedule, due_at=newest.at).exists():
        return None  # fired before the clock went back
    late = now - newest.at
    if schedule.catch_up == CatchUp.SKIP and late > GRACE:
        tick.outcome = Tick.Outcome.SKIPPED
        tick.reason = f"It was {late.total_seconds():.0f} s late; the schedule skips such ticks."
        tick.save()
        return tick
    tick.outcome = Tick.Outcome.FIRED
    _fire(schedule, tick)
    return tick


def _fire(schedule: Schedule, tick: Tick) -> None:
    """Make the job, the tick's row and the schedule's memory of both, in the open transaction."""
    key = f"schedule:{schedule.pk}"
    actor = tick.actor if tick.outcome == Tick.Outcome.ASKED else f"schedule:{schedule.name}"
    made: list[int] = []
    while not made and not tick.job_id:
        made = queue.enqueue_many(
            schedule.kind,
            [schedule.arguments],
            scope=schedule.scope,
            subject=schedule.name,
            priority=schedule.priority,
            unique_key=key,
            limit_key=key,
            actor=actor[:64],
        )
        waiting = Job.objects.filter(unique_key=key, state__in=UNSTARTED, fence=0)
        tick.job_id = made[0] if made else waiting.values_list("pk", flat=True).first()
    if not made:
        if tick.outcome == Tick.Outcome.FIRED:
            tick.outcome = Tick.Outcome.JOINED
        tick.reason = f"Job {tick.job_id} of an earlier tick was not begun yet."
    tick.save()
    Schedule.objects.filter(pk=schedule.pk).update(last_at=Now(), last_job=tick.job_id)


def _disabled(schedule: Schedule, due_at: datetime, error: Exception) -> Tick:
    sentence = str(error) or type(error).__name__
    log.warning("schedule %s is paused: %s", schedule.name, sentence)
    schedule.pause(by="upkeep", reason=sentence)
    tick, _ = Tick.objects.update_or_create(
        schedule=schedule,
        due_at=due_at,
        defaults={
            "outcome": Tick.Outcome.FAILED,
            "actor": "upkeep",
            "reason": sentence[:300],
        },
    )
    return tick


def misplanned() -> list[tuple[Schedule, str]]:
    """This function will list active schedules whose next tick is overdue, or not the next one."""
    now = clock()
    found = []
    for one in Schedule.objects.active():
        planned = one.next_at
        try:
            one.plan(now)
        except BadSchedule as error:
            found.append((one, str(error)))
            continue
        if planned is None or planned < now - OVERDUE:
            found.append((one, f"its tick of {planned} was not seen to"))
        elif planned > now and planned != one.next_at:
            found.append((one, f"its next tick is {one.next_at}, not {planned}"))
    return found


def _shape(one: Schedule, outcome: str | None, now: datetime) -> dict[str, Any]:
    return {
        "id": one.pk,
        "name": one.name,
        "kind": one.kind,
        "arguments": one.arguments,
        "cron": one.cron,
        "zone": one.zone,
        "catch_up": one.catch_up,
        "standing": one.standing,
        "paused": one.paused_at is not None,
        "paused_by": one.paused_by,
        "paused_at": one.paused_at,
        "reason": one.reason,
        "next_at": one.next_at,
        "upcoming": one.upcoming(now=now),
        "last_at": one.last_at,
        "last_job": one.last_job_id,
        "last_outcome": outcome,
    }
