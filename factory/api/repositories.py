"""Repositories one by one: how well they are known, their maps, and fetching them again."""

from typing import Any, Literal

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from ninja.errors import HttpError

from factory import errors, map_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from factory.api.maps import TEXT_EDGES, current, repository
from factory.api.projects import repository as described
from projects import access, board, exports, registration, removal
from projects.map_views.exports import about
from projects.models import Edge, MapNode, SystemMap
from projects.snapshots import snapshot

PAGE, MAPS, ROWS = 50, 50, 500
_AFTER = Query(0, ge=0, le=2**63 - 1)
_BELOW = Query(None, ge=1, le=2**63 - 1)
_LIMIT = Query(PAGE, ge=1, le=PAGE)
_ROWS = Query(ROWS, ge=1, le=ROWS)
_NODE = ("language", "bytes", "lines", "definitions", "role", "component", "skip")
_MAP = ("id", "commit", "extractor", "digest", "built_at", "counts", "languages")


@api.get(
    "/repositories",
    response={200: map_shapes.Repositories, **ERRORS},
    summary="Repositories you may see",
)
def repository_list(
    request: HttpRequest,
    project: str = Query("", max_length=100),
    after: int = _AFTER,
    limit: int = _LIMIT,
) -> HttpResponse:
    """By id; with `project`, a slug, those of one project."""
    found = board.repositories(caller(request, "read").user).filter(pk__gt=after)
    if project:
        found = found.filter(project__slug=project.replace("\0", ""))
    read = list(found.order_by("pk")[: limit + 1])
    listed = read[:limit]
    further = listed[-1].pk if len(read) > limit else None
    return fresh(request, {"repositories": [_known(one) for one in listed], "next": further})


@api.get(
    "/repositories/{int:pk}",
    response={200: map_shapes.Known, **ERRORS},
    summary="One repository",
)
def one_repository(request: HttpRequest, pk: int) -> HttpResponse:
    """One repository: what was fetched, what is mapped, and why it failed last."""
    return fresh(request, _known(repository(request, pk)))


