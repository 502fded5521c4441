"""Charts draw what they are given: no more, no less, and the same in words."""

import re

import pytest
from django.template import Context, Template

from factory import charts
from factory.charts import HEIGHT, Run, Series


def shown(source: str, **given: object) -> str:
    """This function will render a template that loads the charts."""
    return Template("{% load charts %}" + source).render(Context(given))


@pytest.mark.parametrize(
    ("value", "above"),
    [(0, 1), (1, 1), (3, 4), (17, 20), (100, 100), (101, 200), (0.03, 0.04), (950, 1000)],
)
def test_the_scale_ends_at_a_round_number_that_is_not_below_the_highest(
    value: float, above: float
) -> None:
    assert charts.ceiling(value) == pytest.approx(above)


def test_bars_stand_on_each_other_and_are_as_high_as_their_values() -> None:
    good, bad = Series("succeeded", [3, 0], "succeeded"), Series("failed", [1, 2], "failed")

    drawn = charts.bars("Ended", ["a", "b"], [good, bad])

    assert drawn.highest == "4"
    heights = [(box.look, float(box.y), float(box.height)) for box in drawn.boxes]
    assert heights == [
        ("succeeded", HEIGHT / 4, HEIGHT * 3 / 4),
        ("failed", 0, HEIGHT / 4),
        ("failed", HEIGHT / 2, HEIGHT / 2),
    ]


def test_what_is_unknown_is_a_gap_and_a_dash_and_never_a_zero() -> None:
    drawn = charts.line("Depth", list("abcde"), [Series("short", [2, 2, None, 0, 1])])

    assert drawn.lines[0].path.count("M") == 2
    assert [row.values for row in drawn.rows] == [["2"], ["2"], ["—"], ["0"], ["1"]]
    assert drawn.columns[2].title == "c: —"


def test_a_point_between_gaps_is_seen() -> None:
    drawn = charts.line("Depth", list("abc"), [Series("short", [None, 1, None])])

    assert "h" in drawn.lines[0].path


def test_a_count_has_no_half() -> None:
    assert charts.bars("Ended", ["a"], [Series("all", [1])]).half == ""
    assert charts.bars("Ended", ["a"], [Series("all", [2])]).half == "1"


def test_the_table_says_all_that_is_drawn() -> None:
    drawn = charts.bars("Ended", ["09:00", "<b>"], [Series("a", [1, 2]), Series("b", [0, 1234])])

    page = shown("{% chart drawn %}", drawn=drawn)

    assert "<caption" in page
    assert "1,234" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("<tr>") == 3
    assert " style=" not in page


def test_a_chart_of_nothing_says_so() -> None:
    drawn = charts.line("Depth", ["a"], [Series("short", [None])])

    assert "Nothing is known" in shown("{% chart drawn %}", drawn=drawn)


def test_how_a_run_ended_is_an_outline_as_well_as_a_colour() -> None:
    found = [Run("succeeded", 2, "#1 took 2 s", "/jobs/1/"), Run("failed", 1, "#2", "/jobs/2/")]

    drawn = charts.runs("Runs of Harbour", found, charts.count)
    page = shown("{% small drawn %}", drawn=drawn)

    assert [one.path.count("L") for one in drawn.shapes] == [1, 2]
    assert "Runs of Harbour: 1 succeeded, 1 failed; the longest took 2" in page
    assert 'href="/jobs/2/"' in page
    assert 'role="group"' in page


def test_only_the_last_thirty_runs_are_drawn_and_the_newest_is_on_the_right() -> None:
    found = [Run("succeeded", number, f"#{number}") for number in range(40)]

    drawn = charts.runs("Runs", found, charts.count)

    starts = [float(re.match(r"M([\d.]+)", one.path)[1]) for one in drawn.shapes]  # type: ignore[index]
    assert [one.title for one in drawn.shapes] == [f"#{number}" for number in range(10, 40)]
    assert starts == sorted(starts)


def test_a_project_without_runs_says_so() -> None:
    assert "none yet" in shown("{% small drawn %}", drawn=charts.runs("R", [], charts.count))


def test_a_spark_tells_its_newest_value_in_words() -> None:
    page = shown("{% spark 'Depth of short' values %}", values=[1, None, 7, 3])

    assert "Depth of short: now 3, lowest 1, highest 7" in page
    assert "nothing is known" in shown("{% spark 'Depth' values %}", values=[None])


def test_a_histogram_names_its_bounds() -> None:
    drawn = charts.histogram("Runs", ["≤ 1 s", "≤ 10 s"], [4, 1], "Took")

    assert (drawn.head, drawn.rows[0].label, drawn.rows[0].values) == ("Took", "≤ 1 s", ["4"])
