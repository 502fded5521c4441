"""The pages of schedules: what there is, when it runs next, what became of each tick."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board, cron, detail, people, ports, schedules, sending, steering
from jobs.models import Job, Schedule
from jobs.models.schedule import BadSchedule

TICKS = 50
View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """This function will have a view answer everybody but staff as if it were not there."""

    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not ports.scopes.allows(request.user, "system", None):
            raise Http404
        return view(request, *args, **kwargs)

    return seen


@require_safe
@for_staff
def listing(request: HttpRequest) -> HttpResponse:
    """This view will list schedules with their last and next runs."""
    version = board.clock()
    found = list(Schedule.objects.order_by("next_at", "name"))
    jobs = _jobs(one.last_job_id for one in found)
    names = people.names_of(one.paused_by for one in found)
    rows = [
        (
            one,
            jobs.get(one.last_job_id or 0),
            _words(one),
            people.named(one.paused_by, names),
        )
        for one in found
    ]
    return render(request, "jobs/schedules.html", {"v": version, "rows": rows})


@require_safe
@for_staff
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will show one schedule: its next times, and its ticks with their jobs."""
    schedule = get_object_or_404(Schedule, pk=pk)
    ticks = list(schedule.ticks.order_by("-due_at")[:TICKS])
    names = people.names_of(
        [schedule.paused_by, schedule.changed_by, *(one.actor for one in ticks)]
    )
    jobs = _jobs(tick.job_id for tick in ticks)
    context = {
        "schedule": schedule,
        "paused_by": people.named(schedule.paused_by, names),
        "changed_by": people.named(schedule.changed_by, names),
        "words": _words(schedule),
        "upcoming": _upcoming(schedule),
        "rows": [
            (tick, jobs.get(tick.job_id or 0), people.named(tick.actor, names)) for tick in ticks
        ],
        "most": TICKS,
        "arguments": detail.mask(schedule.arguments) if schedule.arguments else "",
        "project": ports.scopes.label({schedule.scope}) if schedule.scope else {},
    }
    return render(request, "jobs/schedule.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def pauses(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask whether to pause a schedule, and pause it."""
    return _act(
        request,
        get_object_or_404(Schedule, pk=pk),
        "Pause",
        "It makes no more jobs until somebody resumes it. What it has made goes on.",
        lambda one, by: (
            "is paused" if steering.steer_schedule(one, "paused", by) else "was paused already"
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def resumptions(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask whether to resume a schedule, and resume it."""
    return _act(
        request,
        get_object_or_404(Schedule, pk=pk),
        "Resume",
        "It makes jobs again, from its next time on. What it missed is not caught up.",
        lambda one, by: (
            "makes jobs again" if steering.steer_schedule(one, "resumed", by) else "was not paused"
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
@sending.once
def runs(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask whether to run a schedule now, and make its job."""
    return _act(
        request,
        get_object_or_404(Schedule, pk=pk),
        "Run",
        "It makes a job now, besides those of its times. One at a time of it runs.",
        lambda one, by: f"made job {schedules.run(one, by=by).job_id}",
    )


def _act(
    request: HttpRequest,
    schedule: Schedule,
    verb: str,
    consequence: str,
    act: Callable[[Schedule, str], str],
) -> HttpResponse:
    if request.method != "POST":
        context = {"schedule": schedule, "verb": verb, "consequence": consequence}
        return render(request, "jobs/schedule_act.html", context)
    try:
        messages.success(request, f"{schedule} {act(schedule, f'user:{request.user.pk}')}.")
    except BadSchedule as error:
        messages.error(request, f"{schedule} cannot run: {error}.")
    return redirect(reverse("schedules:page", args=[schedule.pk]))


def _jobs(ids: Iterable[int | None]) -> dict[int, Job]:
    wanted = {pk for pk in ids if pk}
    return {job.pk: job for job in board.shown(Job.objects.filter(pk__in=wanted))}


def _words(schedule: Schedule) -> str:
    try:
        return cron.words(schedule.cron)
    except cron.BadTiming as error:
        return str(error)


def _upcoming(schedule: Schedule) -> list[Any]:
    try:
        return schedule.upcoming()
    except cron.BadTiming:
        return []
