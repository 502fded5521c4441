"""How fast a job gets on: no figure that was not seen, no end that cannot be foretold."""

from itertools import pairwise

import pytest

from jobs.pace import AGE_S, FAR, Pace, Sums

hypothesis = pytest.importorskip("hypothesis")
given = hypothesis.given
strategies = hypothesis.strategies

steps = strategies.integers(0, 10**9)
gaps = strategies.floats(0, 1e6, allow_nan=False)
histories = strategies.lists(strategies.tuples(steps, gaps), max_size=60)


def followed(history: list[tuple[int, float]]) -> tuple[Pace, float]:
    """This function will give the pace after a history of positions and gaps, and the time."""
    pace, now = Pace(), 0.0
    for current, gap in history:
        now += gap
        pace.reached(current, now)
    return pace, now


def steady(count: int, seconds: float, step: int = 1) -> tuple[Pace, float]:
    """This function will give the pace of so many equal steps."""
    return followed([(0, 0.0), *((step * number, seconds) for number in range(1, count + 1))])


@given(histories, strategies.integers(0, 10**10), gaps)
def test_neither_the_rate_nor_the_time_left_is_ever_negative(
    history: list[tuple[int, float]], total: int, waited: float
) -> None:
    pace, now = followed(history)
    current = history[-1][0] if history else 0

    rate, left = pace.rate(now + waited), pace.left(current, total, now + waited)

    assert rate is None or rate > 0
    assert left is None or left > 0


@given(strategies.lists(strategies.tuples(strategies.integers(1, 1000), gaps), min_size=3))
def test_the_rate_stays_within_what_was_seen(history: list[tuple[int, float]]) -> None:
    pace, now, position, seen = Pace(), 0.0, 0, []
    for more, gap in history:
        position, now = position + more, now + gap + 0.25
        pace.reached(position, now)
        seen.append((now, position))

    rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(seen)]
    rate = pace.rate(now)

    assert rate is not None
    assert min(rates) * 0.999 <= rate <= max(rates) * 1.001


@given(strategies.integers(2, 500), strategies.floats(0.3, 3600))
def test_even_work_has_exactly_its_rate(count: int, seconds: float) -> None:
    pace, now = steady(count, seconds)

    assert pace.rate(now) == pytest.approx(1 / seconds)


@given(histories, strategies.integers(0, 10**10))
def test_no_end_is_foretold_beyond_what_was_seen(
    history: list[tuple[int, float]], total: int
) -> None:
    pace, now = followed(history)

    left = pace.left(history[-1][0] if history else 0, total, now)

    if left is not None:
        assert pace.sums.count >= 2
        assert pace.sums.age >= AGE_S
        assert left <= FAR * pace.sums.age


def test_one_step_is_no_rate() -> None:
    pace, now = steady(1, 30)

    assert (pace.rate(now), pace.left(1, 100, now)) == (None, None)


def test_two_even_steps_foretell_the_end() -> None:
    pace, now = steady(2, 15)

    assert pace.left(2, 100, now) == pytest.approx(98 * 15)


def test_two_uneven_steps_do_not() -> None:
    pace, now = followed([(0, 0), (1, 2), (2, 30)])

    assert pace.rate(now) is not None
    assert pace.left(2, 100, now) is None


def test_what_was_seen_for_a_moment_foretells_nothing() -> None:
    pace, now = steady(10, 0.3)

    assert pace.left(10, 1000, now) is None


def test_a_rate_without_a_total_foretells_nothing() -> None:
    pace, now = steady(10, 5)

    assert (pace.rate(now), pace.left(10, None, now)) == (pytest.approx(0.2), None)
    assert pace.left(10, 10, now) is None


def test_an_overdue_step_slows_the_rate_and_a_stall_takes_the_end_away() -> None:
    pace, now = steady(10, 10)

    assert pace.left(10, 20, now + 10) == pytest.approx(100)
    slower = pace.left(10, 20, now + 30)
    assert slower is not None
    assert slower > 100
    assert pace.left(10, 20, now + 60) is None


def test_the_rate_follows_work_that_becomes_slower() -> None:
    pace, now = steady(100, 1)
    for number in range(1, 41):
        now += 10
        pace.reached(100 + number, now)

    assert pace.rate(now) == pytest.approx(0.1, rel=0.1)


def test_a_burst_of_reports_is_one_look() -> None:
    pace = Pace()
    for number in range(100):
        pace.reached(number, number * 0.01)

    assert pace.sums.count == 3
    assert pace.rate(1) == pytest.approx(100, rel=0.05)


def test_another_round_of_work_begins_anew() -> None:
    pace, now = steady(100, 1)

    pace.reached(3, now + 1)

    assert pace.rate(now + 1) is None


def test_what_an_earlier_execution_saw_counts_on() -> None:
    earlier, _ = steady(10, 4)
    pace = Pace()
    pace.reached(10, 1000.0)
    pace.sums.join(earlier.sums)

    assert pace.rate(1000) == pytest.approx(0.25)
    pace.reached(11, 1004.0)
    assert pace.left(11, 21, 1004) == pytest.approx(40)


def test_nothing_seen_joins_nothing() -> None:
    sums = Sums()

    sums.join(Sums())

    assert sums == Sums()
