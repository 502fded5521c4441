"""How fast a job gets on, and when its end can be foretold: arithmetic only, no clock of its own.

The rate is a ratio of two sums that fade with time, steps over seconds, so that no burst and no
pause between two reports can throw it far: it never leaves the range of what was seen.
"""

from dataclasses import dataclass
from math import exp, sqrt

FADE_S = 60.0
"""What was seen so many seconds ago weighs a third."""
FADE_STEPS = 8.0
"""Slow work fades after so many steps of it instead."""
FOLD_S = 0.25
"""Steps that follow each other faster than this are looked at together."""
SAMPLES = 2
AGE_S = 5.0
ERROR = 0.35
"""The standard error of the rate, as a part of it, from which on no end is foretold."""
FAR = 100.0
"""Nothing further away is foretold than so many times what was seen."""
LATE = 3.0
"""After so many times its usual interval without a step, work has stalled: no end is foretold."""
LATE_S = 5.0


@dataclass
class Sums:
    """What has been seen, faded: steps, seconds, squares (of rates, by seconds) and samples.

    `age` and `count` do not fade: seconds of work seen, and samples.
    """

    steps: float = 0.0
    seconds: float = 0.0
    squares: float = 0.0
    samples: float = 0.0
    age: float = 0.0
    count: float = 0.0

    def add(self, steps: float, seconds: float) -> None:
        """This method will take in one sample: `steps` took `seconds`, both above 0."""
        interval = (self.seconds + seconds) / (self.samples + 1)
        left = exp(-seconds / max(FADE_S, FADE_STEPS * interval))
        self.steps = self.steps * left + steps
        self.seconds = self.seconds * left + seconds
        self.squares = self.squares * left + steps * steps / seconds
        self.samples = self.samples * left + 1
        self.age += seconds
        self.count += 1

    def join(self, earlier: "Sums") -> None:
        """This method will go on from what an earlier execution saw."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(earlier, name))

    @property
    def interval(self) -> float:
        """The usual seconds between two samples."""
        return self.seconds / self.samples

    @property
    def error(self) -> float:
        """The standard error of the rate, as a part of it."""
        rate = self.steps / self.seconds
        variance = max(0.0, self.squares / self.seconds - rate * rate)
        return sqrt(variance / self.samples) / rate


class Pace:
    """The pace of one execution; `now` is any clock that never goes back, in seconds."""

    def __init__(self) -> None:
        self.sums = Sums()
        self._at: float | None = None
        self._current = 0

    def reached(self, current: int, now: float) -> None:
        """This method will note a step. The first only says where the work begins.

        Fewer steps than before are another round of work, whose pace is not known yet.
        """
        if self._at is None or current < self._current:
            if self._at is not None:
                self.sums = Sums()
            self._at, self._current = now, current
            return
        steps, seconds = current - self._current, now - self._at
        if steps and seconds >= FOLD_S:
            self.sums.add(steps, seconds)
            self._at, self._current = now, current

    def rate(self, now: float) -> float | None:
        """This method will give steps a second, or None before the second sample.

        While the next step is overdue, it sinks.
        """
        if self.sums.count < SAMPLES:
            return None
        return self.sums.steps / (self.sums.seconds + self._overdue(now))

    def left(self, current: int, total: int | None, now: float) -> float | None:
        """This method will foretell the seconds left, or None while that cannot be trusted."""
        rate = self.rate(now)
        if rate is None or total is None or current >= total:
            return None
        sums, seconds = self.sums, (total - current) / rate
        if sums.age < AGE_S or sums.error > ERROR or seconds > FAR * sums.age:
            return None
        if self._overdue(now) > LATE * sums.interval + LATE_S:
            return None
        return seconds

    def _overdue(self, now: float) -> float:
        waited = 0.0 if self._at is None else now - self._at
        return max(0.0, waited - self.sums.interval)
