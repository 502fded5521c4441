"""Charts in templates: what `factory.charts` draws, and the small ones made where they stand."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from factory import charts
from jobs.last_runs import LastRun

register = template.Library()


@register.inclusion_tag("charts/_chart.html")
def chart(drawn: charts.Chart) -> dict[str, Any]:
    """This tag will show a chart with its key and its table."""
    return {"chart": drawn}


@register.inclusion_tag("charts/_small.html")
def small(drawn: charts.Small) -> dict[str, Any]:
    """This tag will show a chart within a line of text."""
    return {"small": drawn}


@register.inclusion_tag("charts/_small.html")
def spark(title: str, values: Sequence[float | None]) -> dict[str, Any]:
    """This tag will draw counts, the newest last, within a line of text."""
    return {"small": charts.spark(title, values)}


def written(seconds: float) -> str:
    """This function will write how long something took."""
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@register.simple_tag
def last_runs(found: Sequence[LastRun]) -> SafeString:
    """This tag will draw how the last jobs ended, those that ended alike as one outline.

    A page of thirty projects holds a hundred outlines so, and not a thousand.
    """
    return _drawn(tuple(found))


@register.inclusion_tag("charts/_runs.html")
def runs(found: Sequence[LastRun]) -> dict[str, Any]:
    """This tag will draw how the last jobs ended, each a way to its page, with their table."""
    rows = [(run, written(run.seconds), reverse("jobs:page", args=[run.job])) for run in found]
    drawn = [
        charts.Run(run.state, run.seconds, f"job {run.job}: {run.state}, {took}", page)
        for run, took, page in rows
    ]
    return {"small": charts.runs("Last jobs", drawn, written), "rows": rows[::-1]}


@lru_cache(maxsize=256)
def _drawn(found: tuple[LastRun, ...]) -> SafeString:
    said = charts.runs(
        "Last runs", [charts.Run(run.state, run.seconds, "") for run in found], written
    )
    outlines: dict[str, str] = {}
    for shape in said.shapes:
        outlines[shape.look] = outlines.get(shape.look, "") + shape.path
    shapes = [charts.Shape(path, look) for look, path in outlines.items()]
    small = charts.Small(said.title, said.said, shapes, said.size)
    return render_to_string("charts/_small.html", {"small": small})
