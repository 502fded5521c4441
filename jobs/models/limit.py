"""Limits: how many jobs of a queue or of a key run at once, and how many begin in a minute."""

import math
from typing import Any, Self

from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

MOST = 32_767
"""The highest limit; above it there is none."""


class BadLimit(ValueError):
    """A limit that cannot be kept; the text names the field, the cause and the cure."""


class Limited(models.Model):
    """What a limit says, and its bucket of tokens: one goes with each job that begins."""

    most_running = models.PositiveIntegerField(
        null=True, blank=True, help_text="The most that run at once; empty for no such limit."
    )
    per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="The most that begin in a minute; empty for no such limit."
    )
    burst = models.PositiveIntegerField(
        null=True, blank=True, help_text="The most that begin at once after a quiet time."
    )
    tokens = models.FloatField(
        default=0, db_default=0, help_text="How many might have begun when last one did."
    )
    refilled_at = models.DateTimeField(db_default=Now(), help_text="When that was.")
    limited_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who set the limit, such as user:7."
    )
    limited_at = models.DateTimeField(null=True, blank=True, help_text="When it was set.")

    class Meta:
        abstract = True

    def limit(
        self,
        *,
        most: int | None = None,
        per_minute: int | None = None,
        burst: int | None = None,
        by: str,
    ) -> None:
        """This method will set the limits anew, with a full bucket, and wake runners; None takes one away.

        Raises `BadLimit`. Runners look once a second, so `burst` must hold what a second brings.
        """
        bounds = limits(most, per_minute, burst)
        with transaction.atomic(), connection.cursor() as cursor:
            type(self)._default_manager.filter(pk=self.pk).update(
                **bounds, limited_by=by, limited_at=Now(), refilled_at=Now()
            )
            cursor.execute("NOTIFY job_wake")
        self.refresh_from_db()

    @classmethod
    def constraints(cls, name: str) -> list[models.BaseConstraint]:
        """This method will give what the database holds of the limits of a table."""
        return [
            models.CheckConstraint(
                condition=Q(most_running=None) | Q(most_running__gte=1, most_running__lte=MOST),
                name=f"{name}_lets_some_run",
            ),
            models.CheckConstraint(
                condition=Q(per_minute=None, burst=None)
                | Q(per_minute__gte=1, burst__isnull=False, burst__gte=F("per_minute") / 60.0)
                & Q(per_minute__isnull=False),
                name=f"{name}_bucket_holds_a_second",
            ),
        ]

    @property
    def is_limited(self) -> bool:
        """Whether any limit is set."""
        return self.most_running is not None or self.per_minute is not None

    @property
    def limit_words(self) -> str:
        """The limits in words, or ""."""
        words = []
        if self.most_running is not None:
            words.append(f"{self.most_running} at once")
        if self.per_minute is not None:
            words.append(f"{self.per_minute} a minute, {self.burst} in a burst")
        return "; ".join(words)


class Limit(Limited):
    """The limits of one key. A key without a row: one job at a time."""

    key = models.CharField(
        max_length=128, primary_key=True, help_text="The limit key that jobs name."
    )

    class Meta:
        db_table = "job_limit"
        constraints = Limited.constraints("limit")

    def __str__(self) -> str:
        return self.key

    @classmethod
    def on(cls, key: str, *, by: str, most: int | None = None, **rate: int | None) -> Self:
        """This method will set the limits of a key, whether it had any or not.

        Unless told, one job of it runs at a time as before: whoever chose the key may rely on that.
        """
        wanted = {"most": 1 if most is None else most, "per_minute": None, "burst": None} | rate
        limits(**wanted)  # refused before there is a row
        found, _ = cls.objects.get_or_create(key=key)
        found.limit(**wanted, by=by)
        return found


def limits(most: int | None, per_minute: int | None, burst: int | None) -> dict[str, Any]:
    """This function will give the columns of a limit, the bucket full; raises `BadLimit`."""
    if most is not None and not 1 <= most <= MOST:
        raise BadLimit(f"most {most}: give 1 to {MOST}; to let none run, pause the queue")
    if per_minute is None:
        if burst is not None:
            raise BadLimit(f"burst {burst}: it belongs to a rate; give per-minute, too")
        return {"most_running": most, "per_minute": None, "burst": None, "tokens": 0}
    if not 1 <= per_minute <= 60 * MOST:
        raise BadLimit(f"per-minute {per_minute}: give 1 to {60 * MOST}")
    least = math.ceil(per_minute / 60)
    burst = least if burst is None else burst
    if not least <= burst <= 60 * MOST:
        raise BadLimit(f"burst {burst}: give {least} to {60 * MOST}, what a second brings at least")
    return {"most_running": most, "per_minute": per_minute, "burst": burst, "tokens": burst}
