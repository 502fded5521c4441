"""What the database writes down of a job: attempts, moves and logs, and the counts that outlive it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.models.event import BY_PEOPLE
from jobs.models.job import Job
from jobs.states import FINISHED


class Attempt(models.Model):
    """One ended attempt, written by the database when the job leaves running."""

    job = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="attempts",
        help_text="The job that was attempted.",
    )
    number = models.PositiveSmallIntegerField(help_text="The first is 1.")
    fence = models.BigIntegerField(help_text="The claim it ran under.")
    runner_id = models.BigIntegerField(help_text="The runner that executed it.")
    started_at = models.DateTimeField(help_text="When it was claimed.")
    ended_at = models.DateTimeField(db_default=Now(), help_text="When it ended.")
    outcome = models.CharField(max_length=10, help_text="The state the job went to.")
    failure_class = models.CharField(
        max_length=20, blank=True, db_default="", help_text="Why it failed, if it did."
    )
    message = models.TextField(blank=True, db_default="", help_text="The failure in a sentence.")

    class Meta:
        db_table = "job_attempt"
        # Rows come in the order of their ends: a few bytes find those of a span of time.
        indexes = [BrinIndex(fields=["ended_at"], autosummarize=True, name="attempt_ended")]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"


class Move(models.Model):
    """One change of state, written by the database itself, whoever sent the statement."""

    job = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="moves",
        help_text="The job that moved.",
    )
    at = models.DateTimeField(db_default=Now(), help_text="When, by the database's clock.")
    from_state = models.CharField(
        max_length=10, blank=True, help_text="What it left; empty for its first state."
    )
    to_state = models.CharField(max_length=10, help_text="What it became.")
    fence = models.BigIntegerField(help_text="The claim in force after the move.")
    actor = models.CharField(max_length=64, help_text="Who moved it, such as user:7 or runner:3.")
    reason = models.TextField(blank=True, db_default="", help_text="Why, in one sentence.")

    class Meta:
        db_table = "job_move"
        indexes = [models.Index(fields=["id"], name="move_by_people", condition=BY_PEOPLE)]

    def __str__(self) -> str:
        return f"{self.from_state or 'new'} → {self.to_state}"


class LegalMove(models.Model):
    """One row of the table of legal moves, as the database checks it."""

    from_state = models.CharField(max_length=10, help_text="What a job leaves; empty at birth.")
    to_state = models.CharField(max_length=10, help_text="What it may become.")

    class Meta:
        db_table = "job_legal_move"
        constraints = [
            models.UniqueConstraint(fields=["from_state", "to_state"], name="legal_move_is_one")
        ]

    def __str__(self) -> str:
        return f"{self.from_state or 'new'} → {self.to_state}"


class LogChunk(models.Model):
    """Some lines of a job's log, redacted; at most 64 KiB."""

    job = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="log_chunks",
        help_text="The job that wrote them.",
    )
    fence = models.BigIntegerField(help_text="The claim that wrote them.")
    seq = models.PositiveIntegerField(help_text="The order within that claim.")
    first_line = models.PositiveIntegerField(help_text="The number of its first line, from 1.")
    text = models.TextField(help_text="Lines, each ended by a newline.")
    levels = models.TextField(
        blank=True,
        db_default="",
        help_text="One letter a line: debug, info, warning or error; none means info.",
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When they were written.")

    class Meta:
        db_table = "job_log"
        constraints = [
            models.UniqueConstraint(fields=["job", "fence", "seq"], name="log_chunk_is_one")
        ]

    def __str__(self) -> str:
        return f"log of job {self.job_id} from line {self.first_line}"


class JobDay(models.Model):
    """How many jobs ended on a day, and how long they waited and ran: what is kept of old jobs."""

    scope = models.BigIntegerField(null=True, blank=True, help_text="The project; empty: none.")
    kind = models.CharField(max_length=64, help_text="What was done.")
    day = models.DateField(help_text="The day on which they ended, in UTC.")
    state = models.CharField(max_length=10, help_text="How they ended.")
    count = models.PositiveIntegerField(help_text="How many of them were removed so far.")
    attempts = models.PositiveBigIntegerField(default=0, help_text="How often they were begun.")
    run_s = models.FloatField(default=0, help_text="The seconds of their last attempts together.")
    wait_s = models.FloatField(default=0, help_text="The seconds they waited before, together.")
    run_counts = ArrayField(
        models.PositiveIntegerField(),
        help_text="How many ran up to each of the bounds of `jobs.retention.BOUNDS_S`, and longer.",
    )
    wait_counts = ArrayField(
        models.PositiveIntegerField(), help_text="The same of the seconds they waited."
    )

    class Meta:
        db_table = "job_day"
        verbose_name = "day of jobs"
        verbose_name_plural = "days of jobs"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "scope", "kind", "state"],
                name="job_day_is_one",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state__in=[str(state) for state in FINISHED]),
                name="job_day_counts_what_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} {self.state} on {self.day}"


class AttemptSum(models.Model):
    """How many attempts ended within an hour or a day, summed when it was over; kept without them."""

    hours = models.PositiveSmallIntegerField(help_text="How long that was: 1 or 24.")
    since = models.DateTimeField(help_text="When it began.")
    kind = models.CharField(
        max_length=64, blank=True, help_text="What was done; empty: the whole of that time."
    )
    queue = models.CharField(max_length=32, blank=True, help_text="In which queue.")
    outcome = models.CharField(max_length=10, blank=True, help_text="The state the jobs went to.")
    failure_class = models.CharField(
        max_length=20, blank=True, help_text="Why they failed, if they did."
    )
    count = models.PositiveBigIntegerField(help_text="How many.")

    class Meta:
        db_table = "job_sum"
        constraints = [
            models.UniqueConstraint(
                fields=["hours", "since", "kind", "queue", "outcome", "failure_class"],
                name="sum_is_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} {self.outcome} in {self.hours} h from {self.since}"
