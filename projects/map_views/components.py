"""The components of a repository: who needs whom, in layers, with the cycles marked."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from jobs.plain import numbered
from projects.map_views import edges, frame, graph
from projects.models import Repository
from projects.snapshots import snapshot

SIZES = (40, 120, 300)
"""How many components a picture may show; above the first it takes patience to read."""
ROWS = 100
"""How many components, and how many edges between them, the tables show."""
_HOPS = (1, 2)
_COLOURS = 8


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show a repository's components, or what is around one of them."""
    opened = frame.opened(request, slug, pk, "map-components")
    context = opened.context
    if opened.map is not None:
        structure = opened.map.structure
        context |= _graph(request, opened.repository, structure)
        src, dst = frame.text(request, "src"), frame.text(request, "dst")
        if src and dst:
            found = edges.between(opened.repository, src, dst, frame.number(request))
            context |= {"src": src, "dst": dst, "edges": found}
    return render(request, "projects/map/components.html", context)


def _graph(
    request: HttpRequest, repository: Repository, structure: Mapping[str, Any]
) -> dict[str, Any]:
    listed = [one | {"name": one["name"] or "."} for one in structure.get("components", [])]
    told = structure.get("component_edges", [])
    counts = {(src or ".", dst or "."): count for src, dst, count in told}
    focus, hops = frame.text(request, "focus"), 2 if request.GET.get("hops") == "2" else 1
    size = next((one for one in SIZES if str(one) == request.GET.get("most")), SIZES[0])
    near = graph.neighbours(focus, counts, hops) if focus else {}
    inside = [one for one in listed if not focus or one["name"] in near]
    ranked = sorted(inside, key=lambda one: (near.get(one["name"], 0), -one["lines"], one["name"]))
    shown = {one["name"]: one for one in ranked[:size]}
    edges_shown = {ends: n for ends, n in counts.items() if shown.keys() >= set(ends)}
    spoken = Counter(one["language"] for one in shown.values())
    ranked_languages = sorted(spoken, key=lambda name: (-spoken[name], name))
    colours = {name: f"l-{n if n <= _COLOURS else 0}" for n, name in enumerate(ranked_languages, 1)}
    nodes = [_node(repository, one, focus, colours) for one in shown.values()]
    tied = [(*ends, n) for ends, n in counts.items() if not focus or near.keys() >= set(ends)]
    circles, layers = _named(structure, "component_cycles"), _named(structure, "layers")
    return {
        "focus": focus,
        "focus_known": any(one["name"] == focus for one in listed),
        "hops": hops,
        "hops_offered": _HOPS,
        "size": size,
        "sizes": [one for one in SIZES if one == SIZES[0] or len(inside) > _before(one)],
        "legend": [(colours[name], name, spoken[name]) for name in ranked_languages[:_COLOURS]],
        "svg": graph.draw(nodes, edges_shown, circles),
        "shown": len(shown),
        "inside": len(inside),
        "components": ranked[:ROWS],
        "rows": sorted(tied, key=_heavy)[:ROWS],
        "edges_shown": len(edges_shown),
        "edges_all": len(counts),
        "circles": circles,
        "layers": layers,
    }


def _named(structure: Mapping[str, Any], key: str) -> list[list[str]]:
    """Groups of components; what lies at the top has no name, and pages write a dot."""
    return [[name or "." for name in names] for names in structure.get(key, [])]


def _before(size: int) -> int:
    return SIZES[SIZES.index(size) - 1]


def _heavy(row: tuple[str, str, int]) -> tuple[int, str, str]:
    return -row[2], row[0], row[1]


def _node(
    repository: Repository, one: Mapping[str, Any], focus: str, colours: Mapping[str, str]
) -> graph.Node:
    name = one["name"]
    lines = numbered(one["lines"], "line")
    said = f"{name}: {numbered(one['files'], 'file')}, {lines}, {one['language']}"
    return graph.Node(
        name,
        name,
        lines,
        said,
        frame.address(repository, "map-components", focus=name),
        colours[one["language"]],
        name == focus,
    )
