"""A span of time that figures are of: its steps, and where what ended in each part of it is found."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from jobs.sums import DAY, HOUR, Covered

STEPS = 60
"""Into so many steps a short span is divided."""
LONGEST = timedelta(days=92)
_SHORT = timedelta(hours=3)
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
_STEP_OF = {
    timedelta(hours=60): HOUR,
    timedelta(days=7.5): 3 * HOUR,
    timedelta(days=15): 6 * HOUR,
}
"""A longer span has whole hours of the day as steps, which can be summed once; the longest days."""


class BadSpan(ValueError):
    """The span of time cannot be used; the text says why."""


class Span(NamedTuple):
    """From one moment to another; the second is not part of it."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.until - self.since).total_seconds()


def span(since: datetime, until: datetime) -> Span:
    """This function will make a span, or raise `BadSpan` for one that is empty or too long."""
    if since >= until:
        raise BadSpan("since: it must lie before until")
    if until - since > LONGEST:
        raise BadSpan(f"since: at most {LONGEST.days} days before until")
    return Span(since, until)


class Chosen(NamedTuple):
    """What figures are of: a span, projects (None: all, and none), and a kind unless it is "".

    `each` is how long a step is, if not what suits the span.
    """

    span: Span
    scopes: Collection[int] | None = None
    kind: str = ""
    each: timedelta | None = None

    @property
    def step(self) -> timedelta:
        """A sixtieth of a short span, and a bit: never a sixty-first; else hours or a day."""
        length = self.span.until - self.span.since
        if self.each is not None:
            return self.each
        if length <= _SHORT:
            return length / STEPS + timedelta(microseconds=1)
        return next((step for most, step in _STEP_OF.items() if length <= most), DAY)

    @property
    def origin(self) -> datetime:
        """A moment at which a step begins."""
        return _MIDNIGHT if self.step % HOUR == timedelta(0) else self.span.since

    @property
    def values(self) -> dict[str, Any]:
        """The same, as statements name it."""
        return {
            "since": self.span.since,
            "until": self.span.until,
            "scopes": None if self.scopes is None else sorted(self.scopes),
            "kind": self.kind,
            "step": self.step,
            "origin": self.origin,
        }

    @property
    def steps(self) -> list[datetime]:
        """When each step begins; the first may begin before the span."""
        first, step = _floor(self.span.since, self.step, self.origin), self.step
        return [first + number * step for number in range(-((first - self.span.until) // step))]

    def step_of(self, at: datetime) -> int:
        """This method will give the number of the step that begins at a moment."""
        return round((at - _floor(self.span.since, self.step, self.origin)) / self.step)


class Pieces(NamedTuple):
    """Where what ended within a span is found: rows since `open`, rows of edges, and sums.

    A piece of sums is of so many hours each.
    """

    open: datetime
    edges: list[Span]
    sums: list[tuple[int, Span]]


def pieces(of: Chosen, covered: Covered | None) -> Pieces:
    """This function will divide a span into what is summed, what is open, and the edges between."""
    (since, until), alone = of.span, Pieces(of.span.since, [], [])
    if of.scopes is not None or covered is None or of.step % HOUR:
        return alone
    first, last = max(_ceil(since, HOUR), covered.since), min(_floor(until, HOUR), covered.until)
    if first >= last:
        return alone
    open_from = last if until > covered.until else until
    edges = [Span(since, first), Span(last, open_from)]
    return Pieces(open_from, [one for one in edges if one.seconds > 0], _summed(first, last, of))


def _summed(first: datetime, last: datetime, of: Chosen) -> list[tuple[int, Span]]:
    days = Span(_ceil(first, DAY), _floor(last, DAY))
    if of.step % DAY or days.seconds <= 0:
        return [(1, Span(first, last))]
    return [(1, Span(first, days.since)), (24, days), (1, Span(days.until, last))]


def _floor(at: datetime, step: timedelta, origin: datetime = _MIDNIGHT) -> datetime:
    return at - (at - origin) % step


def _ceil(at: datetime, step: timedelta) -> datetime:
    return at + (_MIDNIGHT - at) % step
