"""The ledger's admin: windows on its rows, with the legal acts."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import events, fleet, steering
from jobs.models import (
    Delivery,
    Event,
    Intent,
    LateReport,
    Refused,
    Runner,
    SavedView,
    Verification,
)
from jobs.windows import Window, WindowInline

# The cluster's own books: our ledger is the record, theirs would be a second one.
import_module("django_q.admin")  # what registers them
import_module("jobs.schedule_admin")
import_module("jobs.queue_admin")
import_module("jobs.job_admin")
for _model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(Runner)
class RunnerAdmin(Window):
    """The processes that execute jobs, and what is asked of them."""

    list_display = (
        "id",
        "pool",
        "host",
        "pid",
        "version",
        "intent",
        "intent_by",
        "seen_at",
        "rss_mb",
        "executed",
        "stopped_at",
        "ending",
    )
    list_filter = ("pool", "intent", "host")
    search_fields = ("=id", "=pid", "host")
    ordering = ("-pk",)
    actions = ("drain", "recycle", "stop", "fill")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """This method will offer the acts although nothing can be edited."""
        return super().get_actions(request) if request.user.is_staff else {}

    @admin.action(description="Drain: end after the job in work, the place stays empty")
    def drain(self, request: HttpRequest, runners: Any) -> None:
        """This action will have runners end after their jobs."""
        self._ask(request, runners, Intent.DRAIN)

    @admin.action(description="Recycle: end after the job in work, another takes the place")
    def recycle(self, request: HttpRequest, runners: Any) -> None:
        """This action will replace runners after their jobs."""
        self._ask(request, runners, Intent.RECYCLE)

    @admin.action(description="Stop: the job in work goes back after five seconds")
    def stop(self, request: HttpRequest, runners: Any) -> None:
        """This action will have runners end soon."""
        self._ask(request, runners, Intent.STOP)

    @admin.action(description="Fill the places that somebody emptied")
    def fill(self, request: HttpRequest, runners: Any) -> None:
        """This action will let emptied places be taken again."""
        done = steering.ask(runners, fleet.FILL, f"user:{request.user.pk}")
        self.message_user(request, f"{done} places will be filled")

    def _ask(self, request: HttpRequest, runners: Any, intent: Intent) -> None:
        done = steering.ask(runners, intent, f"user:{request.user.pk}")
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{done} asked to {intent.value}", level)


class DeliveryInline(WindowInline):
    """Who was told of an event."""

    model = Delivery
    fields = ("kind", "job_id", "stopped", "created_at")


@admin.register(Event)
class EventAdmin(Window):
    """What happened."""

    inlines = (DeliveryInline,)

    list_display = ("id", "name", "subject", "scope", "actor", "job_id", "created_at")
    list_filter = ("name",)
    search_fields = ("=id", "=name", "subject")
    ordering = ("-pk",)
    list_select_related = ("cause",)


class DeadFilter(admin.SimpleListFilter):
    """Dead letters: what could not be delivered."""

    title = "dead letters"
    parameter_name = "dead"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """This method will offer the dead letters alone."""
        return [("1", "dead letters")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """This method will keep the dead letters when they are asked for."""
        return queryset.dead() if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(Window):
    """Who was told of which event; what could not be delivered can be delivered again."""

    list_display = ("id", "event", "kind", "job_id", "stopped", "created_at")
    list_filter = (DeadFilter, "kind")
    search_fields = ("=id", "=job_id", "=event__id")
    ordering = ("-pk",)
    list_select_related = ("event",)
    actions = ("replay",)

    @admin.action(description="Replay: deliver the selected dead letters again")
    def replay(self, request: HttpRequest, deliveries: "QuerySet[Delivery]") -> None:
        """This action will retry the failed jobs, and start those that were stopped."""
        done = refused = 0
        for delivery in deliveries:
            try:
                events.replay(delivery, by=f"user:{request.user.pk}")
                done += 1
            except (Refused, events.BadEvent):
                refused += 1
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{done} delivered again, {refused} could not be", level)


@admin.register(Verification)
class VerificationAdmin(Window):
    """The runs of verify_board."""

    list_display = ("at", "ok", "host", "seconds")
    list_filter = ("ok",)
    ordering = ("-pk",)


@admin.register(LateReport)
class LateReportAdmin(Window):
    """Ends that arrived after an outage, or after their claim."""

    list_display = ("job_id", "outcome", "accepted", "found", "runner_id", "fence", "recorded_at")
    list_filter = ("accepted", "outcome")
    search_fields = ("=job_id", "=runner_id")
    ordering = ("-pk",)
    raw_id_fields = ("job",)


@admin.register(SavedView)
class SavedViewAdmin(Window):
    """Lists of jobs that people gave a name."""

    list_display = ("id", "name", "user", "query", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "name", "user__username")
    ordering = ("-pk",)
