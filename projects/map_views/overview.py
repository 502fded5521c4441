"""The overview of a map: its files as a treemap, its edges with evidence, where it comes from."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import board
from projects.map_views import frame


@gzip_page
@require_safe
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show a repository's current map: treemap, edges with evidence, provenance."""
    opened = frame.opened(request, slug, pk, "map")
    under, text = frame.text(request, "under").strip("/"), frame.text(request, "q")
    context = opened.context | {"under": under, "folders": _folders(under), "q": text}
    if opened.map is not None:
        context["picture"] = board.picture(opened.map, under)
        context["edges"] = board.edges(opened.map, text, frame.number(request))
    return render(request, "projects/map/overview.html", context)


def _folders(under: str) -> list[tuple[str, str]]:
    names = under.split("/") if under else []
    return [(name, "/".join(names[: depth + 1])) for depth, name in enumerate(names)]
