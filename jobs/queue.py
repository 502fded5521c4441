"""Enqueueing: an INSERT in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from django.db import connection, transaction

from jobs import dependencies, kinds, ledger, plain, tracing
from jobs.models import Job, Policy
from jobs.states import UNSTARTED

LATEST_S = 366 * 86_400
"""A job may be scheduled so far ahead, in seconds."""
_SMALL, _BIG = 2**15 - 1, 2**63 - 1
_NUMBERS = {"priority": (-_SMALL - 1, _SMALL), "max_attempts": (1, _SMALL)} | dict.fromkeys(
    ("scope", "root", "event"), (-_BIG - 1, _BIG)
)
_TEXTS = {"unique_key": 128, "limit_key": 128, "actor": 64}


class Options(TypedDict, total=False):
    """What may be said of a job besides its kind and arguments; `Job` tells what each means.

    `after` is a delay in seconds; `root` and `event` are ids; `actor` is such as user:7. `depends`
    are the ids of jobs to wait for, and `policy` says what happens when one does not succeed.
    """

    scope: int | None
    subject: str
    priority: int
    unique_key: str
    limit_key: str
    after: float
    actor: str
    max_attempts: int | None
    root: int | None
    event: int | None
    depends: Collection[int]
    policy: str


def enqueue(kind: str, arguments: dict[str, Any], **options: Unpack[Options]) -> Job:
    """This function will insert one job, or give the one of its `unique_key` that was never claimed.

    Raises `kinds.UnknownKind` and `kinds.BadArguments`.
    """
    while True:
        for made in enqueue_many(kind, [arguments], **options):
            return Job.objects.get(pk=made)
        key = options.get("unique_key")
        waiting = Job.objects.filter(unique_key=key, state__in=UNSTARTED, fence=0).first()
        # None: the one that had the key was claimed between the two statements.
        if waiting is not None:
            return waiting


def enqueue_many(
    kind: str, arguments: Sequence[dict[str, Any]], **options: Unpack[Options]
) -> list[int]:
    """This function will insert jobs of one kind in one statement and give their ids.

    Where a job that was never claimed has the `unique_key` already, nothing is inserted, and that one
    keeps waiting for what it waits for.
    """
    registered = kinds.get(kind)
    for one in arguments:
        registered.check(one)
    _check(options)
    after = options.get("after", 0.0)
    if not 0 <= after <= LATEST_S:
        raise kinds.BadArguments(f"after {after}: give 0 to {LATEST_S} seconds")
    values: dict[str, Any] = {
        "kind": kind,
        "queue": registered.queue,
        "arguments": [_document(kind, one) for one in arguments],
        "scope": options.get("scope"),
        "subject": plain.printable(options.get("subject", ""))[:200],
        "priority": options.get("priority", 0),
        "after": after,
        "max_attempts": options.get("max_attempts") or registered.max_attempts,
        "unique_key": options.get("unique_key", ""),
        "limit_key": options.get("limit_key", ""),
        "root": options.get("root"),
        "event": options.get("event"),
        "actor": options.get("actor", ""),
        "verifies": registered.verifier is not None,
        "trace": tracing.carried(),
    }
    depends, policy = options.get("depends", ()), options.get("policy", Policy.CANCEL.value)
    if not depends:
        return _insert(values | {"blocked": False})
    parents = dependencies.checked(depends, policy)
    with transaction.atomic():
        made = _insert(values | {"blocked": True})
        dependencies.tie(made, parents, policy)
    return made


def _check(options: Options) -> None:
    """What the database would refuse is refused here by name, and breaks no caller's transaction."""
    said: Mapping[str, Any] = dict(options)
    for name, (least, most) in _NUMBERS.items():
        value = said.get(name)
        if value is not None and not (isinstance(value, int) and least <= value <= most):
            raise kinds.BadArguments(f"{name} {value!r:.40}: give a number from {least} to {most}")
    for name, most in _TEXTS.items():
        value = said.get(name, "")
        if not isinstance(value, str) or len(value) > most or not _is_stored(value):
            raise kinds.BadArguments(
                f"{name} {value!r:.40}: give at most {most} characters of text"
            )
    for value in said.get("depends", ()):
        if not isinstance(value, int) or not -_BIG <= value <= _BIG:
            raise kinds.BadArguments(f"depends {value!r:.40}: give the ids of jobs")


def _is_stored(text: str) -> bool:
    """Whether it is without NUL and lone surrogates, which PostgreSQL refuses."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _insert(values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(ledger.statement("enqueue"), values)
        return [row[0] for row in cursor.fetchall()]


def _document(kind: str, arguments: dict[str, Any]) -> str:
    try:
        return plain.document(arguments)
    except plain.NotPlain as error:
        raise kinds.BadArguments(f"arguments of {kind}: {error}") from error
