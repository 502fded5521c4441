"""Invitations into a project: who asked, as what, and until when."""

import datetime
import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from projects.models.project import Project, Role

LONGEST_DAYS = 30


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Questions about invitations, and the one way to make them."""

    def open(self) -> "InvitationQuerySet":
        """This method will keep those that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=Now())

    def make(self, project: Project, role: str, *, by: Any, days: int) -> tuple["Invitation", str]:
        """This method will store an invitation, and give the secret that accepts it, this once."""
        secret = secrets.token_urlsafe(24)
        made = self.create(
            project=project,
            role=role,
            digest=digest(secret),
            created_by=by,
            expires_at=timezone.now() + datetime.timedelta(days=days),
        )
        return made, secret


class Invitation(models.Model):
    """A link that makes one person a member, once; only a digest of its secret is kept."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="invitations", help_text="Into what."
    )
    role = models.CharField(
        max_length=11, choices=Role.choices, help_text="What whoever accepts it will be."
    )
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of its secret.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Who invites; when they may no longer, it is void.",
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was made.")
    expires_at = models.DateTimeField(help_text="Until when it can be accepted.")
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="When it was used.")
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who joined by it.",
    )
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody took it back."
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        db_table = "project_invitation"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="invitation_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_has_one_end"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk} into {self.project} as {self.role}"

    def revoke(self) -> bool:
        """This method will take back an open invitation, and say whether it was still open."""
        open_ones = type(self).objects.filter(accepted_at=None, revoked_at=None)
        return bool(open_ones.filter(pk=self.pk).update(revoked_at=Now()))

    def claim(self, user: Any) -> bool:
        """This method will use the invitation for `user`; of several who try, one succeeds."""
        mine = type(self).objects.open().filter(pk=self.pk)
        return bool(mine.update(accepted_at=Now(), accepted_by=user))


def digest(secret: str) -> str:
    """This function will give what is kept of a secret: 192 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
