"""Who is logged in, from where, since when."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now

# What a request changes of a session that exists; the rest is written by `factory.sessions`.
_CHANGES = ["session_data", "expire_date", "user"]


class SessionQuerySet(models.QuerySet["Session"]):
    """Questions about sessions."""

    def live(self) -> "SessionQuerySet":
        """This method will keep the sessions that are not over."""
        return self.filter(expire_date__gt=Now())

    def of(self, user: Any) -> "SessionQuerySet":
        """This method will keep the live sessions of one person, the newest first."""
        return self.live().filter(user_id=user.pk).order_by("-seen_at", "-created_at")


class Session(AbstractBaseSession):
    """One browser that is logged in.

    Its key here is a digest of what the cookie holds: whoever reads the table can enter nowhere.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="sessions",
        help_text="Who is logged in; empty before a log-in.",
    )
    address = models.GenericIPAddressField(
        null=True, blank=True, help_text="The network address it was seen from last."
    )
    agent = models.CharField(max_length=200, blank=True, help_text="What the browser calls itself.")
    created_at = models.DateTimeField(db_default=Now(), help_text="When it began: the log-in.")
    seen_at = models.DateTimeField(
        db_default=Now(), help_text="When it was used last, to the minute."
    )

    objects = SessionQuerySet.as_manager()  # type: ignore[misc,assignment]

    class Meta:
        db_table = "factory_session"
        verbose_name = "session"
        verbose_name_plural = "sessions"

    def __str__(self) -> str:
        return f"session {self.session_key[:8]}"

    def save(self, **options: Any) -> None:
        """This method will store a new session whole, and of one that exists what may change."""
        if options.get("force_update"):
            options["update_fields"] = _CHANGES
        super().save(**options)
