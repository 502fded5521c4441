"""Projects and the people who work on them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Role(models.TextChoices):
    """What a member may do; `projects.access` is the table."""

    VIEWER = "viewer", "Viewer: sees the project, its maps, jobs and logs"
    CONTRIBUTOR = "contributor", "Contributor: also registers, syncs, and controls jobs"
    MAINTAINER = "maintainer", "Maintainer: also members, credentials, archiving"


class ProjectQuerySet(models.QuerySet["Project"]):
    """Questions about projects."""

    def visible_to(self, user: Any) -> "ProjectQuerySet":
        """This method will keep the projects a user may see: staff see all, members their own."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(pk__in=Membership.objects.filter(user_id=user.pk).values("project_id"))


class Project(models.Model):
    """What a team works on; its id is the scope of its jobs."""

    name = models.CharField(max_length=100, unique=True, help_text="What people call it.")
    slug = models.SlugField(
        max_length=100, unique=True, help_text="Its name in addresses and commands; never changes."
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="When a maintainer put it away; empty while it is in use."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was created.")
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="projects"
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        db_table = "project"
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="project_has_a_name"),
            models.CheckConstraint(condition=~models.Q(slug=""), name="project_has_a_slug"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one project."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="memberships", help_text="The project."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        help_text="The person.",
    )
    role = models.CharField(
        max_length=11,
        choices=Role.choices,
        default=Role.VIEWER,
        help_text="What the person may do in this project.",
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="Since when.")

    class Meta:
        db_table = "project_membership"
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_is_unique"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"
