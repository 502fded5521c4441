"""Whether this installation can do work, and the page people see when the database is away."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from factory import beats, errors
from jobs.models import Runner

FRESH_S = 10
ALIVE = "alive\n"
_AWAY = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class Part:
    """One thing work needs, and what is wrong with it ("" when nothing is)."""

    name: str
    trouble: str


def parts() -> list[Part]:
    """This function will ask each part whether it can do its work."""
    questions: dict[str, Callable[[], str]] = {
        "database": _database,
        "valkey": _valkey,
        "runners": _runners,
        "relay": lambda: _silent("relay"),
        "watchdog": lambda: _silent("watchdog"),
    }
    return [Part(name, ask()) for name, ask in questions.items()]


@login_not_required
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """This view will answer that this process does; `factory.asgi` does so without Django."""
    return HttpResponse(ALIVE, content_type="text/plain")


@login_not_required
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """This view will answer 200 when work can be done, else 503 with the names of what cannot.

    What exactly is wrong is told to staff only.
    """
    wrong = [part for part in parts() if part.trouble]
    answer: dict[str, object] = {"ready": not wrong, "cannot": [part.name for part in wrong]}
    if wrong and _is_staff(request):
        answer["why"] = {part.name: part.trouble for part in wrong}
    return JsonResponse(answer, status=503 if wrong else 200)


def failed(request: HttpRequest) -> HttpResponse:
    """This view will answer an error: 503 and one static page when the database is away."""
    if not isinstance(sys.exc_info()[1], _AWAY):
        return errors.answer(request, 500)
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    page = render_to_string("503.html", {"at": at})
    return HttpResponse(page, status=503, headers={"Retry-After": "5"})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        connection.close()
        return _first_line(error)
    return ""


def _valkey() -> str:
    try:
        cache.get("ready")
    except (RedisError, OSError) as error:
        return str(error)
    return ""


def _runners() -> str:
    wanted = {pool for pool, count in settings.FACTORY_WORKERS.items() if count}
    try:
        seen = set(Runner.objects.fresh().values_list("pool", flat=True))
    except Error as error:
        connection.close()
        return f"not to be asked: {_first_line(error)}"
    missing = sorted(wanted - seen)
    return f"no live runner in {', '.join(missing)}" if missing else ""


def _silent(name: str) -> str:
    age = beats.age(name)
    if age is None:
        return "has never run here"
    return f"silent for {age:.0f} s" if age > FRESH_S else ""


def _is_staff(request: HttpRequest) -> bool:
    try:
        return bool(request.user.is_staff)
    except Error:
        return False


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
