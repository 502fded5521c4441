"""What needs each other in a circle."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import rustworkx

from projects.mapping.edges import EdgeTable
from projects.mapping.made import IMPORT, PART

_AT_ONCE = 10_000


def of_files(edges: EdgeTable) -> list[list[str]]:
    """This function will give every group of files that all reach each other, largest first."""
    return _groups(edges.names, edges.links(IMPORT, PART))


def cycles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """This function will give every group of names that all reach each other, largest first."""
    pairs = list(edges)
    names = sorted({name for pair in pairs for name in pair})
    numbers = {name: number for number, name in enumerate(names)}
    return _groups(names, ((numbers[src], numbers[dst]) for src, dst in pairs))


def _groups(names: Sequence[str], links: Iterator[tuple[int, int]]) -> list[list[str]]:
    graph: rustworkx.PyDiGraph[None, None] = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from([None] * len(names))
    while some := list(islice(links, _AT_ONCE)):
        graph.extend_from_edge_list(some)
    found = [
        [names[number] for number in sorted(group)]
        for group in rustworkx.strongly_connected_components(graph)
        if len(group) > 1
    ]
    return sorted(found, key=lambda group: (-len(group), group))
