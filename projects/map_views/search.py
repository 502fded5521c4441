"""Searching the definitions and files of a map by name."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import symbols
from projects.map_views import frame
from projects.snapshots import snapshot


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will list what is named like the text `q`: definitions, then files."""
    opened = frame.opened(request, slug, pk, "map-search")
    text = frame.text(request, "q").strip()[: symbols.LONGEST]
    context = opened.context | {"q": text}
    if opened.map is not None and text:
        hits = symbols.search(opened.map, text)
        place = frame.place
        context |= {
            "hits": hits,
            "symbols": [
                (one, place(opened.repository, one.path, one.line)) for one in hits.symbols
            ],
            "files": [(one, place(opened.repository, one.path)) for one in hits.files],
        }
    return render(request, "projects/map/search.html", context)
