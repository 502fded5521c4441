"""A map to take away: for other programs, and as text for agents."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import exports, maps, textmap
from projects.map_views import frame
from projects.models import Repository, SystemMap
from projects.snapshots import snapshot

MOST_EDGES = 200_000
"""A larger map is exported by command: a page would hold all of it in memory."""
_SIZES = (1000, 4000, 16_000)


@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will offer the current map in every format."""
    opened = frame.opened(request, slug, pk, "map-exports")
    context = opened.context | {
        "formats": exports.FORMATS,
        "levels": exports.LEVELS,
        "sizes": _SIZES,
        "mermaid_edges": exports.MERMAID_EDGES,
        "too_large": opened.map is not None and _too_large(opened.map),
    }
    return render(request, "projects/map/exports.html", context)


@gzip_page
@require_safe
@snapshot()
def download(request: HttpRequest, slug: str, pk: int, form: str) -> HttpResponse:
    """This view will give the current map as a file; 404 for a format or level there is not."""
    opened = frame.opened(request, slug, pk, "map-exports")
    level = request.GET.get("level", "components")
    if opened.map is None or level not in exports.LEVELS or _too_large(opened.map):
        raise Http404
    if form == "text":
        most = max(textmap.LEAST, min(frame.number(request, "tokens"), textmap.MOST))
        return _file(opened.repository, "txt", "text/plain", _text(opened.map, most))
    if form not in exports.FORMATS:
        raise Http404
    made = exports.FORMATS[form]
    graph = exports.graph(opened.map.content(), level, about(opened.map))
    return _file(opened.repository, made.suffix, made.media_type, "".join(made.write(graph)))


def about(shown: SystemMap) -> dict[str, str | int]:
    """This function will say whose map it is and of which commit, for other programs."""
    return {
        "repository": shown.repository_id,
        "commit": shown.commit,
        "digest": shown.digest,
    }


def _text(shown: SystemMap, most: int) -> str:
    title = f"{shown.repository_id} at {shown.commit[:12]}"
    return textmap.write(shown.content(), title, most, maps.definitions).text


def _too_large(shown: SystemMap) -> bool:
    return int(shown.counts.get("edges", 0)) > MOST_EDGES


def _file(repository: Repository, suffix: str, media_type: str, text: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="map-{repository.pk}.{suffix}"'
    return response
