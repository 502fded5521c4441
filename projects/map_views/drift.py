"""Two maps of a repository compared on one page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import drift, maps
from projects.map_views import frame
from projects.models import Repository, SystemMap
from projects.snapshots import snapshot

KEPT, ROWS = 100, 100


Place = Callable[..., str]  # the address of a path, and of a line of it


@dataclass(frozen=True)
class Part:
    """One kind of what differs; `rows` has a sign, a text and an address of each that is listed."""

    title: str
    said: str
    rows: list[tuple[str, str, str]]
    total: int


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will compare two kept maps: the last two, or those of `from` and `to`."""
    opened = frame.opened(request, slug, pk, "map-drift")
    context = opened.context
    if opened.map is not None:
        light = SystemMap.objects.filter(repository=opened.repository).order_by("-pk")
        kept = list(light.only("commit", "built_at", "extractor")[:KEPT])
        older = next((one for one in kept if one.pk != opened.map.pk), opened.map)
        old = frame.text(request, "from").strip() or older.commit
        new = frame.text(request, "to").strip() or opened.map.commit
        context |= {"kept": kept, "kept_all": light.count(), "old": old, "new": new}
        context |= _compared(opened.repository, old, new)
    return render(request, "projects/map/drift.html", context)


def _compared(repository: Repository, old: str, new: str) -> dict[str, Any]:
    sides = {text: maps.at(repository, text) for text in (old, new)}
    before, after = sides[old], sides[new]
    if before is None or after is None:
        return {"missing": [text for text, side in sides.items() if side is None]}
    if before == after:
        return {"same": after}
    found = drift.compare(drift.side(before), drift.side(after))
    current = after.pk == repository.current_map_id

    def place(*where: Any) -> str:
        return frame.place(repository, *where) if current else ""

    parts = [*_both(found, place), *_same_paths(found, place)]
    counts = [(name, was, now) for name, was, now in found.counts if was != now]
    return {"found": found, "before": before, "after": after, "parts": parts, "counts": counts}


def _both(found: drift.Drift, place: Place) -> Iterator[Part]:
    texts: list[tuple[str, drift.Change, Callable[[Any], tuple[str, str]]]] = [
        ("Files", found.nodes, lambda path: (path, place(path))),
        ("Edges", found.edges, lambda edge: (_arrow(*edge[:2], edge[3]), place(edge[0], edge[3]))),
        ("Cycles", found.cycles, lambda paths: (_circle(paths), "")),
        ("Components", found.components, lambda name: (name or ".", "")),
        ("Edges between components", found.component_edges, lambda ends: (_arrow(*ends), "")),
        ("Dependencies", found.dependencies, lambda one: (" ".join(filter(None, one)), "")),
    ]
    for title, change, text in texts:
        added = [("+", *text(one)) for one in change.added[:ROWS]]
        removed = [("-", text(one)[0], "") for one in change.removed[:ROWS]]
        said = f"{len(change.added):,} added, {len(change.removed):,} removed"
        yield Part(title, said, added + removed, len(change.added) + len(change.removed))


def _same_paths(found: drift.Drift, place: Place) -> Iterator[Part]:
    moved = [("→", _arrow(old, new), place(new)) for old, new in found.moved]
    changed = [("~", path, place(path)) for path in found.changed]
    for title, rows in (("Moved files", moved), ("Changed files", changed)):
        yield Part(title, f"{len(rows):,}", rows[:ROWS], len(rows))


def _arrow(src: str, dst: str, line: int = 0) -> str:
    return f"{src or '.'}{f':{line}' if line else ''} → {dst or '.'}"


def _circle(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 5:,} more" if len(paths) > 5 else ""
    return f"{', '.join(paths[:5])}{more}"
