"""Charts in templates: what `factory.charts` draws, and the small ones made where they stand."""

from collections.abc import Sequence
from typing import Any

from django import template

from factory import charts

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
