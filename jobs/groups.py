"""Failures grouped by what they have in common: one cause is read once, however often it struck."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Func, Max, Min, QuerySet, TextField, Value
from django.db.models.functions import MD5, Concat, Left

from jobs.models import Job
from jobs.states import State

NEWEST = 5_000
"""So many of the newest failures are grouped; older ones are found by the list of the failed."""
SHOWN = 50
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


def alike(jobs: "QuerySet[Job]", fingerprint: str) -> "QuerySet[Job]":
    """This function will keep the failed jobs of one group."""
    failed = jobs.filter(state=State.FAILED)
    return failed.alias(fingerprint=_FINGERPRINT).filter(fingerprint=fingerprint)


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
        )
        .order_by(F("last").desc(), "fingerprint")[:SHOWN]
    )
    rows = list(found)
    samples = Job.objects.in_bulk([row["newest"] for row in rows])
    return [
        Group(**row | {"newest": samples[row["newest"]]})
        for row in rows
        if row["newest"] in samples  # else removed since
    ]
