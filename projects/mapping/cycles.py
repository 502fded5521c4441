"""Which files need each other in a circle."""

from collections.abc import Iterable

import rustworkx


def cycles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """This function will give every group of files that all reach each other, largest first."""
    graph: rustworkx.PyDiGraph[str | None, None] = rustworkx.PyDiGraph(multigraph=False)
    numbers: dict[str, int] = {}
    pairs = list(edges)
    for path in sorted({path for pair in pairs for path in pair}):
        numbers[path] = graph.add_node(path)
    graph.extend_from_edge_list([(numbers[src], numbers[dst]) for src, dst in pairs])
    groups = rustworkx.strongly_connected_components(graph)
    found = [
        sorted(filter(None, (graph[number] for number in group)))
        for group in groups
        if len(group) > 1
    ]
    return sorted(found, key=lambda group: (-len(group), group))
