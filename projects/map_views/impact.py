"""The impact explorer: what could break when files change, each with its proof."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import impact
from projects.map_views import frame
from projects.models import Repository
from projects.snapshots import snapshot

AFFECTED = 100
_PATHS, _PROOF = 100, 12


@dataclass(frozen=True)
class Row:
    """One affected file or package, and the steps from it to what changed."""

    affected: impact.Affected
    address: str
    steps: list[tuple[impact.Step, str, str]]  # with the addresses of both ends
    more: int


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show what needs some files or folders of the current map."""
    opened = frame.opened(request, slug, pk, "map-impact")
    said = "\n".join(request.GET.getlist("path")).replace("\0", "")[:20_000]
    paths = list(dict.fromkeys(filter(None, map(str.strip, said.split("\n")))))[:_PATHS]
    context = opened.context | {"paths": paths, "said": "\n".join(paths)}
    if opened.map is not None and paths:
        context |= _found(request, opened.repository, impact.of_map(opened.map, paths))
    return render(request, "projects/map/impact.html", context)


def _found(request: HttpRequest, repository: Repository, found: impact.Impact) -> dict[str, Any]:
    number = frame.number(request)
    begin = (number - 1) * AFFECTED
    some = found.affected[begin : begin + AFFECTED]
    return {
        "found": found,
        "rows": [_row(repository, one) for one in some],
        "number": number,
        "first": begin + 1,
        "last": begin + len(some),
        "total": len(found.affected),
        "further": begin + AFFECTED < len(found.affected),
    }


def _row(repository: Repository, one: impact.Affected) -> Row:
    proof = one.proof
    steps = [
        (step, frame.place(repository, step.src, step.line), frame.place(repository, step.dst))
        for step in proof[:_PROOF]
    ]
    return Row(one, frame.place(repository, one.place.path), steps, one.distance - len(steps))
