"""Questions about a repository's map."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from ninja.errors import HttpError

from factory import map_shapes
from factory.api.answers import ERRORS, api, fresh
from factory.api.callers import caller
from projects import board, drift, maps, symbols, textmap
from projects import impact as asking
from projects.models import Repository, SystemMap
from projects.snapshots import snapshot

AFFECTED, PATHS = 1000, 100
"""The most affected of one answer, and paths of one question."""
TEXT_EDGES = 200_000


@api.get(
    "/repositories/{int:pk}/impact",
    response={200: map_shapes.Impact, **ERRORS},
    summary="What could break",
)
@snapshot()
def impact(
    request: HttpRequest,
    pk: int,
    path: list[str] = Query(..., min_length=1, max_length=PATHS),  # noqa: B008 — ninja's own form
    limit: int = Query(200, ge=0, le=AFFECTED),
) -> HttpResponse:
    """What needs these files or folders of the current map, with proofs, and what is not covered."""
    shown = current(request, pk)
    try:
        found = asking.of_map(shown, path).insist()
    except asking.NotOnTheMap as error:
        raise HttpError(404, f"{error}.") from None
    return fresh(request, asking.described(found, limit))


@api.get(
    "/repositories/{int:pk}/drift",
    response={200: map_shapes.Drift, **ERRORS},
    summary="How two maps differ",
)
def drifts(
    request: HttpRequest,
    pk: int,
    old: str = Query(..., max_length=64),
    new: str = Query("", max_length=64),
) -> HttpResponse:
    """How the kept maps of two commits differ; without `new`, the current one is the newer."""
    meant = repository(request, pk)
    sides = []
    for name, commit in (("old", old), ("new", new)):
        kept = maps.at(meant, commit) if commit or name == "new" else None
        if kept is None:
            raise HttpError(404, f"{name}: no single map of that commit is kept.")
        sides.append(drift.side(kept))
    return fresh(request, drift.described(drift.compare(*sides)))


@api.get(
    "/repositories/{int:pk}/symbols",
    response={200: map_shapes.Hits, **ERRORS},
    summary="Definitions and files by name",
)
@snapshot()
def named(
    request: HttpRequest,
    pk: int,
    q: str = Query(..., min_length=1, max_length=symbols.LONGEST),
    limit: int = Query(symbols.LIMIT, ge=1, le=200),
) -> HttpResponse:
    """As written first, then in another case, then what begins with it, then what contains it."""
    shown = current(request, pk)
    found = symbols.described(symbols.search(shown, q, limit))
    return fresh(request, {"commit": shown.commit, **found})


@api.get(
    "/repositories/{int:pk}/text",
    response={200: map_shapes.Text, **ERRORS},
    summary="The map as text for agents",
)
def text(
    request: HttpRequest,
    pk: int,
    tokens: int = Query(textmap.TOKENS, ge=textmap.LEAST, le=textmap.MOST),
) -> HttpResponse:
    """The most central files with what they define and need, within a budget of tokens."""
    shown = current(request, pk)
    if shown.counts.get("edges", 0) > TEXT_EDGES:
        raise HttpError(404, f"This map is too large; manage.py map {pk} --text writes it.")
    title = f"{shown.repository_id} at {shown.commit[:12]}"
    made = textmap.write(shown.content(), title, tokens, maps.definitions)
    return fresh(request, {"commit": shown.commit, **asdict(made)})


def repository(request: HttpRequest, pk: int) -> Repository:
    """This function will give a repository the caller may read; 404."""
    found: Any = board.repositories(caller(request, "read").user)
    return get_object_or_404(found, pk=pk)


def current(request: HttpRequest, pk: int) -> SystemMap:
    """This function will give the map that is shown of a repository the caller may read; 404."""
    shown = repository(request, pk).current_map
    if shown is None:
        raise HttpError(404, "This repository has no map yet.")
    return shown
