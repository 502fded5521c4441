"""The runs of `verify_board`: what was compared, and what disagreed."""

from django.db import models
from django.db.models.functions import Now

from jobs.plain import numbered


class Verification(models.Model):
    """One comparison of the board with reality."""

    at = models.DateTimeField(db_default=Now(), help_text="When it ended.")
    host = models.CharField(max_length=255, help_text="The machine whose processes were looked at.")
    seconds = models.FloatField(help_text="How long it took.")
    ok = models.BooleanField(help_text="Whether nothing disagreed.")
    disagreements = models.JSONField(
        default=list, help_text="What the board says, what is real, and since when."
    )
    covered = models.JSONField(default=dict, help_text="How much each question looked at.")

    class Meta:
        db_table = "job_verification"
        get_latest_by = "id"

    def __str__(self) -> str:
        found = len(self.disagreements)
        return numbered(found, "disagreement") if found else "nothing disagrees"
