"""Mission Control's own questions: what the home page shows, and who watches it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from jobs import board as jobs_board
from jobs import ports, topics
from jobs.models import Job
from projects import board as projects_board
from projects.models import Project

PROJECTS = 30
JOBS = 20
_LONGEST_FILTER = 100


@dataclass(frozen=True)
class Home:
    """What one user's home page shows."""

    cards: list[projects_board.Card]
    number: int
    further: bool
    jobs: list[Job]
    rows: str


def register() -> None:
    """This function will make the home page's list known as a topic."""
    ports.topics.register(ports.Topic("home", topics.own_keys, fingerprints, render))


def home(user: Any, text: str, number: int) -> Home:
    """This function will read one page of projects whose names contain `text`, and what runs."""
    projects = projects_board.in_use(user)
    if text:
        text = text[:_LONGEST_FILTER]
        projects = projects.filter(Q(name__icontains=text) | Q(repositories__name__icontains=text))
        projects = projects.distinct()
    begin = (number - 1) * PROJECTS
    found = list(projects.order_by("name")[begin : begin + PROJECTS + 1])
    cards = projects_board.cards(found[:PROJECTS])
    jobs = jobs_board.active(user, JOBS)
    rows = " ".join([*(f"project:{card.project.pk}" for card in cards), topics.rows_of(jobs)])
    return Home(cards, number, len(found) > PROJECTS, jobs, rows)


def fingerprints(keys: Any) -> dict[str, str]:
    """This function will tell which projects and running jobs the home pages of users show."""
    projects = topics.lists(keys, _projects, PROJECTS)
    running = topics.lists(keys, _running, JOBS)
    return {key: f"{projects[key]} {running[key]}" for key in projects}


def render(keys: Any) -> dict[str, str]:
    """This function will render the notice that collects what is new on home pages."""
    return {
        key: topics.render_news(f"home:{key}", rows) for key, rows in fingerprints(keys).items()
    }


def _projects(user: Any, key: str) -> "QuerySet[Project]":
    number = Cast("pk", CharField())
    row = Concat(Value("project:"), number, output_field=CharField())
    return projects_board.in_use(user).annotate(row=row).order_by("name")


def _running(user: Any, key: str) -> "QuerySet[Job]":
    held = Job.objects.visible_to(user).filter(state__in=jobs_board.HELD)
    return topics.as_rows(held).order_by("pk")
