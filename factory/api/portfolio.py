"""A project's own life: making, changing, moving, putting away and taking back, and its feed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from ninja.errors import HttpError

from factory import errors, project_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from factory.api.projects import described
from factory.shapes import Project as Shape
from projects import access, feed, portfolio
from projects.models import Project, Stage

_BELOW = Query(None, ge=1, le=2**63 - 1)
_ASKED = Query(...)
_LIMIT = Query(feed.PAGE, ge=1, le=feed.PAGE)


@api.post("/projects", response={201: Shape, **ACT_ERRORS}, summary="Make a project")
def creations(request: HttpRequest, given: project_shapes.NewProject) -> HttpResponse:
    """Makes a project without repositories; whoever makes it becomes its maintainer."""
    user = caller(request, "write").user
    wanted = Project(name=given.name, slug=given.slug, goal=given.goal)
    made = portfolio.create(wanted, actor=f"user:{user.pk}", maintainer=user)
    made.refresh_from_db()
    return api.create_response(request, described([made])[0], status=201)


@api.get("/projects/{int:pk}", response={200: Shape, **ERRORS}, summary="One project")
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """One project with its repositories."""
    return fresh(request, described([_seen(caller(request, "read").user, pk)])[0])


@api.patch("/projects/{int:pk}", response={200: Shape, **ACT_ERRORS}, summary="Change a project")
def edit(request: HttpRequest, pk: int, given: project_shapes.ChangedProject) -> HttpResponse:
    """Changes name or goal. 409 when somebody changed it since the version that was seen."""
    user, found = _permitted(request, pk, "edit")
    for name in ("name", "goal"):
        value = getattr(given, name)
        setattr(found, name, getattr(found, name) if value is None else value)
    portfolio.edit(found, version=given.version, actor=f"user:{user.pk}")
    return api.create_response(request, described([_seen(user, pk)])[0], status=200)


@api.post(
    "/projects/{int:pk}/archivals",
    response={200: project_shapes.Put, **ACT_ERRORS},
    summary="Put a project away",
)
def archivals(request: HttpRequest, pk: int) -> HttpResponse:
    """What waits is paused, what runs goes on to its end. 409 when it is archived already."""
    return _put(request, pk, portfolio.archive)


@api.post(
    "/projects/{int:pk}/unarchivals",
    response={200: project_shapes.Put, **ACT_ERRORS},
    summary="Take a project back",
)
def unarchivals(request: HttpRequest, pk: int) -> HttpResponse:
    """What archiving had paused goes on. 409 when it is in use."""
    return _put(request, pk, portfolio.unarchive)


@api.get(
    "/projects/{int:pk}/stages",
    response={200: project_shapes.Stages, **ERRORS},
    summary="Where a project stands",
)
def stages(
    request: HttpRequest, pk: int, below: int | None = _BELOW, limit: int = _LIMIT
) -> HttpResponse:
    """The stage of a project since when, and the moves it made, newest first."""
    user = caller(request, "read").user
    found = _seen(user, pk)
    moves = feed.page(user, feed.Filter(pk, "project.moved"), below, limit)
    told = {
        "stage": found.stage,
        "since": portfolio.since(found),
        "stages": Stage.values,
        "moves": [_happened(item) for item in moves.items],
        "next": moves.older,
    }
    return fresh(request, told)


@api.post(
    "/projects/{int:pk}/stages",
    response={200: Shape, **ACT_ERRORS},
    summary="Move a project to another stage",
)
def moves(request: HttpRequest, pk: int, given: project_shapes.StageMove) -> HttpResponse:
    """To the next stage, or to another with a reason. 409 says what hinders it."""
    user, found = _permitted(request, pk, "plan")
    portfolio.move(found, Stage(given.to), actor=f"user:{user.pk}", reason=given.reason)
    return api.create_response(request, described([_seen(user, pk)])[0], status=200)


@api.get(
    "/projects/{int:pk}/feed",
    response={200: project_shapes.Feed, **ERRORS},
    summary="What happened in a project",
)
def project_feed(
    request: HttpRequest, pk: int, asked: project_shapes.AskedFeed = _ASKED
) -> HttpResponse:
    """Newest first; `kind` is the name of an event or what stands before its dot."""
    user = caller(request, "read").user
    return _told(request, user, _seen(user, pk).pk, asked)


@api.get("/feed", response={200: project_shapes.Feed, **ERRORS}, summary="What happened everywhere")
def everything(request: HttpRequest, asked: project_shapes.AskedFeed = _ASKED) -> HttpResponse:
    """The same of all projects you may see."""
    return _told(request, caller(request, "read").user, None, asked)


def _told(
    request: HttpRequest, user: Any, scope: int | None, asked: project_shapes.AskedFeed
) -> HttpResponse:
    since, until = _aware(asked.since), _aware(asked.until)
    chosen = feed.Filter(scope, asked.kind, asked.actor, since, until)
    found = feed.page(user, chosen, asked.below, asked.limit)
    told = {"events": [_happened(item) for item in found.items], "next": found.older}
    return fresh(request, told)


def _happened(item: feed.Item) -> dict[str, Any]:
    event = item.event
    return {
        "id": event.pk,
        "at": event.created_at,
        "name": event.name,
        "sentence": item.sentence,
        "actor": event.actor,
        "who": item.who,
        "project": item.slug,
        "job": event.job_id,
        "link": item.link,
        "payload": event.payload,
    }


def _put(request: HttpRequest, pk: int, act: Callable[..., tuple[int, int]]) -> HttpResponse:
    user, found = _permitted(request, pk, "archive")
    jobs, schedules = act(found, actor=f"user:{user.pk}")
    told = {"id": pk, "archived_at": found.archived_at, "jobs": jobs, "schedules": schedules}
    return api.create_response(request, told, status=200)


def _seen(user: Any, pk: int) -> Project:
    return get_object_or_404(Project.objects.visible_to(user), pk=pk)


def _permitted(request: HttpRequest, pk: int, act: str) -> tuple[Any, Project]:
    user = caller(request, "write").user
    found = _seen(user, pk)
    if not access.allows(user, act, pk):
        raise HttpError(403, errors.WORDS[403].message)
    return user, found


def _aware(at: datetime | None) -> datetime | None:
    """A time in UTC, as one without a zone is: PostgreSQL knows no zones 16 hours from there."""
    if at is None or at.tzinfo is None or not at.utcoffset():
        return at and at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:  # the first or last day of all
        return at.replace(tzinfo=UTC)
