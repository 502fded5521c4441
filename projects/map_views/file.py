"""One file of a map: what it needs, who needs it, what it defines, and its source."""

from collections import defaultdict
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects.map_views import edges, frame, graph, past, source
from projects.mapping import cycles
from projects.models import BlobFacts, Edge, MapNode, Repository, SystemMap
from projects.snapshots import snapshot

ROWS = 100
"""How many imports and importers one page lists."""
AROUND = 40
"""How many files the picture of the surroundings shows."""
DEFINITIONS = 500
_TARGETS = 2  # named beside one line of the source


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show one file of a repository's map, and its source at the map's commit."""
    opened = frame.opened(request, slug, pk, "map-file")
    path = frame.text(request, "path")
    if not path:
        return redirect("projects:map", slug, pk)
    context = opened.context | {"path": path, "folders": frame.folders(path)}
    status = 200
    if opened.map is not None:
        found = MapNode.objects.filter(
            repository=opened.repository, node__path=path, node__kind="file"
        )
        node = found.select_related("node").first()
        context["file"] = node
        if node is None:
            status = 404
        else:
            context |= _told(request, opened.repository, opened.map, node)
    return render(request, "projects/map/file.html", context, status=status)


def _told(
    request: HttpRequest, repository: Repository, shown: SystemMap, node: MapNode
) -> dict[str, Any]:
    path = node.node.path
    needs = Edge.objects.filter(repository=repository, src=node.node_id).select_related(
        "src", "dst"
    )
    packages = Edge.objects.filter(repository=repository, dst=node.node_id, kind=Edge.Kind.PART)
    inside = list(packages.select_related("src").order_by("src__path")[:ROWS])
    wanted = Q(dst=node.node_id, kind=Edge.Kind.IMPORT) | Q(dst__in=[one.src_id for one in inside])
    needed = Edge.objects.filter(wanted, repository=repository).exclude(src=node.node_id)
    needed = needed.select_related("src", "dst")
    imports = list(needs.order_by("dst__path", "kind")[:ROWS])
    importers = list(needed.order_by("src__path", "dst__path")[:ROWS])
    facts = _facts(shown, node)
    head = facts.get("head", {})
    definitions = sorted(facts.get("definitions", []), key=lambda one: (one[2], one[1]))
    return {
        "imports": edges.rows(repository, imports),
        "imports_all": _total(imports, needs),
        "importers": edges.rows(repository, importers),
        "importers_all": _total(importers, needed),
        "packages": [(one.src.path, frame.place(repository, one.src.path)) for one in inside],
        "definitions": [(*one, source.page_of(one[2])) for one in definitions[:DEFINITIONS]],
        "definitions_all": len(definitions),
        "marks": sorted(head.get("marks", []), key=lambda one: one[2]),
        "broken": head.get("broken", False),
        "past": past.of(repository, shown, path),
        "source": _source(request, repository, node, definitions, imports),
        **_around(repository, path, {edge.dst.path for edge in imports}, importers),
    }


def _total(rows: list[Edge], found: "QuerySet[Edge]") -> int:
    return len(rows) if len(rows) < ROWS else found.count()


def _facts(shown: SystemMap, node: MapNode) -> dict[str, Any]:
    """What its content says; nothing where it was only counted or the facts grew old."""
    found = BlobFacts.objects.filter(
        blob=node.blob, extractor=shown.extractor, language=node.reader
    )
    facts: dict[str, Any] = found.values_list("facts", flat=True).first() or {}
    return facts


def _source(
    request: HttpRequest,
    repository: Repository,
    node: MapNode,
    definitions: list[Any],
    imports: list[Edge],
) -> source.Source:
    marked: dict[int, str] = {}
    led: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for edge in imports:
        for line in edge.lines:
            marked[line] = "imports"
            if len(led[line]) < _TARGETS:
                led[line].append((edge.dst.path, frame.place(repository, edge.dst.path)))
    marked |= {line: "defines" for _, _, line in definitions}
    return source.read(repository, node, frame.number(request), marked, led)


def _around(
    repository: Repository, path: str, needs: set[str], importers: list[Edge]
) -> dict[str, Any]:
    """The file with those next to it, and all edges between them."""
    near = sorted(needs | {edge.src.path for edge in importers})
    drawn = [path, *[one for one in near if one != path][: AROUND - 1]]
    found = Edge.objects.filter(repository=repository, src__path__in=drawn, dst__path__in=drawn)
    listed = found.values_list("src__path", "dst__path", "lines")
    tied = {(src, dst): len(lines) for src, dst, lines in listed}
    nodes = [
        graph.Node(
            one,
            one.rstrip("/").rpartition("/")[2],
            one.rpartition("/")[0] or ".",
            one,
            frame.place(repository, one),
            "l-1",
            one == path,
        )
        for one in drawn
    ]
    return {
        "svg": graph.draw(nodes, tied, cycles.cycles(tied)) if tied else "",
        "drawn": len(drawn),
        "near": len(set(near) - {path}) + 1,
    }
