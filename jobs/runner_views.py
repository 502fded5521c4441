"""The runners' page, and what staff asks of runners there."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board, fleet, people, ports, steering, version
from jobs.fleet import FILL
from jobs.models import Intent, Runner

_CONSEQUENCES = {
    Intent.DRAIN: "Each finishes the job in its hands, claims nothing more and ends. Its place stays "
    "empty until somebody fills it, or the cluster starts again.",
    Intent.RECYCLE: "Each finishes the job in its hands and ends; another takes its place.",
    Intent.STOP: "The job in its hands gets five seconds to end, then it is queued again and keeps its "
    "attempt. The place stays empty until somebody fills it, or the cluster starts again.",
    FILL: "The places that somebody emptied are taken by new runners within a second.",
}


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This view will show the runners of all machines by the queue they serve."""
    _only_staff(request)
    mine = version.of_this_process()
    context: dict[str, Any] = {"v": board.clock(), "pools": fleet.pools(mine), "mine": mine}
    asked = [seat.runner for pool in context["pools"] for seat in pool.seats]
    names = people.names_of(runner.intent_by for runner in asked)
    for runner in asked:
        runner.asked_by = people.named(runner.intent_by, names)
    return render(request, "jobs/runners.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: HttpRequest) -> HttpResponse:
    """This view will ask whether to drain, recycle, stop or fill, and do so."""
    _only_staff(request)
    given = request.POST if request.method == "POST" else request.GET
    act, told = given.get("act", ""), {name: given.get(name, "") for name in ("runner", "pool")}
    if act not in _CONSEQUENCES:
        raise BadRequest(f"act={act[:40]} is none of: {', '.join(map(str, _CONSEQUENCES))}.")
    chosen = _chosen(act, **told)
    if request.method == "POST":
        return _act(request, act, chosen)
    context = {
        "act": act,
        "told": told,
        "runners": chosen.order_by("pk"),
        "consequence": _CONSEQUENCES[act],
    }
    return render(request, "jobs/runner_request.html", context)


def _act(request: HttpRequest, act: str, chosen: Any) -> HttpResponse:
    by = f"user:{request.user.pk}"
    done = steering.ask(chosen, act, by)
    places = f"{done} {'place' if act == FILL else 'runner'}{'' if done == 1 else 's'}"
    outcome = "will be filled" if act == FILL else f"asked to {act}"
    if done:
        messages.success(request, f"{places} {outcome}.")
    else:
        messages.warning(request, "Nothing was asked: they had ended already.")
    return redirect("runners:list")


def _chosen(act: str, runner: str, pool: str) -> "QuerySet[Runner]":
    if runner and not (runner.isascii() and runner.isdecimal() and len(runner) < 19):
        raise BadRequest(f"runner={runner[:40]} is no number of a runner.")
    return fleet.addressed(act, int(runner) if runner else None, pool)


def _only_staff(request: HttpRequest) -> None:
    if not ports.scopes.allows(request.user, "runners", None):
        raise Http404
