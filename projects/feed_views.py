"""The pages of the feed: of one project, and of all that somebody may see."""

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_safe

from jobs import board as jobs_board
from projects import feed, frame, topics

_ACTOR = re.compile(r"[a-z]+:.*")
_LONGEST = 150


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show what happened in one project, newest first."""
    found = frame.opened(request, slug, "feed")
    return _shown(request, "projects/feed.html", found.context, found.project.pk)


@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """This view will show what happened in all projects one may see, newest first."""
    return _shown(request, "projects/feeds.html", {"v": jobs_board.clock()}, None)


def _shown(
    request: HttpRequest, template: str, context: dict[str, Any], scope: int | None
) -> HttpResponse:
    given = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:_LONGEST]
        for name in ("kind", "actor", "since", "until")
    }
    chosen = feed.Filter(
        scope,
        given["kind"],
        _actor(given["actor"]),
        _moment("since", given["since"]),
        _moment("until", given["until"], last=True),
    )
    below = request.GET.get("below", "")
    below_id = int(below) if below.isascii() and below.isdecimal() and len(below) < 19 else None
    found = feed.page(request.user, chosen, below_id)
    context |= {"feed": found, "given": given, "kinds": feed.kinds(), "below": below_id}
    context["query"] = _query(given)
    if below_id is None and not any((chosen.actor, chosen.since, chosen.until)):
        context |= {"topic": f"feed:{topics.feed_key(request.user, chosen)}", "rows": found.rows}
    return render(request, template, context)


def _actor(text: str) -> str:
    """What people call somebody, or an actor as events hold it; nobody matches nothing."""
    if not text or _ACTOR.fullmatch(text):
        return text[:64]
    found = get_user_model().objects.filter(username=text).values_list("pk", flat=True).first()
    return f"user:{found or 0}"


def _moment(name: str, text: str, last: bool = False) -> datetime | None:
    """A day, or a moment of UTC; the end of the day where it is the last."""
    if not text:
        return None
    try:
        at = parse_datetime(text) if len(text) > len("2026-01-31") else None
        day = parse_date(text) if at is None else None
    except ValueError:
        at, day = None, None
    if day is not None:
        at = _edge(day, last)
    if at is None:
        raise BadRequest(f"{name}: {text[:40]} is no date; give one such as 2026-01-31.")
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def _edge(day: date, last: bool) -> datetime:
    return datetime.combine(day, datetime.max.time() if last else datetime.min.time())


def _query(given: dict[str, str]) -> str:
    return urlencode({name: value for name, value in given.items() if value})
