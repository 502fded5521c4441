"""Jobs: the rows that are the queue, and the acts on one of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import IntegrityError, models
from django.db.models import F, Func, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from jobs import acts, ports, tracing
from jobs.failures import FailureClass
from jobs.models.hindrance import hindrance, repairs
from jobs.models.runner import Queue, Runner
from jobs.states import FINISHED, HELD, LIVE, UNSTARTED, Intent, State

TASK = "django_q.task"
"""The kind of job that carries out a function for django-q2's own API."""
_IS_TASK = Q(kind=TASK)


class Stale(Exception):
    """The row has moved on since it was read, or another runner holds it now."""


class Refused(Exception):
    """The act is not possible in this state; the text says why."""


class _Evident(Func):
    """Whether a runner that has not ended holds a lease. Pages ask it six times: text, not query sets."""

    output_field = models.BooleanField()
    template = """EXISTS (SELECT FROM job_runner WHERE job_runner.id = %(expressions)s
        AND job_runner.stopped_at IS NULL AND job_runner.lease_until > statement_timestamp())"""


class JobQuerySet(models.QuerySet["Job"]):
    """Questions about jobs."""

    def visible_to(self, user: Any) -> "JobQuerySet":
        """This method will keep the jobs `user` may see: those of their projects; staff see all."""
        if user.is_active and user.is_staff:
            return self
        return self.filter(scope__in=ports.scopes.visible(user))

    def open_to(self, user: Any, act: str) -> "JobQuerySet":
        """This method will keep the jobs on which `user` may do an act: all, if of no project too."""
        if ports.scopes.allows(user, act, None):
            return self
        return self.filter(scope__in=ports.scopes.where(user, act))

    def live(self) -> "JobQuerySet":
        """This method will keep the jobs that are not finished."""
        return self.filter(state__in=LIVE)

    def cancellable(self) -> "JobQuerySet":
        """This method will keep the jobs that can be cancelled: all that are not finished."""
        return self.live()

    def pausable(self) -> "JobQuerySet":
        """This method will keep the jobs that wait, also for the end of a rate limit, and those that
        run and are not being cancelled.
        """
        waits = Q(state__in=(State.SCHEDULED, State.BLOCKED, State.QUEUED))
        waits |= Q(state=State.PAUSED, resume_at__isnull=False)
        return self.filter(waits | Q(state=State.RUNNING) & ~Q(intent=Intent.CANCEL))

    def resumable(self) -> "JobQuerySet":
        """This method will keep the paused jobs, and those whose pause was asked and is not done."""
        return self.filter(Q(state=State.PAUSED) | Q(intent=Intent.PAUSE))

    def retryable(self) -> "JobQuerySet":
        """This method will keep the jobs that ended without success."""
        return self.filter(state__in=(State.FAILED, State.CANCELLED))

    def with_evidence(self) -> "JobQuerySet":
        """This method will add `evident`: whether a present runner with a lease holds the job."""
        return self.annotate(evident=_Evident("runner_id"))

    def lost(self) -> "JobQuerySet":
        """This method will keep the held jobs whose runner gives no evidence of life."""
        held = self.with_evidence().filter(state__in=HELD)
        return held.exclude(Q(("evident", True)))


