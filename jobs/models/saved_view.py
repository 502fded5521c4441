"""Lists of jobs that people gave a name."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class SavedView(models.Model):
    """What stood in the address of a list of jobs, kept by one person for themselves."""

    MOST = 20
    """So many one person keeps."""
    NAME_CHARS = 40

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="job_views",
        help_text="Who kept it; nobody else sees it.",
    )
    name = models.CharField(max_length=NAME_CHARS, help_text="What it is called.")
    query = models.CharField(max_length=4000, help_text="The end of the address of the list.")
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was kept first.")

    class Meta:
        db_table = "job_view"
        verbose_name = "saved view"
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="job_view_has_a_name_of_its_own")
        ]

    def __str__(self) -> str:
        return self.name
