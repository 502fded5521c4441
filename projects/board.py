"""What the pages ask about projects, repositories and maps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from jobs import board as jobs_board
from jobs import last_runs
from jobs.last_runs import LastRun
from jobs.models import Job
from projects import standing
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
RUNS = 30
"""Bars on a card."""
REPOSITORIES, RECENT, HAPPENED = 100, 15, 8
"""How many rows the pages of a project show: a socket may watch 200 things."""


@dataclass(frozen=True)
class Card:
    """A project as the board shows it; `word` is that of its worst repository's map."""

    project: Project
    word: str
    repositories: list[Repository]
    more: int
    jobs: list[Job]
    health: str
    runs: list[LastRun]


@dataclass(frozen=True)
class Repositories:
    """One page of the repositories of a project, by name."""

    rows: list[Repository]
    number: int
    further: bool

    @property
    def topics(self) -> str:
        """The topics of its rows, as `data-rows` holds them."""
        return " ".join(f"repositoryrow:{one.pk}" for one in self.rows)


def in_use(user: Any) -> "QuerySet[Project]":
    """This function will find the projects a user may see that are not put away."""
    return Project.objects.visible_to(user).filter(archived_at=None)


def repositories(user: Any) -> "QuerySet[Repository]":
    """This function will find the repositories a user may see, each with its status and map."""
    return repositories_of(Repository.objects.visible_to(user))


def repositories_of(found: "QuerySet[Repository]") -> "QuerySet[Repository]":
    """This function will have repositories read with their status, map and project."""
    told = found.with_map_status()
    read: QuerySet[Repository] = told.select_related("project", "current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )
    return read


def with_status(project_ids: Collection[int]) -> "QuerySet[Repository]":
    """This function will read the repositories of projects, each with its status and map."""
    found = Repository.objects.filter(project__in=project_ids).with_map_status()
    return found.select_related("current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )


def cards(projects: Iterable[Project]) -> list[Card]:
    """This function will read what the cards of some projects show, in a few queries for all."""
    listed = list(projects)
    ids = [project.pk for project in listed]
    repositories: dict[int, list[Repository]] = {pk: [] for pk in ids}
    for repository in with_status(ids).order_by("name", "pk"):
        repositories[repository.project_id].append(repository)
    active, runs = jobs_board.of_scopes(ids), last_runs.of_scopes(ids, RUNS)
    health = standing.of(ids)
    return [
        _card(one, repositories[one.pk], active[one.pk], health.get(one.pk, ""), runs[one.pk])
        for one in listed
    ]


def repository_page(project: Project, number: int) -> Repositories:
    """This function will read one page of a project's repositories; `number` counts from 1."""
    begin = (number - 1) * REPOSITORIES
    ordered = with_status([project.pk]).order_by("name", "pk")
    found = list(ordered[begin : begin + REPOSITORIES + 1])
    return Repositories(found[:REPOSITORIES], number, len(found) > REPOSITORIES)


def recent(user: Any, project: Project) -> list[Job]:
    """This function will read the newest jobs of a project."""
    found = jobs_board.shown(Job.objects.visible_to(user).filter(scope=project.pk))
    return jobs_board.labelled(found.order_by("-pk")[:RECENT])


def _card(
    project: Project, found: list[Repository], active: list[Job], health: str, runs: list[LastRun]
) -> Card:
    found.sort(key=lambda one: WORST_FIRST.index(one.map_status))
    word = found[0].map_status if found else MapStatus.NONE
    more = max(0, len(found) - ON_A_CARD)
    return Card(project, word, found[:ON_A_CARD], more, active, health, runs)
