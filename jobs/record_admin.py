"""The admin of what is written down of jobs: windows, each found by its job, its kind or its time."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from jobs import sieves
from jobs.failures import FailureClass
from jobs.models import (
    Artefact,
    Attempt,
    Dependency,
    LegalMove,
    LogChunk,
    Move,
    Progress,
    QueueDepth,
    Tick,
    Unjudged,
)
from jobs.redaction import visible
from jobs.sieves import Span
from jobs.states import State
from jobs.windows import Window, ago, link


def _states() -> list[str]:
    return list(State.values)


_of_job = sieves.numbered("job_id", "job")


class OfJob(Window):
    """Rows of a job. What leads to it works without asking for it: it may be gone."""

    numbers: ClassVar[Any] = ("pk", "job_id")
    search_fields: ClassVar[Any] = ("job_id__exact",)
    search_help_text = "Its own number, or that of its job."
    ordering = ("-pk",)

    @admin.display(description="job")
    def of_job(self, row: Any) -> SafeString:
        """This column will lead to the job."""
        return link(reverse("admin:jobs_job_change", args=[row.job_id]), f"#{row.job_id}")

    def view_on_site(self, row: Any) -> str:
        """This method will give the job's page."""
        return reverse("jobs:page", args=[row.job_id])


@admin.register(Attempt)
class AttemptAdmin(OfJob):
    """The ended attempts of jobs."""

    list_display = ("id", "of_job", "number", "outcome", "failure_class", "runner_id", "ended")
    list_filter = (
        sieves.one_of("outcome", "outcome", _states),
        sieves.one_of("failure_class", "failure class", lambda: list(FailureClass.values)),
        ("ended_at", Span),
        _of_job,
        sieves.in_project("job__scope"),
        sieves.numbered("runner_id", "runner"),
    )

    @admin.display(description="ended", ordering="ended_at")
    def ended(self, row: Attempt) -> SafeString | str:
        """This column will show when it ended."""
        return ago(row.ended_at)


@admin.register(Move)
class MoveAdmin(OfJob):
    """Every change of state of every job."""

    list_display = ("id", "of_job", "from_state", "to_state", "actor", "told", "age")
    list_filter = (
        sieves.one_of("to_state", "new state", _states),
        ("at", Span),
        sieves.exactly("actor", hint="Such as user:7, runner:3 or command:ana."),
        _of_job,
        sieves.in_project("job__scope"),
    )
    exclude = ("reason",)
    readonly_fields = ("told",)

    @admin.display(description="reason")
    def told(self, row: Move) -> str:
        """This column will show the reason, with signs for control characters."""
        return visible(row.reason)


@admin.register(Progress)
class ProgressAdmin(OfJob):
    """How far jobs got."""

    numbers = ("pk",)
    list_display = ("of_job", "so_far", "about", "peak_mb", "heard", "updated")
    list_filter = (("updated_at", Span), _of_job, sieves.in_project("job__scope"))
    exclude = ("item", "checkpoint", "items_done", "items_failed", "pace")
    readonly_fields = ("about",)

    @admin.display(description="steps")
    def so_far(self, row: Progress) -> str:
        """This column will show the steps done."""
        return str(row)

    @admin.display(description="working on")
    def about(self, row: Progress) -> str:
        """This column will show the item, with signs for control characters."""
        return visible(row.item)

    @admin.display(description="last sign")
    def heard(self, row: Progress) -> SafeString | str:
        """This column will show when the handler was heard last."""
        return ago(row.heard_at)

    @admin.display(description="written", ordering="updated_at")
    def updated(self, row: Progress) -> SafeString | str:
        """This column will show when this was written."""
        return ago(row.updated_at)