@api.post(
    "/repositories/{int:pk}/syncs",
    response={200: map_shapes.Synced, **ACT_ERRORS},
    summary="Fetch and map a repository again",
)
def repository_syncs(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the job that does so, a new one or the one that waits. 409 when it is put away."""
    user = caller(request, "write").user
    found = get_object_or_404(board.repositories(user), pk=pk)
    if not access.allows(user, "sync", found.project_id):
        raise HttpError(403, errors.WORDS[403].message)
    job = registration.sync(found, actor=f"user:{user.pk}")
    return api.create_response(request, {"job": job.pk, "state": job.state}, status=200)


@api.delete(
    "/repositories/{int:pk}",
    response={204: None, **ACT_ERRORS},
    summary="Remove a repository",
)
def repository_removal(request: HttpRequest, pk: int) -> HttpResponse:
    """With its maps, clone and waiting jobs, for good; for maintainers. 409 while a job works on it."""
    user = caller(request, "write").user
    found = get_object_or_404(board.repositories(user), pk=pk)
    if not access.allows(user, "remove", found.project_id):
        raise HttpError(403, errors.WORDS[403].message)
    try:
        removal.remove([found], by=f"user:{user.pk}")
    except removal.Held as error:
        raise HttpError(409, str(error)) from None
    return HttpResponse(status=204)


@api.get(
    "/repositories/{int:pk}/maps",
    response={200: map_shapes.Maps, **ERRORS},
    summary="The maps that are kept of a repository",
)
def map_list(request: HttpRequest, pk: int, below: int | None = _BELOW) -> HttpResponse:
    """Newest first, each with its counts."""
    shown = repository(request, pk)
    found = SystemMap.objects.filter(repository=shown).defer("document", "structure")
    found = found if below is None else found.filter(pk__lt=below)
    read = list(found.order_by("-pk")[: MAPS + 1])
    listed = read[:MAPS]
    further = listed[-1].pk if len(read) > MAPS else None
    told = [_map(one, shown.current_map_id) for one in listed]
    return fresh(request, {"maps": told, "next": further})


@api.get(
    "/repositories/{int:pk}/map",
    response={200: map_shapes.Map, **ERRORS},
    summary="The current map of a repository",
)
def one_map(request: HttpRequest, pk: int) -> HttpResponse:
    """What it counts, of which commit; 404 while there is none."""
    shown = current(request, pk)
    return fresh(request, _map(shown, shown.pk))


@api.get(
    "/repositories/{int:pk}/nodes",
    response={200: map_shapes.NodePage, **ERRORS},
    summary="Files and packages of the current map",
)
@snapshot()
def nodes(request: HttpRequest, pk: int, after: int = _AFTER, limit: int = _ROWS) -> HttpResponse:
    """By id. When `commit` changes from one page to the next, a new map was published: begin anew."""
    shown = current(request, pk)
    found = MapNode.objects.filter(repository=pk, node__gt=after).order_by("node")
    read = list(found.select_related("node")[: limit + 1])
    listed = [_node(one) for one in read[:limit]]
    further = listed[-1]["id"] if len(read) > limit else None
    return fresh(request, {"commit": shown.commit, "nodes": listed, "next": further})


@api.get(
    "/repositories/{int:pk}/edges",
    response={200: map_shapes.EdgePage, **ERRORS},
    summary="Which files of the current map need each other",
)
@snapshot()
def map_edges(
    request: HttpRequest, pk: int, after: int = _AFTER, limit: int = _ROWS
) -> HttpResponse:
    """By the files that need, each with its evidence. When `commit` changes, begin anew.

    404 when no edge of the current map has the id `after`: it was of a map before.
    """
    shown = current(request, pk)
    found = _after(Edge.objects.filter(repository=pk), after).order_by("src", "dst", "kind")
    more = {"src_path": F("src__path"), "dst_path": F("dst__path")}
    read = list(found.values("id", "src", "dst", "kind", "lines", **more)[: limit + 1])
    further = read[limit - 1]["id"] if len(read) > limit else None
    return fresh(request, {"commit": shown.commit, "edges": read[:limit], "next": further})


@api.get(
    "/repositories/{int:pk}/export",
    response={200: map_shapes.Export, **ERRORS},
    summary="The current map for other programs",
)
def export(
    request: HttpRequest,
    pk: int,
    form: Literal[tuple(exports.FORMATS)] = Query("json"),  # type: ignore[valid-type]
    level: Literal[exports.LEVELS] = Query("components"),  # type: ignore[valid-type]
) -> HttpResponse:
    """As the page of exports gives it; 404 for a map that is too large for one answer."""
    shown = current(request, pk)
    if shown.counts.get("edges", 0) > TEXT_EDGES:
        raise HttpError(404, f"This map is too large; manage.py map {pk} --export writes it.")
    made = exports.FORMATS[form]
    text = "".join(made.write(exports.graph(shown.content(), level, about(shown))))
    return fresh(request, {"commit": shown.commit, "media_type": made.media_type, "text": text})


def _after(edges: "QuerySet[Edge]", after: int) -> "QuerySet[Edge]":
    """Those behind an edge in the order of the index that begins with the repository.

    By id, the edges of all repositories in between would be read.
    """
    if not after:
        return edges
    last = get_object_or_404(edges, pk=after)
    behind = (
        Q(src__gt=last.src_id) | Q(dst__gt=last.dst_id) | Q(dst=last.dst_id, kind__gt=last.kind)
    )
    return edges.filter(behind, src__gte=last.src_id)


def _known(one: Any) -> dict[str, Any]:
    shown = one.current_map
    return {
        **described(one),
        "project": one.project.slug,
        "project_id": one.project_id,
        "map": shown.commit if shown else None,
        "mapped_at": shown.built_at if shown else None,
    }


def _map(one: SystemMap, current_id: int | None) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in _MAP}
    return told | {"job": one.job_id, "current": one.pk == current_id}


def _node(one: MapNode) -> dict[str, Any]:
    node = {"id": one.node_id, "kind": one.node.kind, "path": one.node.path}
    return node | {name: getattr(one, name) for name in _NODE}
