"""How much memory one execution holds: its runner's, and that of the helpers it started."""

from collections.abc import Collection
from time import monotonic

from jobs import process

LOOK_EVERY_S = 0.25
"""Helpers are looked for among all processes no more often than this."""
NEAR = 0.8
"""A helper that held so much of its limit was at it: the rest is what it asked for and did not get."""


class Memory:
    """The memory of one execution, in MiB; the heartbeat looks, the main thread adds helpers.

    A runner's memory is counted whole: what earlier jobs left there is not to be told apart.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._limit = 0
        self._largest = 0
        self._helpers = 0
        self._looked_at = 0.0

    def starts_helper(self, limits: process.Limits | None = None) -> None:
        """This method will know that there is a helper, and what it may take."""
        if self._before is None:
            self._before = process.helpers_peak_mb()
        if limits is not None:
            self._limit = max(self._limit, limits.memory_mb or 0)

    def held(self, groups: Collection[int]) -> int:
        """This method will give what is held now, with the helpers of these process groups."""
        now = monotonic()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            found = process.groups_mb(groups)
            self._helpers = sum(found)
            self._largest = max([self._largest, *found])
        return process.rss_mb() + self._helpers

    def held_before(self) -> int:
        """This method will give what the largest helper that ended held, or 0 when it is not known."""
        if self._before is None or (peak := process.helpers_peak_mb()) <= self._before:
            return 0
        self._largest = max(self._largest, peak)
        return process.rss_mb() + peak

    @property
    def exhausted(self) -> str:
        """That a helper was at its limit, in words, or ""."""
        if not self._limit or self._largest < NEAR * self._limit:
            return ""
        return f"A helper held {self._largest} of the {self._limit} MiB it may"
