"""What people are told of an act they did, with the way back where there is one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from jobs import controls, sending
from jobs.controls import Control, Done
from jobs.models import Job, Move
from jobs.states import HELD

MOST = 500
"""So many jobs a way back names at most; what changed more has none."""


@dataclass(frozen=True)
class Way:
    """A form with one button: what stands on it, where it is sent, and its fields."""

    label: str
    address: str
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each field with each of its values."""
        return [(name, value) for name, values in self.fields.items() for value in values]


@dataclass(frozen=True)
class Before:
    """A moment before an act on many, from which on is found what it did."""

    move: int
    at: datetime

    @classmethod
    def now(cls) -> "Before":
        """This method will remember how far the ledger is."""
        return cls(Move.objects.aggregate(last=Max("pk"))["last"] or 0, timezone.now())

    def touched(self, by: str) -> list[int]:
        """This method will give the jobs that `by` moved or asked something of since, if few."""
        moves = Move.objects.filter(pk__gt=self.move, actor=by).order_by()
        moved = moves.values_list("job_id", flat=True).distinct()[: MOST + 1]
        asked = Job.objects.filter(state__in=HELD, intent_by=by, intent_at__gte=self.at)
        found = {*moved, *asked.exclude(intent="").values_list("pk", flat=True)[: MOST + 1]}
        return sorted(found) if len(found) <= MOST else []


def tell(
    request: HttpRequest, said: str, level: int = messages.SUCCESS, way: Way | None = None
) -> None:
    """This function will have the next page say what was done, with the way back as a button."""
    told = json.dumps([way.label, way.address, way.fields]) if way else ""
    messages.add_message(request, level, said, extra_tags=told)


def way_of(message: Message) -> Way | None:
    """This function will read the way back that goes with a receipt."""
    told = message.extra_tags or ""
    return Way(*json.loads(told)) if told.startswith("[") else None


def way_back(control: Control, job: Job, done: Done, by: str) -> Way | None:
    """This function will give the way back from what `by` did to a job, unless it changed nothing."""
    back = controls.BY_NAME.get(control.undo)
    ours = bool(done.evidence) and done.evidence[0].actor == by
    if back is None or not ours:
        return None
    job.refresh_from_db()
    fields = {sending.FIELD: [sending.fresh()]} if back.makes else {}
    address = reverse(back.route, args=[job.pk])
    return Way(control.undoing, address, fields) if back.offered(job) else None


def way_back_of_many(
    control: Control, jobs: Sequence[int], fields: Mapping[str, Any]
) -> Way | None:
    """This function will give the way back from an act on many; `fields` lead to the same list."""
    back = controls.BY_NAME.get(control.undo)
    if back is None or back.bulk is None or not jobs:
        return None
    label = f"{control.undoing} for {len(jobs):,} job{'' if len(jobs) == 1 else 's'}"
    named = {"act": [back.name], "job": [str(pk) for pk in jobs]}
    kept = {name: [str(value)] for name, value in fields.items()}
    return Way(label, reverse("jobs:selections"), kept | named)
