"""Publishing domain facts: the event and its deliveries, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from jobs import plain, ports, queue
from jobs.models import Event


class BadEvent(ValueError):
    """The name is unknown or the payload does not fit its schema."""


@dataclass(frozen=True)
class Schema:
    """What an event of one name says: the fields of its payload."""

    name: str
    version: int
    fields: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Cause:
    """What led to an event: the job that publishes it, and the event that job delivers."""

    job: int | None = None
    event: int | None = None
    root: int | None = None


_schemas: dict[str, Schema] = {}


def register(name: str, *, version: int, fields: Sequence[str], meaning: str) -> None:
    """This function will make an event name publishable."""
    _schemas[name] = Schema(name, version, tuple(fields), meaning)


def all_schemas() -> list[Schema]:
    """This function will list every event by name."""
    return [_schemas[name] for name in sorted(_schemas)]


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

    Raises `BadEvent` when nobody registered the name or the payload lacks or adds a field.
    """
    schema = _schema_for(name, payload)
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


def _deliver(event: Event, subscriber: ports.Subscriber, cause: Cause) -> None:
    options: queue.Options = {
        "scope": event.scope,
        "subject": event.subject,
        "actor": event.actor,
        "event": event.pk,
        "root": cause.root or cause.job,
    }
    extra: Any = subscriber.options(event)
    queue.enqueue(subscriber.kind, subscriber.arguments(event), **{**options, **extra})


def _schema_for(name: str, payload: dict[str, Any]) -> Schema:
    if name not in _schemas:
        raise BadEvent(f"event {name!r}: nobody registered it; use one of {', '.join(_schemas)}")
    schema = _schemas[name]
    if set(payload) != set(schema.fields):
        raise BadEvent(f"event {name}: its payload must have exactly {', '.join(schema.fields)}")
    try:
        plain.document(payload)
    except plain.NotPlain as error:
        raise BadEvent(f"event {name}: {error}") from error
    return schema
