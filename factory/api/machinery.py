"""What executes jobs, for staff: queues, runners and schedules. To others it does not exist."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Body
from ninja.errors import HttpError

from factory import ledger_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from factory.api.jobs import masked
from jobs import fleet, lines, ports, schedules, steering, version
from jobs.models import BadLimit, Queue, Schedule
from jobs.models.schedule import BadSchedule

_NO_BOUNDS = Body(ledger_shapes.Bounds())


@api.get("/queues", response={200: ledger_shapes.Queues, **ERRORS}, summary="Queues")
def queues(request: HttpRequest) -> HttpResponse:
    """Staff only: what waits in each queue, runs, and bounds it."""
    _staff(request, "read", "queues")
    return fresh(request, {"queues": [lines.shape(line) for line in lines.of_queues()]})


@api.post(
    "/queues/{str:name}/pauses",
    response={200: ledger_shapes.Queue, **ACT_ERRORS},
    summary="Pause a queue",
)
def queue_pauses(request: HttpRequest, name: str) -> HttpResponse:
    """Staff only: nothing of it begins until it is resumed; what runs goes on."""
    by = f"user:{_staff(request, 'write', 'queues').pk}"
    return _to_queue(
        request,
        name,
        lambda queue: steering.steer(f"queue {name}", "paused", by, lambda: queue.pause(by=by)),
    )


@api.post(
    "/queues/{str:name}/resumptions",
    response={200: ledger_shapes.Queue, **ACT_ERRORS},
    summary="Resume a queue",
)
def queue_resumptions(request: HttpRequest, name: str) -> HttpResponse:
    """Staff only: what waits in it begins as soon as a runner is free."""
    by = f"user:{_staff(request, 'write', 'queues').pk}"
    return _to_queue(
        request,
        name,
        lambda queue: steering.steer(f"queue {name}", "resumed", by, queue.resume),
    )


@api.post(
    "/queues/{str:name}/limits",
    response={200: ledger_shapes.Queue, **ACT_ERRORS},
    summary="Limit a queue",
)
def queue_limits(
    request: HttpRequest, name: str, given: ledger_shapes.Bounds = _NO_BOUNDS
) -> HttpResponse:
    """Staff only: sets the limits of a queue anew."""
    by, bounds = f"user:{_staff(request, 'write', 'queues').pk}", given.dict()
    done = steering.bounds_in_words(bounds)
    try:
        return _to_queue(
            request,
            name,
            lambda queue: steering.steer(
                f"queue {name}", done, by, lambda: queue.limit(**bounds, by=by)
            ),
        )
    except BadLimit as error:
        raise HttpError(400, str(error)) from None


@api.get("/runners", response={200: ledger_shapes.Runners, **ERRORS}, summary="Runners")
def runners(request: HttpRequest) -> HttpResponse:
    """Staff only: who executes jobs on all machines, and the places people keep empty."""
    _staff(request, "read", "runners")
    found = fleet.seats(version.of_this_process())
    shown = {"runners": [fleet.shape(seat) for seat in found]}
    return fresh(request, shown)


@api.post(
    "/runners/requests",
    response={200: ledger_shapes.Requested, **ACT_ERRORS},
    summary="Ask runners to end, or have their places filled",
)
def requests(request: HttpRequest, given: ledger_shapes.Request) -> HttpResponse:
    """Staff only: drain, recycle, stop or fill one runner, or all of a queue."""
    user = _staff(request, "write", "runners")
    if given.runner is None and not given.pool:
        raise HttpError(400, "Give runner, an id, or pool, the name of a queue.")
    chosen: Any = fleet.addressed(given.act, given.runner, given.pool)
    done = steering.ask(chosen, given.act, f"user:{user.pk}")
    return api.create_response(request, {"done": done}, status=200)


@api.get("/schedules", response={200: ledger_shapes.Schedules, **ERRORS}, summary="Schedules")
def timetable(request: HttpRequest) -> HttpResponse:
    """Staff only: what is made again and again, and when next."""
    _staff(request, "read", "schedules")
    found = _schedules(list(Schedule.objects.order_by("next_at", "name")))
    return fresh(request, {"schedules": found})


@api.get(
    "/schedules/{int:pk}", response={200: ledger_shapes.Schedule, **ERRORS}, summary="One schedule"
)
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Staff only: one schedule with its next times."""
    _staff(request, "read", "schedules")
    return fresh(request, _schedules([get_object_or_404(Schedule, pk=pk)])[0])


@api.post(
    "/schedules/{int:pk}/pauses",
    response={200: ledger_shapes.Schedule, **ACT_ERRORS},
    summary="Pause a schedule",
)
def schedule_pauses(request: HttpRequest, pk: int) -> HttpResponse:
    """Staff only: it makes no more jobs until it is resumed."""
    return _to_schedule(request, pk, lambda one, by: steering.steer_schedule(one, "paused", by))


@api.post(
    "/schedules/{int:pk}/resumptions",
    response={200: ledger_shapes.Schedule, **ACT_ERRORS},
    summary="Resume a schedule",
)
def schedule_resumptions(request: HttpRequest, pk: int) -> HttpResponse:
    """Staff only: it makes jobs from its next time on. 409 when it cannot."""
    return _to_schedule(request, pk, lambda one, by: steering.steer_schedule(one, "resumed", by))


@api.post(
    "/schedules/{int:pk}/runs",
    response={200: ledger_shapes.Ran, **ACT_ERRORS},
    summary="Run a schedule now",
)
def schedule_runs(request: HttpRequest, pk: int) -> HttpResponse:
    """Staff only: it makes a job now, besides those of its times. 409 when it cannot."""
    user = _staff(request, "write", "schedules")
    found = get_object_or_404(Schedule, pk=pk)
    try:
        tick = schedules.run(found, by=f"user:{user.pk}")
    except BadSchedule as error:
        raise HttpError(409, str(error)) from None
    return api.create_response(request, {"job": tick.job_id}, status=200)


def _staff(request: HttpRequest, scope: str, act: str) -> Any:
    user = caller(request, scope).user
    if not ports.scopes.allows(user, act, None):
        raise Http404
    return user


def _to_queue(request: HttpRequest, name: str, act: Callable[[Queue], None]) -> HttpResponse:
    # Not asked of the database by its name: an address may hold what no text column can.
    found = {line.queue.name: line.queue for line in lines.of_queues()}
    if name not in found:
        raise Http404
    act(found[name])
    told = next(line for line in lines.of_queues() if line.queue.name == name)
    return api.create_response(request, lines.shape(told), status=200)


def _schedules(found: list[Schedule]) -> list[dict[str, Any]]:
    return [one | {"arguments": masked(one["arguments"])} for one in schedules.shapes(found)]


def _to_schedule(
    request: HttpRequest, pk: int, act: Callable[[Schedule, str], bool]
) -> HttpResponse:
    user = _staff(request, "write", "schedules")
    found = get_object_or_404(Schedule, pk=pk)
    try:
        act(found, f"user:{user.pk}")
    except BadSchedule as error:
        raise HttpError(409, str(error)) from None
    return api.create_response(request, _schedules([found])[0], status=200)
