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
        (60, NeedSource("Paused by people", _paused_page, _paused, _tell_paused)),
        (70, NeedSource("Blocked tasks of yours", _projects, _tasks, _tell_tasks, "moved_at")),
        (80, NeedSource("Maps that are old or failed", _projects, _maps, _tell_maps, "synced_at")),
    ):
        ports.needs.register(rank, source)


def _paused_page() -> str:
    return f"{reverse('jobs:list')}?state={State.PAUSED}"


def _projects() -> str:
    return reverse("projects:listing")


def _paused(user: Any) -> "QuerySet[Job]":
    """Not what was paused with its project: taking that back resumes it."""
    paused = Job.objects.filter(state=State.PAUSED, resume_at=None)
    found: QuerySet[Job] = paused.open_to(user, "resume")
    return found.exclude(reason__endswith=portfolio.PUT_AWAY).order_by("-pk")


def _tell_paused(keys: Collection[Any]) -> list[Need]:
    return [
        needs.need(job, job.told, job.updated_at, "Resume", "jobs:resumptions")
        for job in needs.told(keys)
    ]


def _tasks(user: Any) -> "QuerySet[Task]":
    mine = Task.objects.visible_to(user).filter(assignee=user.pk, project__archived_at=None)
    found: QuerySet[Task] = mine.held_up()
    return found.order_by("priority", "pk")


def _tell_tasks(keys: Collection[Any]) -> list[Need]:
    said = PlanChange.objects.filter(task=OuterRef("pk"), new=TaskState.BLOCKED).order_by("-pk")
    rows = Task.objects.filter(pk__in=keys).select_related("project")
    rows = rows.annotate(obstacle=Subquery(said.values("reason")[:1]))
    return [
        Need(
            "blocked",
            f"{row.title} · {row.letter}",
            page := reverse("projects:task", args=[row.project.slug, row.pk]),
            _obstacle(row),
            row.moved_at,
            "Open",
            page,
            project=row.project.name,
        )
        for row in rows.order_by("priority", "pk")
    ]


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


def _tell_maps(keys: Collection[Any]) -> list[Need]:
    rows = board.repositories_of(Repository.objects.filter(pk__in=keys)).order_by("pk")
    return [
        Need(
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
        for row in rows
    ]


def _wrong(row: Any) -> str:
    if row.map_status == MapStatus.FAILED:
        return f"{row.failure_class}: {row.failure_message}"
    shown, head = row.current_map.commit[:10], row.head_commit[:10]
    if shown == head:
        return f"The map of {shown} was made by an older extractor."
    return f"The map shows {shown}, the newest commit is {head}."
