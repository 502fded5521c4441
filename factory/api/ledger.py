"""Lists of the ledger: jobs with the filters of their page, logs, and deliveries of events."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from ninja.errors import HttpError

from factory import errors, ledger_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from factory.api.jobs import described
from jobs import board, events, logbook, ports
from jobs.models import Delivery, Job, LogChunk

CHUNKS = 8
"""So many parts of a log are in one answer, each of at most 64 KiB."""
DELIVERIES = 50
_JOBS = Query(...)
_LINES = Query(...)
_DELIVERIES = Query(...)


@api.get("/jobs", response={200: ledger_shapes.Jobs, **ERRORS}, summary="Jobs you may see")
def jobs(request: HttpRequest, asked: ledger_shapes.AskedJobs = _JOBS) -> HttpResponse:
    """Newest first unless sorted, by the filters of the page of jobs.

    What no index leads to is looked for a part at a time: an answer may be empty and have a `next`.
    """
    user = caller(request, "read").user
    page = board.page(user, asked.filter, asked.below)
    listed = page.jobs[: asked.limit]
    further = page.older if len(page.jobs) == len(listed) else listed[-1].pk
    return fresh(request, {"jobs": [described(one) for one in listed], "next": further})


@api.get("/jobs/{int:pk}/log", response={200: ledger_shapes.Log, **ERRORS}, summary="A job's log")
def log(request: HttpRequest, pk: int, asked: ledger_shapes.AskedLog = _LINES) -> HttpResponse:
    """Oldest first, part by part: ask again with `after` while there is more, or to follow it."""
    job = get_object_or_404(Job.objects.visible_to(caller(request, "read").user), pk=pk)
    # Read before the lines are: whatever an ended job wrote is there by now.
    ended = job.is_finished
    lines, after = logbook.further_log(pk, asked.after, asked.level, asked.grep, CHUNKS)
    told = [
        {"anchor": one.anchor, "number": one.number, "level": one.level.value, "text": one.text}
        for one in lines
    ]
    more = LogChunk.objects.filter(job=pk, pk__gt=after).exists()
    return fresh(request, {"lines": told, "after": after, "more": more, "ended": ended})


@api.get(
    "/deliveries",
    response={200: ledger_shapes.Deliveries, **ERRORS},
    summary="Who was told of which event",
)
def deliveries(
    request: HttpRequest, asked: ledger_shapes.AskedDeliveries = _DELIVERIES
) -> HttpResponse:
    """Deliveries of the events you may see, newest first; with `dead` what was not delivered."""
    found = Delivery.objects.visible_to(caller(request, "read").user).select_related("event")
    found = found.dead() if asked.dead else found
    found = found if asked.below is None else found.filter(pk__lt=asked.below)
    read = list(found.order_by("-pk")[: DELIVERIES + 1])
    listed = read[:DELIVERIES]
    further = listed[-1].pk if len(read) > len(listed) else None
    return fresh(request, {"deliveries": events.shapes(listed), "next": further})


@api.post(
    "/deliveries/{int:pk}/replays",
    response={200: ledger_shapes.Replayed, **ACT_ERRORS},
    summary="Deliver a dead letter again",
)
def replays(request: HttpRequest, pk: int) -> HttpResponse:
    """Retries its job, or starts the one it lacks. 409 when it did not fail."""
    user = caller(request, "write").user
    visible = Delivery.objects.visible_to(user).select_related("event")
    delivery = get_object_or_404(visible, pk=pk)
    if not ports.scopes.allows(user, "retry", delivery.event.scope):
        raise HttpError(403, errors.WORDS[403].message)
    job = events.replay(delivery, by=f"user:{user.pk}")
    told = {"id": delivery.pk, "job": job.pk, "state": job.state}
    return api.create_response(request, told, status=200)
