"""What a job waits for: other jobs, and what becomes of it when one of them does not succeed."""

from django.db import models
from django.db.models import F, Q

from jobs.models.job import Job


class Policy(models.TextChoices):
    """What becomes of a job when one that it waits for fails or is cancelled."""

    CANCEL = "cancel", "Cancel: it is cancelled, too"
    HOLD = "hold", "Hold: it waits until that one succeeds after all, or a person resumes it"
    IGNORE = "ignore", "Ignore: it goes on as if that one had succeeded"


class Dependency(models.Model):
    """One job, the child, waits for another, the parent."""

    child = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="dependencies",
        help_text="The job that waits.",
    )
    parent = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="dependents",
        help_text="The job it waits for.",
    )
    policy = models.CharField(
        max_length=6,
        choices=Policy.choices,
        default=Policy.CANCEL,
        db_default="cancel",
        help_text="What becomes of the child when the parent does not succeed.",
    )

    class Meta:
        db_table = "job_dependency"
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["child", "parent"], name="dependency_is_one"),
            models.CheckConstraint(
                condition=Q(policy__in=Policy.values), name="dependency_policy_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(child=F("parent")), name="dependency_is_on_another"
            ),
        ]
        indexes = [models.Index(fields=["parent"], name="dependency_parent")]

    def __str__(self) -> str:
        return f"#{self.child_id} waits for #{self.parent_id} ({self.policy})"


class Unjudged(models.Model):
    """A parent of this job ended, one of so many children that upkeep judges it soon after."""

    child = models.ForeignKey(
        Job,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="The job that may go on, or is to be cancelled.",
    )

    class Meta:
        db_table = "job_unjudged"
        verbose_name = "job to judge"
        verbose_name_plural = "jobs to judge"

    def __str__(self) -> str:
        return f"#{self.child_id} is to be judged"
