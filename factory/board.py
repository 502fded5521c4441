"""Mission Control's own questions: what the home page shows, and who watches it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from jobs import board as jobs_board
from jobs import choosing, ports, topics
from jobs.models import Event, Job
from projects import board as projects_board
from projects import feed, standing
from projects.models import Project, Stage
from projects.standing import Health

PROJECTS = 20
JOBS = 20
EVENTS = 10
_LONGEST_FILTER = 100


@dataclass(frozen=True)
class Home:
    """What one user's home page shows."""

    cards: list[projects_board.Card]
    number: int
    further: bool
    jobs: list[Job]
    more_jobs: bool
    events: list[feed.Item]
    rows: str


@dataclass(frozen=True)
class Filter:
    """Which projects are meant: by a part of a name, by their stage, by how they are."""

    q: str = ""
    stage: str = ""
    health: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filter":
        """This method will read an address: `BadRequest` for a word that nobody knows."""
        return cls(
            given.get("q", "").replace("\0", "")[:_LONGEST_FILTER],
            choosing.one_of(Stage.values, given.get("stage", ""), "stage"),
            choosing.one_of(Health.values, given.get("health", ""), "health"),
        )

    @property
    def query(self) -> str:
        """What is chosen, as the end of an address."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def among(self, projects: "QuerySet[Project]") -> "QuerySet[Project]":
        """This method will keep the projects that match."""
        if self.q:
            named = Q(name__icontains=self.q) | Q(repositories__name__icontains=self.q)
            projects = projects.filter(named).distinct()
        if self.stage:
            projects = projects.filter(stage=self.stage)
        if self.health:
            projects = standing.with_health(projects).filter(health=self.health)
        return projects


def register() -> None:
    """This function will make the home page's list known as a topic."""
    ports.topics.register(
        ports.Topic("home", topics.own_keys, fingerprints, render, unhurried=True)
    )


def home(user: Any, chosen: Filter, number: int) -> Home:
    """This function will read one page of the projects that are meant, what runs and happened."""
    begin = (number - 1) * PROJECTS
    ordered = chosen.among(projects_board.in_use(user)).order_by("name")
    found = list(ordered[begin : begin + PROJECTS + 1])
    cards = projects_board.cards(found[:PROJECTS])
    held = jobs_board.active(user, JOBS + 1)
    jobs = held[:JOBS]
    happened = feed.page(user, feed.Filter(), limit=EVENTS)
    projects = (f"project:{card.project.pk}" for card in cards)
    rows = " ".join([*projects, topics.rows_of(jobs), happened.rows])
    further, more_jobs = len(found) > PROJECTS, len(held) > JOBS
    return Home(cards, number, further, jobs, more_jobs, happened.items, rows)


def fingerprints(keys: Any) -> dict[str, str]:
    """This function will tell which projects, running jobs and events the home pages of users show."""
    projects = topics.lists(keys, _projects, PROJECTS)
    running = topics.lists(keys, _running, JOBS)
    happened = topics.lists(keys, _happened, EVENTS)
    return {key: f"{projects[key]} {running[key]} {happened[key]}" for key in projects}


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


def _happened(user: Any, key: str) -> "QuerySet[Event]":
    return feed.as_rows(feed.newest(user, feed.Filter(), EVENTS))
