"""Change coupling: files that change in the same commits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

NEWEST = 5000  # commits that are looked at: what changed together long ago binds nobody today
LARGEST = 20  # files; a larger commit is a rename or a reformatting and couples nothing
LEAST = 5  # commits two files must share
SHOWN = 2000  # pairs that are kept
MOST = 1_000_000  # pairs that are counted at once, 150 MB


Pair = tuple[str, str, int, int, int]
"""Two paths, the commits they share, and those each has, among the commits looked at."""


@dataclass
class Pairs:
    """Counts the newest commits first, until they are enough."""

    commits: int = 0  # that were looked at
    _alone: Counter[int] = field(default_factory=Counter)
    _both: Counter[tuple[int, int]] = field(default_factory=Counter)

    def take(self, places: list[int]) -> None:
        """This method will count one commit, given the places of the files it changed."""
        if self.commits >= NEWEST or len(self._both) >= MOST:
            return
        self.commits += 1
        if len(places) <= LARGEST:
            self._alone.update(places)
            self._both.update(combinations(sorted(places), 2))

    def strongest(self, paths: Sequence[str]) -> list[Pair]:
        """This method will give the pairs that share at least `LEAST` commits, the most first."""
        often = [
            (*_named(one, other, paths, self._alone), together)
            for (one, other), together in self._both.items()
            if together >= LEAST
        ]
        often.sort(key=lambda pair: (-pair[4], pair[2] + pair[3], pair[:2]))
        return [
            (one, other, together, of_one, of_other)
            for one, other, of_one, of_other, together in often[:SHOWN]
        ]


def _named(
    one: int, other: int, paths: Sequence[str], alone: Counter[int]
) -> tuple[str, str, int, int]:
    (first, of_first), (second, of_second) = sorted(
        [(paths[one], alone[one]), (paths[other], alone[other])]
    )
    return first, second, of_first, of_second
