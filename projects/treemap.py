"""A squarified treemap: where each rectangle goes. Knows files and folders, no pictures."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

_HEADER, _INSET = 17.0, 2.0
_ROOM_FOR_HEADER = (56.0, 44.0)
_SMALLEST_FOLDER, _NARROWEST = 120.0, 8.0
_SMALLEST_FILE = 20.0  # nobody can point at what is smaller


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle: a file, a folder drawn around its tiles, one too small to open, or a rest.

    A `rest` stands for the `files` of a folder that are too small to be drawn one by one. `group`
    is what most of its lines belong to.
    """

    kind: str
    name: str
    path: str
    rect: Rect
    group: str
    lines: int
    files: int
    titled: bool = False


@dataclass(slots=True)
class Leaf:
    """A file with lines, and the group it is coloured by."""

    path: str
    group: str
    lines: int


@dataclass(slots=True)
class Folder:
    """A folder with what is below it; `lines` by group are those of all files below.

    Of the files directly in it, `leaves` are those that are known one by one; `loose` counts all,
    and `unlisted` holds the lines of the others by group.
    """

    path: str
    lines: int = 0
    files: int = 0
    loose: int = 0
    folders: dict[str, "Folder"] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    unlisted: dict[str, int] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """What most of its lines belong to."""
        return max(self.groups, key=lambda name: (self.groups[name], name), default="")

    def members(self) -> "list[Folder | Leaf]":
        """This method will list what lies in it and is known one by one, the largest first."""
        return sorted(
            [*self.folders.values(), *self.leaves], key=lambda one: (-one.lines, one.path)
        )


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


def tree(
    folders: Iterable[tuple[str, str, int, int]], files: Iterable[tuple[str, str, int]]
) -> Folder:
    """This function will put (folder, group, lines, files) and its largest (path, group, lines) together.

    What a folder is said to hold lies directly in it, the files included, and has lines.
    """
    root = Folder("")
    for path, group, lines, number in folders:
        for folder in _way(root, path):
            folder.lines += lines
            folder.files += number
            folder.groups[group] = folder.groups.get(group, 0) + lines
        folder.loose += number
        folder.unlisted[group] = folder.unlisted.get(group, 0) + lines
    for path, group, lines in files:
        *_, folder = _way(root, path.rpartition("/")[0])
        folder.leaves.append(Leaf(path, group, lines))
        folder.unlisted[group] -= lines
    return root


def _way(root: Folder, path: str) -> list[Folder]:
    """The folders from the root to a path; the ones that are new are made."""
    way = [root]
    for name in path.split("/") if path else ():
        folder = way[-1]
        inner = folder.folders.get(name)
        if inner is None:
            inner = Folder(f"{folder.path}/{name}" if folder.path else name)
            folder.folders[name] = inner
        way.append(inner)
    return way


def below(folder: Folder) -> Folder:
    """This function will go down while a folder holds one folder alone: they are shown as one."""
    while len(folder.folders) == 1 and not folder.loose:
        folder = next(iter(folder.folders.values()))
    return folder


def layout(root: Folder, width: int, height: int, most: int) -> list[Tile]:
    """This function will place what is below a folder, with at most `most` tiles.

    The largest folders are opened first, while there is room; a folder stands before its tiles.
    """
    tiles: list[Tile] = []
    shut: list[tuple[float, int, int, Folder]] = []
    numbers = count()

    def put(folder: Folder, inside: Rect) -> None:
        for tile, under in _placed(folder, inside, most - len(tiles)):
            if under is not None:
                heapq.heappush(shut, (-tile.rect.area, next(numbers), len(tiles), under))
            tiles.append(tile)

    if root.files:
        put(root, Rect(0, 0, width, height))
    while shut:
        _, _, place, folder = heapq.heappop(shut)
        rect = tiles[place].rect
        if rect.area < _SMALLEST_FOLDER or min(rect.width, rect.height) < _NARROWEST:
            continue
        folder = below(folder)
        if len(tiles) + len(folder.folders) + min(folder.loose, 1) <= most:
            tiles[place], inside = _around(tiles[place], folder)
            put(folder, inside)
    return tiles


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


def _around(tile: Tile, folder: Folder) -> tuple[Tile, Rect]:
    place = tile.rect
    room = place.width >= _ROOM_FOR_HEADER[0] and place.height >= _ROOM_FOR_HEADER[1]
    above = _HEADER if room else _INSET
    inside = Rect(
        place.x + _INSET,
        place.y + above,
        max(0.0, place.width - 2 * _INSET),
        max(0.0, place.height - above - _INSET),
    )
    name = folder.path[len(tile.path) - len(tile.name) :]
    opened = Tile("folder", name, folder.path, place, "", folder.lines, folder.files, titled=room)
    return opened, inside


def _placed(folder: Folder, inside: Rect, most: int) -> Iterator[tuple[Tile, Folder | None]]:
    members = folder.members()
    rest = folder.loose > len(folder.leaves)
    drawn, small = _divided(members, inside.area / max(1, folder.lines), most, rest)
    sizes = [(one.lines, number) for number, one in enumerate(drawn)]
    if small or rest:
        sizes.append((folder.lines - sum(one.lines for one in drawn), -1))
        sizes.sort(key=lambda size: (-size[0], size[1]))
    for (_, number), rect in zip(
        sizes, squarify([lines for lines, _ in sizes], inside), strict=True
    ):
        if number < 0:
            yield _rest(folder, small, rect), None
            continue
        member = drawn[number]
        name = member.path.rpartition("/")[2]
        if isinstance(member, Leaf):
            yield Tile("file", name, member.path, rect, member.group, member.lines, 1), None
        else:
            one = Tile("shut", name, member.path, rect, member.group, member.lines, member.files)
            yield one, member


def _divided(
    members: "list[Folder | Leaf]", scale: float, most: int, rest: bool
) -> "tuple[list[Folder | Leaf], list[Folder | Leaf]]":
    """What is drawn one by one, and what is too small for it or too much; or there is a rest anyway."""
    large = next((n for n, one in enumerate(members) if one.lines * scale < _SMALLEST_FILE), None)
    large = len(members) if large is None else large
    if rest or large < len(members) or large > most:
        large = min(large, most - 1)
    if not rest and len(members) - large == 1 and len(members) <= most:
        large += 1  # a rest of one is that one
    return members[:large], members[large:]


def _rest(folder: Folder, small: "list[Folder | Leaf]", rect: Rect) -> Tile:
    groups = dict(folder.unlisted)
    for one in small:
        groups[one.group] = groups.get(one.group, 0) + one.lines
    files = sum(one.files if isinstance(one, Folder) else 1 for one in small)
    files += folder.loose - len(folder.leaves)
    group = max(groups, key=lambda name: (groups[name], name))
    lines = sum(groups.values())
    named = "1 file" if files == 1 else f"{files} files"
    return Tile("rest", named, folder.path, rect, group, lines, files)
