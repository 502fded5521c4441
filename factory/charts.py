"""Small charts drawn on the server: where bars and lines go, and what the table beside them says.

A value of None means that nothing is known of that moment: there the drawing has a gap and the table
a dash, never a zero. Words stand beside the drawing, which may be stretched to any width.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

WIDTH, HEIGHT = 600, 120
RUNS = 30
_RUN_WIDTH, _RUN_STEP, _RUN_HEIGHT = 5, 7, 26
_LEAST = 5
_SPARK_WIDTH, _SPARK_HEIGHT = 96, 20
_STEPS = (1, 2, 4, 6, 8, 10)
Writer = Callable[[float], str]


class Series(NamedTuple):
    """One row of values; `look` names its colour: a state, `accent`, or `first` to `third`."""

    name: str
    values: Sequence[float | None]
    look: str = "accent"


class Run(NamedTuple):
    """One execution: how it ended, how long it took, what is said of it, and its page."""

    state: str
    seconds: float | None
    title: str
    href: str = ""


class Box(NamedTuple):
    """A rectangle, its look, and what a pointer over it reads."""

    x: str
    y: str
    width: str
    height: str
    look: str = ""
    title: str = ""


class Shape(NamedTuple):
    """An outline, its look, what a pointer over it reads, and where it leads."""

    path: str
    look: str
    title: str = ""
    href: str = ""


class Row(NamedTuple):
    """One row of the table: its head, and the value of each series in words."""

    label: str
    values: list[str]


@dataclass(frozen=True)
class Chart:
    """A drawing of WIDTH by HEIGHT with the words beside it."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    write: Writer
    top: float
    head: str = "When"
    boxes: list[Box] = field(default_factory=list)
    lines: list[Shape] = field(default_factory=list)
    size: tuple[int, int] = (WIDTH, HEIGHT)

    @property
    def empty(self) -> bool:
        """Whether nothing is known of any moment."""
        return all(value is None for one in self.series for value in one.values)

    @property
    def highest(self) -> str:
        """What the upper edge means."""
        return self.write(self.top)

    @property
    def half(self) -> str:
        """What the middle means; empty where no count could be there."""
        written = self.write(self.top / 2)
        return "" if written in (self.write(self.top), self.write(0)) else written

    @property
    def ends(self) -> list[str]:
        """The first label, that of the middle, and the last."""
        if len(self.labels) < 3:
            return list(self.labels)
        return [self.labels[0], self.labels[len(self.labels) // 2], self.labels[-1]]

    @property
    def rows(self) -> list[Row]:
        """The table."""
        return [Row(label, self._values(at)) for at, label in enumerate(self.labels)]

    @property
    def columns(self) -> list[Box]:
        """What a pointer reads above each moment."""
        width = WIDTH / max(1, len(self.labels))
        return [
            Box(
                _short(at * width),
                "0",
                _short(width),
                str(HEIGHT),
                title=f"{row.label}: {self._said(row)}",
            )
            for at, row in enumerate(self.rows)
        ]

    def _values(self, at: int) -> list[str]:
        found = [one.values[at] for one in self.series]
        return ["—" if value is None else self.write(value) for value in found]

    def _said(self, row: Row) -> str:
        if len(self.series) == 1:
            return row.values[0]
        return ", ".join(
            f"{one.name} {value}" for one, value in zip(self.series, row.values, strict=True)
        )


@dataclass(frozen=True)
class Small:
    """A drawing within a line of text; `said` tells the same in words."""

    title: str
    said: str
    shapes: list[Shape]
    size: tuple[int, int]

    @property
    def role(self) -> str:
        """What it is to a screen reader: a group where it holds links."""
        return "group" if any(one.href for one in self.shapes) else "img"


def count(value: float) -> str:
    """This function will write a whole number."""
    return f"{value:,.0f}"


def bars(
    title: str, labels: Sequence[str], series: Sequence[Series], write: Writer = count
) -> Chart:
    """This function will draw one bar a label, with the series above each other."""
    heights = [sum(one.values[at] or 0 for one in series) for at in range(len(labels))]
    top, width = ceiling(max(heights, default=0)), WIDTH / max(1, len(labels))
    boxes = []
    for at in range(len(labels)):
        floor = float(HEIGHT)
        for one in series:
            tall = HEIGHT * (one.values[at] or 0) / top
            floor -= tall
            if tall:
                x, gap = at * width, min(2.0, width / 5)
                place = _short(x), _short(floor), _short(width - gap), _short(tall)
                boxes.append(Box(*place, look=one.look))
    return Chart(title, labels, series, write, top, boxes=boxes)


def histogram(title: str, bounds: Sequence[str], counts: Sequence[int], head: str) -> Chart:
    """This function will draw how many lie up to each bound; `head` says what the bounds are of."""
    drawn = bars(title, bounds, [Series("How many", counts)])
    return Chart(title, bounds, drawn.series, count, drawn.top, head=head, boxes=drawn.boxes)


def line(
    title: str, labels: Sequence[str], series: Sequence[Series], write: Writer = count
) -> Chart:
    """This function will draw one line for each series; what is unknown interrupts it."""
    known = [value for one in series for value in one.values if value is not None]
    top, step = ceiling(max(known, default=0)), WIDTH / max(1, len(labels))
    lines = [
        Shape(_path(one.values, top, step, HEIGHT), f"{one.look} dash-{at}", one.name)
        for at, one in enumerate(series)
    ]
    return Chart(title, labels, series, write, top, lines=lines)


def spark(
    title: str, values: Sequence[float | None], write: Writer = count, look: str = "accent"
) -> Small:
    """This function will draw a line for a line of text; the newest value is the last."""
    known = [value for value in values if value is not None]
    if not known:
        return Small(title, "nothing is known", [], (_SPARK_WIDTH, _SPARK_HEIGHT))
    now = "unknown" if values[-1] is None else write(values[-1])
    said = f"now {now}, lowest {write(min(known))}, highest {write(max(known))}"
    path = _path(values, ceiling(max(known)), _SPARK_WIDTH / len(values), _SPARK_HEIGHT)
    return Small(title, said, [Shape(path, look)], (_SPARK_WIDTH, _SPARK_HEIGHT))


def runs(title: str, found: Sequence[Run], write: Writer) -> Small:
    """This function will draw the last runs, the newest on the right.

    The height is how long one took; colour and outline are how it ended: notched above when it
    failed, hollow when it did not end by itself.
    """
    shown = list(found)[-RUNS:]
    times = [one.seconds for one in shown if one.seconds is not None]
    longest = max(times, default=0) or 1
    at = (RUNS - len(shown)) * _RUN_STEP
    shapes = []
    for number, one in enumerate(shown):
        tall = max(_LEAST, round(_RUN_HEIGHT * (one.seconds or 0) / longest))
        outline = _outline(at + number * _RUN_STEP, _RUN_HEIGHT - tall, one.state == "failed")
        shapes.append(Shape(outline, one.state, one.title, one.href))
    counted = Counter(one.state for one in shown).most_common()
    said = ", ".join(f"{number} {state}" for state, number in counted) or "none yet"
    if times:
        said += f"; the longest took {write(max(times))}"
    return Small(title, said, shapes, (RUNS * _RUN_STEP, _RUN_HEIGHT))


def ceiling(value: float) -> float:
    """This function will give a round number that is not below `value`, and above 0."""
    if value <= 0:
        return 1
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (*_STEPS, 20) if step * size >= value * (1 - 1e-9))


@lru_cache(maxsize=RUNS * _RUN_HEIGHT * 2)
def _outline(x: int, y: int, notched: bool) -> str:
    middle, right = x + _RUN_WIDTH / 2, x + _RUN_WIDTH
    over = f"L{middle} {y + 3.5}" if notched else ""
    return f"M{x} {y}{over}L{right} {y}V{_RUN_HEIGHT}H{x}Z"


def _path(values: Sequence[float | None], top: float, step: float, height: int) -> str:
    """A line through the middles of the steps; a lone point is drawn as wide as its step."""
    said, pen = [], False
    for at, value in enumerate(values):
        if value is None:
            pen = False
            continue
        x, y = (at + 0.5) * step, height - height * value / top
        alone = not pen and (at + 1 == len(values) or values[at + 1] is None)
        if alone:
            said.append(f"M{_short(x - step / 2)} {_short(y)}h{_short(step)}")
        else:
            said.append(f"{'L' if pen else 'M'}{_short(x)} {_short(y)}")
        pen = not alone
    return "".join(said)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
