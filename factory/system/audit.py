"""Who did what: acts on jobs, events that people caused, changes in the admin; newest first.

Three books of rows, each read by its ids: a page costs the same however long they are.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import merge
from typing import Any, NamedTuple

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from factory.system import ranges
from jobs import board, people, ports
from jobs.models import Event, Job, Move
from jobs.models.event import BY_PEOPLE
from jobs.timetable import for_staff
from projects import feed

PAGE = 50
_NOBODY = "nobody of that name"
_VERBS = {ADDITION: "added", CHANGE: "changed"}


class Act(NamedTuple):
    """One thing somebody did; `page` is where what it was about stands, if it still does."""

    at: datetime
    book: str
    pk: int
    actor: str
    did: str
    about: str
    page: str = ""
    scope: int | None = None


class Book(NamedTuple):
    """One kind of rows: those within the filter, when each was written, and how rows are told."""

    rows: Callable[[str], "QuerySet[Any]"]
    at: str
    told: Callable[[list[Any]], list[Act]]


@require_safe
@for_staff
def shown(request: HttpRequest) -> HttpResponse:
    """This view will list what people did, by person, book and time."""
    given = {name: request.GET.get(name, "").replace("\0", "").strip() for name in ("who", "book")}
    if given["book"] and given["book"] not in BOOKS:
        raise BadRequest(f"book={given['book'][:40]} is none of: {', '.join(BOOKS)}.")
    asked = ranges.asked(request, ranges.Bounds)
    context: dict[str, Any] = {
        "v": board.clock(),
        "asked": asked,
        "chosen": given,
        "books": [("", "everything"), *((name, name) for name in BOOKS)],
        "moments": asked.fields_for(),
        "filtered": any([*given.values(), *asked.data.values()]),
    }
    if not asked.is_valid():
        return render(request, "system/audit.html", context, status=400)
    acts, below = _page(given, asked, _below(request.GET.get("below", "")))
    names = people.names_of(act.actor for act in acts)
    scopes = ports.scopes.label({act.scope for act in acts if act.scope})
    context["acts"] = [
        (act, people.named(act.actor, names), scopes.get(act.scope or 0, "")) for act in acts
    ]
    context["older"] = ranges.address(request, below=below) if below else ""
    return render(request, "system/audit.html", context)


def _page(
    given: dict[str, str], asked: ranges.Bounds, below: dict[str, int]
) -> tuple[list[Act], str]:
    """The newest acts below an id in each book, and the ids the next page begins below."""
    actor = _actor(given["who"])
    books = {name: book for name, book in BOOKS.items() if given["book"] in ("", name)}
    found: dict[str, list[Act]] = {}
    for name, book in books.items():
        rows = book.rows(actor).order_by("-pk")
        if name in below:
            rows = rows.filter(pk__lt=below[name])
        rows = rows.filter(**asked.bounds(book.at))
        found[name] = book.told(list(rows[: PAGE + 1]))
    ordered = list(merge(*found.values(), key=lambda act: act.at, reverse=True))
    taken, further = ordered[:PAGE], len(ordered) > PAGE
    last = below | {act.book: act.pk for act in taken}
    return taken, ",".join(f"{name}:{pk}" for name, pk in sorted(last.items())) if further else ""


def _below(text: str) -> dict[str, int]:
    found = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition(":")
        if name not in BOOKS or not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise BadRequest("below: follow the link at the end of a page instead.")
        found[name] = int(number)
    return found


def _actor(who: str) -> str:
    """The actor of a person's name; a command's is given as it stands."""
    if not who or who.startswith(("user:", "command:")):
        return who
    known = User.objects.filter(username=who).values_list("pk", flat=True).first()
    return f"user:{known}" if known else _NOBODY


def _of_moves(actor: str) -> "QuerySet[Move]":
    return Move.objects.filter(BY_PEOPLE, **({"actor": actor} if actor else {}))


def _told_moves(rows: list[Move]) -> list[Act]:
    jobs = Job.objects.in_bulk({row.job_id for row in rows})
    names = people.names_of(people.actor_in(row.reason) for row in rows)
    return [
        Act(
            row.at,
            "jobs",
            row.pk,
            row.actor,
            f"{row.from_state or 'new'} → {row.to_state}{row.reason and ': '}{people.told(row.reason, names)}",
            f"job #{row.job_id}{f' {job.kind} {job.subject}' if job else ', removed since'}".strip(),
            reverse("jobs:page", args=[row.job_id]) if job else "",
            job.scope if job else None,
        )
        for row in rows
        for job in [jobs.get(row.job_id)]
    ]


def _of_events(actor: str) -> "QuerySet[Event]":
    return Event.objects.filter(BY_PEOPLE, **({"actor": actor} if actor else {}))


def _told_events(rows: Iterable[Event]) -> list[Act]:
    return [
        Act(
            item.event.created_at,
            "events",
            item.event.pk,
            item.event.actor,
            item.sentence,
            item.event.subject or item.event.name,
            item.link or reverse("admin:jobs_event_change", args=[item.event.pk]),
            item.event.scope,
        )
        for item in feed.told(rows)
    ]


def _of_entries(actor: str) -> "QuerySet[LogEntry]":
    entries = LogEntry.objects.select_related("content_type")
    if not actor:
        return entries
    number = actor.removeprefix("user:")
    return entries.filter(user=int(number)) if number.isdecimal() else entries.none()


def _told_entries(rows: Iterable[LogEntry]) -> list[Act]:
    return [
        Act(
            row.action_time,
            "admin",
            row.pk,
            f"user:{row.user_id}",
            _did(row),
            row.object_repr,
            _entry_page(row),
        )
        for row in rows
    ]


def _did(row: LogEntry) -> str:
    what = row.content_type.name if row.content_type else "something"
    said = row.get_change_message()
    return f"{_VERBS.get(row.action_flag, 'deleted')} {what}{f': {said}' if said else ''}"


def _entry_page(row: LogEntry) -> str:
    address = row.get_admin_url() if row.action_flag in _VERBS else None
    return f"/admin/{address}" if address and not address.startswith("/") else address or ""


BOOKS = {
    "jobs": Book(_of_moves, "at", _told_moves),
    "events": Book(_of_events, "created_at", _told_events),
    "admin": Book(_of_entries, "action_time", _told_entries),
}
