"""Publishing domain facts: the event and its deliveries, in the caller's transaction.

An event is typed and versioned. A delivery is one job for each subscriber, recorded in
`job_delivery`, where the database keeps it one. A chain of events that comes back to itself ends
after `MOST_HOPS`: the fact is still recorded, but starts nothing more and is reported.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from jobs import kinds, plain, ports, queue
from jobs.models import Delivery, Event, Job, Refused
from jobs.states import UNSTARTED, State

log = logging.getLogger("jobs")

MOST_HOPS = 16
"""So many events may follow from one another; what goes on longer is taken for a loop."""
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


class BadEvent(ValueError):
    """The name or version is unknown, or the payload does not fit its schema."""


@dataclass(frozen=True)
class Schema:
    """What an event of one name says: its fields and their types.

    `older` maps a version to the function that makes the next one of its payload. `lasting` ones are
    kept for ever: what people did to who may enter.
    """

    name: str
    version: int
    fields: Mapping[str, Any]
    meaning: str
    older: Mapping[int, Upgrade] = field(default_factory=dict)
    lasting: bool = False

    def check(self, payload: dict[str, Any]) -> None:
        """This method will refuse a payload that has not exactly these fields of these types."""
        said = f"event {self.name}"
        if set(payload) != set(self.fields):
            raise BadEvent(f"{said}: its payload must have exactly {', '.join(self.fields)}")
        for name, wanted in self.fields.items():
            if not kinds.fits(payload[name], wanted):
                raise BadEvent(f"{said}: {name} must be {kinds.word(wanted)}")
        try:
            plain.document(payload)
        except plain.NotPlain as error:
            raise BadEvent(f"{said}: {error}") from error


@dataclass(frozen=True)
class Cause:
    """What led to an event: the job that publishes it, and the event that job delivers."""

    job: int | None = None
    event: int | None = None
    root: int | None = None


_schemas: dict[str, Schema] = {}


def register(
    name: str,
    *,
    version: int,
    fields: Mapping[str, Any],
    meaning: str,
    older: Mapping[int, Upgrade] | None = None,
    lasting: bool = False,
) -> None:
    """This function will make an event name publishable, and its older versions readable."""
    _schemas[name] = Schema(name, version, fields, meaning, older or {}, lasting)


def all_schemas() -> list[Schema]:
    """This function will list every event by name."""
    return [_schemas[name] for name in sorted(_schemas)]


def passing() -> list[str]:
    """This function will name the events that retention may remove when they are old."""
    return [schema.name for schema in all_schemas() if not schema.lasting]


def payload(event: Event) -> dict[str, Any]:
    """This function will read an event's payload as of the present version of its schema.

    Raises `BadEvent` for a name or version that this code cannot read.
    """
    schema = _schema(event.name)
    read, version = dict(event.payload), event.version
    while version < schema.version:
        if version not in schema.older:
            raise BadEvent(f"event {event.name}: version {version} can no longer be read")
        read, version = schema.older[version](read), version + 1
    if version > schema.version:
        known = f"this code knows versions up to {schema.version}"
        raise BadEvent(f"event {event.name}: version {version} is of later code; {known}")
    return read


def publish(
    name: str,
    payload: dict[str, Any],
    *,
    scope: int | None,
    subject: str = "",
    actor: str = "",
    cause: Cause | None = None,
) -> Event:
    """This function will insert an event and one job for each of its subscribers.

    Raises `BadEvent` when nobody registered the name, or the payload lacks or adds a field or has
    one of another type.
    """
    schema = _schema(name)
    schema.check(payload)
    cause = cause or Cause()
    before = Event.objects.filter(pk=cause.event).first() if cause.event else None
    with transaction.atomic():
        event = Event.objects.create(
            name=name,
            version=schema.version,
            payload=payload,
            scope=scope,
            subject=plain.printable(subject)[:200],
            actor=actor,
            job_id=cause.job,
            cause=before,
            hops=before.hops + 1 if before else 0,
        )
        for subscriber in ports.subscribers.get(name, ()):
            _deliver(event, subscriber, cause)
    return event


def failure(job: Job | None) -> str:
    """This function will say why a delivery's job failed: in its own words, or in those of a repair."""
    if job is None or job.state != State.FAILED:
        return ""
    return job.failure_message or job.reason


