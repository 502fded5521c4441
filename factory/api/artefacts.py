"""The files of a project: the list, one, its bytes, keeping and removing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import File, Form, Query, UploadedFile
from ninja.errors import HttpError

from factory import errors, project_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from jobs import downloads
from jobs.models import Artefact as JobArtefact
from jobs.models.artefact import ANY
from projects import access, artefacts
from projects.models import Project, ProjectArtefact

_FILE = File(...)
_NO_NAME = Form("", max_length=200)
_BYTES = {"type": "string", "format": "binary"}


@api.get(
    "/projects/{int:pk}/artefacts",
    response={200: project_shapes.Artefacts, **ERRORS},
    summary="Files of a project",
)
def artefact_list(
    request: HttpRequest,
    pk: int,
    name: str = Query("", max_length=200),
    page: int = Query(1, ge=1, le=artefacts.MOST_PAGES),
) -> HttpResponse:
    """Of the project the newest version of each name, or with `name` all; and those its jobs left."""
    found = _project(caller(request, "read").user, pk)
    rows, further = artefacts.listed(found, name.replace("\0", ""), page)
    told = {
        "artefacts": [
            {name: value for name, value in vars(row).items() if name != "project"} for row in rows
        ],
        "next": page + 1 if further else None,
    }
    return fresh(request, told)


@api.get(
    "/artefacts/{int:pk}",
    response=ERRORS,
    summary="The bytes of a file",
    openapi_extra={
        "responses": {200: {"description": "OK", "content": {"*/*": {"schema": _BYTES}}}}
    },
)
def artefact(request: HttpRequest, pk: int) -> HttpResponse:
    """One version as a file of its own type; Digest holds its SHA-256."""
    found = _one(caller(request, "read").user, pk)
    data = bytes(found.content.data) if found.content else b""
    return downloads.download(found.name, found.media_type, data, found.sha256)


@api.delete(
    "/artefacts/{int:pk}", response={204: None, **ACT_ERRORS}, summary="Remove a version of a file"
)
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Its bytes go for good, its row and number stay. For maintainers."""
    user = caller(request, "write").user
    found = _one(user, pk)
    _demand(user, "remove", found.project_id)
    artefacts.remove(found, by=f"user:{user.pk}")
    return HttpResponse(status=204)


@api.post(
    "/projects/{int:pk}/artefacts",
    response={201: project_shapes.Artefact, **ACT_ERRORS},
    summary="Keep what a job left",
)
def keeps(request: HttpRequest, pk: int, given: project_shapes.Taken) -> HttpResponse:
    """Makes a job's artefact the next version of its name, so that it outlives the job."""
    user = caller(request, "write").user
    found = _project(user, pk)
    _demand(user, "upload", pk)
    left = get_object_or_404(JobArtefact, scope=pk, pk=given.artefact)
    return _made(request, artefacts.take(found, left, by=f"user:{user.pk}"))


@api.post(
    "/uploads/{int:pk}",
    response={201: project_shapes.Artefact, **ACT_ERRORS},
    summary="Upload a file",
)
def uploads(
    request: HttpRequest,
    pk: int,
    file: UploadedFile = _FILE,
    name: str = _NO_NAME,
) -> HttpResponse:
    """Keeps a file of at most 16 MiB as the next version of its name in project `pk`."""
    user = caller(request, "write").user
    found = _project(user, pk)
    _demand(user, "upload", pk)
    made = artefacts.keep(
        found,
        name or file.name or "",
        file.read(),
        media_type=(file.content_type or ANY).lower(),
        by=f"user:{user.pk}",
    )
    return _made(request, made)


def _made(request: HttpRequest, made: ProjectArtefact) -> HttpResponse:
    told = {
        "source": "project",
        "pk": made.pk,
        "name": made.name,
        "version": made.version,
        "media_type": made.media_type,
        "size": made.size,
        "sha256": made.sha256,
        "created_at": made.created_at,
        "who": made.created_by,
        "job": made.job_id,
        "removed_at": made.removed_at,
    }
    return api.create_response(request, told, status=201)


def _project(user: Any, pk: int) -> Project:
    return get_object_or_404(Project.objects.visible_to(user), pk=pk)


def _one(user: Any, pk: int) -> ProjectArtefact:
    seen = ProjectArtefact.objects.visible_to(user).here().select_related("content")
    return get_object_or_404(seen, pk=pk)


def _demand(user: Any, act: str, scope: int) -> None:
    if not access.allows(user, act, scope):
        raise HttpError(403, errors.WORDS[403].message)
