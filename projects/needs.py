"""What of projects waits for a person: paused jobs, blocked tasks, maps that are not right."""

from collections.abc import Collection
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from jobs import needs, ports
from jobs.models import Job
from jobs.ports import Need, NeedSource
from jobs.states import State
from projects import board, portfolio
from projects.models import MapStatus, PlanChange, Project, Repository, Task, TaskState


def register() -> None:
    """This function will make the sources of needs known."""
    for rank, source in (
        (60, ("Paused by people", _paused_page, _paused, needs.read, _tell_paused)),
        (70, ("Blocked tasks of yours", _projects, _tasks, _read_tasks, _tell_task, "moved_at")),
        (80, ("Maps that are old or failed", _projects, _maps, _read_maps, _tell_map, "synced_at")),
    ):
        ports.needs.register(rank, NeedSource(*source))


def _paused_page() -> str:
    return f"{reverse('jobs:list')}?state={State.PAUSED}"


def _projects() -> str:
    return reverse("projects:listing")


def _paused(user: Any) -> "QuerySet[Job]":
    """Not what was paused with its project: taking that back resumes it."""
    paused = Job.objects.filter(state=State.PAUSED, resume_at=None)
    found: QuerySet[Job] = paused.open_to(user, "resume")
    return found.exclude(reason__endswith=portfolio.PUT_AWAY).order_by("-pk")


def _tell_paused(job: Any) -> Need:
    return needs.need(job, job.told, job.updated_at, "Resume", "jobs:resumptions")


def _tasks(user: Any) -> "QuerySet[Task]":
    mine = Task.objects.visible_to(user).filter(assignee=user.pk, project__archived_at=None)
    found: QuerySet[Task] = mine.held_up()
    return found.order_by("priority", "pk")


def _read_tasks(keys: Collection[Any]) -> dict[int, Any]:
    said = PlanChange.objects.filter(task=OuterRef("pk"), new=TaskState.BLOCKED).order_by("-pk")
    rows = Task.objects.select_related("project")
    return rows.annotate(obstacle=Subquery(said.values("reason")[:1])).in_bulk(keys)


def _tell_task(row: Any) -> Need:
    return Need(
        "blocked",
        f"{row.title} · {row.letter}",
        page := reverse("projects:task", args=[row.project.slug, row.pk]),
        _obstacle(row),
        row.moved_at,
        "Open",
        page,
        project=row.project.name,
    )


def _obstacle(row: Any) -> str:
    if row.state == TaskState.BLOCKED:
        return row.obstacle or "Somebody said that it cannot go on."
    return "Another task has to be completed first."


def _maps(user: Any) -> "QuerySet[Repository]":
    """What is unwell and unattended is stale or failed: the status itself asks for all past jobs."""
    projects = Project.objects.filter(archived_at=None)
    if not user.is_staff:
        projects = projects.filter(pk__in=ports.scopes.where(user, "sync"))
    return Repository.objects.unwell().unattended().filter(project__in=projects).order_by("pk")


def _read_maps(keys: Collection[Any]) -> dict[int, Any]:
    return board.repositories_of(Repository.objects.all()).in_bulk(keys)


def _tell_map(row: Any) -> Need:
    return Need(
        row.map_status,
        row.name,
        reverse("projects:map", args=[row.project.slug, row.pk])
        if row.current_map
        else reverse("projects:page", args=[row.project.slug]),
        _wrong(row),
        row.current_map.built_at if row.current_map else row.created_at,
        "Sync",
        reverse("projects:syncs", args=[row.project.slug, row.pk]),
        post=True,
        project=row.project.name,
    )


def _wrong(row: Any) -> str:
    if row.map_status == MapStatus.FAILED:
        return f"{row.failure_class}: {row.failure_message}"
    shown, head = row.current_map.commit[:10], row.head_commit[:10]
    if shown == head:
        return f"The map of {shown} was made by an older extractor."
    return f"The map shows {shown}, the newest commit is {head}."
