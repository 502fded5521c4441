"""django-q2's `schedule()`: it makes one of our schedules, or a job that waits for its time.

`django_q_schedule` is a view of them (`jobs/sql/django_q_schedule.sql`), so there is no second book.
"""

import ast
import uuid
from calendar import monthrange
from datetime import datetime, timedelta
from typing import Any

import django_q.models
from django.db import transaction
from django.db.models.signals import pre_save
from django.utils import timezone
from django_q.models import Schedule as Theirs
from django_q.tasks import async_task

from jobs import cron, kinds, queue, schedules
from jobs.context import Run
from jobs.django_q import NotHonoured, check_kept, name_of
from jobs.models import Schedule

KIND = "django_q.schedule"
_ACTOR = KIND
"""By its name as their maker, an internal kind's schedules are told from what people make."""
_HOUR, _DAY = 60, 1440
_EVERY_MONTHS = {
    Theirs.MONTHLY: 1,
    Theirs.BIMONTHLY: 2,
    Theirs.QUARTERLY: 3,
    Theirs.YEARLY: 12,
}


@kinds.register(KIND, internal=True)
def start(
    run: Run, *, function: str, args: list[Any], kwargs: dict[str, Any], hook: str = "", group: str
) -> None:
    """Gives async_task what a schedule of django-q2 names, each time anew."""
    options = {"hook": hook or None, "group": group, "task_name": group}
    with run.completing():
        async_task(function, *args, q_options=options, **kwargs)


class Cron:
    """What django-q2 asks of croniter, which is not installed, answered by `jobs.cron`."""

    def __init__(self, expression: str, start: datetime) -> None:
        self.expression, self.start = expression, start

    def get_next(self, _: type[datetime]) -> datetime:
        """This method will give the first time after the start, in UTC."""
        return cron.next_after(self.expression, "UTC", self.start)

    @staticmethod
    def expand(expression: str) -> None:
        """This method will refuse a cron expression that never comes; raises ValueError."""
        cron.next_after(expression, "UTC", timezone.now())


def install() -> None:
    """This function will have django-q2 ask us before it stores a schedule, and about cron."""
    pre_save.connect(keep, sender=Theirs, dispatch_uid="jobs.recurring")
    django_q.models.croniter = django_q.models.croniter or Cron


def keep(instance: Theirs, **_: Any) -> None:
    """This function will make what django-q2's row asks for; the row is then only its shadow.

    Raises `NotHonoured`, `NotAllowed` and `BadSchedule`, before anything is stored.
    """
    if not instance._state.adding:
        raise NotHonoured("a schedule is changed with manage.py schedules, not by saving it again")
    _refuse(instance)
    instance.name = instance.name or f"task-{uuid.uuid4().hex[:12]}"
    arguments = {
        "function": name_of(instance.func),
        "args": list(_written(instance.args, ())),
        "kwargs": _written(instance.kwargs, {}),
        "hook": name_of(instance.hook) if instance.hook else "",
        "group": instance.name,
    }
    check_kept(arguments["function"], arguments["args"], arguments["kwargs"])
    with transaction.atomic():
        if instance.schedule_type == Theirs.ONCE:
            instance.task = str(_once(instance, arguments))
        else:
            _recurring(instance, arguments)


def _once(instance: Theirs, arguments: dict[str, Any]) -> int:
    # At least a moment, so that it is a schedule until it is not.
    delay = max(0.001, (instance.next_run - timezone.now()).total_seconds())
    told = {"subject": instance.name, "actor": _ACTOR}
    return int(queue.enqueue(KIND, arguments, after=delay, **told).pk)


def _recurring(instance: Theirs, arguments: dict[str, Any]) -> None:
    expression = instance.cron if instance.schedule_type == Theirs.CRON else _cron_of(instance)
    now = timezone.now()
    first = cron.next_after(expression, "UTC", now)
    if instance.next_run >= first + timedelta(minutes=1):  # a cron has no seconds
        raise NotHonoured(
            f"schedule next_run={instance.next_run}: {expression!r} comes before that, at {first}: "
            "call schedule() then, or give a cron"
        )
    fields = {"kind": KIND, "arguments": arguments, "cron": expression, "created_by": _ACTOR}
    made = schedules.make(Schedule(name=instance.name, **fields), by=_ACTOR)
    if instance.next_run <= now:  # theirs begins at once
        schedules.run(made, by=_ACTOR)


def _refuse(instance: Theirs) -> None:
    if instance.intended_date_kwarg:
        raise NotHonoured(
            "schedule intended_date_kwarg: not kept: ask for the time in the function"
        )
    if instance.cluster:
        raise NotHonoured(f"schedule cluster={instance.cluster!r}: there is one: leave it out")
    if instance.repeats != -1 and instance.schedule_type != Theirs.ONCE:
        raise NotHonoured(
            f"schedule repeats={instance.repeats}: runs are not counted: leave it out"
        )


def _cron_of(instance: Theirs) -> str:
    """The cron expression of a repetition that began at `next_run`, in UTC, to the minute."""
    at: datetime = instance.next_run
    months = _EVERY_MONTHS.get(instance.schedule_type)
    if months:
        return _monthly(at, months)
    minutes = {
        Theirs.MINUTES: instance.minutes or 1,
        Theirs.HOURLY: _HOUR,
        Theirs.DAILY: _DAY,
    }.get(instance.schedule_type)
    if instance.schedule_type == Theirs.WEEKLY:
        return f"{at.minute} {at.hour} * * {at.isoweekday() % 7}"
    if minutes and _HOUR % minutes == 0:
        return f"{_listed(at.minute, minutes, _HOUR)} * * * *"
    if minutes and minutes % _HOUR == 0 and _DAY % minutes == 0:
        return f"{at.minute} {_listed(at.hour, minutes // _HOUR, 24)} * * *"
    said = f"minutes={minutes}" if minutes else "every two weeks"
    raise NotHonoured(f"schedule {said}: no cron says that: give a divisor of an hour or of a day")


def _monthly(at: datetime, months: int) -> str:
    shortest = 28 if months != 12 or at.month == 2 else monthrange(at.year, at.month)[1]
    if at.day > shortest:
        raise NotHonoured(
            f"schedule next_run on day {at.day}: not every month has one: give a cron"
        )
    every = "*" if months == 1 else _listed(at.month, months, 13, 1)
    return f"{at.minute} {at.hour} {at.day} {every} *"


def _listed(value: int, step: int, end: int, begin: int = 0) -> str:
    values = range(begin + (value - begin) % step, end, step)
    return "*" if len(values) == end - begin else ",".join(map(str, values))


def _written(text: str | None, empty: Any) -> Any:
    """What django-q2 wrote into a text column with `str`."""
    try:
        return ast.literal_eval(text) if text else empty
    except (SyntaxError, ValueError):
        raise NotHonoured(f"schedule {text!r:.80}: give plain values") from None
