"""What the pages ask about projects, repositories and maps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from jobs import board as jobs_board
from jobs.models import Job
from projects.models import MapStatus, Project, Repository

WORST_FIRST = (
    MapStatus.FAILED,
    MapStatus.STALE,
    MapStatus.NONE,
    MapStatus.QUEUED,
    MapStatus.RUNNING,
    MapStatus.READY,
)
ON_A_CARD = 8
REPOSITORIES, RECENT = 100, 15
"""How many rows the page of a project shows: a socket may watch 200 things."""


@dataclass(frozen=True)
class Card:
    """A project as the board shows it; `word` is that of its worst repository."""

    project: Project
    word: str
    repositories: list[Repository]
    more: int
    jobs: list[Job]


@dataclass(frozen=True)
class Lists:
    """What the page of a project lists: one page of its repositories, and its recent jobs."""

    repositories: list[Repository]
    number: int
    further: bool
    jobs: list[Job]

    @property
    def rows(self) -> str:
        """The topics of all rows, as `data-rows` holds them."""
        rows = [f"repositoryrow:{one.pk}" for one in self.repositories]
        return " ".join([*rows, *(f"job:{job.pk}" for job in self.jobs)])


def in_use(user: Any) -> "QuerySet[Project]":
    """This function will find the projects a user may see that are not put away."""
    return Project.objects.visible_to(user).filter(archived_at=None)


def repositories(user: Any) -> "QuerySet[Repository]":
    """This function will find the repositories a user may see, each with its status and map."""
    found = Repository.objects.visible_to(user).with_map_status()
    return found.select_related("project", "current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )


def with_status(project_ids: Collection[int]) -> "QuerySet[Repository]":
    """This function will read the repositories of projects, each with its status and map."""
    found = Repository.objects.filter(project__in=project_ids).with_map_status()
    return found.select_related("current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )


def cards(projects: Iterable[Project]) -> list[Card]:
    """This function will read what the cards of some projects show, in two queries."""
    listed = list(projects)
    ids = [project.pk for project in listed]
    repositories: dict[int, list[Repository]] = {pk: [] for pk in ids}
    for repository in with_status(ids).order_by("name", "pk"):
        repositories[repository.project_id].append(repository)
    active = jobs_board.of_scopes(ids)
    return [_card(project, repositories[project.pk], active[project.pk]) for project in listed]


def lists(user: Any, project: Project, number: int) -> Lists:
    """This function will read what the page of a project lists; `number` counts from 1."""
    begin = (number - 1) * REPOSITORIES
    ordered = with_status([project.pk]).order_by("name", "pk")
    found = list(ordered[begin : begin + REPOSITORIES + 1])
    recent = jobs_board.shown(Job.objects.visible_to(user).filter(scope=project.pk))
    jobs = jobs_board.labelled(recent.order_by("-pk")[:RECENT])
    return Lists(found[:REPOSITORIES], number, len(found) > REPOSITORIES, jobs)


def _card(project: Project, found: list[Repository], active: list[Job]) -> Card:
    found.sort(key=lambda one: WORST_FIRST.index(one.map_status))
    word = found[0].map_status if found else MapStatus.NONE
    return Card(project, word, found[:ON_A_CARD], max(0, len(found) - ON_A_CARD), active)
