"""What of the files of projects a page can watch: a row, and the notice that collects new ones."""

import re
from collections.abc import Collection
from typing import Any

from django.template.loader import render_to_string

from jobs import board as jobs_board
from jobs import ports, topics
from jobs.models import Artefact
from projects import artefacts, plan_topics
from projects.models import Project, ProjectArtefact

_ROW = re.compile(r"(project|job)-(\d{1,18})")


def register() -> None:
    """This function will make files and their lists known as topics."""
    ports.topics.register(ports.Topic("file", allowed, fingerprints, render))
    lists = (plan_topics.allowed_projects, rows, render_lists)
    ports.topics.register(ports.Topic("files", *lists, unhurried=True))


def allowed(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the files a user may see; keys are like project-7 and job-7."""
    own, left = _parsed(keys)
    kept = ProjectArtefact.objects.visible_to(user).filter(pk__in=own)
    projects = Project.objects.visible_to(user).values("pk")
    found = Artefact.objects.filter(pk__in=left, scope__in=projects)
    return {f"project-{pk}" for pk in kept.values_list("pk", flat=True)} | {
        f"job-{pk}" for pk in found.values_list("pk", flat=True)
    }


def fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which files are there and which were removed."""
    found = artefacts.rows_of(*_parsed(keys))
    return {row.key: jobs_board.fingerprint(row.key, row.removed_at) for row in found}


def render(keys: Collection[str]) -> dict[str, str]:
    """This function will render files as the list does."""
    found = artefacts.rows_of(*_parsed(keys))
    projects = Project.objects.in_bulk({row.project for row in found})
    name = "projects/_artefact_row.html"
    return {
        row.key: render_to_string(name, {"row": row, "project": projects[row.project]})
        for row in found
        if row.project in projects
    }


def rows(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which files the first pages of projects list."""
    found = Project.objects.filter(pk__in=topics.numbers(keys))
    return {str(one.pk): topics_of(artefacts.listed(one)[0]) for one in found}


def topics_of(listed: Collection[artefacts.Row]) -> str:
    """This function will name the topics of some files, as `data-rows` holds them."""
    return " ".join(f"file:{row.key}" for row in listed)


def render_lists(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects new files."""
    return {key: topics.render_news(f"files:{key}", named) for key, named in rows(keys).items()}


def _parsed(keys: Collection[str]) -> tuple[set[int], set[int]]:
    found: dict[str, set[int]] = {"project": set(), "job": set()}
    for key in keys:
        match = _ROW.fullmatch(key)
        if match and match[2].isascii():
            found[match[1]].add(int(match[2]))
    return found["project"], found["job"]
