"""What is going on, in one answer: read once for all who may see the same, until something changes."""

import time
from collections.abc import Callable, Hashable
from typing import Any

from django.utils import timezone

from factory import health, hot
from jobs import board, summary
from jobs.models import Job
from jobs.states import LIVE
from projects.models import Project

FRESH_S = 1.0
RUNNING = 50


def of(user: Any) -> dict[str, Any]:
    """This function will tell what `user` may see of the present: health, counts, running jobs."""
    return _recent(_system) | hot.kept("jobs", audience(user), lambda: jobs(user))


def audience(user: Any) -> Hashable:
    """This function will name those who may see the same jobs as `user`.

    Two people share what was read only when the sets of projects they may see are equal now.
    """
    if user.is_active and user.is_staff:
        return "staff"
    return tuple(Project.objects.visible_to(user).order_by("pk").values_list("pk", flat=True))


def _system() -> dict[str, Any]:
    cannot = [part.name for part in health.parts() if part.trouble]
    return {"as_of": timezone.now(), "ready": not cannot, "cannot": cannot}


def jobs(user: Any) -> dict[str, Any]:
    """This function will read what `user` may see of unfinished jobs, as they are now."""
    counts = board.words(Job.objects.visible_to(user).filter(state__in=LIVE))
    running = [
        {
            "id": job.pk,
            "kind": job.kind,
            "project": job.scope_label or None,  # type: ignore[attr-defined]
            "subject": job.subject,
            "shown": job.shown,  # type: ignore[attr-defined]
            "started_at": job.started_at,
            "progress": summary.describe(job)["progress"],
        }
        for job in board.active(user, RUNNING)
    ]
    return {"jobs": counts, "running": running}


_parts: list[tuple[float, dict[str, Any]]] = []


def _recent(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not _parts or time.monotonic() - _parts[0][0] >= FRESH_S:
        _parts[:] = [(time.monotonic(), read())]
    return _parts[0][1]


def forget() -> None:
    """This function will forget what was seen of the parts of the system."""
    _parts.clear()
