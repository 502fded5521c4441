"""Two maps of a repository compared on one page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from jobs import board as jobs_board
from jobs.failures import Anticipated
from jobs.models import Job
from jobs.states import LIVE
from projects import access, board, drift, maps, registration
from projects.git import reading
from projects.map_views import frame
from projects.models import Repository, SystemMap
from projects.snapshots import snapshot

KEPT, ROWS, MAKING = 100, 100, 10
_LONGEST = 64

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
        # Maps that were made later are of commits that somebody asked for.
        older = next((one for one in kept if one.pk < opened.map.pk), opened.map)
        old = frame.text(request, "from").strip() or older.commit
        new = frame.text(request, "to").strip() or opened.map.commit
        context |= {"kept": kept, "kept_all": light.count(), "old": old, "new": new}
        context |= _compared(opened.repository, old, new)
        context["making"] = _making(request, opened.repository)
    return render(request, "projects/map/drift.html", context)


@require_POST
def makings(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will have the map of a commit made and kept, and lead back to the comparison."""
    repository = get_object_or_404(board.repositories(request.user), project__slug=slug, pk=pk)
    if not access.allows(request.user, "sync", repository.project_id):
        raise PermissionDenied
    said = request.POST.get("commit", "").strip()[:_LONGEST]
    try:
        commit = reading.commit(repository.clone, said, frame.WATCH)
    except Anticipated as error:
        messages.error(request, f"commit: {error}")
    else:
        _make(request, repository, commit)
    sides = {name: request.POST.get(name, "")[:_LONGEST] for name in ("from", "to")}
    return redirect(frame.address(repository, "map-drift", **sides))


def _make(request: HttpRequest, repository: Repository, commit: str) -> None:
    if maps.at(repository, commit) is not None:
        messages.info(request, f"The map of commit {commit[:12]} is kept already.")
        return
    job = registration.map_commit(repository, commit, actor=f"user:{request.user.pk}")
    messages.success(request, f"The map of commit {commit[:12]} will be made by job {job.pk}.")


def _making(request: HttpRequest, repository: Repository) -> list[Job]:
    """The jobs that are on their way with maps of older commits."""
    ours = Job.objects.visible_to(request.user).filter(
        scope=repository.project_id, state__in=LIVE, limit_key=repository.past_key
    )
    return jobs_board.labelled(jobs_board.shown(ours).order_by("pk")[:MAKING])


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
