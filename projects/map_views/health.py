"""What a judgement of a repository's health may be built upon, each number with the page it is from."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import health, history
from projects.health import Input
from projects.map_views import frame
from projects.snapshots import snapshot


@dataclass(frozen=True)
class Row:
    """A number and where it leads."""

    input: Input
    address: str


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show the inputs of a repository's health; it judges nothing."""
    opened = frame.opened(request, slug, pk, "map-health")
    context = opened.context
    if opened.map is not None:
        known = history.of(opened.repository)
        rows = [
            Row(one, frame.address(opened.repository, one.page, **one.parameters))
            for one in health.of(opened.map, known)
        ]
        context |= {"history": known, "rows": rows}
    return render(request, "projects/map/health.html", context)
