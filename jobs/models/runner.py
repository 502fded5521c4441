"""Queues, and the runners that serve them."""

import datetime

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from jobs import process
from jobs.models.limit import Limited

FRESH_S = 4
"""A runner that was not seen for this long is shown as silent, in seconds."""


class Queue(Limited):
    """A line of jobs. A runner's pool serves the queue of its name."""

    name = models.CharField(
        max_length=32, primary_key=True, help_text="What kinds and runner pools call it."
    )
    description = models.CharField(
        max_length=200, blank=True, db_default="", help_text="What belongs into it, for people."
    )
    paused = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Nothing is claimed from it. A person sets and ends this.",
    )
    paused_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who paused it, such as user:7."
    )
    paused_at = models.DateTimeField(null=True, blank=True, help_text="When it was paused.")
    batch = models.PositiveSmallIntegerField(
        default=100,
        db_default=100,
        help_text="The most jobs one runner claims at a time; 1 for long work.",
    )

    class Meta:
        db_table = "job_queue"
        constraints = [
            models.CheckConstraint(condition=Q(batch__gte=1), name="queue_claims_some"),
            *Limited.constraints("queue"),
        ]

    def __str__(self) -> str:
        return self.name

    def pause(self, *, by: str = "database") -> None:
        """This method will stop claims from it; what runs goes on. Who paused it first is kept."""
        Queue.objects.filter(pk=self.pk, paused=False).update(
            paused=True, paused_by=by, paused_at=Now()
        )
        self.refresh_from_db()

    def resume(self) -> None:
        """This method will let runners claim from it again, and wake them."""
        Queue.objects.filter(pk=self.pk).update(paused=False, paused_by="", paused_at=None)
        self.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute("NOTIFY job_wake")


class QueueDepth(models.Model):
    """What stood in a queue in a minute, as upkeep saw it; no row where nobody looked."""

    queue = models.CharField(max_length=32, help_text="The queue, which may be gone by now.")
    at = models.DateTimeField(help_text="The minute in which it was looked at.")
    waiting = models.PositiveIntegerField(help_text="Jobs that were due and waited.")
    running = models.PositiveIntegerField(help_text="Jobs in runners' hands.")
    oldest_s = models.FloatField(
        null=True, blank=True, help_text="How long the oldest of them waited, in seconds."
    )

    class Meta:
        db_table = "job_queue_depth"
        constraints = [
            models.UniqueConstraint(fields=["at", "queue"], name="queue_depth_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.waiting} waited in {self.queue} at {self.at:%Y-%m-%d %H:%M}"


class Intent(models.TextChoices):
    """What a person may ask of a runner. It claims nothing more from then on, and ends."""

    DRAIN = "drain", "Drain: ends after its job, and its place stays empty"
    RECYCLE = "recycle", "Recycle: ends after its job, and another takes its place"
    STOP = "stop", "Stop: its job gets five seconds, then goes back; its place stays empty"


EMPTYING = (Intent.DRAIN, Intent.STOP)
"""What leaves a runner's place empty until somebody fills it again."""


class RunnerQuerySet(models.QuerySet["Runner"]):
    """Questions about runners."""

    def present(self) -> "RunnerQuerySet":
        """This method will keep the runners that have not ended, by their own word or by proof."""
        return self.filter(stopped_at=None)

    def fresh(self) -> "RunnerQuerySet":
        """This method will keep the present runners seen within `FRESH_S`, by the database's clock."""
        return self.present().filter(seen_at__gt=Now() - datetime.timedelta(seconds=FRESH_S))

    def here(self) -> "RunnerQuerySet":
        """This method will keep the runners of this home on this boot of this machine.

        One that began before homes were noted counts as ours; its process id tells it from others.
        """
        ours = process.here()
        homes = (ours.pop("home"), "")
        return self.filter(**ours, home__in=homes)

    def vacated(self) -> "RunnerQuerySet":
        """This method will keep the ended runners whose place a person keeps empty."""
        return self.filter(stopped_at__isnull=False, intent__in=EMPTYING)

    def ask(self, intent: Intent, *, by: str) -> int:
        """This method will ask the present runners to end in that way; each does within a second.

        Gives their number. `by` is an actor such as user:7.
        """
        return self.present().update(intent=intent, intent_by=by, intent_at=Now())

    def fill(self) -> int:
        """This method will let emptied places be taken again, and give how many."""
        return self.vacated().update(intent="")


class Runner(models.Model):
    """A process that claims and executes jobs, hosted by one django-q2 worker."""

    pool = models.CharField(max_length=32, help_text="The queue it serves.")
    host = models.CharField(max_length=255, help_text="The machine it runs on.")
    boot_id = models.CharField(max_length=36, help_text="The boot of that machine.")
    home = models.TextField(
        blank=True,
        db_default="",
        help_text="Its FACTORY_HOME there: only who shares that may prove its death by its process.",
    )
    pid = models.PositiveIntegerField(help_text="Its process id there.")
    pid_ticks = models.BigIntegerField(
        help_text="Clock ticks since boot when that process began: tells it from a later namesake."
    )
    owner = models.CharField(
        max_length=64, help_text="The broker process that asked for it; it ends with its owner."
    )
    started_at = models.DateTimeField(db_default=Now(), help_text="When it began.")
    seen_at = models.DateTimeField(
        db_default=Now(), help_text="Its last sign of life, written once a second by itself."
    )
    lease_until = models.DateTimeField(
        db_default=Now(),
        help_text="Until then no other machine may declare it dead. It renews this itself.",
    )
    looked_at = models.DateTimeField(
        db_default=Now(),
        help_text="When it last claimed, proved its queue empty, or took up a job.",
    )
    busy_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until then the job in its hands may take; empty when it has none.",
    )
    idle_since = models.DateTimeField(
        null=True, blank=True, help_text="Since then every look found its queue empty."
    )
    stopped_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ended, by its own word or by proof of death."
    )
    ending = models.CharField(max_length=200, blank=True, db_default="", help_text="How it ended.")
    rss_mb = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Resident memory in MiB at its last sign of life."
    )
    executed = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Jobs it has executed so far."
    )

    cluster = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="The process that forked it, which forks its successor, too.",
    )
    version = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="The code it runs: version and digest of the source.",
    )
    intent = models.CharField(
        max_length=8,
        blank=True,
        db_default="",
        choices=Intent.choices,
        help_text="What a person asked of it; it does so itself.",
    )
    intent_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who asked, such as user:7."
    )
    intent_at = models.DateTimeField(null=True, blank=True, help_text="When that was asked.")

    objects = RunnerQuerySet.as_manager()

    class Meta:
        db_table = "job_runner"
        indexes = [
            models.Index(fields=["id"], condition=Q(stopped_at=None), name="runner_present"),
        ]

    def __str__(self) -> str:
        return f"runner {self.pk} ({self.pool}, {self.host} pid {self.pid})"
