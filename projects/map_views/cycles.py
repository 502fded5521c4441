"""The circles of a map: files that all need each other, and a shortest way around as proof."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects.map_views import edges, frame
from projects.models import Edge, Repository
from projects.snapshots import snapshot

LISTED, FILES, EDGES = 100, 200, 100


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will list the circles of the current map, and show one of them with its edges."""
    opened = frame.opened(request, slug, pk, "map-cycles")
    context = opened.context
    if opened.map is not None:
        structure = opened.map.structure
        found = structure.get("cycles", [])
        number = min(frame.number(request, "cycle"), max(1, len(found)))
        context |= {
            "known": "cycles" in structure,
            "total": len(found),
            "listed": [(place, one[0], len(one)) for place, one in enumerate(found[:LISTED], 1)],
            "components": structure.get("component_cycles", []),
            "number": number,
        }
        if found:
            context |= _chosen(opened.repository, found[number - 1])
    return render(request, "projects/map/cycles.html", context)


def _chosen(repository: Repository, paths: list[str]) -> dict[str, Any]:
    inside = Edge.objects.filter(
        repository=repository, src__path__in=paths, dst__path__in=paths
    ).select_related("src", "dst")
    found = {
        (edge.src.path, edge.dst.path): edge for edge in inside.order_by("src__path", "dst__path")
    }
    around = [found[step] for step in _around(paths[0], found)]
    return {
        "files": [(path, frame.place(repository, path)) for path in paths[:FILES]],
        "files_all": len(paths),
        "around": edges.rows(repository, around),
        "rows": edges.rows(repository, list(found.values())[:EDGES]),
        "edges_all": len(found),
    }


def _around(start: str, found: Mapping[tuple[str, str], Edge]) -> list[tuple[str, str]]:
    """The edges of a shortest circle through a file."""
    needs: dict[str, list[str]] = {}
    for src, dst in found:
        needs.setdefault(src, []).append(dst)
    came: dict[str, str] = {}
    waiting = deque([start])
    while waiting and start not in came:
        src = waiting.popleft()
        for dst in needs.get(src, ()):
            if dst not in came:
                came[dst] = src
                waiting.append(dst)
    steps: list[tuple[str, str]] = []
    at = start
    while at in came and (not steps or at != start):
        steps.append((came[at], at))
        at = came[at]
    return steps[::-1]
