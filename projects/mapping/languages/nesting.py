"""What stands inside what: ranges of one file, and folders of a repository."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")


class Nesting:
    """Ranges of bytes, none of which overlaps another without holding it, by their index."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._borders: list[int] = []
        self._owners = [-1]  # before, between and after the borders
        self._open: list[tuple[int, int]] = []
        ordered = sorted(enumerate(ranges), key=lambda one: (one[1][0], -one[1][1]))
        for index, (start, end) in ordered:
            self._close(start)
            self._open.append((index, end))
            self._border(start)
        self._close(max((end for _, end in ranges), default=0))

    def owner(self, offset: int) -> int:
        """This method will give the innermost range around an offset; -1 is none."""
        return self._owners[bisect_right(self._borders, offset)]

    def _close(self, until: int) -> None:
        while self._open and self._open[-1][1] <= until:
            self._border(self._open.pop()[1])

    def _border(self, offset: int) -> None:
        self._borders.append(offset)
        self._owners.append(self._open[-1][0] if self._open else -1)


def nearest(found: Sequence[One], path: str, key: Callable[[One], str]) -> One:
    """This function will give the one that shares most folders with a path.

    `found` is sorted by its paths, which `key` gives: what shares most stands beside the path.
    """
    at = bisect_left(found, path, key=key)
    return max(found[max(at - 1, 0) : at + 1], key=lambda one: _shared(path, key(one)))


def _shared(path: str, other: str) -> int:
    here, there = path.split("/"), other.split("/")
    pairs = enumerate(zip(here, there, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(here), len(there)))
