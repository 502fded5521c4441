"""Where a project's tasks stand: what is worked on, what is held up, what to take next, how much is done.

Everything here is counted when it is asked; nobody types a percentage.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber

from projects.models import Blocker, Project, Task, TaskState

SHOWN = 10
"""So many tasks of a list are named; the others are counted."""
COLUMN = 20
"""So many cards of a state the board shows: a socket may watch 200 things."""
ACTIVE = (TaskState.IN_PROGRESS, TaskState.REVIEW)


@dataclass(frozen=True)
class Summary:
    """How many tasks of a project stand where, and which to take next."""

    project: Project
    counts: dict[str, int]
    held_up: int
    next: Task | None

    @property
    def total(self) -> int:
        """How many tasks there are."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many are completed."""
        return self.counts[TaskState.COMPLETED]

    @property
    def at_work(self) -> int:
        """How many are in progress or in review."""
        return sum(self.counts[state] for state in ACTIVE)

    @property
    def percent(self) -> int | None:
        """How much is completed, rounded down: 100 means all. None while there is no task."""
        return self.done * 100 // self.total if self.total else None


@dataclass(frozen=True)
class Digest(Summary):
    """The same with the tasks that are worked on and held up, at most `SHOWN` of each."""

    active: list[Task]
    blocked: list[Task]


def ready(project: Project) -> Task | None:
    """This function will give the task to take next: ready, the most important, then the oldest."""
    return named(Task.objects.filter(project=project).ready()).first()


def of(project: Project) -> Digest:
    """This function will read the digest of a project."""
    told = summaries([project])[0]
    tasks = Task.objects.filter(project=project)
    return Digest(
        **vars(told),
        active=shown(tasks.filter(state__in=ACTIVE), SHOWN),
        blocked=shown(tasks.held_up(), SHOWN),
    )


def summaries(projects: Iterable[Project]) -> list[Summary]:
    """This function will read the summaries of some projects, in five questions for all."""
    listed = list(projects)
    ids = [project.pk for project in listed]
    numbers, held = counts(ids), _held_up(ids)
    following = _next(ids)
    return [
        Summary(project, numbers[project.pk], held[project.pk], following.get(project.pk))
        for project in listed
    ]


def on_boards(ids: Collection[int]) -> dict[int, list[int]]:
    """This function will name the tasks that the boards of projects show when nothing is filtered."""
    place = Window(
        RowNumber(),
        partition_by=[F("project"), F("state")],
        order_by=[F("priority").asc(), F("pk").asc()],
    )
    first = Task.objects.filter(project__in=ids).annotate(place=place).filter(place__lte=COLUMN)
    found: dict[int, list[int]] = {pk: [] for pk in ids}
    for project, pk in first.values_list("project", "pk"):
        found[project].append(pk)
    return found


def shown(tasks: "QuerySet[Task]", most: int, *order: Any) -> list[Task]:
    """This function will read the first of some tasks, by priority unless told, as rows show them.

    Their ids first: what a row shows is asked of those alone that are shown.
    """
    ordered = tasks.order_by(*(order or ("priority", "pk")))
    return by_ids(list(ordered.values_list("pk", flat=True)[:most]))


def by_ids(ids: list[int]) -> list[Task]:
    """This function will read tasks as rows show them, in the order of the ids."""
    found = {task.pk: task for task in named(Task.objects.filter(pk__in=ids))}
    return [found[pk] for pk in ids if pk in found]


def named(tasks: "QuerySet[Task]") -> "QuerySet[Task]":
    """This function will read tasks with what a row of them shows: who, of what, after what."""
    before = Blocker.objects.exclude(blocker__state=TaskState.COMPLETED)
    opened = Prefetch(
        "waits_for",
        queryset=before.select_related("blocker").order_by("blocker"),
        to_attr="open_blockers",
    )
    return (
        tasks.with_counts().select_related("assignee", "spec", "project").prefetch_related(opened)
    )


def described(digest: Digest) -> dict[str, Any]:
    """This function will give a digest as machines read it."""
    return {
        "project": digest.project.slug,
        "focus": digest.project.goal,
        "percent": digest.percent,
        "total": digest.total,
        "completed": digest.done,
        "counts": digest.counts,
        "held_up": digest.held_up,
        "active": [brief(task) for task in digest.active],
        "blocked": [brief(task) for task in digest.blocked],
        "next": brief(digest.next) if digest.next else None,
    }


def brief(task: Any) -> dict[str, Any]:
    """This function will give a task of `named` as lists of machines show it."""
    return {
        "id": task.pk,
        "slug": task.slug,
        "title": task.title,
        "state": task.state,
        "priority": task.priority_word,
        "assignee": task.assignee.get_username() if task.assignee else None,
        "spec": task.spec.slug if task.spec else None,
        "location": task.location,
        "estimate_h": hours(task.estimate_h),
        "waits_for": [edge.blocker_id for edge in task.open_blockers],
        "boxes": task.boxes or 0,
        "ticked": task.ticked or 0,
        "moved_at": task.moved_at,
        "updated_at": task.updated_at,
    }


def hours(number: Decimal | None) -> float | None:
    """This function will give an estimate as a plain number."""
    return None if number is None else float(number)


def counts(ids: Collection[int]) -> dict[int, dict[str, int]]:
    """This function will count the tasks of projects by their states, with one question."""
    found = {pk: dict.fromkeys(TaskState.values, 0) for pk in ids}
    rows = Task.objects.filter(project__in=ids).values_list("project", "state")
    for project, state, number in rows.annotate(number=Count("pk")).order_by():
        found[project][state] = number
    return found


def _held_up(ids: Collection[int]) -> dict[int, int]:
    held = Task.objects.filter(project__in=ids).held_up().values_list("project")
    found = dict(held.annotate(number=Count("pk")).order_by())
    return {pk: found.get(pk, 0) for pk in ids}


def _next(ids: Collection[int]) -> dict[int, Task]:
    """The most important ready task of each project."""
    place = Window(
        RowNumber(), partition_by=[F("project")], order_by=[F("priority").asc(), F("pk").asc()]
    )
    ready_ones = Task.objects.filter(project__in=ids).ready().annotate(place=place)
    first = list(ready_ones.filter(place=1).values_list("pk", flat=True))
    return {task.project_id: task for task in by_ids(first)}
