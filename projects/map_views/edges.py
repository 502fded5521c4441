"""The edges of a map as the pages list them, each with its evidence."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from projects.map_views import frame
from projects.models import Edge, MapNode, Repository

EDGES = 50
LINES = 12
"""How many lines of evidence one row names."""
_LONGEST_FILTER = 200


@dataclass(frozen=True)
class Row:
    """One edge: both ends with their addresses, and the lines that prove it."""

    src: str
    src_at: str
    lines: list[tuple[int, str]]
    more: int
    dst: str
    dst_at: str
    kind: str


@dataclass(frozen=True)
class EdgePage:
    """One page of edges, and how many there are."""

    edges: list[Row]
    number: int
    total: int

    @property
    def further(self) -> bool:
        """Whether there are more."""
        return self.number * EDGES < self.total

    @property
    def first(self) -> int:
        """The place of the first that is shown."""
        return (self.number - 1) * EDGES + 1

    @property
    def last(self) -> int:
        """The place of the last that is shown."""
        return self.first + len(self.edges) - 1


def matching(repository: Repository, text: str, number: int) -> EdgePage:
    """This function will read one page of a map's edges whose ends contain `text`."""
    found = Edge.objects.filter(repository=repository)
    if not text:
        counted = repository.current_map.counts["edges"] if repository.current_map else 0
        return _page(repository, found, number, counted)
    text = text[:_LONGEST_FILTER]
    found = found.filter(Q(src__path__contains=text) | Q(dst__path__contains=text))
    return _page(repository, found, number, found.count())


def between(repository: Repository, src: str, dst: str, number: int) -> EdgePage:
    """This function will read one page of the imports that lead from a component to another."""
    edges, files = (rows.objects.filter(repository=repository) for rows in (Edge, MapNode))
    from_it = files.filter(component=frame.component(src)).values("node")
    to_it = files.filter(component=frame.component(dst)).values("node")
    packages = edges.filter(kind=Edge.Kind.PART, dst__in=to_it).values("src")
    found = edges.filter(kind=Edge.Kind.IMPORT)
    found = found.filter(Q(dst__in=to_it) | Q(dst__in=packages), src__in=from_it)
    return _page(repository, found, number, found.count())


def rows(repository: Repository, found: Iterable[Edge]) -> list[Row]:
    """This function will make edges ready to be shown; both ends are fetched with them."""
    return [
        Row(
            edge.src.path,
            frame.place(repository, edge.src.path),
            [(line, frame.place(repository, edge.src.path, line)) for line in edge.lines[:LINES]],
            max(0, len(edge.lines) - LINES),
            edge.dst.path,
            frame.place(repository, edge.dst.path),
            edge.kind,
        )
        for edge in found
    ]


def _page(repository: Repository, found: "QuerySet[Edge]", number: int, total: int) -> EdgePage:
    begin = (number - 1) * EDGES
    # In the order of the index of nodes: the first page of a million edges sorts none of the others.
    some = found.filter(src__repository=repository).select_related("src", "dst")
    some = some.order_by("src__kind", "src__path", "dst__path", "kind")
    return EdgePage(rows(repository, some[begin : begin + EDGES]), number, total)
