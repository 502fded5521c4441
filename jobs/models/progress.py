"""How far jobs got, and the ends that arrived too late."""

from django.db import models
from django.db.models.functions import Now

from jobs.models.job import Job


class Progress(models.Model):
    """How far the present or last attempt got; written by the runner's heartbeat."""

    job = models.OneToOneField(
        Job,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="progress",
        help_text="The job it belongs to.",
    )
    fence = models.BigIntegerField(help_text="The claim that wrote it.")
    current = models.BigIntegerField(default=0, db_default=0, help_text="Steps done.")
    total = models.BigIntegerField(null=True, blank=True, help_text="Steps in all, when known.")
    item = models.CharField(
        max_length=200, blank=True, db_default="", help_text="What is being worked on."
    )
    items_done = models.JSONField(
        default=list, db_default=[], help_text="The last items that succeeded."
    )
    items_failed = models.JSONField(
        default=list, db_default=[], help_text="The last items that failed, with the reason."
    )
    done_count = models.BigIntegerField(
        default=0, db_default=0, help_text="How many items succeeded, listed or not."
    )
    failed_count = models.BigIntegerField(
        default=0, db_default=0, help_text="How many items failed, listed or not."
    )
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="When that claim's handler began."
    )
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="The handler's last step or line of log."
    )
    rate = models.FloatField(null=True, blank=True, help_text="Steps a second, smoothed.")
    pace = models.JSONField(
        null=True, blank=True, help_text="What the rate is computed from; a resumed job goes on so."
    )
    eta_s = models.FloatField(
        null=True,
        blank=True,
        help_text="Seconds left when this was written; empty while that cannot be trusted.",
    )
    peak_mb = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The most memory its runner and its helpers held while that claim ran, in MiB.",
    )
    peaks = models.JSONField(
        default=dict, db_default={}, help_text="The same of every claim, by its fence."
    )
    checkpoint = models.JSONField(
        null=True, blank=True, help_text="What the handler goes on from, in its own terms."
    )
    checkpoint_fence = models.BigIntegerField(
        null=True, blank=True, help_text="The claim that made the checkpoint."
    )
    updated_at = models.DateTimeField(db_default=Now(), help_text="When it was written.")

    class Meta:
        db_table = "job_progress"
        verbose_name_plural = "progress"

    def __str__(self) -> str:
        return f"{self.current}/{self.total or '?'}"

    @property
    def percent(self) -> int | None:
        """Whole percent, or None while the total is unknown."""
        return min(100, self.current * 100 // self.total) if self.total else None


class LateReport(models.Model):
    """An end that reached the ledger late: after the database was away, or after its claim."""

    job = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="late_reports",
        help_text="The job it tells of.",
    )
    fence = models.BigIntegerField(help_text="The claim that reports.")
    runner_id = models.BigIntegerField(help_text="The runner that executed it.")
    outcome = models.CharField(max_length=10, help_text="The state the job should have gone to.")
    failure_class = models.CharField(
        max_length=20, blank=True, db_default="", help_text="Why it failed, if it did."
    )
    message = models.TextField(blank=True, db_default="", help_text="The failure in a sentence.")
    result = models.JSONField(null=True, blank=True, help_text="What the handler returned.")
    ended_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it ended, by the clock of its machine, if it says so.",
    )
    recorded_at = models.DateTimeField(db_default=Now(), help_text="When it arrived here.")
    accepted = models.BooleanField(
        help_text="Whether the job moved by it; else it is recorded here and nowhere else."
    )
    found = models.CharField(max_length=10, help_text="The state of the job when it arrived.")

    class Meta:
        db_table = "job_late_report"
        constraints = [
            models.UniqueConstraint(
                fields=["job", "fence", "outcome", "accepted"], name="late_report_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"late report of job {self.job_id}: {self.outcome}"

    @property
    def sentence(self) -> str:
        """What arrived, and what became of it."""
        said = (
            f"Runner {self.runner_id} reported late that claim {self.fence} ended as {self.outcome}"
        )
        if self.accepted:
            return f"{said}: it was the last claim still, so that was taken."
        return f"{said}: the job was {self.found} by then, so that is recorded and changed nothing."
