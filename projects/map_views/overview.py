"""The overview of a map: its files as a treemap, what it is made of, its edges with evidence."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects.map_views import edges, frame, picture, sections
from projects.map_views.grouping import GROUPINGS
from projects.map_views.picture import Scope
from projects.models import SystemMap
from projects.snapshots import snapshot

_OFFERED = 300
"""How many components one may choose from; the page of components lists all."""
_SIZES = (("code", False), ("all text", True))


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show a repository's current map: treemap, structure, edges, provenance."""
    opened = frame.opened(request, slug, pk, "map")
    context = opened.context
    if opened.map is not None:
        text = frame.text(request, "q")
        context |= _looked_at(request, opened, opened.map)
        context["q"] = text
        context["edges"] = edges.matching(opened.repository, text, frame.number(request))
        context["lost"] = [
            (f"{path}:{line}", frame.place(opened.repository, path, line))
            for path, line in opened.map.counts.get("lost", [])
        ]
        wanted = request.GET.get("show", "")
        context["sections"] = sections.of(opened.repository, opened.map.structure, wanted)
    return render(request, "projects/map/overview.html", context)


def _looked_at(request: HttpRequest, opened: frame.Opened, shown: SystemMap) -> dict[str, Any]:
    """The picture, and how to look at another part of it, in other colours or with all text."""
    colour = request.GET.get("colour", "")
    scope = Scope(
        frame.text(request, "under").strip("/"),
        frame.text(request, "component"),
        request.GET.get("size") == "text",
        colour if colour in GROUPINGS else "language",
    )

    def to(**changed: Any) -> str:
        return frame.address(opened.repository, "map", **scope.to(**changed))

    names = [one["name"] or "." for one in shown.structure.get("components", [])]
    return {
        "under": scope.under,
        "component": scope.component,
        "whole": to(under="", component=""),
        "folders": [(name, to(under=path)) for name, path in frame.folders(scope.under)],
        "picture": picture.draw(opened.repository, shown, scope),
        "colours": [(name, to(colour=name), name == scope.colour) for name in GROUPINGS],
        "sizes": [(name, to(text=text), text == scope.text) for name, text in _SIZES],
        "kept": [(name, said) for name, said in scope.to(component="", under="").items() if said],
        "components": names[:_OFFERED],
    }
