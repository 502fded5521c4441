"""What the pages of a project share: whose they are, what one may do there, and its tabs."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse

from jobs import board as jobs_board
from projects import access
from projects.models import Project

TABS = (
    ("page", "Overview"),
    ("repositories", "Repositories"),
    ("tasks", "Tasks"),
    ("feed", "Feed"),
    ("stages", "Stages"),
    ("artefacts", "Artefacts"),
    ("members", "Members"),
    ("settings", "Settings"),
)
"""The tabs by the name of their address. A module that adds such an address adds its tab."""
_NEEDS = {"settings": "edit"}


@dataclass(frozen=True)
class Tab:
    """One tab of a project."""

    title: str
    address: str
    here: bool


@dataclass(frozen=True)
class Opened:
    """A project that somebody may see, what they may do there, and what the frame shows."""

    project: Project
    acts: frozenset[str]
    context: dict[str, Any]


def opened(request: HttpRequest, slug: str, tab: str, act: str = "see") -> Opened:
    """This function will open a page of a project: Http404 for strangers, 403 without the act.

    Render `context` with what the page adds.
    """
    version = jobs_board.clock()
    project = get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
    acts = access.acts(request.user, project.pk)
    if act not in acts:
        raise PermissionDenied
    context = {
        "v": version,
        "project": project,
        "tabs": _tabs(project, tab, acts),
        "acts": acts,
        "may_act": project.archived_at is None and "sync" in acts,
    }
    return Opened(project, acts, context)


def _tabs(project: Project, here: str, acts: frozenset[str]) -> list[Tab]:
    tabs = []
    for name, title in TABS:
        if _NEEDS.get(name, "see") not in acts:
            continue
        try:
            tabs.append(Tab(title, reverse(f"projects:{name}", args=[project.slug]), name == here))
        except NoReverseMatch:
            continue
    return tabs
