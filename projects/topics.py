"""What of projects a page can watch: a card, a repository's status or row, a project's lists."""

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.template.loader import render_to_string

from jobs import board as jobs_board
from jobs import last_runs, ports, topics
from jobs.models import Event, Job
from jobs.topics import numbers
from projects import board, feed, standing
from projects.models import Project, Repository

_CARD = ("pk", "name", "archived_at", "stage", "goal")
_STATUS = (
    "known",
    "head_commit",
    "synced_at",
    "current_map_id",
    "failure_message",
)
_HEAD = ("pk", "name", "stage", "archived_at")
_FEED_KEY = re.compile(r"(?P<user>\d{1,18}):(?P<scope>\d{0,18}):(?P<name>[a-z_.]{0,64})")
_PAGE_KEY = re.compile(r"\d{1,18}:\d{1,18}")


def register() -> None:
    """This function will make the topics of projects known."""
    ports.topics.register(ports.Topic("project", allowed, fingerprints, render))
    ports.topics.register(
        ports.Topic("projecthead", allowed, head_fingerprints, render_heads, unhurried=True)
    )
    ports.topics.register(
        ports.Topic("repository", allowed_repositories, status_fingerprints, render_status)
    )
    ports.topics.register(
        ports.Topic("repositoryrow", allowed_repositories, row_fingerprints, render_rows)
    )
    ports.topics.register(
        ports.Topic("projectpage", allowed_pages, page_fingerprints, render_pages)
    )
    ports.topics.register(
        ports.Topic("repositories", allowed_pages, list_fingerprints, render_lists, unhurried=True)
    )
    ports.topics.register(
        ports.Topic("event", allowed_events, event_fingerprints, render_events),
    )
    ports.topics.register(
        ports.Topic("feed", allowed_feeds, feed_fingerprints, render_feeds, unhurried=True)
    )


def allowed(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the projects a user may see."""
    visible = Project.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in visible.values_list("pk", flat=True)}


def fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what projects' cards show, in short: a few queries for all."""
    ids = numbers(keys)
    parts: dict[int, list[str]] = defaultdict(list)
    health = standing.of(ids)
    for row in Project.objects.filter(pk__in=ids).values_list(*_CARD):
        parts[row[0]].append(jobs_board.fingerprint(*row, health.get(row[0], "")))
    repositories = Repository.objects.filter(project__in=ids).with_map_status().order_by("pk")
    for row in repositories.values_list("project_id", "pk", "name", *_STATUS):
        parts[row[0]].append(jobs_board.fingerprint(*row))
    for scope, jobs in jobs_board.of_scopes(ids).items():
        for job in jobs:
            seen = getattr(job, "progress", None)
            parts[scope].append(
                jobs_board.fingerprint(
                    job.pk, job.shown, job.updated_at, seen.updated_at if seen else ""
                )
            )
    for scope, runs in last_runs.of_scopes(ids, board.RUNS).items():
        parts[scope].extend(f"{run.job}{run.state}" for run in runs)
    return {str(pk): "/".join(parts[pk]) for pk in parts if pk in ids}


def render(keys: Collection[str]) -> dict[str, str]:
    """This function will render cards as the pages do."""
    cards = board.cards(Project.objects.filter(pk__in=numbers(keys)))
    return {
        str(card.project.pk): render_to_string("projects/_card.html", {"card": card})
        for card in cards
    }


def head_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what stands above each page of projects, in short."""
    found = Project.objects.filter(pk__in=numbers(keys)).values_list(*_HEAD)
    return {str(row[0]): jobs_board.fingerprint(*row) for row in found}


def render_heads(keys: Collection[str]) -> dict[str, str]:
    """This function will render the mark that has a page read its head again."""
    found = Project.objects.filter(pk__in=numbers(keys))
    return {
        str(one.pk): render_to_string("projects/_head_mark.html", {"project": one}) for one in found
    }


def allowed_repositories(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the repositories a user may see."""
    visible = Repository.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in visible.values_list("pk", flat=True)}


