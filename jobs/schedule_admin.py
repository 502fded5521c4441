"""The admin of schedules: add, change and remove them, with what upkeep would refuse refused."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from jobs import kinds, schedules, sieves
from jobs.asking import asked
from jobs.models import AttemptSum, JobDay, Schedule, Tick
from jobs.models.schedule import BadSchedule
from jobs.sieves import Span
from jobs.states import FINISHED
from jobs.windows import Plain, Window, WindowInline


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The fields a person decides; each refusal stands at its field."""

    class Meta:
        model = Schedule
        fields = ("name", "kind", "arguments", "cron", "zone", "catch_up", "scope", "priority")
        error_messages = {
            "name": {"unique": "Another schedule has this name: choose another."},
            "arguments": {"invalid": 'This is no JSON: write it like {"repository": 3}.'},
            "priority": dict.fromkeys(
                ("invalid", "min_value", "max_value"), "Give a whole number from -32768 to 32767."
            ),
            "scope": dict.fromkeys(
                ("invalid", "min_value", "max_value"),
                "Give the id of a project, or leave it empty.",
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            names = [(kind.name, kind.name) for kind in kinds.for_people()]
            self.fields["kind"] = forms.ChoiceField(choices=names)

    def clean(self) -> dict[str, Any] | None:
        """This method will refuse what could not be fired."""
        cleaned = super().clean()
        if not self.errors:
            meant = Schedule(
                created_by=self.instance.created_by,
                **{name: getattr(self.instance, name) for name in ScheduleForm.Meta.fields}
                | self.cleaned_data,
            )
            try:
                meant.examine()
            except BadSchedule as error:
                field = error.field if error.field in self.fields else None
                self.add_error(field, ValidationError(str(error)))
        return cleaned


class TickInline(WindowInline):
    """The newest ticks."""

    model = Tick
    fields = ("due_at", "outcome", "missed", "job_id", "actor", "reason")
    readonly_fields = ("job_id",)
    ordering = ("-due_at",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Tick]":
        """This method will keep the newest: a minute's schedule has thousands."""
        newest = Tick.objects.order_by("-due_at").values("pk")
        at = request.resolver_match
        owner = str(at.kwargs.get("object_id", "")) if at else ""
        mine = newest.filter(schedule=int(owner))[:50] if owner.isdecimal() else newest.none()
        return super().get_queryset(request).filter(pk__in=mine)


@admin.register(Schedule)
class ScheduleAdmin(Plain, admin.ModelAdmin):  # type: ignore[type-arg]
    """Schedules. The product's own can be paused and re-timed, nothing else."""

    form = ScheduleForm
    list_display = ("name", "kind", "cron", "zone", "next_at", "last_at", "paused", "standing")
    list_filter = (
        "standing",
        ("paused_at", admin.EmptyFieldListFilter),
        sieves.by_kind(),
        sieves.in_project("scope"),
        ("next_at", Span),
    )
    search_fields = ("name", "kind")
    ordering = ("name",)
    actions = ("pause", "resume", "run_now")
    inlines = (TickInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """This method will leave of what code made the times alone to change."""
        shown = ("state", "next_at", "last_at")
        fixed = obj and (obj.standing or kinds.is_internal(obj.kind))
        return (*shown, "name", "kind", "arguments", "scope") if fixed else shown

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """This method will show what is decided, and of a stored one what is known."""
        known = ("state", "next_at", "last_at") if obj else ()
        return (*ScheduleForm.Meta.fields, *known)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """This method will show no ticks of what is not stored yet."""
        return [*self.inlines] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse for the product's own: the next migrate would lay it again."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj and obj.standing)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """This method will list what goes; its ticks go along."""
        rows = list(objs)
        return [str(row) for row in rows], {self.opts.verbose_name_plural: len(rows)}, set(), []

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """This method will not remove several: among them may be the product's own."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """This method will store it with its next tick."""
        schedules.make(obj, by=f"user:{request.user.pk}")

    @admin.display(description="paused", boolean=True)
    def paused(self, schedule: Schedule) -> bool:
        """This column will show whether it makes no jobs."""
        return schedule.paused_at is not None

    @admin.display(description="state")
    def state(self, schedule: Schedule) -> str:
        """This field will say whether and why it is paused."""
        if schedule.paused_at is None:
            return "makes jobs"
        return f"paused by {schedule.paused_by}: {schedule.reason}".rstrip(": ")

    def view_on_site(self, schedule: Schedule) -> str:
        """This method will give its page."""
        return reverse("schedules:page", args=[schedule.pk])

    @asked("Pause", "They make no more jobs until somebody resumes them; what they made goes on.")
    def pause(self, request: HttpRequest, found: "QuerySet[Schedule]") -> None:
        """This action will pause schedules, and record who did."""
        done = [one for one in found if one.pause(by=f"user:{request.user.pk}")]
        for one in done:
            self.log_change(request, one, "Paused.")
        self.message_user(request, f"{len(done)} paused; what they made goes on")

    @asked("Resume", "They make jobs again, at their next times.")
    def resume(self, request: HttpRequest, found: "QuerySet[Schedule]") -> None:
        """This action will resume schedules, and record who did."""
        self._each(request, found, "Resumed.", lambda one, by: one.resume(by=by))

    @asked("Run", "Each makes a job now, beside those of its times.")
    def run_now(self, request: HttpRequest, found: "QuerySet[Schedule]") -> None:
        """This action will make a job of each, and record who did."""
        self._each(request, found, "Run by hand.", lambda one, by: schedules.run(one, by=by))

    def _each(self, request: HttpRequest, found: Any, said: str, act: Any) -> None:
        done = 0
        for one in found:
            try:
                if act(one, f"user:{request.user.pk}"):
                    self.log_change(request, one, said)
                    done += 1
            except BadSchedule as error:
                self.message_user(request, f"{one} cannot run: {error}", messages.ERROR)
        self.message_user(request, f"{done} {said.lower().rstrip('.')}")


@admin.register(AttemptSum)
class AttemptSumAdmin(Window):
    """What ended within hours and days; nobody changes them."""

    list_display = ("since", "hours", "kind", "queue", "outcome", "failure_class", "count")
    list_filter = (
        sieves.one_of("hours", "hours", lambda: ["1", "24"]),
        sieves.by_kind(),
        ("since", Span),
    )
    search_fields = ("=kind",)
    search_help_text = "Its number, or a whole kind."
    ordering = ("-since", "-hours", "kind")

    def view_on_site(self, row: AttemptSum) -> str:
        """This method will give the page of metrics."""
        return reverse("system:metrics")


@admin.register(JobDay)
class JobDayAdmin(Window):
    """Daily counts of removed jobs; nobody changes them."""

    list_display = ("day", "kind", "state", "scope", "count", "attempts")
    list_filter = (
        sieves.one_of("state", "state", lambda: sorted(FINISHED)),
        sieves.by_kind(),
        sieves.in_project("scope"),
        ("day", Span),
    )
    search_fields = ("=kind",)
    search_help_text = "Its number, or a whole kind."
    ordering = ("-day", "kind")

    def view_on_site(self, row: JobDay) -> str:
        """This method will give the page of metrics."""
        return reverse("system:metrics")
