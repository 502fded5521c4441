"""What the pages of ideas, specs and tasks share: the frame of their project, and their row."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from projects import frame
from projects.frame import Opened
from projects.models import Idea, Project, Spec, Task

MODELS: dict[str, type[Any]] = {"idea": Idea, "spec": Spec, "task": Task}
PAGES = (
    ("tasks", "Tasks"),
    ("specs", "Specs"),
    ("ideas", "Ideas"),
    ("digest", "Digest"),
)
"""The pages by the name of their address, in the order of the navigation below the tabs."""


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    title: str
    address: str
    here: bool


def opened(request: HttpRequest, slug: str, here: str, act: str = "see") -> Opened:
    """This function will open a page of what is planned in a project, as `projects.frame` does."""
    found = frame.opened(request, slug, "tasks", act)
    links = [
        Link(title, reverse(f"projects:{name}", args=[slug]), name == here) for name, title in PAGES
    ]
    may_plan = "plan" in found.acts and found.project.archived_at is None
    found.context.update(links=links, may_act=may_plan)
    return found


def row(project: Project, word: str, pk: int) -> Any:
    """This function will find an idea, a spec or a task of a project; raises Http404."""
    more = {"spec": ("idea",), "task": ("idea", "spec", "assignee")}.get(word, ())
    found = MODELS[word].objects.filter(project=project).select_related("project", *more)
    return get_object_or_404(found, pk=pk)


def address(found: Any) -> str:
    """This function will give the address of an idea's, a spec's or a task's page."""
    word = next(word for word, model in MODELS.items() if isinstance(found, model))
    return reverse(f"projects:{word}", args=[found.project.slug, found.pk])


def actor(request: HttpRequest) -> str:
    """This function will name who acts, as histories keep it."""
    return f"user:{request.user.pk}"
