"""Projects, and the registration of repositories."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query

from factory import shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from projects import between, board, registration
from projects.models import Project

PROJECTS = 50
"""The most projects of one answer."""


@api.get("/projects", response={200: shapes.Projects, **ERRORS}, summary="Projects you may see")
def projects(
    request: HttpRequest,
    after: int = Query(0, ge=0, le=2**63 - 1),
    limit: int = Query(PROJECTS, ge=1, le=PROJECTS),
) -> HttpResponse:
    """The projects you may see with their repositories, by id."""
    user = caller(request, "read").user
    found = list(Project.objects.visible_to(user).filter(pk__gt=after).order_by("pk")[: limit + 1])
    shown = found[:limit]
    listed = described(shown)
    further = shown[-1].pk if len(found) > limit else None
    return fresh(request, {"projects": listed, "next": further})


def described(found: list[Project]) -> list[dict[str, Any]]:
    """This function will describe projects with their repositories, in one query."""
    repositories: dict[int, list[Any]] = {project.pk: [] for project in found}
    for one in board.with_status(list(repositories)).order_by("name", "pk"):
        repositories[one.project_id].append(repository(one))
    return [
        {
            "id": project.pk,
            "slug": project.slug,
            "name": project.name,
            "goal": project.goal,
            "stage": project.stage,
            "version": project.version,
            "archived_at": project.archived_at,
            "repositories": repositories[project.pk],
        }
        for project in found
    ]


@api.get(
    "/projects/{int:pk}/edges",
    response={200: shapes.Betweens, **ERRORS},
    summary="Which repositories of a project need each other",
)
def edges(request: HttpRequest, pk: int) -> HttpResponse:
    """Who installs a package of whom, from the manifests of the current maps; the first 200."""
    user = caller(request, "read").user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    found = between.of(project)
    told = [{**vars(one), "src": _end(one.src), "dst": _end(one.dst)} for one in found.edges]
    return fresh(request, {**vars(found), "edges": told})


@api.post(
    "/repositories",
    response={201: list[shapes.Registered], **ACT_ERRORS},
    summary="Register repositories",
)
def repositories(request: HttpRequest, given: shapes.Registration) -> HttpResponse:
    """Registers repositories and starts their first jobs, all or none of them."""
    user = caller(request, "write").user
    done = registration.register(
        [address.strip() for address in given.addresses],
        project=given.project.strip() or None,
        branch=given.branch.strip(),
        token=given.token.strip(),
        actor=f"user:{user.pk}",
    )
    made = [
        {
            "repository": one.repository.pk,
            "project": one.repository.project.slug,
            "job": one.job.pk,
            "state": one.job.state,
            "created": one.created,
        }
        for one in done
    ]
    return api.create_response(request, made, status=201)


def _end(one: Any) -> dict[str, Any]:
    return {"id": one.pk, "name": one.name, "map_status": one.map_status}


def repository(one: Any) -> dict[str, Any]:
    """This function will describe a repository that was read with its status."""
    failure = {"class": one.failure_class, "message": one.failure_message}
    return {
        "id": one.pk,
        "name": one.name,
        "address": one.address,
        "branch": one.branch,
        "map_status": one.map_status,
        "head_commit": one.head_commit,
        "synced_at": one.synced_at,
        "failure": failure if one.failure_class else None,
    }
