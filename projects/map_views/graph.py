"""A graph of nodes and edges as SVG: layers from above to below, circles marked."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from jobs.redaction import visible
from projects import layered
from projects.layered import BOX_HEIGHT, BOX_WIDTH, Line

_LETTERS = 19
_THICKEST = 4.5


@dataclass(frozen=True)
class Node:
    """What is written on a box; `address` is where it leads, `colour` a class of the legend."""

    name: str
    label: str
    detail: str
    title: str
    address: str
    colour: str
    chosen: bool = False


def neighbours(start: str, edges: Iterable[tuple[str, str]], hops: int) -> dict[str, int]:
    """This function will find what is within some steps of a node, in either direction: its distance."""
    tied: dict[str, set[str]] = {}
    for src, dst in edges:
        tied.setdefault(src, set()).add(dst)
        tied.setdefault(dst, set()).add(src)
    found, edge = {start: 0}, {start}
    for hop in range(1, hops + 1):
        edge = {other for name in edge for other in tied.get(name, ())} - found.keys()
        found |= dict.fromkeys(edge, hop)
    return found


def draw(
    nodes: Collection[Node], edges: Mapping[tuple[str, str], int], circles: Iterable[Iterable[str]]
) -> SafeString:
    """This function will draw nodes and all edges between them; `circles` are the cycles among them."""
    circle = {name: at for at, names in enumerate(circles, 1) for name in names}
    drawing = layered.draw((node.name for node in nodes), edges)
    if not drawing.boxes:
        return SafeString()
    known = {node.name: node for node in nodes}
    width, height = round(drawing.width), round(drawing.height)
    parts = [
        f'<svg class="graph" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="group" aria-label="Who needs whom; the tables beside it say the same in words">'
    ]
    for line in drawing.lines:
        together = circle.get(line.src, 0) == circle.get(line.dst, -1)
        parts.append(_line(line, edges[line.src, line.dst], together, known))
    for box in drawing.boxes:
        parts.append(_box(box, known[box.name], circle.get(box.name, 0)))
    return mark_safe("".join([*parts, "</svg>"]))  # noqa: S308 — escaped where it is written


def _line(line: Line, weight: int, together: bool, known: Mapping[str, Node]) -> str:
    style = "line" + (" in-cycle" if together else "") + (" back" if line.back else "")
    chosen = known[line.src].chosen or known[line.dst].chosen
    style += " near" if chosen else ""
    thick = min(_THICKEST, 1 + math.log10(weight) * 1.4)
    (x, y), *rest = line.points
    path = f"M{x:.0f} {y:.0f}"
    if len(line.points) == 2 and rest[0][1] == y:  # in one row: around below
        path += f"C{x:.0f} {y + 34:.0f} {rest[0][0]:.0f} {y + 34:.0f} {rest[0][0]:.0f} {y:.0f}"
    else:
        for n, ((x0, y0), (x1, y1)) in enumerate(pairwise(line.points)):
            middle = (y0 + y1) / 2
            bent = f"C{x0:.0f} {middle:.0f} {x1:.0f} {middle:.0f} {x1:.0f} {y1:.0f}"
            path += f"V{y1:.0f}" if n % 2 else bent
    said = f"{line.src} → {line.dst}: {weight:,} import{'' if weight == 1 else 's'}"
    said += ", against the layers" if line.back else ""
    title = f"<title>{escape(visible(said))}</title>"
    return f'<path class="{style}" d="{path}" stroke-width="{thick:.1f}">{title}</path>'


def _box(box: layered.Box, node: Node, circle: int) -> str:
    style = "box" + (" in-cycle" if circle else "") + (" chosen" if node.chosen else "")
    x, y = round(box.x), round(box.y)
    label = _shortened(visible(node.label))
    return (
        f'<a href="{escape(node.address)}" class="{style}"><title>{escape(visible(node.title))}</title>'
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH:.0f}" height="{BOX_HEIGHT:.0f}" rx="5"/>'
        f'<rect class="{node.colour}" x="{x}" y="{y}" width="5" height="{BOX_HEIGHT:.0f}" rx="2"/>'
        f'<text x="{x + 12}" y="{y + 16}">{escape(label)}</text>'
        f'<text class="detail" x="{x + 12}" y="{y + 30}">{escape(visible(node.detail))}</text></a>'
    )


def _shortened(name: str) -> str:
    """The end of a path says more than its beginning."""
    return name if len(name) <= _LETTERS else f"…{name[1 - _LETTERS :]}"
