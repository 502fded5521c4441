"""A squarified treemap: where each rectangle goes. Knows files and folders, no pictures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_HEADER, _INSET = 17.0, 2.0
_ROOM_FOR_HEADER = (56.0, 44.0)


@dataclass(frozen=True)
class Rect:
    """A place, in the units of the picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Its size."""
        return self.width * self.height


@dataclass(frozen=True)
class Tile:
    """One rectangle: a file, a folder drawn around its tiles, or a folder too small to open."""

    kind: str
    name: str
    path: str
    rect: Rect
    language: str
    lines: int
    files: int
    titled: bool = False


@dataclass
class _Folder:
    path: str
    lines: int = 0
    files: int = 0
    folders: dict[str, "_Folder"] = field(default_factory=dict)
    leaves: list[tuple[str, str, int]] = field(default_factory=list)
    languages: dict[str, int] = field(default_factory=dict)


def squarify(sizes: Sequence[float], into: Rect) -> list[Rect]:
    """This function will divide a rectangle by `sizes` (descending, positive), as square as it can.

    Source: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.
    """
    total = sum(sizes)
    if total <= 0 or into.area <= 0:
        return [Rect(into.x, into.y, 0, 0) for _ in sizes]
    areas = [size * into.area / total for size in sizes]
    placed: list[Rect] = []
    start, rest = 0, into
    while start < len(areas):
        end = _row_end(areas, start, min(rest.width, rest.height))
        row, rest = _lay(areas[start:end], rest)
        placed += row
        start = end
    return placed


def layout(files: Iterable[tuple[str, str, int]], width: int, height: int, most: int) -> list[Tile]:
    """This function will place files (path, language, lines), with at most `most` tiles.

    Folders are opened while there is room; where that makes too many tiles, small ones stay shut.
    """
    root = _tree(files)
    if not root.files:
        return []
    smallest = 120.0
    while True:
        tiles = list(_open(root, Rect(0, 0, width, height), smallest))
        if len(tiles) <= most:
            return tiles
        smallest *= 2


def _row_end(areas: Sequence[float], start: int, side: float) -> int:
    total, end = areas[start], start + 1
    worst = _worst(total, areas[start], areas[start], side)
    while end < len(areas):
        wider = total + areas[end]
        next_worst = _worst(wider, areas[start], areas[end], side)
        if next_worst > worst:
            break
        total, worst, end = wider, next_worst, end + 1
    return end


def _worst(total: float, largest: float, smallest: float, side: float) -> float:
    square = side * side
    return max(square * largest / (total * total), total * total / (square * smallest))


def _lay(row: Sequence[float], into: Rect) -> tuple[list[Rect], Rect]:
    total = sum(row)
    placed = []
    if into.width >= into.height:
        width, y = total / into.height, into.y
        for area in row:
            placed.append(Rect(into.x, y, width, area / width))
            y += area / width
        return placed, Rect(into.x + width, into.y, max(0.0, into.width - width), into.height)
    height, x = total / into.width, into.x
    for area in row:
        placed.append(Rect(x, into.y, area / height, height))
        x += area / height
    return placed, Rect(into.x, into.y + height, into.width, max(0.0, into.height - height))


def _tree(files: Iterable[tuple[str, str, int]]) -> _Folder:
    root = _Folder("")
    for path, language, lines in files:
        if lines <= 0:
            continue
        folder = root
        _add(folder, language, lines)
        *parents, _ = path.split("/")
        for name in parents:
            below = f"{folder.path}/{name}" if folder.path else name
            folder = folder.folders.setdefault(name, _Folder(below))
            _add(folder, language, lines)
        folder.leaves.append((path, language, lines))
    return root


def _add(folder: _Folder, language: str, lines: int) -> None:
    folder.lines += lines
    folder.files += 1
    folder.languages[language] = folder.languages.get(language, 0) + lines


def _open(folder: _Folder, rect: Rect, smallest: float) -> Iterator[Tile]:
    members = sorted(
        [*folder.folders.values(), *folder.leaves], key=lambda one: (-_lines(one), _path(one))
    )
    for member, place in zip(members, squarify([_lines(m) for m in members], rect), strict=True):
        if isinstance(member, tuple):
            yield Tile(
                "file", member[0].rpartition("/")[2], member[0], place, member[1], member[2], 1
            )
        elif place.area < smallest or min(place.width, place.height) < 8:
            yield _shut(member, place)
        else:
            yield from _opened(folder.path, member, place, smallest)


def _opened(above_it: str, folder: _Folder, place: Rect, smallest: float) -> Iterator[Tile]:
    while len(folder.folders) == 1 and not folder.leaves:
        folder = next(iter(folder.folders.values()))
    room = place.width >= _ROOM_FOR_HEADER[0] and place.height >= _ROOM_FOR_HEADER[1]
    above = _HEADER if room else _INSET
    inside = Rect(
        place.x + _INSET,
        place.y + above,
        max(0.0, place.width - 2 * _INSET),
        max(0.0, place.height - above - _INSET),
    )
    name = folder.path[len(above_it) :].lstrip("/")
    yield Tile("folder", name, folder.path, place, "", folder.lines, folder.files, titled=room)
    yield from _open(folder, inside, smallest)


def _shut(folder: _Folder, place: Rect) -> Tile:
    language = max(folder.languages, key=lambda name: folder.languages[name])
    return Tile(
        "shut",
        folder.path.rpartition("/")[2],
        folder.path,
        place,
        language,
        folder.lines,
        folder.files,
    )


def _lines(member: "_Folder | tuple[str, str, int]") -> int:
    return member[2] if isinstance(member, tuple) else member.lines


def _path(member: "_Folder | tuple[str, str, int]") -> str:
    return member[0] if isinstance(member, tuple) else member.path
