"""Edges by the million: eight bytes each, where a tuple of Python takes two hundred."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Self, overload

from projects.mapping.made import IMPORT, PART, MapEdge

Edge = tuple[str, str, int]
"""Importing path, imported path, line of the importing file."""

# src, dst, kind, line. A file of more than MAX_PARSED bytes, so of more lines, is not parsed.
_NAME, _LINE = 21, 20
_SRC, _DST = _NAME + 1 + _LINE, 1 + _LINE
MOST_NAMES = 1 << _NAME
_MOST_LINES = (1 << _LINE) - 1
_KINDS = (IMPORT, PART)


class Edges(Set[Edge]):
    """A set of edges that only grows."""

    def __init__(self, edges: Iterable[Edge] = ()) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._packed = array("Q")
        self._distinct = 0
        self.update(edges)

    def add(self, edge: Edge) -> None:
        """This method will put an edge in; one that is there already changes nothing."""
        src, dst, line = edge
        self._packed.append(
            self._number(src) << _SRC | self._number(dst) << _DST | min(line, _MOST_LINES)
        )
        if len(self._packed) > 2 * self._distinct + 100_000:
            self._settle()

    def update(self, edges: Iterable[Edge]) -> None:
        """This method will put many in."""
        for edge in edges:
            self.add(edge)

    def packed(self) -> "array[int]":
        """This method will give the edges as numbers, each once, by the numbers of `names`."""
        if len(self._packed) != self._distinct:
            self._settle()
        return self._packed

    def __contains__(self, edge: object) -> bool:
        return any(edge == one for one in self)

    def __iter__(self) -> Iterator[Edge]:
        for one in self.packed():
            src, dst, _, line = unpack(one)
            yield self.names[src], self.names[dst], line

    def __len__(self) -> int:
        return len(self.packed())

    def _number(self, name: str) -> int:
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def _settle(self) -> None:
        self._packed = array("Q", sorted(set(self._packed)))
        self._distinct = len(self._packed)


def unpack(packed: int) -> tuple[int, int, int, int]:
    """This function will give the numbers of both names and of the kind, and the line."""
    mask = MOST_NAMES - 1
    src, dst = packed >> _SRC, packed >> _DST & mask
    return src, dst, packed >> _LINE & 1, packed & _MOST_LINES


@dataclass
class EdgeTable(Sequence[MapEdge]):
    """The edges of a map, sorted by source, target and kind; `names` is sorted, too.

    `budget` bounds them: the last ones by name are left out and counted in `left_out`.
    """

    names: list[str] = field(default_factory=list)
    left_out: int = 0
    _packed: "array[int]" = field(default_factory=lambda: array("Q"), repr=False)
    _starts: "array[int]" = field(default_factory=lambda: array("L", [0]), repr=False)

    @classmethod
    def of(
        cls, parts: Sequence[tuple[str, Edges, Mapping[str, str]]], budget: int = MOST_NAMES
    ) -> Self:
        """This method will join edges of several families: kind, edges, the names they are shown by."""
        names = sorted({shown[name] for _, edges, shown in parts for name in edges.names})
        ranks = {name: rank for rank, name in enumerate(names)}
        packed = array("Q")
        for kind, edges, shown in parts:
            new = [ranks[shown[name]] for name in edges.names]
            bit = _KINDS.index(kind) << _LINE
            for one in edges.packed():
                src, dst, _, line = unpack(one)
                packed.append(new[src] << _SRC | new[dst] << _DST | bit | line)
        packed = array("Q", sorted(packed))
        starts = array("L")
        last = -1
        for position, one in enumerate(packed):
            if one >> _LINE != last:
                last = one >> _LINE
                starts.append(position)
        left_out = max(0, len(starts) - budget)
        starts.append(len(packed))
        return cls(names, left_out, packed, starts[: budget + 1])

    def __iter__(self) -> Iterator[MapEdge]:
        return (MapEdge(*row) for row in self.rows())

    def rows(self) -> Iterator[tuple[str, str, str, list[int]]]:
        """This method will give source, target, kind and lines of every edge, more quickly."""
        names, packed, starts = self.names, self._packed, self._starts
        for position, start in enumerate(starts[:-1]):
            src, dst, kind, line = unpack(packed[start])
            end = starts[position + 1]
            more = packed[start + 1 : end] if end > start + 1 else ()
            yield names[src], names[dst], _KINDS[kind], [line, *(one & _MOST_LINES for one in more)]

    def links(self, *kinds: str) -> Iterator[tuple[int, int]]:
        """This method will give the numbers of both ends, by `names`, of every edge of the kinds."""
        wanted = {_KINDS.index(kind) for kind in kinds}
        for start in self._starts[:-1]:
            src, dst, kind, _ = unpack(self._packed[start])
            if kind in wanted:
                yield src, dst

    @overload
    def __getitem__(self, position: int) -> MapEdge: ...
    @overload
    def __getitem__(self, position: slice) -> list[MapEdge]: ...
    def __getitem__(self, position: int | slice) -> MapEdge | list[MapEdge]:
        """This method will make the edge at a place."""
        if isinstance(position, slice):
            return [self._edge(one) for one in range(*position.indices(len(self)))]
        return self._edge(range(len(self))[position])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def _edge(self, position: int) -> MapEdge:
        same = self._packed[self._starts[position] : self._starts[position + 1]]
        src, dst, kind, _ = unpack(same[0])
        lines = [one & _MOST_LINES for one in same]
        return MapEdge(self.names[src], self.names[dst], _KINDS[kind], lines)