@admin.register(LogChunk)
class LogChunkAdmin(OfJob):
    """Pieces of the logs of jobs; the job's page of its log shows them as one."""

    list_display = ("id", "of_job", "fence", "seq", "first_line", "age")
    list_filter = (("created_at", Span), _of_job, sieves.in_project("job__scope"))
    exclude = ("text", "levels")
    readonly_fields = ("lines",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[LogChunk]":
        """This method will leave the texts where they are, unless one is shown."""
        found: QuerySet[LogChunk] = super().get_queryset(request)
        return found.defer("text", "levels")

    @admin.display(description="lines")
    def lines(self, row: LogChunk) -> str:
        """This field will show the lines, with signs for control characters."""
        return visible(row.text)

    def view_on_site(self, row: LogChunk) -> str:
        """This method will give the place in the job's log."""
        return f"{reverse('jobs:log', args=[row.job_id])}?at={row.first_line}#L{row.first_line}"


@admin.register(Artefact)
class ArtefactAdmin(OfJob):
    """What jobs left."""

    list_display = ("name", "of_job", "media_type", "size", "age")
    list_filter = (
        ("created_at", Span),
        _of_job,
        sieves.in_project("scope"),
        sieves.exactly("media_type", "media type", "Such as text/csv."),
    )
    search_fields = ("name", "=sha256")
    search_help_text = Window.search_help_text
    exclude = ("data",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Artefact]":
        """This method will leave the bytes where they are."""
        found: QuerySet[Artefact] = super().get_queryset(request)
        return found.defer("data")


@admin.register(Dependency)
class DependencyAdmin(Window):
    """Which job waits for which."""

    list_display = ("id", "waiting", "awaited", "policy")
    list_filter = (
        "policy",
        sieves.numbered("child_id", "job that waits"),
        sieves.numbered("parent_id", "job it waits for"),
        sieves.in_project("child__scope"),
    )
    numbers = ("pk", "child_id", "parent_id")
    search_fields = ("child_id__exact",)
    search_help_text = "Its own number, or that of one of its jobs."
    ordering = ("-pk",)

    @admin.display(description="job")
    def waiting(self, row: Dependency) -> SafeString:
        """This column will lead to the job that waits."""
        return link(reverse("admin:jobs_job_change", args=[row.child_id]), f"#{row.child_id}")

    @admin.display(description="waits for")
    def awaited(self, row: Dependency) -> SafeString:
        """This column will lead to the job it waits for."""
        return link(reverse("admin:jobs_job_change", args=[row.parent_id]), f"#{row.parent_id}")

    def view_on_site(self, row: Dependency) -> str:
        """This method will give the picture of what waits for what."""
        return reverse("jobs:graph", args=[row.child_id])


@admin.register(Unjudged)
class UnjudgedAdmin(Window):
    """Jobs that upkeep judges soon: one that they waited for has ended."""

    list_display = ("id", "waiting")
    list_filter = (sieves.numbered("child_id", "job"),)
    numbers = ("pk", "child_id")
    search_fields = ("child_id__exact",)
    search_help_text = "Its own number, or that of its job."
    ordering = ("-pk",)

    @admin.display(description="job")
    def waiting(self, row: Unjudged) -> SafeString:
        """This column will lead to the job."""
        return link(reverse("admin:jobs_job_change", args=[row.child_id]), f"#{row.child_id}")

    def view_on_site(self, row: Unjudged) -> str:
        """This method will give the job's page."""
        return reverse("jobs:page", args=[row.child_id])


@admin.register(LegalMove)
class LegalMoveAdmin(Window):
    """The table of legal moves, as the database checks it."""

    list_display = ("id", "from_state", "to_state")
    list_filter = (
        sieves.one_of("from_state", "old state", _states),
        sieves.one_of("to_state", "new state", _states),
    )
    search_fields = ("=from_state", "=to_state")
    ordering = ("from_state", "to_state")

    def view_on_site(self, row: LegalMove) -> str:
        """This method will give the page that explains the states."""
        return reverse("legend")


@admin.register(Tick)
class TickAdmin(Window):
    """The times schedules were due, and what came of each."""

    list_display = ("id", "schedule", "due_at", "outcome", "missed", "made", "actor", "told")
    list_select_related = ("schedule",)
    list_filter = ("outcome", ("due_at", Span), sieves.exactly("schedule__name", "schedule"))
    search_fields = ("=schedule__name",)
    search_help_text = "Its number, or the name of its schedule."
    ordering = ("-pk",)
    exclude = ("reason",)
    readonly_fields = ("told",)

    @admin.display(description="job")
    def made(self, row: Tick) -> SafeString | str:
        """This column will lead to the job it made."""
        if not row.job_id:
            return ""
        return link(reverse("admin:jobs_job_change", args=[row.job_id]), f"#{row.job_id}")

    @admin.display(description="reason")
    def told(self, row: Tick) -> str:
        """This column will show the reason, with signs for control characters."""
        return visible(row.reason)

    def view_on_site(self, row: Tick) -> str:
        """This method will give the page of its schedule."""
        return reverse("schedules:page", args=[row.schedule_id])


@admin.register(QueueDepth)
class QueueDepthAdmin(Window):
    """How many jobs waited when."""

    list_display = ("at", "queue", "waiting", "running", "oldest_s")
    list_filter = (("at", Span), sieves.exactly("queue", hint="Its name."))
    ordering = ("-pk",)
    search_fields = ("=queue",)
    search_help_text = "The name of a queue."

    def view_on_site(self, row: QueueDepth) -> str:
        """This method will give the page of metrics."""
        return reverse("system:metrics")
