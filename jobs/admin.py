"""The ledger's admin: windows on its rows, with the legal acts."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from jobs import events, fleet, sieves, steering
from jobs.asking import asked
from jobs.models import (
    Delivery,
    Event,
    Intent,
    LateReport,
    Refused,
    Runner,
    SavedView,
    Sending,
    Verification,
)
from jobs.plain import numbered
from jobs.redaction import visible
from jobs.sieves import Span
from jobs.states import State
from jobs.windows import Window, WindowInline, ago

# The cluster's own books: our ledger is the record, theirs would be a second one.
import_module("django_q.admin")  # what registers them
import_module("jobs.schedule_admin")
import_module("jobs.queue_admin")
import_module("jobs.job_admin")
import_module("jobs.record_admin")
for _model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class HereFilter(admin.SimpleListFilter):
    """The runners that have not ended, or have."""

    title = "presence"
    parameter_name = "here"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """This method will offer both."""
        return [("yes", "here"), ("no", "ended")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """This method will keep what is asked for."""
        if self.value() is None:
            return queryset
        return queryset.filter(stopped_at__isnull=self.value() == "yes")


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
        "seen",
        "rss_mb",
        "executed",
        "stopped_at",
        "ending",
    )
    list_filter = (
        HereFilter,
        "intent",
        sieves.exactly("pool"),
        sieves.exactly("host"),
        ("started_at", Span),
    )
    numbers = ("pk", "pid")
    search_fields = ("host",)
    ordering = ("-pk",)
    actions = ("drain", "recycle", "stop", "fill")

    def view_on_site(self, runner: Runner) -> str:
        """This method will give the page of runners."""
        return reverse("runners:list")

    @admin.display(description="seen", ordering="seen_at")
    def seen(self, runner: Runner) -> SafeString | str:
        """This column will show how long ago it gave a sign of life."""
        return ago(runner.seen_at)

    @asked(
        "Drain", "They end after the jobs in work. Their places stay empty until they are filled."
    )
    def drain(self, request: HttpRequest, runners: Any) -> None:
        """This action will have runners end after their jobs."""
        self._ask(request, runners, Intent.DRAIN)

    @asked("Recycle", "They end after the jobs in work, and others take their places.")
    def recycle(self, request: HttpRequest, runners: Any) -> None:
        """This action will replace runners after their jobs."""
        self._ask(request, runners, Intent.RECYCLE)

    @asked("Stop", "The jobs in work get five seconds, then they go back. The places stay empty.")
    def stop(self, request: HttpRequest, runners: Any) -> None:
        """This action will have runners end soon."""
        self._ask(request, runners, Intent.STOP)

    @asked("Fill the places of", "The places that somebody emptied are taken again.")
    def fill(self, request: HttpRequest, runners: Any) -> None:
        """This action will let emptied places be taken again."""
        done = steering.ask(runners, fleet.FILL, f"user:{request.user.pk}")
        self.message_user(request, f"{numbered(done, 'place')} will be filled")

    def _ask(self, request: HttpRequest, runners: Any, intent: Intent) -> None:
        done = steering.ask(runners, intent, f"user:{request.user.pk}")
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{done} asked to {intent.value}", level)


def _names() -> list[str]:
    return [schema.name for schema in events.all_schemas()]


class DeliveryInline(WindowInline):
    """Who was told of an event."""

    model = Delivery
    fields = ("kind", "job_id", "stopped", "created_at")


@admin.register(Event)
class EventAdmin(Window):
    """What happened."""

    inlines = (DeliveryInline,)

    list_display = ("id", "name", "about", "scope", "actor", "job_id", "age")
    list_filter = (
        sieves.one_of("name", "name", _names),
        ("created_at", Span),
        sieves.in_project("scope"),
        sieves.exactly("actor", hint="Such as user:7, runner:3 or command:ana."),
        sieves.numbered("job_id", "job"),
    )
    words_searched = ("name",)
    search_fields = ("subject",)
    ordering = ("-pk",)
    list_select_related = ("cause",)
    exclude = ("subject",)
    readonly_fields = ("about",)

    @admin.display(description="subject")
    def about(self, event: Event) -> str:
        """This column will show the subject, with signs for control characters."""
        return visible(event.subject)

    def view_on_site(self, event: Event) -> str:
        """This method will give the feed of its kind."""
        return f"{reverse('projects:feeds')}?kind={event.name}"


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

    list_display = ("id", "event", "kind", "job_id", "stopped", "age")
    list_filter = (
        DeadFilter,
        sieves.by_kind(),
        ("created_at", Span),
        sieves.in_project("event__scope"),
    )
    numbers = ("pk", "job_id", "event_id")
    search_fields = ("event_id__exact",)
    search_help_text = "Its own number, that of its job or that of its event."
    ordering = ("-pk",)
    list_select_related = ("event",)
    actions = ("replay",)

    def view_on_site(self, delivery: Delivery) -> str:
        """This method will give the page of deliveries."""
        return reverse("insight:deliveries")

    @asked("Replay", "Dead letters are delivered again; what was delivered stays as it is.")
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
    list_filter = ("ok", ("at", Span))
    search_fields = ("=host",)
    search_help_text = "Its number, or the whole name of its machine."
    ordering = ("-pk",)

    def view_on_site(self, found: Verification) -> str:
        """This method will give the page of health."""
        return reverse("insight:health")


@admin.register(LateReport)
class LateReportAdmin(Window):
    """Ends that arrived after an outage, or after their claim."""

    list_display = ("job_id", "outcome", "accepted", "found", "runner_id", "fence", "recorded_at")
    list_filter = (
        "accepted",
        sieves.one_of("outcome", "outcome", lambda: list(State.values)),
        ("recorded_at", Span),
        sieves.in_project("job__scope"),
    )
    numbers = ("pk", "job_id", "runner_id")
    search_fields = ("job_id__exact",)
    search_help_text = "Its own number, or that of its job or its runner."
    ordering = ("-pk",)

    def view_on_site(self, report: LateReport) -> str:
        """This method will give the job's page."""
        return reverse("jobs:page", args=[report.job_id])


@admin.register(SavedView)
class SavedViewAdmin(Window):
    """Lists of jobs that people gave a name."""

    list_display = ("id", "name", "user", "query", "age")
    list_select_related = ("user",)
    list_filter = (
        ("created_at", Span),
        sieves.exactly("user__username", "person", "The name of a person."),
    )
    search_fields = ("name", "user__username")
    ordering = ("-pk",)

    def view_on_site(self, view: SavedView) -> str:
        """This method will give the list it names."""
        return f"{reverse('jobs:list')}?{view.query}"


@admin.register(Sending)
class SendingAdmin(Window):
    """Forms that were sent and made something, so that the same sent again makes nothing anew."""

    list_display = ("id", "address", "age")
    list_filter = (("created_at", Span),)
    search_fields = ("address",)
    ordering = ("-pk",)

    def view_on_site(self, sending: Sending) -> str | None:
        """This method will give the page it led to."""
        return sending.address or None
