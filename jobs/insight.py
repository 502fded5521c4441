"""Pages about the ledger as a whole: deliveries of events, and the runs of `verify_board`."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board, events, overall, ports
from jobs.choosing import number_of
from jobs.models import Delivery, Job, Verification

PAGE = 50
RUNS = 20


@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """This view will list deliveries, newest first; `dead` keeps what was not delivered.

    `below` is the number of the one after which it goes on.
    """
    version = board.clock()
    found = Delivery.objects.visible_to(request.user).select_related("event").order_by("-pk")
    dead = "dead" in request.GET
    if dead:
        found = found.dead()
    if below := request.GET.get("below", ""):
        found = found.filter(pk__lt=number_of(below, "below"))
    read = list(found[: PAGE + 1])
    listed = read[:PAGE]
    jobs = board.shown(Job.objects.all()).in_bulk([one.job_id for one in listed if one.job_id])
    board.spoken(jobs.values())
    known = [(one, jobs.get(one.job_id or 0)) for one in listed]
    rows = [(one, job, _why(job)) for one, job in known]
    older = listed[-1].pk if len(read) > PAGE else None
    context = {"v": version, "rows": rows, "dead": dead, "below": below, "older": older}
    return render(request, "jobs/deliveries.html", context)


def _why(job: Job | None) -> str:
    """Why a delivery's job failed, with the name of whoever repaired it."""
    said = events.failure(job)
    return job.told if job and said == job.reason else said  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def replays(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask whether to deliver a dead letter again, and do it."""
    visible = Delivery.objects.visible_to(request.user).select_related("event")
    delivery = get_object_or_404(visible, pk=pk)
    if not ports.scopes.allows(request.user, "retry", delivery.event.scope):
        raise PermissionDenied
    if request.method == "POST":
        job = events.replay(delivery, by=f"user:{request.user.pk}")
        messages.success(request, f"{delivery} is delivered again by {job}.")
        return redirect(reverse("jobs:page", args=[job.pk]))
    return render(request, "jobs/replay.html", {"delivery": delivery})


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """This view will say how the whole is, and list the runs of `verify_board`.

    What disagreed is told to staff.
    """
    pages = {
        "stuck": f"{reverse('jobs:list')}?state={board.STUCK}",
        "failed": f"{reverse('jobs:list')}?state=failed",
        "undelivered": f"{reverse('insight:deliveries')}?dead",
    }
    version = board.clock()
    found = overall.overall(request.user)
    counters = [(one, pages.get(one.name, "")) for one in found.counters]
    runs = Verification.objects.order_by("-pk")[:RUNS]
    context = {"v": version, "found": found, "counters": counters, "runs": runs}
    return render(request, "jobs/health.html", context)
