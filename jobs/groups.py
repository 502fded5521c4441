"""Failures grouped by what they have in common: one cause is read once, however often it struck."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Func, Max, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import MD5, Concat, Left

from jobs import ports
from jobs.models import Job
from jobs.states import State

NEWEST = 5_000
"""So many of the newest failures are grouped; older ones are found by the list of the failed."""
SHOWN = 50
NAMED = 3
"""So many of the projects that a group struck are named."""
# What differs from one failure to the next of the same cause: uuids, hexadecimal ids, numbers.
_CHANGING = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|0x[0-9a-f]+|\m[0-9a-f]{8,}\M|[0-9]+"
_MESSAGE = Func(
    Left("failure_message", 500),
    Value(_CHANGING),
    Value("#"),
    Value("gi"),
    function="regexp_replace",
    output_field=TextField(),
)
_CAUSE = Concat(
    "kind", Value("\n"), "failure_class", Value("\n"), _MESSAGE, output_field=TextField()
)
_FINGERPRINT = Left(MD5(_CAUSE), 12)


@dataclass(frozen=True)
class Group:
    """Failures of one kind and class whose messages differ in numbers and ids alone."""

    fingerprint: str
    count: int
    scopes: int
    first: datetime
    last: datetime
    newest: Job
    names: list[str]
    """What the first projects are called."""

    @property
    def unnamed(self) -> int:
        """How many projects are not named."""
        return self.scopes - len(self.names)


def alike(jobs: "QuerySet[Job]", fingerprint: str) -> "QuerySet[Job]":
    """This function will keep the failures of one group: those that `of` counts, no others."""
    newest = unread(jobs).order_by("-pk").values("pk")[:NEWEST]
    same = jobs.alias(fingerprint=_FINGERPRINT).filter(fingerprint=fingerprint)
    return same.filter(pk__in=newest)


def unread(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """This function will keep the failed jobs nobody has archived."""
    return jobs.filter(state=State.FAILED, acknowledged_at=None)


def of(jobs: "QuerySet[Job]") -> list[Group]:
    """This function will group the newest unread failures among jobs, the last seen first."""
    newest = unread(jobs).order_by("-pk").values("pk")[:NEWEST]
    found = (
        Job.objects.filter(pk__in=newest)
        .annotate(fingerprint=_FINGERPRINT)
        .values("fingerprint")
        .annotate(
            count=Count("pk"),
            scopes=Count("scope", distinct=True),
            first=Min("finished_at"),
            last=Max("finished_at"),
            newest=Max("pk"),
            struck=ArrayAgg("scope", distinct=True, filter=Q(scope__isnull=False), default=[]),
        )
        .order_by(F("last").desc(), "fingerprint")[:SHOWN]
    )
    rows: list[dict[str, Any]] = [dict(row) for row in found]
    samples = Job.objects.in_bulk([row["newest"] for row in rows])
    names = ports.scopes.label({scope for row in rows for scope in row["struck"][:NAMED]})
    groups = []
    for row in rows:
        struck, sample = row.pop("struck"), samples.get(row.pop("newest"))
        if sample is not None:  # else removed since
            called = [names[scope] for scope in struck[:NAMED] if scope in names]
            groups.append(Group(**row, newest=sample, names=called))
    return groups
