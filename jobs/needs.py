"""What of the ledger waits for a person: stuck, unserved, held, failed, dead letters, paused queues."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from jobs import board, overall, people, ports
from jobs.models import Delivery, Dependency, Job, Policy, Queue
from jobs.ports import Need, NeedSource
from jobs.states import Intent, State


def register() -> None:
    """This function will make the sources of needs known."""
    jobs, failures = _at("jobs:list"), _at("jobs:failures")
    letters = _at("insight:deliveries", "?dead")
    for rank, title, more, found, tell in (
        (10, "Stuck", jobs, _stuck, _tell_stuck),
        (20, "Waiting where no runner serves", jobs, _unserved, _tell_unserved),
        (30, "Parked behind what failed", jobs, _parked, _tell_parked),
        (40, "Failed and read by nobody", failures, _failed, _tell_failed),
        (50, "Deliveries that failed", letters, _undelivered, _tell_failed),
    ):
        ports.needs.register(rank, NeedSource(title, more, found, read, tell))
    stopped = ("Deliveries that were stopped", letters)
    ports.needs.register(55, NeedSource(*stopped, _stopped, _letters, _tell_stopped, "pk"))
    queues = ("Paused queues", _at("queues:list"))
    ports.needs.register(90, NeedSource(*queues, _queues, _paused, _tell_queue, "paused_at"))


def read(keys: Collection[Any]) -> dict[int, Any]:
    """This function will read jobs as rows show them, by their ids."""
    found = board.labelled(board.shown(Job.objects.filter(pk__in=keys)))
    return {job.pk: job for job in found}


def need(job: Any, why: str, since: datetime | None, verb: str, route: str) -> Need:
    """This function will say that a job needs somebody."""
    what = f"{job.kind} #{job.pk} {job.subject}".rstrip()
    page, act = reverse("jobs:page", args=[job.pk]), reverse(route, args=[job.pk])
    return Need(job.shown, what, page, why, since, verb, act, project=job.scope_label)


def _at(name: str, query: str = "") -> Any:
    return lambda: reverse(name) + query


def _open(jobs: Any, user: Any, act: str) -> "QuerySet[Job]":
    found: QuerySet[Job] = jobs.open_to(user, act).order_by("-pk")
    return found


def _stuck(user: Any) -> "QuerySet[Job]":
    return _open(overall.stuck(), user, "sync")


def _tell_stuck(job: Any) -> Need:
    return need(job, *_silent_or_deaf(job), "Sync", "jobs:syncs")


def _silent_or_deaf(job: Any) -> tuple[str, datetime | None]:
    if job.shown != board.LOST and job.intent == Intent.CANCEL:
        return f"{job.asked_by} asked to cancel it, and that is not confirmed.", job.intent_at
    if job.runner is None:
        return f"The row of its runner, {job.runner_id}, is gone.", job.updated_at
    return f"Its runner, {job.runner}, gives no sign of life.", job.runner.seen_at


def _unserved(user: Any) -> "QuerySet[Job]":
    return _open(overall.unserved(), user, "cancel")


def _tell_unserved(job: Any) -> Need:
    why = f"No live runner takes anything of its queue, {job.queue_id}."
    return need(job, why, job.updated_at, "Why?", "jobs:reasons")


def _parked(user: Any) -> "QuerySet[Job]":
    ended = Dependency.objects.filter(
        child=OuterRef("pk"),
        policy=Policy.HOLD,
        parent__state__in=(State.FAILED, State.CANCELLED),
    )
    return _open(Job.objects.filter(Exists(ended), state=State.BLOCKED), user, "resume")


def _tell_parked(job: Any) -> Need:
    return need(job, f"{job.obstacle}.", job.updated_at, "Why?", "jobs:reasons")


def _failed(user: Any) -> "QuerySet[Job]":
    """Without those that carry events: they are deliveries."""
    unread = Job.objects.filter(state=State.FAILED, acknowledged_at=None, event_id=None)
    return _open(unread, user, "retry")


def _tell_failed(job: Any) -> Need:
    why = f"{job.failure_class}: {job.failure_message or job.told}"
    return need(job, why, job.finished_at, "Retry", "jobs:retries")


def _undelivered(user: Any) -> "QuerySet[Job]":
    """By their jobs, of which each may carry several: a retry delivers them again."""
    return _open(Job.objects.filter(state=State.FAILED, event_id__gt=0), user, "retry")


def _stopped(user: Any) -> "QuerySet[Delivery]":
    letters = Delivery.objects.filter(job_id=None).select_related("event")
    if not user.is_staff:
        letters = letters.filter(event__scope__in=ports.scopes.where(user, "retry"))
    return letters.order_by("-pk")


def _letters(keys: Collection[Any]) -> dict[int, Any]:
    letters = Delivery.objects.select_related("event").in_bulk(keys)
    names = _labels(one.event.scope for one in letters.values())
    for one in letters.values():
        one.project = names.get(one.event.scope or 0, "")  # type: ignore[attr-defined]
    return letters


def _tell_stopped(one: Any) -> Need:
    return Need(
        State.FAILED,
        f"{one.event.name} to {one.kind}",
        f"{reverse('insight:deliveries')}?dead&below={one.pk + 1}",
        one.stopped,
        one.event.created_at,
        "Replay",
        reverse("insight:replays", args=[one.pk]),
        project=one.project,
    )


def _labels(scopes: Iterable[int | None]) -> Any:
    return ports.scopes.label({scope for scope in scopes if scope is not None})


def _queues(user: Any) -> "QuerySet[Queue]":
    paused = Queue.objects.filter(paused=True).order_by("pk")
    return paused if user.is_staff else paused.none()


def _paused(keys: Collection[Any]) -> dict[str, Any]:
    paused = Queue.objects.in_bulk(keys)
    names = people.names_of(one.paused_by for one in paused.values())
    for one in paused.values():
        one.told = people.named(one.paused_by, names)  # type: ignore[attr-defined]
    return paused


def _tell_queue(one: Any) -> Need:
    return Need(
        State.PAUSED,
        one.name,
        reverse("queues:list"),
        f"Paused by {one.told or 'somebody'}: nothing begins.",
        one.paused_at,
        "Resume",
        reverse("queues:resumptions", args=[one.pk]),
    )
