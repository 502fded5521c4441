"""The pages that ask before an act, and do it: on one job, or on all that were chosen."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jobs import controls, edges, forms, kinds, ports, receipts, sending
from jobs.choosing import Selection, jobs_of, number_of, one_of
from jobs.controls import Control
from jobs.models import Dependency, Job, Policy, Refused, Stale
from jobs.models.hindrance import repairs as possible_repairs
from jobs.states import State

_ASKED = require_http_methods(["GET", "HEAD", "POST"])
_REFUSALS = (BadRequest, Refused, Stale)


@_ASKED
def act(request: HttpRequest, pk: int, control: Control) -> HttpResponse:
    """This view will name one job and what an act does to it, and do it."""
    if request.method == "POST":
        do = sending.once(_done) if control.makes else _done
        return do(request, pk, control)
    return _question(request, pk, control)


@_ASKED
def repairs(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask for a state and a reason, and set it by hand within the legal moves."""
    if request.method != "POST":
        return _repairing(request, pk)
    job, to = _permitted(request, pk, "repair"), request.POST.get("to", "")
    try:
        if not one_of(State.values, to, "to"):
            raise BadRequest("to= is missing: choose a state.")
        reason = request.POST.get("reason", "")
        done = controls.repair(job, State(to), by=actor(request), reason=reason)
    except _REFUSALS as error:
        return _repairing(request, pk, error)
    return _told(request, job.pk, done.said)


@_ASKED
def dependencies(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask for which others a job is to wait, and make it wait."""
    if request.method != "POST":
        return _depending(request, pk)
    job = _permitted(request, pk, edges.NAME)
    try:
        parents = jobs_of(request.user, request.POST.get("on", ""), "on")
        policy = one_of(Policy.values, request.POST.get("policy", ""), "policy") or Policy.CANCEL
        done = edges.depend(job, parents, policy=policy, by=actor(request))
    except _REFUSALS as error:
        return _depending(request, pk, error)
    return _told(request, job.pk, done.said)


@_ASKED
def releases(request: HttpRequest, pk: int, parent: int) -> HttpResponse:
    """This view will name one job that another waits for, and have it wait no longer."""
    job = _permitted(request, pk, edges.NAME)
    if request.method == "POST":
        done = edges.release(job, [parent], by=actor(request))
        return _told(request, job.pk, done.said)
    edge = get_object_or_404(Dependency.objects.select_related("parent"), child=job, parent=parent)
    context = {"job": job, "edge": edge, "can_be_freed": edges.can_be_freed(job)}
    return render(request, "jobs/release.html", context)


@_ASKED
def selections(request: HttpRequest) -> HttpResponse:
    """This view will count the chosen jobs an act can change, and do it in one statement."""
    given = request.POST if request.method == "POST" else request.GET
    # The page of an error leads here, without what was sent.
    if request.method != "POST" and not given:
        return redirect(reverse("jobs:list"))
    control = _control(given)
    selection = Selection.of(given)
    jobs = selection.jobs(request.user, control)
    if request.method == "POST":
        return _done_to_many(request, control, selection, jobs)
    count, first = jobs.count(), list(jobs.order_by("pk")[:5])
    context = {
        "control": control,
        "selection": selection,
        "count": count,
        "first": first,
        "rest": count - len(first),
        "unable": selection.seen(request.user).count() - count,
    }
    return render(request, "jobs/confirm_many.html", context)


@_ASKED
@sending.once
def creation(request: HttpRequest) -> HttpResponse:
    """This view will show the form of a kind, filled as a job was if one is named, and make a job."""
    if not ports.scopes.allows(request.user, "enqueue", None):
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    if not given.get("kind") and not given.get("from"):
        return render(request, "jobs/kinds.html", {"kinds": kinds.for_people()})
    source = None
    if text := given.get("from", ""):
        source = get_object_or_404(Job, pk=number_of(text, "from"))
    try:
        kind = kinds.offered(source.kind if source else given["kind"])
    except kinds.UnknownKind as error:
        raise BadRequest(f"{str(error)[:400]}.") from None
    sent = request.POST if request.method == "POST" else None
    form = forms.Making(kind, source, sent, initial=None if sent else forms.initial(source))
    if sent is not None and form.is_valid():
        made = form.make(actor(request))
        return _told(request, made.pk, f"{made} was enqueued.")
    return render(request, "jobs/new.html", {"form": form, "kind": kind, "source": source})


def _done(request: HttpRequest, pk: int, control: Control) -> HttpResponse:
    job = _permitted(request, pk, control.name)
    try:
        done = control.do(job, by=actor(request), reason=request.POST.get("reason", ""))
    except _REFUSALS as error:
        return _question(request, pk, control, error)
    way = receipts.way_back(control, job, done, actor(request))
    return _told(request, done.made or job.pk, done.said, way)


def _question(
    request: HttpRequest, pk: int, control: Control, wrong: Exception | None = None
) -> HttpResponse:
    job = _permitted(request, pk, control.name)
    context = {"job": job, "control": control, "consequence": control.warns(job)}
    return _asked(request, "confirm", context, wrong)


def _repairing(request: HttpRequest, pk: int, wrong: Exception | None = None) -> HttpResponse:
    job = _permitted(request, pk, "repair")
    return _asked(request, "repair", {"job": job, "states": possible_repairs(job)}, wrong)


def _depending(request: HttpRequest, pk: int, wrong: Exception | None = None) -> HttpResponse:
    job = _permitted(request, pk, edges.NAME)
    context = {"job": job, "policies": Policy.choices, "can_wait": edges.can_wait(job)}
    return _asked(request, "depend", context, wrong)


def _asked(
    request: HttpRequest, template: str, context: dict[str, Any], wrong: Exception | None
) -> HttpResponse:
    """The page that asks before an act; once it was refused, with why and what was typed."""
    status = 200
    if wrong is not None:
        status = 400 if isinstance(wrong, BadRequest) else 409
        context |= {"wrong": str(wrong), "given": request.POST}
    return render(request, f"jobs/{template}.html", context, status=status)


def _done_to_many(
    request: HttpRequest, control: Control, selection: Selection, jobs: "QuerySet[Job]"
) -> HttpResponse:
    by, reason = actor(request), request.POST.get("reason", "")
    before = receipts.Before.now()
    outcome = control.bulk(jobs, by=by, reason=reason)  # type: ignore[misc]
    level = messages.SUCCESS if outcome.done or outcome.asked else messages.WARNING
    fields = selection.chosen.fields
    way = receipts.way_back_of_many(control, before.touched(by), fields)
    receipts.tell(request, controls.counted(control, outcome), level, way)
    return redirect(f"{reverse('jobs:list')}?{selection.chosen.query}")


def actor(request: HttpRequest) -> str:
    """This function will name who sent a request, as moves show it."""
    return f"user:{request.user.pk}"


def _control(given: QueryDict) -> Control:
    name = given.get("act", "")
    found = controls.BY_NAME.get(name)
    if found is None or found.bulk is None:
        known = ", ".join(one.name for one in controls.BULK)
        raise BadRequest(f"act={name[:40]} is none of: {known}.")
    return found


def _permitted(request: HttpRequest, pk: int, act: str) -> Job:
    found = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if not ports.scopes.allows(request.user, act, found.scope):
        raise PermissionDenied
    return found


def _told(
    request: HttpRequest, pk: int, said: str, way: receipts.Way | None = None
) -> HttpResponseRedirect:
    receipts.tell(request, said, way=way)
    return redirect(reverse("jobs:page", args=[pk]))
