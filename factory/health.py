"""Whether this installation can do work: for machines, for people, and while nothing can be shown."""

import sys
import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

from factory import errors, probe
from factory.probe import Part
from jobs import beats

ALIVE = "alive\n"
RETRY_S = 3
DATABASE_AWAY = (
    "PostgreSQL has not answered since {since}. Nothing is lost: jobs are kept in it and go on when "
    "it is back. What you sent just now may still be carried out then: look before you repeat it."
)
DATABASE_FULL = (
    "PostgreSQL answers, but has taken no more connections since {since}. Nothing is lost; what you "
    "sent just now was not taken, or not to its end: look before you repeat it."
)
DATABASE_HELD = (
    "PostgreSQL answers, but ended what you asked for: it took too long, or other work held what it "
    "needed. Nothing is lost; look before you repeat what you sent."
)
DATABASE_LOST = (
    "PostgreSQL did not answer this request. Nothing is lost: jobs are kept in it. What you sent "
    "just now may have been carried out: look before you repeat it."
)
_AWAY = (OperationalError, InterfaceError)
_TITLES = {
    DATABASE_AWAY: "The database does not answer",
    DATABASE_FULL: "The database is full",
    DATABASE_HELD: "The database was busy",
    DATABASE_LOST: "The database did not answer",
}
# query_canceled, lock_not_available, deadlock_detected, serialization_failure
_HELD = ("57014", "55P03", "40P01", "40001")
parts = probe.parts


@login_not_required
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """This view will answer that this process does; `factory.asgi` does so without Django."""
    return HttpResponse(ALIVE, content_type="text/plain")


@login_not_required
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """This view will answer 200 when work can be done, else 503 with the names of what cannot.

    `factory.asgi` answers the same without Django.
    """
    address = request.META.get("REMOTE_ADDR", "")
    direct = is_direct(address, [name.lower() for name in request.headers])
    status, document = readiness(parts(), told_why=direct)
    return JsonResponse(document, status=status)


def readiness(found: Collection[Part], *, told_why: bool) -> tuple[int, dict[str, Any]]:
    """This function will give the status and the document of /readyz.

    Ready means that each part does its work now: of runners, that they claimed something or
    proved their queue empty within `liveness.LOOK_S`. Causes are for `told_why` only.
    """
    wrong = [part for part in found if part.trouble]
    document: dict[str, Any] = {
        "ready": not wrong,
        "cannot": [part.name for part in wrong],
        "parts": {
            part.name: {"ok": not part.trouble, "since": _written(part.since, "%Y-%m-%dT%H:%M:%SZ")}
            for part in found
        },
    }
    if told_why:
        document["code"] = {name: code for name in beats.NAMES if (code := beats.code(name))}
    if told_why and wrong:
        document["why"] = {part.name: part.trouble for part in wrong}
    return (503 if wrong else 200), document


def is_direct(address: str, headers: Collection[str]) -> bool:
    """This function will tell whether somebody on this machine asks, and not through a proxy."""
    through = {"x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded"} & set(headers)
    return address in ("127.0.0.1", "::1") and not through


def failed(request: HttpRequest) -> HttpResponse:
    """This view will answer an error: 503 when the database cannot serve it, else 500."""
    error = sys.exc_info()[1]
    if not isinstance(error, _AWAY):
        return errors.answer(request, 500)
    words, since = _cause(error)
    retry = {"Retry-After": str(RETRY_S)}
    if errors.wants_json(request):
        return errors.answer(request, 503, words.format(since=since), headers=retry)
    page = unavailable(
        words, since, errors.error_id(), errors.sent_to(request.method, request.path)
    )
    return HttpResponse(page, status=503, headers=retry)


def _cause(error: Exception) -> tuple[str, str]:
    """Which words are true of this failure, and since when: as the probe saw it, not as of now."""
    if getattr(error.__cause__, "pgcode", None) in _HELD:
        return DATABASE_HELD, ""
    found = next((part for part in probe.watched() if part.name == "database"), None)
    if found and found.away:
        return DATABASE_AWAY, clock(found.since)
    if found and found.trouble:
        return DATABASE_FULL, clock(found.since)
    return DATABASE_LOST, ""


def unavailable(words: str, since: str, error_id: str, back: str = "") -> str:
    """This function will give the page that is shown while the database cannot serve.

    It asks again by itself, unless something was sent: then it leads `back`.
    """
    message = words.format(since=since)
    shown = {"title": _TITLES[words], "message": message, "id": error_id, "back": back}
    return render_to_string("503.html", shown)


def clock(at: float) -> str:
    """This function will write a time, given in seconds since 1970, as people read it."""
    return _written(at, "%H:%M:%S UTC" if time.time() - at < 43_200 else "%Y-%m-%d %H:%M UTC")


def _written(at: float, form: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(form)