def status_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell how well repositories are known, in short."""
    found = Repository.objects.filter(pk__in=numbers(keys)).with_map_status()
    return {str(row[0]): jobs_board.fingerprint(*row) for row in found.values_list("pk", *_STATUS)}


def render_status(keys: Collection[str]) -> dict[str, str]:
    """This function will render how well repositories are known."""
    found = Repository.objects.filter(pk__in=numbers(keys)).with_map_status()
    found = found.select_related("current_map", "project").defer(
        "current_map__document", "current_map__structure", "token"
    )
    return {
        str(one.pk): render_to_string("projects/_status.html", {"repository": one}) for one in found
    }


def row_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what the rows of repositories show, in short."""
    found = Repository.objects.filter(pk__in=numbers(keys)).with_map_status()
    rows = found.values_list("pk", "name", "branch", *_STATUS)
    return {str(row[0]): jobs_board.fingerprint(*row) for row in rows}


def render_rows(keys: Collection[str]) -> dict[str, str]:
    """This function will render the rows of repositories as the project's page does."""
    found = Repository.objects.filter(pk__in=numbers(keys)).with_map_status()
    found = found.select_related("current_map", "project").defer(
        "current_map__document", "current_map__structure", "token"
    )
    return {
        str(one.pk): render_to_string(
            "projects/_repository_row.html", {"repository": one, "project": one.project}
        )
        for one in found
    }


def page_key(user: Any, project: Project) -> str:
    """This function will name the lists of a project's page as one user sees them."""
    return f"{user.pk}:{project.pk}"


def allowed_pages(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the lists that are the user's own."""
    return {key for key in topics.own_keys(user, keys) if _PAGE_KEY.fullmatch(key)}


def page_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which jobs and events the pages of projects show."""
    jobs = topics.lists(keys, _jobs, board.RECENT)
    happened = topics.lists(keys, _happened, board.HAPPENED)
    return {key: f"{jobs[key]} {happened[key]}".strip() for key in jobs}


def render_pages(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects what is new on pages of projects."""
    return {
        key: topics.render_news(f"projectpage:{key}", rows)
        for key, rows in page_fingerprints(keys).items()
    }


def list_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which repositories the first pages of projects' lists show."""
    return topics.lists(keys, _repositories, board.REPOSITORIES)


def render_lists(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects new repositories of a list."""
    return {
        key: topics.render_news(f"repositories:{key}", rows)
        for key, rows in list_fingerprints(keys).items()
    }


def _repositories(user: Any, key: str) -> "QuerySet[Repository]":
    seen = Repository.objects.visible_to(user).filter(project=int(key.partition(":")[2]))
    number = Cast("pk", CharField())
    row = Concat(Value("repositoryrow:"), number, output_field=CharField())
    return seen.annotate(row=row).order_by("name", "pk")


def _jobs(user: Any, key: str) -> "QuerySet[Job]":
    seen = Job.objects.visible_to(user).filter(scope=int(key.partition(":")[2]))
    return topics.as_rows(seen).order_by("-pk")


def allowed_events(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the events a user may see."""
    visible = Event.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in visible.values_list("pk", flat=True)}


def event_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which events are still there: they never change."""
    found = Event.objects.filter(pk__in=numbers(keys)).values_list("pk", "name")
    return {str(pk): name for pk, name in found}


def render_events(keys: Collection[str]) -> dict[str, str]:
    """This function will render the rows of feeds as the pages do."""
    items = feed.told(Event.objects.filter(pk__in=numbers(keys)))
    return {
        str(item.event.pk): render_to_string("projects/_item.html", {"item": item})
        for item in items
    }


def feed_key(user: Any, chosen: feed.Filter) -> str:
    """This function will name the first page of a feed as one user sees it.

    Only whose feed it is and the name of its events count.
    """
    return f"{user.pk}:{chosen.scope or ''}:{chosen.name}"


def allowed_feeds(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the feeds that are the user's own."""
    return {key for key in topics.own_keys(user, keys) if _FEED_KEY.fullmatch(key)}


def feed_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which events the first pages of feeds show."""
    return topics.lists(keys, _events, feed.PAGE)


def render_feeds(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects what happened since."""
    return {
        key: topics.render_news(f"feed:{key}", rows)
        for key, rows in feed_fingerprints(keys).items()
    }


def _events(user: Any, key: str) -> "QuerySet[Event]":
    _, scope, name = key.split(":")
    chosen = feed.Filter(int(scope) if scope else None, name)
    return feed.as_rows(feed.newest(user, chosen, feed.PAGE))


def _happened(user: Any, key: str) -> "QuerySet[Event]":
    seen = Event.objects.visible_to(user).filter(scope=int(key.partition(":")[2]))
    return feed.as_rows(seen).order_by("-pk")
