"""Where to look first: files that are large and often changed, and what changes together."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import history
from projects.history import Hotspot
from projects.map_views import frame
from projects.models import Coupling, History, Repository, SystemMap
from projects.snapshots import snapshot

HEIGHT = 20
"""Of the bars of a trend; a month is four wide."""
Bars = list[tuple[int, int, int]]  # left, top, height


@dataclass(frozen=True)
class Row:
    """A hotspot as the table shows it; `part` is its share of the highest score, in percent."""

    hotspot: Hotspot
    address: str
    part: int
    bars: Bars
    most: int  # changes in the busiest month


@dataclass(frozen=True)
class Tied:
    """Two files that change together, and how often one comes with the other, in percent."""

    pair: Coupling
    one_at: str
    other_at: str
    part: int


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will rank the files of a map by changes times lines."""
    opened = frame.opened(request, slug, pk, "map-hotspots")
    context = opened.context
    if opened.map is not None:
        known = history.of(opened.repository)
        context |= {"history": known}
        if known is not None:
            context |= _ranked(request, opened.repository, opened.map, known)
            context |= _tied(request, opened.repository, known)
    return render(request, "projects/map/hotspots.html", context)


def _ranked(
    request: HttpRequest, repository: Repository, shown: SystemMap, known: History
) -> dict[str, Any]:
    kind = request.GET.get("kind", "code")
    kind = kind if kind in history.KINDS else "code"
    recent = request.GET.get("since") == "year"
    under = frame.text(request, "under")
    found = history.hotspots(
        shown, known, kind=kind, recent=recent, under=under, number=frame.number(request)
    )
    months = history.months(known, [row.id for row in found.rows])
    highest = max((row.score for row in found.rows), default=1)
    rows = []
    for row in found.rows:
        counts = [count for _, count in months[row.id]]
        address = frame.address(repository, "map-file", path=row.path)
        part = round(100 * row.score / highest)
        rows.append(Row(row, address, part, bars(counts), max(counts)))
    since = "year" if recent else ""

    def to(**changed: Any) -> str:
        said = {"kind": kind if kind != "code" else "", "since": since, "under": under, **changed}
        return frame.address(repository, "map-hotspots", **said)

    return {
        "kind": kind,
        "recent": recent,
        "under": under,
        "rows": rows,
        "found": found,
        "first": (found.number - 1) * history.ROWS + 1,
        "kinds": [(one, to(kind=one if one != "code" else "")) for one in history.KINDS],
        "spans": [
            ("all time", to(since=""), not recent),
            ("twelve months", to(since="year"), recent),
        ],
        "before": to(page=found.number - 1) if found.number > 1 else "",
        "after": to(page=found.number + 1) if found.further else "",
    }


def _tied(request: HttpRequest, repository: Repository, known: History) -> dict[str, Any]:
    pairs = history.coupled(known, number=frame.number(request, "pairs"))
    tied = [
        Tied(
            pair,
            frame.address(repository, "map-file", path=pair.one.path),
            frame.address(repository, "map-file", path=pair.other.path),
            round(100 * pair.together / min(pair.of_one, pair.of_other)),
        )
        for pair in pairs
    ]
    return {
        "tied": tied,
        "tied_all": known.couplings.count(),
        "pairs": frame.number(request, "pairs"),
        "pairs_of": history.ROWS,
    }


def bars(counts: list[int]) -> Bars:
    """This function will place a bar for each count, four apart, in a picture `HEIGHT` high."""
    most = max(counts, default=0)
    heights = [-(-count * HEIGHT // most) if most else 0 for count in counts]
    return [(4 * place, HEIGHT - tall, tall) for place, tall in enumerate(heights)]
