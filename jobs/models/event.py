"""Domain facts, kept for ever in the order they were committed."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from jobs import ports

BY_PEOPLE = Q(actor__startswith="user:") | Q(actor__startswith="command:")
"""Of rows with an actor: those of a person, on a page or at a terminal."""


class EventQuerySet(models.QuerySet["Event"]):
    """Questions about events."""

    def visible_to(self, user: Any) -> "EventQuerySet":
        """This method will keep the events of scopes `user` may see; staff see all."""
        if user.is_active and user.is_staff:
            return self
        return self.filter(scope__in=ports.scopes.visible(user))


class Event(models.Model):
    """Something that happened, inserted in the transaction that made it true."""

    name = models.CharField(max_length=64, help_text="What happened, such as map.completed.")
    version = models.PositiveSmallIntegerField(help_text="The version of the payload's schema.")
    payload = models.JSONField(help_text="Plain facts: ids and words.")
    scope = models.BigIntegerField(
        null=True, blank=True, help_text="The project it concerns; empty means staff only."
    )
    subject = models.CharField(max_length=200, blank=True, help_text="What it is about, in words.")
    actor = models.CharField(max_length=64, blank=True, help_text="Who caused it, such as user:7.")
    job_id = models.BigIntegerField(
        null=True, blank=True, help_text="The job that published it, which may be gone by now."
    )
    cause = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="effects",
        help_text="The event this one follows from.",
    )
    hops = models.PositiveSmallIntegerField(
        default=0, help_text="How many events stand between this one and the first cause."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was published.")

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = "job_event"
        indexes = [
            models.Index(fields=["scope", "-id"], name="event_scope", condition=Q(scope__gt=0)),
            models.Index(fields=["name", "-id"], name="event_name"),
            models.Index(fields=["actor", "-id"], name="event_actor", condition=~Q(actor="")),
            models.Index(fields=["created_at"], name="event_created"),
            models.Index(fields=["id"], name="event_by_people", condition=BY_PEOPLE),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about deliveries."""

    def visible_to(self, user: Any) -> "DeliveryQuerySet":
        """This method will keep the deliveries of events `user` may see; staff see all."""
        if user.is_active and user.is_staff:
            return self
        return self.filter(event__scope__in=ports.scopes.visible(user))

    def dead(self) -> "DeliveryQuerySet":
        """This method will keep the dead letters: their job failed, or none was started."""
        return self.filter(pk__in=RawSQL(_DEAD, ()))  # noqa: S611 — no text from outside


# By `job_dead` and `delivery_stopped`: what was delivered well is not read. Nor looked for (OFFSET,
# and an array): the planner thinks that many more failed, and would read every delivery.
_DEAD = """
SELECT unnest(ARRAY(
SELECT d.id FROM job j,
LATERAL (SELECT id FROM job_delivery WHERE job_id = j.id OFFSET 0) AS d
WHERE j.state = 'failed' AND j.event_id > 0
UNION ALL SELECT id FROM job_delivery WHERE job_id IS NULL))
"""


class Delivery(models.Model):
    """What one subscriber gets of one event: the job that handles it. Its state is the job's."""

    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="deliveries", help_text="What happened."
    )
    kind = models.CharField(max_length=64, help_text="The subscriber: the kind of its jobs.")
    job_id = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="The job that delivers it, which may be gone by now, or deliver several at once; "
        "empty when none was started.",
    )
    stopped = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why no job was started."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was published.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "job_delivery"
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "kind"], name="delivery_is_one"),
            models.CheckConstraint(
                condition=Q(job_id__isnull=True) ^ Q(stopped=""), name="delivery_has_a_job_or_a_why"
            ),
        ]
        indexes = [
            models.Index(fields=["job_id"], name="delivery_job"),
            models.Index(fields=["id"], name="delivery_stopped", condition=Q(job_id=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of event {self.event_id}"
