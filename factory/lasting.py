"""How long something may be in trouble before it is acted upon, as seen by who looks at it."""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

_GAP_S = 3.0
T = TypeVar("T", bound=Hashable)


class Lasting(Generic[T]):
    """Tells what was in trouble at every look for so many seconds.

    Looks that are far apart start the time anew: who was halted itself, or could not ask, saw
    nothing, and nobody is to be ended for that.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[T, float] = {}
        self._looked_at = 0.0

    def over(self, troubled: Collection[T], now: float) -> list[T]:
        """This method will take what is in trouble `now`, on a monotonic clock, and give what is
        so for too long; for that the time starts anew.
        """
        if now - self._looked_at > _GAP_S:
            self._since.clear()
        self._looked_at = now
        self._since = {one: self._since.get(one, now) for one in troubled}
        over = [one for one, since in self._since.items() if now - since >= self._seconds]
        for one in over:
            self._since[one] = now
        return over
