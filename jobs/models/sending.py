"""Forms that were sent, and what each was answered."""

from django.db import models
from django.db.models.functions import Now


class Sending(models.Model):
    """One sending of a form that makes something; the same again is answered as this was."""

    digest = models.CharField(
        max_length=64,
        unique=True,
        help_text="The SHA-256 of who sent what where, and of the number the form was given.",
    )
    address = models.CharField(
        max_length=2000, blank=True, help_text="The page it led to, such as that of what was made."
    )
    said = models.JSONField(
        default=list, blank=True, help_text="What was told: level, words and way back of each."
    )
    created_at = models.DateTimeField(
        db_default=Now(), help_text="When it was sent; it is forgotten a week later."
    )

    class Meta:
        db_table = "job_sending"

    def __str__(self) -> str:
        return f"Sending #{self.pk}"
