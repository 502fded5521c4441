"""Finding by a few letters: pages, projects, repositories, jobs and tasks, as far as one may see them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobs.models import Job
from projects.models import Project, Repository, Task

MOST = 6
"""So many of each kind of thing are shown."""
LONGEST = 100
# Which key goes where is said by the links of the navigation (`data-go`); this is what keys do.
KEYS = (
    ("/", "search on this page"),
    ("?", "this list"),
    ("Ctrl-K", "find a page, a project, a repository, a job, a task"),
    ("g p", "go to the projects"),
    ("g j", "go to the jobs"),
    ("g a", "go to the admin"),
    ("g s", "go to the system, or to its health"),
    ("j, k", "the next row, the one before"),
    ("o", "open the row"),
    ("x", "choose the row"),
    ("c", "cancel: this job, the chosen ones, or the row; it asks first"),
    ("r", "retry, likewise"),
    ("s", "sync: this job, or the row"),
    ("Esc", "close what opened above the page"),
)
_PAGES = (
    ("Home: needs me, projects, what runs", "home"),
    ("All projects", "projects:listing"),
    ("New project", "projects:creations"),
    ("Register repositories", "projects:registrations"),
    ("Feed: what happened", "projects:feeds"),
    ("Jobs", "jobs:list"),
    ("Failures by cause", "jobs:failures"),
    ("Deliveries", "insight:deliveries"),
    ("Health", "insight:health"),
    ("Metrics", "system:metrics"),
    ("Your account: password, sessions, tokens", "account:page"),
    ("What the words mean", "legend"),
    ("What to do about failures", "runbook"),
    ("Shortcuts", "shortcuts"),
)
_STAFF_PAGES = (
    ("System", "system:overview"),
    ("Queues", "queues:list"),
    ("Runners", "runners:list"),
    ("Schedules", "schedules:list"),
    ("Enqueue a job", "jobs:new"),
    ("Processes", "system:processes"),
    ("Storage", "system:storage"),
    ("Configuration", "system:configuration"),
    ("Audit log", "system:audit"),
    ("Live messages", "system:messages"),
    ("Admin", "admin:index"),
)


@dataclass(frozen=True)
class Found:
    """One thing: its kind, its name, where it is, and to what it belongs."""

    kind: str
    name: str
    address: str
    of: str = ""


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """This view will list what a few letters or a number name; the palette shows a piece of it."""
    asked = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    return render(request, "find.html", {"asked": asked, "found": found(request.user, asked)})


@require_safe
def shortcuts(request: HttpRequest) -> HttpResponse:
    """This view will list what the keys do; the help dialog shows a piece of it."""
    return render(request, "shortcuts.html", {"keys": KEYS})


def found(user: Any, asked: str) -> list[Found]:
    """This function will find what `user` may see: five questions at most, however much there is."""
    number = asked.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 19:
        return [*_jobs(user, int(number)), *_things(user, asked), *_pages(user, asked)]
    return [*_pages(user, asked), *(_things(user, asked) if asked else [])]


def _pages(user: Any, asked: str) -> list[Found]:
    known = _PAGES + (_STAFF_PAGES if user.is_staff else ())
    letters = asked.casefold()
    return [Found("page", name, reverse(url)) for name, url in known if letters in name.casefold()]


def _jobs(user: Any, number: int) -> list[Found]:
    jobs = Job.objects.visible_to(user).filter(pk=number)
    return [
        Found("job", f"{job.kind} #{job.pk}", reverse("jobs:page", args=[job.pk]), job.subject)
        for job in jobs.only("kind", "subject")
    ]


def _things(user: Any, asked: str) -> list[Found]:
    projects = Project.objects.visible_to(user).filter(
        Q(name__icontains=asked) | Q(slug__icontains=asked)
    )
    repositories = Repository.objects.visible_to(user).filter(name__icontains=asked)
    tasks = Task.objects.visible_to(user).filter(title__icontains=asked)
    return [
        *(
            Found("project", one.name, reverse("projects:page", args=[one.slug]))
            for one in projects.order_by("name").only("name", "slug")[:MOST]
        ),
        *(
            Found(
                "repository",
                one.name,
                reverse("projects:map", args=[one.project.slug, one.pk]),
                one.project.name,
            )
            for one in repositories.order_by("name").select_related("project")[:MOST]
        ),
        *(
            Found(
                "task",
                one.title,
                reverse("projects:task", args=[one.project.slug, one.pk]),
                one.project.name,
            )
            for one in tasks.order_by("-pk").select_related("project")[:MOST]
        ),
    ]
