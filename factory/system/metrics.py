"""Throughput, success, latency and depth over time, of all that a user may see or of a part of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from factory import charts
from factory.charts import Chart, Series
from factory.system import ranges
from factory.templatetags.board import seconds
from jobs import board, figures, ports, tallies
from jobs.figures import Group, Measured
from jobs.models import Runner
from jobs.retention import BOUNDS_S
from jobs.spans import Chosen
from jobs.tallies import Counted, Step

_SHORT_S = 90_000.0
"""Of a day and less, steps say it better than days."""
_LISTED = 20
"""So many groups of a kind are listed, those of which most ended."""
_LONGEST_KIND = 64
_FILTERED_BY = {"kind", "project"}
_COUNTED = ("kind", "queue")
"""Groups of which all are counted; of the others those that were measured."""
_UNMEASURED = (None,) * 6


class Line(NamedTuple):
    """One row of a table of groups: what it is called, its figures, and the page of it alone."""

    name: str
    of: Group
    page: str = ""


@require_safe
def shown(request: HttpRequest) -> HttpResponse:
    """This view will show what ended within a time: how much, how well and how fast.

    Everybody sees the figures of their projects, staff those of all.
    """
    asked, scopes = ranges.asked(request, ranges.Range), _scopes(request.user)
    project, kind = _project(request, scopes), request.GET.get("kind", "").replace("\0", "")
    context = {
        "v": board.clock(),
        "asked": asked,
        "spans": [
            (one, ranges.address(request, span=one, since="", until="")) for one in ranges.SPANS
        ],
        "moments": asked.fields_for(),
        "chosen": {"project": project, "kind": kind[:_LONGEST_KIND]},
        "without": {name: ranges.address(request, **{name: ""}) for name in _FILTERED_BY},
    }
    if not asked.is_valid():
        return render(request, "system/metrics.html", context, status=400)
    of = Chosen(
        asked.cleaned_data["chosen"], [project] if project else scopes, kind[:_LONGEST_KIND]
    )
    context |= {
        "of": of.span,
        "moments": asked.fields_for(ranges.written(of.span.since), ranges.written(of.span.until)),
        "names": ports.scopes.label({project}) if project else {},
        **_measured(request, of),
    }
    return render(request, "system/metrics.html", context)


@require_safe
def moved(request: HttpRequest) -> HttpResponse:
    """This view will lead from the address that figures had."""
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"/system/metrics/{'?' if query else ''}{query}")


def _measured(request: HttpRequest, of: Chosen) -> dict[str, Any]:
    long = of.span.seconds > _SHORT_S
    counted, measured = tallies.counted(of, by_day=long), figures.measured(of)
    staff, all_of_it = request.user.is_staff, of.scopes is None and not of.kind
    found: dict[str, Any] = {
        "whole": counted.whole,
        "newest": next((one for one in measured.groups if not one.by), None),
        "uncounted": not counted.known,
        "charts": [],
        "parts": [],
        "classes": counted.classes,
        "days": _by_day(counted, of),
    }
    if counted.whole.ended:
        found["charts"] = [*_of_steps(counted.steps, of), *_of_time(measured, of)]
        found["parts"] = _parts(request, _groups(counted, measured))
    if staff and not of.kind:
        found["charts"] += _of_depth(of)
    if staff and all_of_it:
        found |= {
            "lag": figures.event_lag(),
            "deliveries": figures.DELIVERIES,
            "memory": figures.memory(),
        }
    return found


def _groups(counted: Counted, measured: Measured) -> list[Group]:
    """Of kinds and queues all that were counted, else those that were measured; most ended first."""
    known = {(one.by, one.name): one for one in measured.groups}
    found = [one for one in measured.groups if one.by not in _COUNTED]
    for by, tallied in (("kind", counted.kinds), ("queue", counted.queues)):
        for name, tally in tallied.items():
            times = known[by, name][6:] if (by, name) in known else _UNMEASURED
            found.append(Group(by, name, *tally, *times))
    return sorted(found, key=lambda one: (-one.ended, one.name))


def _of_steps(steps: list[Step], of: Chosen) -> list[Chart]:
    labels = ranges.labels(of)
    ends = [
        Series("succeeded", [one.succeeded for one in steps], "succeeded"),
        Series("failed", [one.failed for one in steps], "failed"),
        Series("tried again", [one.retried for one in steps], "queued"),
        Series("other ends", [one.other for one in steps], "cancelled"),
    ]
    rates = [one.rate for one in steps]
    return [
        charts.bars("Attempts that ended", labels, ends),
        charts.line("Success", labels, [Series("succeeded", rates, "succeeded")], _percent),
    ]


def _of_time(measured: Measured, of: Chosen) -> list[Chart]:
    runs = [
        Series("50 of 100", [one.p50 for one in measured.taken], "first"),
        Series("95 of 100", [one.p95 for one in measured.taken], "second"),
        Series("99 of 100", [one.p99 for one in measured.taken], "third"),
    ]
    bounds = [f"under {seconds(bound)}" for bound in BOUNDS_S]
    bounds += [f"{seconds(BOUNDS_S[-1])} and more"]
    return [
        charts.line("Run time, at most", ranges.labels(of), runs, seconds),
        charts.histogram("How long attempts ran", bounds, measured.spread, "Run time"),
    ]


def _of_depth(of: Chosen) -> list[Chart]:
    labels, looks = ranges.labels(of), ("first", "second", "third")
    series = [
        Series(one.queue, one.waiting, looks[number % 3])
        for number, one in enumerate(figures.depths(of.span))
    ]
    return [charts.line("Most that waited in each queue", labels, series)] if series else []


def _by_day(counted: Counted, of: Chosen) -> Chart | None:
    if not counted.days:
        return None
    first, last = of.span.since.date(), of.span.until.date()
    days = [first + timedelta(days=one) for one in range((last - first).days + 1)]
    counts = {(one.day, one.state): one.jobs for one in counted.days}
    series = [
        Series(state, [counts.get((day, state), 0) for day in days], state)
        for state in ("succeeded", "failed", "cancelled")
    ]
    return charts.bars(
        "Jobs that ended each day, removed ones included", list(map(str, days)), series
    )


def _parts(request: HttpRequest, groups: list[Group]) -> list[tuple[str, list[Line], int, bool]]:
    """Of each kind of groups the first few by name, how many there are, and whether all are counted."""
    apart = {by: [one for one in groups if one.by == by] for by in figures.GROUPS}
    listed = {by: found[:_LISTED] for by, found in apart.items()}
    ids = {by: {int(one.name) for one in listed[by] if one.name} for by in ("project", "runner")}
    names = ports.scopes.label(ids["project"])
    pools = dict(Runner.objects.filter(pk__in=ids["runner"]).values_list("pk", "pool"))
    if not request.user.is_staff:
        del listed["runner"]
    return [
        (by, [_line(request, one, names, pools) for one in found], len(apart[by]), by in _COUNTED)
        for by, found in listed.items()
    ]


def _line(
    request: HttpRequest, one: Group, names: Mapping[int, str], pools: dict[int, str]
) -> Line:
    if one.by == "runner" and one.name:
        return Line(f"{pools.get(int(one.name), 'removed')}-{one.name}", one)
    if one.by == "project":
        if not one.name:
            return Line("no project", one)
        page = ranges.address(request, project=one.name) if int(one.name) in names else ""
        return Line(names.get(int(one.name), "a removed project"), one, page)
    return Line(one.name, one, ranges.address(request, kind=one.name) if one.by == "kind" else "")


def _percent(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") + " %"


def _scopes(user: Any) -> list[int] | None:
    return None if user.is_active and user.is_staff else list(ports.scopes.visible(user))


def _project(request: HttpRequest, scopes: list[int] | None) -> int:
    text = request.GET.get("project", "")
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadRequest(f"project={text[:40]} is no number of a project.")
    if scopes is not None and int(text) not in scopes:
        raise Http404
    return int(text)
