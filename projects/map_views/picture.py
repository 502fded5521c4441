"""The treemap of a map as SVG, its legend, and the table that says the same in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from jobs.redaction import visible
from projects import treemap
from projects.map_views import frame, grouping
from projects.map_views.grouping import Grouping
from projects.models import MapNode, Repository, SystemMap

WIDTH, HEIGHT, TILES = 1000, 600, 1400
ROWS = 25
_HEADING, _LETTER = 8, 6.3  # room beside a label, and of one letter of it


@dataclass(frozen=True)
class Scope:
    """What part of a map is looked at: a folder, a component, or all of it."""

    under: str = ""
    component: str = ""


@dataclass(frozen=True)
class Row:
    """One folder or file of the part that is looked at."""

    folder: bool
    name: str
    path: str
    lines: int
    files: int
    group: str
    colour: str
    address: str


@dataclass(frozen=True)
class Picture:
    """A treemap, its legend as (colour, group, lines, files), and its table."""

    svg: SafeString
    legend: list[tuple[str, str, int, int]]
    rows: list[Row]
    members: int
    drawn: int
    files: int
    blank: int
    by: Grouping


def draw(repository: Repository, shown: SystemMap, scope: Scope, colour: str) -> Picture:
    """This function will draw the files of a part of a map, coloured by one of `grouping.GROUPINGS`."""
    by = grouping.GROUPINGS[colour](repository, shown)
    nodes = MapNode.objects.filter(map=shown)
    if scope.component:
        nodes = nodes.filter(component=frame.component(scope.component))
    if scope.under:
        nodes = nodes.filter(node__path__startswith=f"{scope.under}/")
    files = [
        (path, by.group(path, *told), lines)
        for path, lines, *told in nodes.values_list("node__path", "lines", *by.columns)
    ]
    top = _top(treemap.tree(files), scope.under)
    colours = by.colours(top.groups)
    tiles = treemap.layout(top, WIDTH, HEIGHT, TILES)
    members = treemap.below(top).members()
    drawn = sum(tile.kind == "file" for tile in tiles)
    counts, more = _counted(files), _kept(scope, colour)
    return Picture(
        mark_safe(_svg(tiles, colours, more)) if tiles else SafeString(),  # noqa: S308 — escaped where it is written
        _legend(top, colours, counts),
        [_row(repository, one, top, colours, more) for one in members[:ROWS]],
        len(members),
        drawn,
        top.files,
        len(files) - top.files,
        by,
    )


def _top(root: treemap.Folder, under: str) -> treemap.Folder:
    for name in under.split("/") if under else ():
        root = root.folders.get(name, treemap.Folder(under))
    return root


def _counted(files: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _, group, lines in files:
        if lines > 0:
            counts[group] = counts.get(group, 0) + 1
    return counts


def _legend(
    top: treemap.Folder, colours: dict[str, str], counts: dict[str, int]
) -> list[tuple[str, str, int, int]]:
    listed = [(colours[name], name, top.groups[name], counts[name]) for name in colours]
    others = listed[grouping.COLOURS :]
    if len(others) > 1:
        lines, files = sum(one[2] for one in others), sum(one[3] for one in others)
        return [*listed[: grouping.COLOURS], ("l-0", f"{len(others)} others", lines, files)]
    return listed


def _row(
    repository: Repository, member: Any, top: treemap.Folder, colours: dict[str, str], more: str
) -> Row:
    folder = isinstance(member, treemap.Folder)
    name = member.path[len(top.path) + 1 if top.path else 0 :]
    files = member.files if folder else 1
    to = frame.place(repository, f"{member.path}/" if folder else member.path)
    to += more if folder else ""
    group = member.group
    return Row(folder, name, member.path, member.lines, files, group, colours[group], to)


def _kept(scope: Scope, colour: str) -> str:
    """What an address within the picture keeps of that of the page."""
    more = f"&colour={quote(colour)}" if colour != "language" else ""
    return more + (f"&component={quote(scope.component)}" if scope.component else "")


def _svg(tiles: list[treemap.Tile], colours: dict[str, str], more: str) -> str:
    """Written here and not by a template: a thousand tiles took one 100 ms, and this takes 10."""
    parts = [
        f'<svg class="treemap" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" '
        'aria-label="Files by lines; the table beside it says the same in words">'
    ]
    parts += [_tile(tile, colours, more) for tile in tiles]
    return "".join([*parts, "</svg>"])


def _tile(tile: treemap.Tile, colours: dict[str, str], more: str) -> str:
    rect = tile.rect
    left, top = round(rect.x), round(rect.y)
    width, height = round(rect.x + rect.width) - left, round(rect.y + rect.height) - top
    room = int((width - _HEADING) / _LETTER)
    fits = tile.titled if tile.kind == "folder" else height >= 18
    label = _shortened(tile.name, room) if fits and room >= 4 else ""
    style = "dir" if tile.kind == "folder" else f"tile {colours[tile.group]}"
    shape = f'<path class="{style}" d="M{left} {top}h{width}v{height}h-{width}z">'
    shape += f"<title>{escape(visible(_said(tile)))}</title></path>"
    if label:
        named = ' class="dirname"' if tile.kind == "folder" else ""
        shape += f'<text{named} x="{left + 5}" y="{top + 13}">{escape(visible(label))}</text>'
    if tile.kind == "rest":
        return shape
    to = f"file/?path={quote(tile.path)}" if tile.kind == "file" else f"?under={quote(tile.path)}"
    to += "" if tile.kind == "file" else more
    reached = ' tabindex="-1"' if tile.kind == "file" else ""  # the table is for the keyboard
    return f'<a href="{escape(to)}"{reached}>{shape}</a>'


def _said(tile: treemap.Tile) -> str:
    if tile.kind == "file":
        return f"{tile.path}: {tile.lines:,} lines, {tile.group}"
    if tile.kind == "rest":
        return f"{tile.path or '.'}: {tile.files:,} smaller files, {tile.lines:,} lines"
    group = f", mostly {tile.group}" if tile.group else ""
    return f"{tile.path}: {tile.lines:,} lines in {tile.files:,} files{group}"


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1]}…"
