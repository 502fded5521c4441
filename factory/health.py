"""Whether this installation can do work: for machines, for people, and while nothing can be shown."""

import sys
import time
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

from factory import errors, probe
from factory.probe import Part

ALIVE = "alive\n"
RETRY_S = 3
DATABASE_AWAY = (
    "PostgreSQL has not answered since {since}. Nothing is lost: jobs are kept in it and go on when "
    "it is back. What you sent just now may still be carried out then: look before you repeat it."
)
_AWAY = (OperationalError, InterfaceError)
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
    if told_why and wrong:
        document["why"] = {part.name: part.trouble for part in wrong}
    return (503 if wrong else 200), document


def is_direct(address: str, headers: Collection[str]) -> bool:
    """This function will tell whether somebody on this machine asks, and not through a proxy."""
    through = {"x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded"} & set(headers)
    return address in ("127.0.0.1", "::1") and not through


def failed(request: HttpRequest) -> HttpResponse:
    """This view will answer an error: 503 when the database is away, else 500."""
    if not isinstance(sys.exc_info()[1], _AWAY):
        return errors.answer(request, 500)
    found = probe.away()
    since = clock(found.since if found else time.time())
    retry = {"Retry-After": str(RETRY_S)}
    if errors.wants_json(request):
        message = DATABASE_AWAY.format(since=since)
        return errors.answer(request, 503, message, headers=retry)
    return HttpResponse(away_page(since), status=503, headers=retry)


@lru_cache(maxsize=4)
def away_page(since: str) -> str:
    """This function will give the one page that is shown while the database is away."""
    return render_to_string("503.html", {"message": DATABASE_AWAY.format(since=since)})


def clock(at: float) -> str:
    """This function will write a time, given in seconds since 1970, as people read it."""
    return _written(at, "%H:%M:%S UTC" if time.time() - at < 43_200 else "%Y-%m-%d %H:%M UTC")


def _written(at: float, form: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(form)