def shapes(listed: Sequence[Delivery]) -> list[dict[str, Any]]:
    """This function will describe deliveries as commands and the API show them, with one question.

    Read them with `select_related("event")`.
    """
    jobs = Job.objects.in_bulk([one.job_id for one in listed if one.job_id])
    return [_shape(one, jobs.get(one.job_id or 0)) for one in listed]


def replay(delivery: Delivery, *, by: str) -> Job:
    """This function will deliver a dead letter again: retry its job, or start the one it lacks.

    Raises `Refused` when its job did not fail or is no longer kept, and when nobody can take the
    event any more.
    """
    with transaction.atomic():
        held = Delivery.objects.select_for_update().select_related("event").get(pk=delivery.pk)
        if held.job_id is not None:
            return _again(held, held.job_id, by)
        try:
            job = _start(held.event, _subscriber(held), Cause(), by)
        except (BadEvent, kinds.BadArguments, kinds.UnknownKind) as error:
            raise Refused(f"{held} cannot be delivered: {error}") from error
        Delivery.objects.filter(pk=held.pk).update(job_id=job.pk, stopped="")
        return job


def _shape(one: Delivery, job: Job | None) -> dict[str, Any]:
    gone = "removed" if one.job_id else "stopped"
    return {
        "id": one.pk,
        "event": one.event.name,
        "event_id": one.event_id,
        "kind": one.kind,
        "job": one.job_id,
        "state": job.state if job else gone,
        "why": one.stopped or failure(job),
        "created_at": one.created_at,
    }


def _again(delivery: Delivery, number: int, by: str) -> Job:
    job = Job.objects.filter(pk=number).first()
    if job is None:  # retention took it: it succeeded, or somebody read its failure
        raise Refused(f"{delivery} has ended: its job {number} is no longer kept.")
    job.retry(by=by)
    return job


def _deliver(event: Event, subscriber: ports.Subscriber, cause: Cause) -> None:
    if event.hops > MOST_HOPS:
        why = f"{event.hops} events led to this one, {MOST_HOPS} are allowed: it looks like a loop."
        Delivery.objects.create(event=event, kind=subscriber.kind, stopped=why)
        log.error("event %s (%s) does not start %s: %s", event.pk, event.name, subscriber.kind, why)
        return
    job = _start(event, subscriber, cause, event.actor)
    Delivery.objects.create(event=event, kind=subscriber.kind, job_id=job.pk)


def _start(event: Event, subscriber: ports.Subscriber, cause: Cause, actor: str) -> Job:
    """Enqueue the job, or find the one of its unique key and hold it until this is committed."""
    options: queue.Options = {
        "scope": event.scope,
        "subject": event.subject,
        "actor": actor,
        "event": event.pk,
        "root": cause.root or cause.job,
    }
    extra: Any = subscriber.options(event)
    while True:
        job = queue.enqueue(subscriber.kind, subscriber.arguments(event), **{**options, **extra})
        # One that is claimed before this is committed would not see what was written here.
        waiting = Job.objects.filter(pk=job.pk, state__in=UNSTARTED, fence=0)
        if job.event_id == event.pk:
            return job
        if waiting.select_for_update().exists():
            # What no event had made is a delivery from now on: a dead letter, should it fail.
            waiting.filter(event_id=None, kind=subscriber.kind).update(event_id=event.pk)
            return job


def _subscriber(delivery: Delivery) -> ports.Subscriber:
    for one in ports.subscribers.get(delivery.event.name, ()):
        if one.kind == delivery.kind:
            return one
    raise BadEvent(f"event {delivery.event.name}: {delivery.kind} subscribes to it no more")


def _schema(name: str) -> Schema:
    if name not in _schemas:
        raise BadEvent(f"event {name!r}: nobody registered it; use one of {', '.join(_schemas)}")
    return _schemas[name]
