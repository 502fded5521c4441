"""A layered drawing of who needs whom: what needs others stands above them. No pictures.

The method of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System
Structures", 1981: edges that close a circle are turned around, then layers, order, places. The
edges that pass a row on their way to one box share a place there, so that a row stays narrow.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import rustworkx

BOX_WIDTH, BOX_HEIGHT, GAP, ROW_GAP = 136.0, 38.0, 18.0, 42.0
IN_A_ROW = 8
_PASSING, _SWEEPS, _MARGIN, _BESIDE = 6.0, 8, 8.0, 14.0

Pair = tuple[str, str]
_Place = tuple[str, str]  # ("box", name), or ("down" or "up", name of the shared end)


@dataclass(frozen=True, slots=True)
class Box:
    """Where one node stands; x and y are its upper left corner."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """One edge by the points it passes, from above to below; `back` edges lead upwards."""

    src: str
    dst: str
    back: bool
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Drawing:
    """Boxes and lines, and the room they take."""

    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]


@dataclass
class _Rows:
    """Who stands in which row, from the top, and what leads from a row to the next."""

    rows: list[list[_Place]]
    row_of: dict[str, int]
    above: dict[tuple[int, _Place], list[_Place]] = field(default_factory=lambda: defaultdict(list))
    below: dict[tuple[int, _Place], list[_Place]] = field(default_factory=lambda: defaultdict(list))
    x: dict[tuple[int, _Place], float] = field(default_factory=dict)


def draw(names: Iterable[str], edges: Mapping[Pair, int]) -> Drawing:
    """This function will place nodes and the edges between them; weights say which to keep downward.

    Edges to and from what is not among the names are left out, and so are edges to oneself.
    """
    known = sorted(set(names))
    inside = set(known)
    kept = {
        ends: weight
        for ends, weight in sorted(edges.items())
        if ends[0] != ends[1] and inside.issuperset(ends)
    }
    if not known:
        return Drawing(0, 0, [], [])
    order = _order(known, kept)
    rows = _Rows(*_in_rows(known, order, kept))
    ways = {ends: _way(rows, ends) for ends in kept}
    _sort(rows)
    _spread(rows)
    return _drawing(rows, ways, order)


def _order(names: Sequence[str], edges: Mapping[Pair, int]) -> dict[str, int]:
    """The place of each node in an order in which few edges inside of circles lead back."""
    graph: rustworkx.PyDiGraph[str, None] = rustworkx.PyDiGraph(multigraph=False)
    numbers = {name: graph.add_node(name) for name in names}
    graph.extend_from_edge_list([(numbers[src], numbers[dst]) for src, dst in edges])
    groups = rustworkx.strongly_connected_components(graph)
    home = {number: at for at, group in enumerate(groups) for number in group}
    condensed: rustworkx.PyDiGraph[int, None] = rustworkx.PyDiGraph(multigraph=False)
    condensed.add_nodes_from(range(len(groups)))
    between = {(home[numbers[src]], home[numbers[dst]]) for src, dst in edges}
    condensed.extend_from_edge_list(sorted(ends for ends in between if ends[0] != ends[1]))
    listed: list[str] = []
    for at in rustworkx.topological_sort(condensed):
        group = {graph[number] for number in groups[at]}
        listed += _least_back(group, edges) if len(group) > 1 else group
    return {name: place for place, name in enumerate(listed)}


def _least_back(group: set[str], edges: Mapping[Pair, int]) -> list[str]:
    """An order of one circle. Source: Eades, Lin, Smyth, 1993, a heuristic for feedback arc sets."""
    out: dict[str, dict[str, int]] = {name: {} for name in group}
    into: dict[str, dict[str, int]] = {name: {} for name in group}
    for (src, dst), weight in edges.items():
        if src in group and dst in group:
            out[src][dst] = into[dst][src] = weight
    first: list[str] = []
    last: list[str] = []
    left = sorted(group)
    while left:
        ends = [name for name in left if not out[name]]
        begins = [name for name in left if not into[name]]
        best = max(left, key=lambda name: sum(out[name].values()) - sum(into[name].values()))
        chosen = (ends or begins or [best])[0]
        (last if ends else first).append(chosen)
        left.remove(chosen)
        for other in out.pop(chosen):
            into[other].pop(chosen, None)
        for other in into.pop(chosen):
            out[other].pop(chosen, None)
    return first + last[::-1]


def _in_rows(
    names: Sequence[str], order: Mapping[str, int], edges: Mapping[Pair, int]
) -> tuple[list[list[_Place]], dict[str, int]]:
    """Rows from the top: whoever needs nothing stands at the bottom, then those without any edge."""
    needs: dict[str, list[str]] = defaultdict(list)
    for src, dst in edges:
        above, under = sorted((src, dst), key=order.__getitem__)
        needs[above].append(under)
    tied = {name for ends in edges for name in ends}
    level: dict[str, int] = {}
    for name in sorted(tied, key=order.__getitem__, reverse=True):
        level[name] = 1 + max((level[other] for other in needs[name]), default=0)
    listed: dict[int, list[str]] = defaultdict(list)
    for name in names:
        listed[level.get(name, 0)].append(name)
    rows: list[list[_Place]] = []
    row_of: dict[str, int] = {}
    for at in sorted(listed, reverse=True):
        some = listed[at]
        parts = -(-len(some) // IN_A_ROW)
        for part in range(parts):
            row_of.update(dict.fromkeys(some[part::parts], len(rows)))
            rows.append([("box", name) for name in some[part::parts]])
    return rows, row_of


def _way(rows: _Rows, ends: Pair) -> list[tuple[int, _Place]]:
    """The places an edge goes through, from above to below; they are made where they are missing."""
    src, dst = ends
    back = rows.row_of[src] > rows.row_of[dst]
    upper, lower = (dst, src) if back else (src, dst)
    shared: _Place = ("up" if back else "down", dst)
    begin, end = rows.row_of[upper], rows.row_of[lower]
    way = [(begin, ("box", upper))]
    for row in range(begin + 1, end):
        if shared not in rows.rows[row]:
            rows.rows[row].append(shared)
        way.append((row, shared))
    way.append((end, ("box", lower)))
    for (row, one), (_, other) in pairwise(way):
        if begin != end and other not in rows.below[row, one]:
            rows.below[row, one].append(other)
            rows.above[row + 1, other].append(one)
    return way


def _sort(rows: _Rows) -> None:
    """The order in each row: near the middle of what a place is tied to, from above and from below."""
    at = {(row, one): n for row, places in enumerate(rows.rows) for n, one in enumerate(places)}
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        ties, step = (rows.above, -1) if down else (rows.below, 1)
        numbers = range(len(rows.rows)) if down else range(len(rows.rows) - 1, -1, -1)
        for row in numbers:
            size = max(1, len(rows.rows[row]))
            beside = len(rows.rows[row + step]) if 0 <= row + step < len(rows.rows) else 1
            scale = size / max(1, beside)
            wanted = {
                one: _mean([at[row + step, other] * scale for other in ties[row, one]], n)
                for n, one in enumerate(rows.rows[row])
            }
            rows.rows[row].sort(key=lambda one, wanted=wanted: (wanted[one], one))  # type: ignore[misc]
            at.update({(row, one): n for n, one in enumerate(rows.rows[row])})


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _room(one: _Place) -> float:
    return BOX_WIDTH + GAP if one[0] == "box" else 2 * _PASSING


def _spread(rows: _Rows) -> None:
    """The x of each middle: first side by side, then drawn to what each is tied to."""
    widest = max(sum(map(_room, places)) for places in rows.rows)
    for row, places in enumerate(rows.rows):
        x = (widest - sum(map(_room, places))) / 2
        for one in places:
            rows.x[row, one] = x + _room(one) / 2
            x += _room(one)
    for sweep in range(_SWEEPS):
        numbers = range(len(rows.rows))
        for row in numbers if sweep % 2 == 0 else reversed(numbers):
            _draw_near(rows, row)


def _draw_near(rows: _Rows, row: int) -> None:
    places = rows.rows[row]
    wanted = []
    for one in places:
        ties = [rows.x[row - 1, other] for other in rows.above[row, one]]
        ties += [rows.x[row + 1, other] for other in rows.below[row, one]]
        wanted.append(_mean(ties, rows.x[row, one]))
    rooms = [(_room(one) + _room(other)) / 2 for one, other in pairwise(places)]
    right = list(wanted)
    for n, room in enumerate(rooms):
        right[n + 1] = max(right[n + 1], right[n] + room)
    left = list(wanted)
    for n in range(len(rooms) - 1, -1, -1):
        left[n] = min(left[n], left[n + 1] - rooms[n])
    for one, a, b in zip(places, left, right, strict=True):
        rows.x[row, one] = (a + b) / 2


def _drawing(
    rows: _Rows, ways: Mapping[Pair, list[tuple[int, _Place]]], order: Mapping[str, int]
) -> Drawing:
    least = min(x - _room(one) / 2 for (_, one), x in rows.x.items()) - _MARGIN
    most = max(x + _room(one) / 2 for (_, one), x in rows.x.items()) + _MARGIN
    step = BOX_HEIGHT + ROW_GAP
    boxes = [
        Box(name, rows.x[row, ("box", name)] - least - BOX_WIDTH / 2, _MARGIN + row * step)
        for name, row in rows.row_of.items()
    ]
    lines = []
    for (src, dst), way in ways.items():
        points: list[tuple[float, float]] = []
        for row, one in way:
            x, y = rows.x[row, one] - least, _MARGIN + row * step
            points += [(x, y), (x, y + BOX_HEIGHT)]
        level = way[0][0] == way[-1][0]
        points = [points[1], points[3]] if level else points[1:-1]
        if way[0][1] != ("box", src):  # beside the edge that leads down between the same boxes
            points = [(x + _BESIDE, y) for x, y in points]
        lines.append(Line(src, dst, order[src] > order[dst], points))
    height = 2 * _MARGIN + len(rows.rows) * step - ROW_GAP
    return Drawing(most - least, height + (ROW_GAP / 2 if rows.rows else 0), boxes, lines)
