"""The treemap of a map as SVG, its legend, and the table that says the same in words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from jobs.plain import numbered
from jobs.redaction import visible
from projects import areas, treemap
from projects.map_views import frame, grouping
from projects.map_views.grouping import Grouping
from projects.models import Repository, SystemMap

WIDTH, HEIGHT, TILES = 1000, 600, 1400
ROWS = 25
_HEADING, _LETTER = 8, 6.3  # room beside a label, and of one letter of it


@dataclass(frozen=True)
class Scope:
    """What part of a map is looked at, and how: of a folder, a component, or of all of it, the code
    or all text, coloured by one of `grouping.GROUPINGS`."""

    under: str = ""
    component: str = ""
    text: bool = False
    colour: str = "language"

    def to(self, **changed: Any) -> dict[str, str]:
        """This method will give the parameters of the page's address, after changes."""
        now = replace(self, **changed)
        return {
            "under": now.under,
            "component": now.component,
            "size": "text" if now.text else "",
            "colour": now.colour if now.colour != "language" else "",
        }


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
    """A treemap, its legend as (colour, group, lines, files), and its table.

    `other` are the files and lines of text that is no code, where it is left out.
    """

    svg: SafeString
    legend: list[tuple[str, str, int, int]]
    rows: list[Row]
    members: int
    drawn: int
    files: int
    lines: int
    other: tuple[int, int]
    blank: int
    by: Grouping


def draw(repository: Repository, shown: SystemMap, scope: Scope) -> Picture:
    """This function will draw the files of a part of a map."""
    by = grouping.GROUPINGS[scope.colour](repository, shown)
    part = frame.component(scope.component) if scope.component else None
    asked = areas.Asked(shown, scope.under, part, scope.text, by.columns, by.history)
    found = asked.areas()
    folders = [(path, by.group(*told), lines, n) for path, told, lines, n in found.folders]
    root = treemap.tree(folders, _grouped(by, found.files))
    top = _top(root, scope.under)
    colours = by.colours(top.groups)
    tiles = treemap.layout(top, WIDTH, HEIGHT, TILES)
    counts: Counter[str] = Counter()
    for _, group, _, number in folders:
        counts[group] += number
    inner = treemap.below(top)
    members = _members(replace(asked, under=inner.path), by, inner)
    more = urlencode({key: said for key, said in scope.to(under="").items() if said})
    return Picture(
        mark_safe(_svg(tiles, colours, more)) if tiles else SafeString(),  # noqa: S308 — escaped where it is written
        _legend(top, colours, counts),
        [_row(repository, one, top, colours, more) for one in members[:ROWS]],
        len(inner.folders) + inner.loose,
        sum(tile.kind == "file" for tile in tiles),
        top.files,
        top.lines,
        found.other,
        found.blank,
        by,
    )


def _grouped(
    by: Grouping, files: Iterable[tuple[str, areas.Values, int]]
) -> Iterator[tuple[str, str, int]]:
    return ((path, by.group(*told), lines) for path, told, lines in files)


def _members(
    asked: areas.Asked, by: Grouping, inner: treemap.Folder
) -> list[treemap.Folder | treemap.Leaf]:
    """What lies in a folder, the first ROWS by their lines, small files too."""
    if inner.loose == len(inner.leaves):
        return inner.members()
    files = [treemap.Leaf(*one) for one in _grouped(by, asked.directly(ROWS))]
    return replace(inner, leaves=files).members()


def _top(root: treemap.Folder, under: str) -> treemap.Folder:
    for name in under.split("/") if under else ():
        root = root.folders.get(name, treemap.Folder(under))
    return root


def _legend(
    top: treemap.Folder, colours: Mapping[str, str], counts: Mapping[str, int]
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
    to += f"&{more}" if folder and more else ""
    group = member.group
    return Row(folder, name, member.path, member.lines, files, group, colours[group], to)


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
    to += f"&{more}" if more and tile.kind != "file" else ""
    reached = ' tabindex="-1"' if tile.kind == "file" else ""  # the table is for the keyboard
    return f'<a href="{escape(to)}"{reached}>{shape}</a>'


def _said(tile: treemap.Tile) -> str:
    lines = numbered(tile.lines, "line")
    if tile.kind == "file":
        return f"{tile.path}: {lines}, {tile.group}"
    if tile.kind == "rest":
        number = numbered(tile.files, "smaller file")
        return f"{tile.path or '.'}: {number}, {lines}"
    group = f", mostly {tile.group}" if tile.group else ""
    return f"{tile.path}: {lines} in {numbered(tile.files, 'file')}{group}"


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1]}…"
