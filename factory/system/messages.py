"""Live messages as they come: what the relay sent last, and what this very page hears."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from factory import notices
from jobs import board, live, ports
from jobs.timetable import for_staff

MOST_WATCHED = 5
HEARD = 100


@require_safe
@for_staff
def shown(request: HttpRequest) -> HttpResponse:
    """This view will watch the topics that `watch` names, and list messages with their numbers."""
    version = board.clock()
    asked = request.GET.get("watch", "").replace("\0", "")[:400]
    names = list(dict.fromkeys(asked.replace(",", " ").split()))[:MOST_WATCHED]
    allowed = live.permitted(request.user, filter(live.is_topic, names))
    context: dict[str, Any] = {
        "v": version,
        "asked": asked,
        "watched": [(name, _region(name)) for name in names if name in allowed],
        "refused": [name for name in names if name not in allowed],
        "topics": sorted(ports.topics),
        "most": HEARD,
    }
    try:
        context["sent"] = live.kept()
    except (RedisError, OSError) as error:
        context |= {"away": str(error), "since": notices.since("valkey")}
    return render(request, "system/messages.html", context)


def _region(topic: str) -> str:
    name, _, key = topic.partition(":")
    return mark_safe(ports.topics[name].render([key]).get(key, ""))  # noqa: S308 — our own template
