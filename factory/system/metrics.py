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
from jobs import board, figures, ports
from jobs.figures import Chosen, Group
from jobs.models import Runner
from jobs.retention import BOUNDS_S

_SHORT_S = 90_000.0
"""Of a day and less, steps say it better than days."""
_LISTED = 20
"""So many groups of a kind are listed, those of which most ended."""
_LONGEST_KIND = 64
_FILTERED_BY = {"kind", "project"}


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
    groups, steps = figures.groups(of), figures.over_time(of)
    whole = next((one for one in groups if not one.by), None)
    counted = [step.ended for step in steps if step.ended is not None]
    staff, all_of_it = request.user.is_staff, of.scopes is None and not of.kind
    found: dict[str, Any] = {
        "whole": whole,
        "ended": sum(counted),
        "uncounted": len(counted) < len(steps),
        "charts": [*_of_steps(steps, of), *_of_time(of)] if whole and whole.ended else [],
        "parts": _parts(request, groups) if whole and whole.ended else [],
        "classes": figures.classes(of),
        "days": _by_day(of) if of.span.seconds > _SHORT_S else None,
    }
    if staff and not of.kind:
        found["charts"] += _of_depth(of)
    if staff and all_of_it:
        found |= {"lag": figures.event_lag(), "memory": figures.memory()}
    return found


def _of_steps(steps: list[figures.Step], of: Chosen) -> list[Chart]:
    labels = ranges.labels(of.steps, of.span)
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


def _of_time(of: Chosen) -> list[Chart]:
    labels, taken = ranges.labels(of.steps, of.span), figures.taken(of)
    runs = [
        Series("50 of 100", [one.p50 for one in taken], "first"),
        Series("95 of 100", [one.p95 for one in taken], "second"),
        Series("99 of 100", [one.p99 for one in taken], "third"),
    ]
    bounds = [f"under {seconds(bound)}" for bound in BOUNDS_S]
    bounds += [f"{seconds(BOUNDS_S[-1])} and more"]
    return [
        charts.line("Run time, at most", labels, runs, seconds),
        charts.histogram("How long attempts ran", bounds, figures.spread(of), "Run time"),
    ]


def _of_depth(of: Chosen) -> list[Chart]:
    labels = ranges.labels(of.steps, of.span)
    looks = ("first", "second", "third")
    series = [
        Series(one.queue, one.waiting, looks[number % 3])
        for number, one in enumerate(figures.depths(of.span))
    ]
    return [charts.line("Most that waited in each queue", labels, series)] if series else []


def _by_day(of: Chosen) -> Chart | None:
    """Each day that the span touches, from midnight on; removed jobs are counted."""
    midnight = of.span.since.replace(hour=0, minute=0, second=0, microsecond=0)
    span = figures.Span(midnight, of.span.until)
    found = figures.days(of._replace(span=span))
    if not found:
        return None
    days = [span.since.date() + timedelta(days=one) for one in range(_days(span))]
    counts = {(one.day, one.state): one.jobs for one in found}
    series = [
        Series(state, [counts.get((day, state), 0) for day in days], state)
        for state in ("succeeded", "failed", "cancelled")
    ]
    return charts.bars(
        "Jobs that ended each day, removed ones included", list(map(str, days)), series
    )


def _days(span: figures.Span) -> int:
    return (span.until.date() - span.since.date()).days + 1


def _parts(request: HttpRequest, groups: list[Group]) -> list[tuple[str, list[Line], int]]:
    """Of each kind of groups the first few by name, and how many there are; most ended in the first."""
    apart = {by: [one for one in groups if one.by == by] for by in figures.GROUPS}
    listed = {by: found[:_LISTED] for by, found in apart.items()}
    ids = {by: {int(one.name) for one in listed[by] if one.name} for by in ("project", "runner")}
    names = ports.scopes.label(ids["project"])
    pools = dict(Runner.objects.filter(pk__in=ids["runner"]).values_list("pk", "pool"))
    if not request.user.is_staff:
        del listed["runner"]
    return [
        (by, [_line(request, one, names, pools) for one in found], len(apart[by]))
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