class Job(models.Model):
    """One piece of background work. This row is the queue: no second store holds a job."""

    kind = models.CharField(max_length=64, help_text="What is done; a registered name.")
    queue = models.ForeignKey(
        Queue, on_delete=models.PROTECT, db_index=False, help_text="The line it waits in."
    )
    arguments = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Ids and plain values for the handler."
    )
    scope = models.BigIntegerField(
        null=True, blank=True, help_text="The project it belongs to; empty means staff only."
    )
    subject = models.CharField(
        max_length=200, blank=True, db_default="", help_text="What it is about, in words."
    )
    priority = models.SmallIntegerField(
        default=0, db_default=0, help_text="Higher is claimed first."
    )
    state = models.CharField(
        max_length=10,
        choices=State.choices,
        default=State.QUEUED,
        db_default="queued",
        help_text="What it is doing. Only the ledger moves it; the database checks every move.",
    )
    reason = models.TextField(
        blank=True, db_default="", help_text="Why it is in this state, in one sentence."
    )
    attempt = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often it was begun; counted when it is claimed."
    )
    max_attempts = models.PositiveSmallIntegerField(
        default=3, db_default=3, help_text="How often it may be begun."
    )
    fence = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Grows with every claim; whoever names an older one is refused.",
    )
    solo = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Claimed alone, since a runner died with it among others.",
    )
    runner = models.ForeignKey(
        Runner,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        help_text="Who holds it. Without a constraint: a runner row deleted by hand shows as lost.",
    )
    unique_key = models.CharField(
        max_length=128,
        blank=True,
        db_default="",
        help_text="At most one job that no runner ever claimed has it.",
    )
    limit_key = models.CharField(
        max_length=128,
        blank=True,
        db_default="",
        help_text="At most one running job has it, or as many as its limit says.",
    )
    limit_slot = models.SmallIntegerField(
        default=1, db_default=1, help_text="Which of the places of its limit key it has or had."
    )
    awaited = models.BooleanField(
        default=False, db_default=False, help_text="Another job waits for its end, or did."
    )
    root_id = models.BigIntegerField(
        null=True, blank=True, help_text="The first job of the chain that caused this one."
    )
    event_id = models.BigIntegerField(
        null=True, blank=True, help_text="The event this job delivers to a subscriber."
    )
    run_after = models.DateTimeField(
        null=True, blank=True, help_text="When a scheduled job becomes due."
    )
    created_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who asked for it, such as user:7."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was accepted.")
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="When its last attempt began."
    )
    updated_at = models.DateTimeField(db_default=Now(), help_text="Its last observed change.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When it ended.")
    result = models.JSONField(null=True, blank=True, help_text="What the handler returned.")
    intent = models.CharField(
        max_length=6,
        blank=True,
        db_default="",
        choices=Intent.choices,
        help_text="What was asked of it while a runner holds it; its state follows on evidence.",
    )
    intent_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who asked, such as user:7."
    )
    intent_at = models.DateTimeField(null=True, blank=True, help_text="When that was asked.")
    resume_at = models.DateTimeField(
        null=True, blank=True, help_text="When a paused job goes on by itself; upkeep sees to it."
    )
    verifies = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its work is checked: the database lets it succeed from verifying only.",
    )
    trace = models.CharField(
        max_length=tracing.MOST,
        blank=True,
        db_default="",
        help_text="The request it came from, as log lines name it.",
    )
    failure_class = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        choices=FailureClass.choices,
        help_text="The class of its last failure, which decides about another attempt.",
    )
    failure_message = models.TextField(
        blank=True, db_default="", help_text="Its last failure in one sentence."
    )
    acknowledged_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody put a failed one away; until then it stays."
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "job"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=HELD, runner__isnull=False, started_at__isnull=False)
                | (~Q(state__in=HELD) & Q(runner__isnull=True)),
                name="job_is_held_exactly_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINISHED, finished_at__isnull=False)
                | (~Q(state__in=FINISHED) & Q(finished_at__isnull=True)),
                name="job_has_an_end_exactly_when_finished",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SCHEDULED) | Q(run_after__isnull=False),
                name="job_scheduled_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.FAILED) | ~Q(failure_class=""),
                name="job_failed_has_a_class",
            ),
            models.CheckConstraint(
                condition=Q(intent="", intent_by="", intent_at__isnull=True)
                | Q(intent__in=Intent.values, state__in=HELD, intent_at__isnull=False),
                name="job_is_asked_only_while_held",
            ),
            models.CheckConstraint(
                condition=Q(resume_at__isnull=True) | Q(state=State.PAUSED),
                name="job_resumes_only_when_paused",
            ),
            models.UniqueConstraint(
                fields=["unique_key"],
                # One that comes back from a runner must not collide with its successor.
                condition=Q(state__in=UNSTARTED) & ~Q(unique_key="") & Q(fence=0),
                name="job_unstarted_key_is_unique",
            ),
            models.UniqueConstraint(
                fields=["limit_key", "limit_slot"],
                condition=Q(state__in=HELD) & ~Q(limit_key=""),
                name="job_running_key_is_unique",
            ),
        ]
        # Every index costs each move. These are all; a test compares them with docs/architecture.md.
        indexes = [
            models.Index(
                F("queue"),
                F("limit_key"),
                F("priority").desc(),
                F("id"),
                condition=Q(state=State.QUEUED),
                name="job_claim",
            ),
            models.Index(
                F("queue"),
                F("priority").desc(),
                F("id"),
                condition=Q(state=State.QUEUED) & ~Q(limit_key=""),
                name="job_keyed",
            ),
            models.Index(fields=["run_after"], condition=Q(state=State.SCHEDULED), name="job_due"),
            models.Index(fields=["runner"], condition=Q(state__in=HELD), name="job_held"),
            models.Index(fields=["id"], condition=Q(state=State.BLOCKED), name="job_blocked"),
            models.Index(fields=["runner"], condition=~Q(intent=""), name="job_asked"),
            models.Index(
                fields=["resume_at"], condition=Q(resume_at__isnull=False), name="job_resumes"
            ),
            models.Index(
                fields=["id"], include=["scope"], condition=Q(state=State.PAUSED), name="job_paused"
            ),
            models.Index(fields=["scope", "-id"], condition=Q(scope__gt=0), name="job_scope"),
            models.Index(
                fields=["scope", "id"],
                condition=Q(state__in=LIVE),
                name="job_live",
            ),
            models.Index(
                fields=["limit_key", "id"], condition=Q(limit_key__gt=""), name="job_of_key"
            ),
            models.Index(
                fields=["id"],
                include=["scope"],
                condition=Q(state=State.FAILED, acknowledged_at=None),
                name="job_unread",
            ),
            models.Index(
                fields=["scope"],
                condition=Q(state=State.FAILED, acknowledged_at=None),
                name="job_unread_in",
            ),
            models.Index(
                fields=["id"], condition=Q(state=State.FAILED, event_id__gt=0), name="job_dead"
            ),
            models.Index(
                fields=["finished_at"],
                include=["scope"],
                condition=Q(state=State.FAILED),
                name="job_failed_at",
            ),
            BrinIndex(
                fields=["created_at", "id"],
                name="job_made_at",
                pages_per_range=32,
                autosummarize=True,
                opclasses=["timestamptz_minmax_multi_ops", "int8_minmax_multi_ops"],
            ),
            models.Index(fields=["root_id"], condition=Q(root_id__gt=0), name="job_root"),
            models.Index(
                fields=["state", "id"],
                condition=Q(state__in=(State.FAILED, State.CANCELLED)),
                name="job_unsuccessful",
            ),
            # By what django-q2 calls a task; see `jobs.django_q`.
            models.Index(KT("arguments__id"), condition=_IS_TASK, name="job_task"),
            models.Index(KT("arguments__group"), condition=_IS_TASK, name="job_task_group"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    def pause(self, *, by: str, reason: str = "") -> None:
        """This method will pause a job that waits, or ask its runner to at the next checkpoint.

        `by` is an actor such as user:7. Like the other acts it raises `Refused` with a sentence when
        the state does not allow it, and `Stale` when the job moved since it was read.
        """
        self._act(acts.pause, by, reason, "paused")

    def resume(self, *, by: str, reason: str = "") -> None:
        """This method will let a paused job wait again, or take back a pause not yet done."""
        self._act(acts.resume, by, reason, "resumed")

    def cancel(self, *, by: str, reason: str = "") -> None:
        """This method will cancel a job that waits, or ask its runner to end it.

        Then it is cancelled once its handler was stopped, or its process is proven dead.
        """
        self._act(acts.cancel, by, reason, "cancelled")

    def retry(self, *, by: str, reason: str = "") -> None:
        """This method will queue a failed or cancelled job again and allow it three more attempts."""
        try:
            self._act(acts.retry, by, reason, "retried")
        except IntegrityError:
            raise Refused(f"Job {self.pk}: another one waits to do the same.") from None

    def acknowledge(self, *, by: str, reason: str = "") -> None:
        """This method will note that somebody has read why the job failed."""
        self._act(acts.acknowledge, by, reason, "acknowledged")

    def repair(self, to: State, *, by: str, reason: str) -> None:
        """This method will move the job as a person says who knows better than the evidence.

        Only along a legal move, only with a reason, never into a runner's hands, and never out of
        the hands of one that shows a sign of life: that job is cancelled or paused instead. A runner
        that holds it all the same has an old fence from then on. Raises like the other acts.
        """
        if not reason.strip():
            raise Refused(f"Job {self.pk}: say why it is to become {to}.")
        if to not in (possible := repairs(self)):
            may = ", ".join(possible) or "nothing: that is final"
            raise Refused(f"Job {self.pk} is {self.state}: it may become {may}.")
        self._act(partial(acts.repair, to=to), by, reason, "repaired")

    def _act(self, act: Callable[..., acts.Outcome], by: str, reason: str, done: str) -> None:
        unmoved = Job.objects.filter(pk=self.pk, state=self.state, fence=self.fence)
        outcome = act(unmoved, by=by, reason=reason)
        if outcome.busy:
            raise Refused(
                f"Job {self.pk} is just being ended or changed by another: try again soon."
            )
        if outcome.refused:
            self.refresh_from_db()
            raise Refused(f"Job {self.pk} {hindrance(self, done)}.")
        if not any(outcome):
            now = Job.objects.filter(pk=self.pk).values_list("state", flat=True).first()
            raise Stale(f"{self} is no longer {self.state}: it is {now or 'gone'} now.")
        self.refresh_from_db()

    @property
    def is_finished(self) -> bool:
        """Whether nothing will move it but a person."""
        return self.state in FINISHED
