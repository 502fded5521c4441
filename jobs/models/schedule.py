"""Schedules and the ticks they had."""

import re
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from jobs import cron, kinds, ports
from jobs.models.job import Job

NAME = r"^[a-z0-9][a-z0-9._-]*$"


_LONGEST_SENTENCE = 300


class BadSchedule(ValueError):
    """The schedule cannot be used; the text names the field, the cause and the cure."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class CatchUp(models.TextChoices):
    """What becomes of ticks whose time passed while nothing was there to fire them."""

    SKIP = "skip", "Skip: a tick that is over a minute late is noted and passed over"
    ONE = "one", "One: however many were missed, one job is made for all of them"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    """Questions about schedules."""

    def active(self) -> "ScheduleQuerySet":
        """This method will keep the schedules nobody has paused."""
        return self.filter(paused_at=None)


class Schedule(models.Model):
    """A job that is made again and again, at the times of a cron expression."""

    name = models.CharField(
        max_length=64, unique=True, help_text="Small letters, digits, dots and hyphens."
    )
    kind = models.CharField(max_length=64, help_text="What is done; a registered name.")
    arguments = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="What its jobs are given."
    )
    cron = models.CharField(
        max_length=100, help_text="Minute, hour, day, month, weekday, such as 30 4 * * MON-FRI."
    )
    zone = models.CharField(
        max_length=64, default="UTC", db_default="UTC", help_text="Such as Europe/Zurich."
    )
    catch_up = models.CharField(
        max_length=4,
        choices=CatchUp.choices,
        default=CatchUp.ONE,
        db_default="one",
        help_text="What becomes of missed ticks.",
    )
    scope = models.BigIntegerField(
        null=True, blank=True, help_text="The project its jobs belong to; empty means staff only."
    )
    priority = models.SmallIntegerField(
        default=0, db_default=0, help_text="Of its jobs: higher is claimed first."
    )
    standing = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Laid by the product itself: people may pause and re-time it, not remove it.",
    )
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it makes no jobs; empty while it does."
    )
    paused_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who paused it, such as user:7."
    )
    reason = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Why it is paused, in a sentence."
    )
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="Its next tick; upkeep fires it then."
    )
    planned_at = models.DateTimeField(
        db_default=Now(),
        help_text="When that was computed. Should a clock go back behind this, it is done again.",
    )
    last_at = models.DateTimeField(null=True, blank=True, help_text="When it last made a job.")
    last_job = models.ForeignKey(
        Job,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="The job it made then; without a constraint, for it may be gone by now.",
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was made.")
    created_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who made it, such as user:7."
    )
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody last paused, resumed or changed it."
    )
    changed_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who did, such as user:7."
    )

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        db_table = "job_schedule"
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=NAME), name="schedule_has_a_name"),
            models.CheckConstraint(
                condition=Q(catch_up__in=CatchUp.values), name="schedule_catch_up_is_known"
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=False) | ~Q(next_at=None),
                name="schedule_has_a_next_tick_or_is_paused",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def examine(self) -> None:
        """This method will refuse what could not be fired; raises `BadSchedule`."""
        if not re.fullmatch(NAME, self.name) or len(self.name) > 64:
            cure = "give up to 64 small letters, digits, dots and hyphens, a letter or digit first"
            raise BadSchedule("name", f'name "{self.name[:64]}": it cannot be one; {cure}')
        self.plan()
        try:
            kinds.offered(self.kind, self.created_by).check(self.arguments)
        except kinds.UnknownKind as error:
            raise BadSchedule("kind", str(error.args[0])) from None
        except kinds.BadArguments as error:
            raise BadSchedule("arguments", str(error)) from None
        if self.scope is not None and self.scope not in ports.scopes.label({self.scope}):
            cure = "name one that exists, or none"
            raise BadSchedule("scope", f"scope {self.scope}: there is no such project; {cure}")

    def plan(self, now: datetime | None = None) -> None:
        """This method will set its next tick after `now`, without saving; raises `BadSchedule`."""
        self.planned_at = now or clock()
        try:
            self.next_at = cron.next_after(self.cron, self.zone, self.planned_at)
        except cron.BadTiming as error:
            raise BadSchedule("zone" if str(error)[:4] == "zone" else "cron", str(error)) from None

    def pause(self, *, by: str, reason: str = "") -> bool:
        """This method will have it make no more jobs, and say whether it made some until now.

        What it has made goes on. Ticks that come meanwhile are not caught up.
        """
        done = Schedule.objects.active().filter(pk=self.pk)
        return self._changed(
            done,
            by,
            paused_at=Now(),
            paused_by=by,
            reason=reason[:_LONGEST_SENTENCE],
            next_at=None,
        )

    def resume(self, *, by: str) -> bool:
        """This method will have it make jobs from its next tick on, and say whether it was paused.

        Raises `BadSchedule`.
        """
        self.examine()
        done = Schedule.objects.filter(pk=self.pk, paused_at__isnull=False)
        return self._changed(
            done,
            by,
            paused_at=None,
            paused_by="",
            reason="",
            next_at=self.next_at,
            planned_at=self.planned_at,
        )

    def upcoming(self, count: int = 5, now: datetime | None = None) -> list[datetime]:
        """This method will give its next times, in UTC; none while it is paused."""
        return [] if self.paused_at else cron.upcoming(self.cron, self.zone, now or clock(), count)

    def _changed(self, which: ScheduleQuerySet, by: str, **fields: Any) -> bool:
        done = which.update(changed_at=Now(), changed_by=by, **fields)
        self.refresh_from_db()
        return bool(done)


def clock() -> datetime:
    """This function will read the database's clock, by which schedules go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


class Tick(models.Model):
    """One time of a schedule, and what became of it. At most one row for each time."""

    class Outcome(models.TextChoices):
        """What became of a tick."""

        FIRED = "fired", "Fired: it made a job"
        JOINED = "joined", "Joined: the job of an earlier tick was not begun yet and does for both"
        SKIPPED = "skipped", "Skipped: it was too late"
        ASKED = "asked", "Asked: a person asked for it now"
        FAILED = "failed", "Failed: it could not be fired, and the schedule was paused"

    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="ticks", help_text="Whose it is."
    )
    due_at = models.DateTimeField(help_text="The time it stands for.")
    at = models.DateTimeField(db_default=Now(), help_text="When it was seen to.")
    outcome = models.CharField(
        max_length=7, choices=Outcome.choices, help_text="What became of it."
    )
    missed = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Earlier ticks that it stands for, too."
    )
    job = models.ForeignKey(
        Job,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="Its job; without a constraint, for it may be gone by now.",
    )
    actor = models.CharField(max_length=64, blank=True, db_default="", help_text="Who fired it.")
    reason = models.CharField(
        max_length=300, blank=True, db_default="", help_text="What there is to say about it."
    )

    class Meta:
        db_table = "job_tick"
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="tick_is_one"),
            models.CheckConstraint(
                condition=Q(outcome__in=["fired", "joined", "skipped", "asked", "failed"]),
                name="tick_outcome_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} at {self.due_at:%Y-%m-%d %H:%M}"
