"""How the product is, in words, with a way to each page that says more."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from factory import charts, health
from factory.charts import Small
from jobs import beats, board, figures, lines, overall, tallies, version
from jobs.lines import Line
from jobs.models import Runner
from jobs.spans import Chosen, Span
from jobs.timetable import for_staff

_RECENT = timedelta(hours=1)
_BEATS = {name: name for name in ("relay", "watchdog", "supervisor")} | {"qcluster": "sentinel"}
"""The processes of this machine, and whose beat says that they live."""


@require_safe
@for_staff
def shown(request: HttpRequest) -> HttpResponse:
    """This view will say how each part is, what waits, and what the last hour brought."""
    until = timezone.now()
    recent = Span(until - _RECENT, until)
    steps = tallies.counted(Chosen(recent)).steps
    context: dict[str, Any] = {
        "v": board.clock(),
        "parts": [(part, health.clock(part.since), _awaited(part.name)) for part in health.parts()],
        "found": overall.overall(request.user),
        "lines": _with_sparks(lines.of_queues(), recent),
        "ended": _ended(steps),
        "failed": sum(step.failed or 0 for step in steps),
        "runners": Runner.objects.fresh().count(),
        "code": version.of_this_process(),
    }
    return render(request, "system/overview.html", context)


def _awaited(name: str) -> bool:
    """Of a process that never beat here, nothing is known: it is not awaited."""
    return name not in _BEATS or beats.age(_BEATS[name]) is not None


def _ended(steps: list[tallies.Step]) -> Small:
    known = [step.ended for step in steps]
    return charts.spark("Attempts that ended in each minute of the last hour", known)


def _with_sparks(found: list[Line], recent: Span) -> list[tuple[Line, Small]]:
    depths = {one.queue: one.waiting for one in figures.depths(recent)}
    return [
        (line, charts.spark(f"Waiting in {name} in the last hour", depths.get(name, [])))
        for line in found
        for name in [line.queue.name]
    ]
