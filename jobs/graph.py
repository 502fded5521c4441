"""Jobs that wait for each other, as a picture: layers from what comes first to what waits for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from jobs import board
from jobs.models import Dependency, Job

MOST = 60
"""So many jobs are drawn; what is further away is left out, and that is said."""
_STEPS = 6
_WIDTH, _HEIGHT, _ACROSS, _DOWN, _MARGIN = 172, 38, 232, 52, 8


@dataclass(frozen=True)
class Box:
    """A job in the picture."""

    job: Any
    left: int
    top: int
    inside: bool
    """Of the same project as the job in the middle: else only its number and state are told."""


@dataclass(frozen=True)
class Arrow:
    """What one job does for another: the path from the one that comes first to the one that waits."""

    edge: Dependency
    path: str


@dataclass(frozen=True)
class Graph:
    """Boxes and arrows, and the size they take; `cut`: more jobs hang together than are drawn."""

    boxes: list[Box]
    arrows: list[Arrow]
    width: int
    height: int
    cut: bool


def of(job: Job) -> Graph:
    """This function will draw what a job waits for, what waits for it, and what those do in turn."""
    found, cut = _around(job.pk)
    edges = list(Dependency.objects.filter(parent__in=found, child__in=found).order_by("pk"))
    layers = _layers(found, edges)
    rows = _rows(layers, edges)
    jobs = board.shown(Job.objects.filter(pk__in=found)).in_bulk()
    boxes = {
        pk: Box(
            jobs[pk],
            _MARGIN + layer * _ACROSS,
            _MARGIN + rows[pk] * _DOWN,
            jobs[pk].scope == job.scope,
        )
        for pk, layer in layers.items()
        if pk in jobs
    }
    arrows = [
        Arrow(edge, _path(boxes[edge.parent_id], boxes[edge.child_id]))
        for edge in edges
        if edge.parent_id in boxes and edge.child_id in boxes
    ]
    placed = sorted(boxes.values(), key=lambda box: (box.left, box.top))
    width = max((box.left for box in placed), default=0) + _WIDTH + _MARGIN
    height = max((box.top for box in placed), default=0) + _HEIGHT + _MARGIN
    return Graph(placed, arrows, width, height, cut)


def _around(job: int) -> tuple[set[int], bool]:
    """The jobs that hang together with one, nearest first, and whether there are more."""
    found, edge = {job}, {job}
    for _ in range(_STEPS):
        near = Dependency.objects.filter(Q(parent__in=edge) | Q(child__in=edge))
        pairs = near.order_by("pk").values_list("parent_id", "child_id")[: MOST * MOST]
        fresh = list(dict.fromkeys(pk for pair in pairs for pk in pair if pk not in found))
        if len(found) + len(fresh) > MOST:
            return found | set(fresh[: MOST - len(found)]), True
        if not fresh:
            return found, False
        found |= set(fresh)
        edge = set(fresh)
    return found, Dependency.objects.filter(_leaving(edge, found)).exists()


def _leaving(edge: Collection[int], found: Collection[int]) -> Q:
    out = Q(parent__in=edge) & ~Q(child__in=found)
    return out | Q(child__in=edge) & ~Q(parent__in=found)


def _layers(jobs: Collection[int], edges: Iterable[Dependency]) -> dict[int, int]:
    """For each job the longest way to it from one that waits for none; the database keeps out circles."""
    parents: dict[int, list[int]] = defaultdict(list)
    for edge in edges:
        parents[edge.child_id].append(edge.parent_id)
    layers: dict[int, int] = {}
    left = sorted(jobs)
    while left:
        ready = [pk for pk in left if all(parent in layers for parent in parents[pk])]
        for pk in ready or left:
            known = [layers[parent] for parent in parents[pk] if parent in layers]
            layers[pk] = max(known, default=-1) + 1
        left = [pk for pk in left if pk not in layers]
    return layers


def _rows(layers: dict[int, int], edges: Iterable[Dependency]) -> dict[int, int]:
    """The row of each job in its layer: near the middle of what it waits for."""
    parents: dict[int, list[int]] = defaultdict(list)
    for edge in edges:
        parents[edge.child_id].append(edge.parent_id)
    rows: dict[int, int] = {}
    for layer in range(max(layers.values(), default=-1) + 1):

        def middle(pk: int) -> tuple[float, int]:
            above = [rows[parent] for parent in parents[pk] if parent in rows]
            return (sum(above) / len(above) if above else 0.0, pk)

        for row, pk in enumerate(sorted((pk for pk in layers if layers[pk] == layer), key=middle)):
            rows[pk] = row
    return rows


def _path(first: Box, then: Box) -> str:
    """A curve from the right side of one box to the left side of the other."""
    x1, y1 = first.left + _WIDTH, first.top + _HEIGHT // 2
    x2, y2 = then.left, then.top + _HEIGHT // 2
    bend = max(20, (x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
