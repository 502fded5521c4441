"""Keys with which programs use the API in a person's name."""

import datetime
import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from jobs import events

BEGINS = "fct_"
SHOWN = 12
LONGEST_DAYS = 365


class Scope(models.TextChoices):
    """What a token may do of what its owner may."""

    READ = "read", "Read: sees what you see"
    WRITE = "write", "Read and write: also acts where you may act"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Questions about tokens, and the one way to make them."""

    def live(self) -> "ApiTokenQuerySet":
        """This method will keep the tokens that still open something."""
        return self.filter(
            Q(expires_at__gt=Now()), revoked_at=None, user__is_active=True
        ).select_related("user")

    def of(self, user: Any) -> "ApiTokenQuerySet":
        """This method will keep one person's tokens that were not revoked, the newest first."""
        return self.filter(user_id=user.pk, revoked_at=None).order_by("-pk")

    def issue(
        self, user: Any, name: str, scope: str, days: int, *, by: str = ""
    ) -> tuple["ApiToken", str]:
        """This method will make a token that lives `days` days, and give its text this once.

        `by` is the actor that stands in the audit log, such as command:ana; else it is the person.
        """
        text = BEGINS + secrets.token_urlsafe(32)
        with transaction.atomic():
            made = self.create(
                user=user,
                name=name,
                scope=scope,
                prefix=text[:SHOWN],
                digest=digest(text),
                expires_at=timezone.now() + datetime.timedelta(days=days),
            )
            made.tell("token.issued", by)
        return made, text


class ApiToken(models.Model):
    """One key; only a digest of it is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        help_text="In whose name it acts; it never may do more than that person.",
    )
    name = models.CharField(max_length=100, help_text="What it is for.")
    scope = models.CharField(
        max_length=5, choices=Scope.choices, default=Scope.READ, help_text="What it may do."
    )
    prefix = models.CharField(max_length=SHOWN, help_text="How it begins, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the whole.")
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was made.")
    expires_at = models.DateTimeField(help_text="When it stops working by itself.")
    used_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was used last, to the minute."
    )
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody ended it; it never works again."
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        db_table = "factory_api_token"
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=Scope.values), name="api_token_scope_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    def revoke(self, *, by: str = "") -> bool:
        """This method will end the token and say whether it did; the first time is kept."""
        with transaction.atomic():
            ended = type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=Now())
            if ended:
                self.tell("token.revoked", by)
        return bool(ended)

    def tell(self, name: str, by: str) -> None:
        """This method will publish what became of it, by the person themselves if `by` is empty."""
        told = {"token": self.pk, "user": self.user_id, "scope": str(self.scope)}
        events.publish(
            name, told, scope=None, subject=self.name, actor=by or f"user:{self.user_id}"
        )

    def used(self) -> None:
        """This method will note that the token was used, at most once a minute."""
        minute = datetime.timedelta(minutes=1)
        long_ago = Q(used_at=None) | Q(used_at__lt=Now() - minute)
        type(self).objects.filter(long_ago, pk=self.pk).update(used_at=Now())

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do, as words: who may write may read."""
        return frozenset({"read", self.scope})

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        return self.expires_at <= timezone.now()


def digest(text: str) -> str:
    """This function will give what is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()
