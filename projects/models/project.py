"""Projects and the people who work on them."""

from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from jobs.models import Refused


class Role(models.TextChoices):
    """What a member may do; `projects.access` is the table."""

    VIEWER = "viewer", "Viewer: sees the project, its maps, jobs and logs"
    CONTRIBUTOR = "contributor", "Contributor: also registers, syncs, and controls jobs"
    MAINTAINER = "maintainer", "Maintainer: also members, credentials, archiving"


class Stage(models.TextChoices):
    """Where a project stands. People move it; each move is an event, `project.moved`."""

    CAPTURE = "capture", "Capture: what is wanted is being collected"
    DEFINE = "define", "Define: what is wanted becomes a specification"
    PLAN = "plan", "Plan: the work is cut into tasks"
    BUILD = "build", "Build: the tasks are being worked on"
    VERIFY = "verify", "Verify: what was built is compared with what was wanted"
    SHIP = "ship", "Ship: it is handed over and in use"

    @property
    def following(self) -> "Stage | None":
        """The next one: a project moves there without a reason, elsewhere with one."""
        stages = list(Stage)
        place = stages.index(self) + 1
        return stages[place] if place < len(stages) else None


def printable(text: str) -> None:
    """This function will refuse what would not be seen, or would look like something else."""
    if not text.isprintable():
        raise ValidationError("It holds a character that cannot be printed; type it anew.")


class Archived(Refused):
    """Work was asked for in a project that is put away."""


class OwnProjects(RawSQL):
    """The ids of the projects somebody is a member of, as a part of a query.

    Text, and no query set: of those each query that holds one copies all parts, on each page twenty times.
    """

    _SQL = "SELECT project_id FROM project_membership WHERE user_id = %s"
    _ACTIVE = "(SELECT is_active FROM auth_user WHERE id = %s)"

    def __init__(self, user: Any, roles: Collection[str] | None = None) -> None:
        """`roles`: only where an active user has one of them."""
        if roles is None:
            super().__init__(self._SQL, (user.pk,))
        else:
            sql = f"{self._SQL} AND role = ANY (%s) AND {self._ACTIVE}"
            super().__init__(sql, (user.pk, list(roles), user.pk))


class OwnScopes(OwnProjects):
    """The same, also asked by itself. Not to be compared with a relation: Django would ask it to check it."""

    def __iter__(self) -> Iterator[int]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            yield from (pk for (pk,) in cursor.fetchall())


Rows = TypeVar("Rows", bound=models.QuerySet[Any])


def seen_by(rows: Rows, user: Any, project: str = "project") -> Rows:
    """This function will keep the rows of projects a user may see: all for staff, else the own ones."""
    if not user.is_authenticated or not user.is_active:
        return rows.none()
    return rows if user.is_staff else rows.filter(**{f"{project}__in": OwnProjects(user)})


class ProjectQuerySet(models.QuerySet["Project"]):
    """Questions about projects."""

    def visible_to(self, user: Any) -> "ProjectQuerySet":
        """This method will keep the projects a user may see: staff see all, members their own."""
        return seen_by(self, user, "pk")


class Project(models.Model):
    """What a team works on; its id is the scope of its jobs."""

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[printable],
        error_messages={"unique": "This name cannot be had; choose another."},
        help_text="What people call it.",
    )
    slug = models.SlugField(
        max_length=100,
        unique=True,
        error_messages={"unique": "This address cannot be had; choose another."},
        help_text="Its name in addresses and commands; never changes.",
    )
    goal = models.CharField(
        max_length=300,
        blank=True,
        db_default="",
        default="",
        validators=[printable],
        help_text="What is being worked towards now: the goal of the sprint, in a sentence.",
    )
    stage = models.CharField(
        max_length=7,
        choices=Stage.choices,
        default=Stage.CAPTURE,
        db_default="capture",
        help_text="Where it stands; people move it on its page of stages.",
    )
    version = models.PositiveIntegerField(
        default=1,
        db_default=1,
        help_text="How often its name or goal changed; who changes an older one is told.",
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
            models.CheckConstraint(
                condition=models.Q(stage__in=Stage.values), name="project_stage_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def demand_use(self) -> None:
        """This method will raise `Archived` while the project is put away."""
        if self.archived_at is not None:
            raise Archived(f"{self.name} is archived; a maintainer has to take it back first.")


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
