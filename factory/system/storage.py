"""What is kept, where, how much room it takes, and when it goes."""

from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from factory.doctor import asking, machine
from jobs import board, db, retention, spool, storage
from jobs.models import Event, Job, Schedule
from jobs.timetable import for_staff
from projects import maintenance

_ANSWER_S = 3.0


@require_safe
@for_staff
def shown(request: HttpRequest) -> HttpResponse:
    """This view will show tables, clones, the spool, free room, and what retention leaves."""
    answers = asking.ask({"disk": machine.disk}, _ANSWER_S)
    [(whole,)] = db.query("SELECT pg_database_size(current_database())")
    context: dict[str, Any] = {
        "v": board.clock(),
        "checks": [check for answer in answers.values() for check in answer.checks],
        "database": connection.settings_dict["NAME"],
        "whole": whole,
        "tables": storage.tables(),
        "spool": {
            "folder": spool.folder(),
            "waiting": spool.waiting(),
            "broken": spool.set_aside(),
        },
        "advice": storage.advice(),
        "keeps": _keeps(),
        "oldest": _oldest(),
        "pruned": _pruned(),
    }
    return render(request, "system/storage.html", context)


def _pruned() -> Job | None:
    last = Schedule.objects.filter(name="prune").values("last_job_id")
    return Job.objects.filter(pk__in=last).first()


def _keeps() -> list[tuple[str, str]]:
    days = settings.FACTORY_KEEP_DAYS
    return [
        (
            "Finished jobs",
            f"{days} days, and the last {retention.KEEP_EACH} of each project and kind",
        ),
        ("Counts of removed jobs", f"{retention.KEEP_COUNTS_DAYS} days"),
        ("Events", f"{days} days; what people did to who may enter, for ever"),
        ("Depths of queues", f"{days} days"),
        ("Maps", f"{days} days, and the last {maintenance.KEEP_MAPS} of each repository"),
        ("Ticks of schedules", f"{days} days, and the last {retention.KEEP_TICKS} of each"),
    ]


def _oldest() -> dict[str, Any]:
    """By their ids, which come in the order of time."""
    return {
        "job": Job.objects.order_by("pk").values_list("created_at", flat=True).first(),
        "event": Event.objects.order_by("pk").values_list("created_at", flat=True).first(),
    }
