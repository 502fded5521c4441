"""What is to be done: ideas, specs made of them, and tasks, each with the words it goes through."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, OuterRef, Q
from django.db.models.functions import Now

from projects.models.project import Project, seen_by

LONGEST = 20_000
"""So many characters a text of a person may have."""


class Priority(models.IntegerChoices):
    """How much a task matters; the lower number goes first."""

    CRITICAL = 1, "Critical: everything else waits"
    HIGH = 2, "High: goes before what is planned"
    MEDIUM = 3, "Medium: as planned"
    LOW = 4, "Low: when there is time"


class IdeaState(models.TextChoices):
    """Where an idea stands; people end each of these."""

    OPEN = "OPEN", "Open: nobody has decided yet"
    ACCEPTED = "ACCEPTED", "Accepted: it is or will be specified"
    DROPPED = "DROPPED", "Dropped: it is not followed"


class SpecState(models.TextChoices):
    """Where a spec stands; people end each of these."""

    DRAFT = "DRAFT", "Draft: it is being written"
    READY = "READY", "Ready: tasks may be made of it"
    FULFILLED = "FULFILLED", "Fulfilled: what it asks for is there"
    DROPPED = "DROPPED", "Dropped: it is not followed"


class TaskState(models.TextChoices):
    """Where a task stands; people end each of these."""

    NOT_STARTED = "NOT_STARTED", "Not started: nobody works on it"
    IN_PROGRESS = "IN_PROGRESS", "In progress: somebody works on it"
    BLOCKED = "BLOCKED", "Blocked: somebody says why it cannot go on"
    REVIEW = "REVIEW", "Review: the work is done and looked at"
    COMPLETED = "COMPLETED", "Completed: nothing is left of it"


def _pairs(moves: dict[str, tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(old), str(new)) for old, some in moves.items() for new in some)


MOVES = {
    "plan_idea": _pairs(
        {
            IdeaState.OPEN: (IdeaState.ACCEPTED, IdeaState.DROPPED),
            IdeaState.ACCEPTED: (IdeaState.OPEN, IdeaState.DROPPED),
            IdeaState.DROPPED: (IdeaState.OPEN,),
        }
    ),
    "plan_spec": _pairs(
        {
            SpecState.DRAFT: (SpecState.READY, SpecState.DROPPED),
            SpecState.READY: (SpecState.DRAFT, SpecState.FULFILLED, SpecState.DROPPED),
            SpecState.FULFILLED: (SpecState.READY,),
            SpecState.DROPPED: (SpecState.DRAFT,),
        }
    ),
    "plan_task": _pairs(
        {
            TaskState.NOT_STARTED: (TaskState.IN_PROGRESS, TaskState.BLOCKED),
            TaskState.IN_PROGRESS: (
                TaskState.REVIEW,
                TaskState.COMPLETED,
                TaskState.BLOCKED,
                TaskState.NOT_STARTED,
            ),
            TaskState.BLOCKED: (TaskState.IN_PROGRESS, TaskState.NOT_STARTED),
            TaskState.REVIEW: (TaskState.COMPLETED, TaskState.IN_PROGRESS, TaskState.BLOCKED),
            TaskState.COMPLETED: (TaskState.IN_PROGRESS,),
        }
    ),
}
"""The one table of legal moves, the usual first; the database holds the same, and a test compares."""


class _Waits(Func):
    """Whether another task that is not completed must come first."""

    output_field = models.BooleanField()
    template = f"""EXISTS (SELECT FROM plan_blocker JOIN plan_task AS first ON first.id = plan_blocker.blocker_id
        WHERE plan_blocker.task_id = %(expressions)s AND first.state <> '{TaskState.COMPLETED}')"""


class PlannedQuerySet(models.QuerySet[Any]):
    """Questions about ideas, specs and tasks."""

    def visible_to(self, user: Any) -> "PlannedQuerySet":
        """This method will keep those of the projects a user may see."""
        return seen_by(self, user)


class TaskQuerySet(PlannedQuerySet):
    """Questions about tasks."""

    def waiting(self) -> "TaskQuerySet":
        """This method will keep those of which another task that is not completed must come first."""
        return self.filter(_Waits("pk"))

    def held_up(self) -> "TaskQuerySet":
        """This method will keep what cannot go on: said to be blocked, or waiting for another."""
        return self.exclude(state=TaskState.COMPLETED).filter(
            Q(state=TaskState.BLOCKED) | Q(_Waits("pk"))
        )

    def ready(self) -> "TaskQuerySet":
        """This method will keep what could be begun now, the most important first, then the oldest."""
        begun = self.filter(~Q(_Waits("pk")), state=TaskState.NOT_STARTED)
        found: TaskQuerySet = begun.order_by("priority", "pk")
        return found

    def with_counts(self) -> "TaskQuerySet":
        """This method will add `waits`, and how many boxes there are and are ticked."""
        boxes = Item.objects.filter(task=OuterRef("pk")).order_by().values("task")
        total = boxes.annotate(number=models.Count("pk")).values("number")
        done = boxes.filter(~Q(done_at=None)).annotate(number=models.Count("pk")).values("number")
        counts = {"boxes": models.Subquery(total), "ticked": models.Subquery(done)}
        found: TaskQuerySet = self.annotate(waits=_Waits("pk"), **counts)
        return found


class Planned(models.Model):
    """What ideas, specs and tasks have in common; `states` are the words each goes through."""

    states: ClassVar[type[models.TextChoices]]
    state: Any

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", help_text="Whose it is."
    )
    slug = models.SlugField(
        max_length=100, help_text="Its name in commands; unique within the project."
    )
    title = models.CharField(max_length=200, help_text="What it is, in a line.")
    version = models.PositiveIntegerField(
        default=1, help_text="Raised by each edit, so that nobody overwrites what they did not see."
    )
    created_by = models.CharField(
        max_length=64, blank=True, help_text="Who wrote it down, such as user:7."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was written down.")
    updated_at = models.DateTimeField(db_default=Now(), help_text="When its fields last changed.")
    moved_at = models.DateTimeField(
        db_default=Now(), help_text="Since when it is in its state; the database writes this."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def next_states(self) -> list[Any]:
        """The states it may move to, the usual one first."""
        legal = MOVES[self._meta.db_table]
        return [self.states(new) for old, new in legal if old == self.state]


def _constraints(name: str, states: list[str]) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["project", "slug"], name=f"{name}_slug_is_unique"),
        models.CheckConstraint(condition=Q(state__in=states), name=f"{name}_state_is_known"),
        models.CheckConstraint(condition=~Q(slug="") & ~Q(title=""), name=f"{name}_has_a_name"),
    ]


class Idea(Planned):
    """Something that could be done."""

    states = IdeaState
    body = models.TextField(
        max_length=LONGEST, blank=True, help_text="What it is about, and what it is good for."
    )
    state = models.CharField(
        max_length=11,
        choices=IdeaState.choices,
        default=IdeaState.OPEN,
        help_text="Where it stands.",
    )

    objects = PlannedQuerySet.as_manager()

    class Meta:
        db_table = "plan_idea"
        constraints = _constraints("idea", IdeaState.values)


class Spec(Planned):
    """What shall be true when something is done."""

    states = SpecState
    body = models.TextField(
        max_length=LONGEST, blank=True, help_text="What shall be true, and how it is seen."
    )
    state = models.CharField(
        max_length=11,
        choices=SpecState.choices,
        default=SpecState.DRAFT,
        help_text="Where it stands.",
    )
    idea = models.ForeignKey(
        Idea,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="specs",
        help_text="What it comes from.",
    )

    objects = PlannedQuerySet.as_manager()

    class Meta:
        db_table = "plan_spec"
        constraints = _constraints("spec", SpecState.values)


class Task(Planned):
    """A piece of work."""

    states = TaskState
    goal = models.TextField(
        max_length=LONGEST, blank=True, help_text="The issue it solves, or what it is for."
    )
    location = models.CharField(
        max_length=300, blank=True, help_text="Where the work is, such as a folder or a page."
    )
    estimate_h = models.DecimalField(
        "estimate",
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Hours it may take, as somebody guessed; empty while nobody did.",
    )
    priority = models.PositiveSmallIntegerField(
        choices=Priority.choices, default=Priority.MEDIUM, help_text="How much it matters."
    )
    state = models.CharField(
        max_length=11,
        choices=TaskState.choices,
        default=TaskState.NOT_STARTED,
        help_text="Where it stands.",
    )
    spec = models.ForeignKey(
        Spec,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tasks",
        help_text="What it helps to fulfil.",
    )
    idea = models.ForeignKey(
        Idea,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tasks",
        help_text="What it comes from.",
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assigned_tasks",
        help_text="Who is to do it.",
    )
    override = models.TextField(
        blank=True,
        help_text="Why it was completed although something it requires was open; ends with that.",
    )
    blockers = models.ManyToManyField(
        "self",
        through="Blocker",
        through_fields=("task", "blocker"),
        symmetrical=False,
        related_name="blocks",
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "plan_task"
        constraints = [
            *_constraints("task", TaskState.values),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="task_priority_is_known"
            ),
            models.CheckConstraint(
                condition=Q(estimate_h=None) | Q(estimate_h__gte=0), name="task_estimate_is_a_time"
            ),
            models.CheckConstraint(
                condition=Q(override="") | Q(state=TaskState.COMPLETED),
                name="task_override_is_of_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "state", "priority", "id"], name="task_board"),
        ]

    @property
    def letter(self) -> str:
        """The first letter of its priority."""
        return Priority(self.priority).name[0]

    @property
    def priority_word(self) -> str:
        """Its priority as machines and people write it."""
        return Priority(self.priority).name


class ItemKind(models.TextChoices):
    """What a box of a task stands for."""

    SUBTASK = "SUBTASK", "Subtask: a part of the work"
    CRITERION = "CRITERION", "Acceptance criterion: what shall be true"
    CHECK = "CHECK", "Completion check: what is always to be done before the end"


class Item(models.Model):
    """A box of a task that can be ticked."""

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="items", help_text="Whose it is."
    )
    kind = models.CharField(
        max_length=9, choices=ItemKind.choices, help_text="What the box stands for."
    )
    text = models.CharField(max_length=500, help_text="What is to be done, or to be true.")
    required = models.BooleanField(
        default=True, help_text="Whether the task cannot be completed while this is open."
    )
    done_at = models.DateTimeField(null=True, blank=True, help_text="When it was ticked.")
    done_by = models.CharField(max_length=64, blank=True, help_text="Who ticked it.")

    class Meta:
        db_table = "plan_item"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ItemKind.values), name="item_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="item_says_something"),
        ]

    def __str__(self) -> str:
        return self.text


class Blocker(models.Model):
    """One task must be completed before another can go on."""

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="waits_for", help_text="What waits."
    )
    blocker = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="holds_up", help_text="What comes first."
    )
    created_by = models.CharField(max_length=64, blank=True, help_text="Who said so.")
    created_at = models.DateTimeField(db_default=Now(), help_text="When somebody said so.")

    class Meta:
        db_table = "plan_blocker"
        constraints = [
            models.UniqueConstraint(fields=["task", "blocker"], name="blocker_is_unique"),
            models.CheckConstraint(condition=~Q(task=F("blocker")), name="blocker_is_another_task"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} waits for {self.blocker_id}"


class PlanChangeQuerySet(models.QuerySet["PlanChange"]):
    """Questions about what was done."""

    def visible_to(self, user: Any) -> "PlanChangeQuerySet":
        """This method will keep what was done in projects a user may see."""
        mine = Project.objects.visible_to(user)
        return self.filter(
            Q(task__project__in=mine) | Q(spec__project__in=mine) | Q(idea__project__in=mine)
        )


class PlanChange(models.Model):
    """What somebody did to an idea, a spec or a task; of moves the database itself writes this."""

    idea = models.ForeignKey(
        Idea, null=True, on_delete=models.CASCADE, related_name="changes", help_text="To this."
    )
    spec = models.ForeignKey(
        Spec, null=True, on_delete=models.CASCADE, related_name="changes", help_text="To this."
    )
    task = models.ForeignKey(
        Task, null=True, on_delete=models.CASCADE, related_name="changes", help_text="To this."
    )
    at = models.DateTimeField(db_default=Now(), help_text="When.")
    actor = models.CharField(max_length=64, blank=True, help_text="Who, such as user:7.")
    what = models.CharField(max_length=10, help_text="created, moved, edited, ticked and so on.")
    old = models.CharField(max_length=11, blank=True, help_text="The state before a move.")
    new = models.CharField(max_length=11, blank=True, help_text="The state after it.")
    reason = models.TextField(blank=True, help_text="Why, in the words of who did it.")
    details = models.JSONField(
        default=dict,
        help_text="Of an edit each field with its old and new value; else what it was.",
    )

    objects = PlanChangeQuerySet.as_manager()

    class Meta:
        db_table = "plan_change"
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(idea__isnull=False, spec=None, task=None)
                    | Q(idea=None, spec__isnull=False, task=None)
                    | Q(idea=None, spec=None, task__isnull=False)
                ),
                name="change_is_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} #{self.pk}"
