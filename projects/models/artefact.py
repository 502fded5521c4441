"""Files of a project that people keep: each name has versions, each content is stored once."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from projects.models.project import Project, seen_by

MOST_BYTES = 16 << 20
"""The largest file of a project. Larger things belong into a store with an owner of its own."""


class Content(models.Model):
    """Bytes of a project, stored once however many versions have them."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", help_text="Whose they are."
    )
    sha256 = models.CharField(max_length=64, help_text="The digest of the bytes.")
    data = models.BinaryField(help_text="The bytes.")

    class Meta:
        db_table = "project_content"
        constraints = [
            models.UniqueConstraint(fields=["project", "sha256"], name="content_is_stored_once"),
            models.CheckConstraint(condition=~Q(sha256=""), name="content_has_a_digest"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class ProjectArtefactQuerySet(models.QuerySet["ProjectArtefact"]):
    """Questions about the files of projects."""

    def visible_to(self, user: Any) -> "ProjectArtefactQuerySet":
        """This method will keep the files of the projects a user may see."""
        return seen_by(self, user)

    def here(self) -> "ProjectArtefactQuerySet":
        """This method will keep those nobody removed."""
        return self.filter(removed_at=None)

    def newest(self) -> "ProjectArtefactQuerySet":
        """This method will keep the newest version of each name that nobody removed."""
        later = ProjectArtefact.objects.here().filter(
            project=OuterRef("project"), name=OuterRef("name"), version__gt=OuterRef("version")
        )
        return self.here().filter(~Exists(later))


class ProjectArtefact(models.Model):
    """One version of a file. What is removed loses its bytes; its row tells that it was there."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="artefacts", help_text="Whose it is."
    )
    name = models.CharField(max_length=200, help_text="What people call it.")
    version = models.PositiveIntegerField(
        help_text="1 is the first of its name; no number is given twice."
    )
    media_type = models.CharField(max_length=100, help_text="What its bytes are, such as text/csv.")
    size = models.PositiveIntegerField(help_text="How many bytes.")
    sha256 = models.CharField(max_length=64, help_text="The digest of the bytes.")
    content = models.ForeignKey(
        Content,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="The bytes; empty once it was removed.",
    )
    job_id = models.BigIntegerField(
        null=True, blank=True, help_text="The job that made it, which may be gone by now."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was kept.")
    created_by = models.CharField(max_length=64, help_text="Who kept it, such as user:7.")
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a maintainer removed it."
    )
    removed_by = models.CharField(
        max_length=64, blank=True, db_default="", default="", help_text="Who did."
    )

    objects = ProjectArtefactQuerySet.as_manager()

    class Meta:
        db_table = "project_artefact"
        verbose_name = "artefact of a project"
        verbose_name_plural = "artefacts of projects"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "version"], name="project_artefact_version_is_one"
            ),
            models.CheckConstraint(
                condition=Q(size__lte=MOST_BYTES), name="project_artefact_is_bounded"
            ),
            models.CheckConstraint(
                condition=Q(content__isnull=False, removed_at=None)
                | Q(content=None, removed_at__isnull=False),
                name="project_artefact_is_here_or_removed",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at"], name="project_artefact_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
