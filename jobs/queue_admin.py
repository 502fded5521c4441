"""The admin of queues and of limits: what a person decides of them, and nothing else."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from jobs.asking import asked
from jobs.models import BadLimit, Limit, Queue
from jobs.models.limit import limits
from jobs.sieves import Span
from jobs.windows import Plain

_BOUNDS = ("most_running", "per_minute", "burst")


class BoundsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Limits; what cannot be kept is refused in words."""

    def clean(self) -> dict[str, Any] | None:
        """This method will refuse limits that cannot be kept."""
        cleaned = super().clean()
        if not self.errors:
            try:
                limits(*(self.cleaned_data.get(name) for name in _BOUNDS))
            except BadLimit as error:
                raise ValidationError(str(error)) from error
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # The form has said it in words; a burst that was left empty is filled in later.
        found: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return found | {"burst"}


class Bounded(Plain, admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows whose limits a person sets; who did is kept with them."""

    form = BoundsForm
    numbers = ()
    search_help_text = "A part of its name."

    def view_on_site(self, obj: Any) -> str:
        """This method will give the page of queues."""
        return reverse("queues:list")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """This method will set the limits as the page does."""
        bounds = [form.cleaned_data.get(name) for name in _BOUNDS]
        told = dict(zip(("most", "per_minute", "burst"), bounds, strict=True))
        self.set_limits(obj, told | {"by": f"user:{request.user.pk}"})

    def set_limits(self, obj: Any, told: dict[str, Any]) -> None:
        """This method will set the limits of one row."""
        obj.limit(**told)


@admin.register(Queue)
class QueueAdmin(Bounded):
    """The queues: people pause and limit them."""

    list_display = ("name", "paused", "paused_by", "limit_words", "batch", "description")
    list_filter = ("paused",)
    search_fields = ("name", "description")
    ordering = ("name",)
    actions = ("pause", "resume")
    fields = (*_BOUNDS, "name", "description", "paused", "paused_by", "paused_at", "batch")
    readonly_fields = ("name", "description", "paused", "paused_by", "paused_at", "batch")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: code names the queues."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will refuse: jobs stand in it."""
        return False

    @asked("Pause", "Nothing is claimed from them until somebody resumes them; what runs goes on.")
    def pause(self, request: HttpRequest, queues: "QuerySet[Queue]") -> None:
        """This action will pause queues, and record who did."""
        paused = list(queues.filter(paused=False))
        for queue in paused:
            queue.pause(by=f"user:{request.user.pk}")
            self.log_change(request, queue, "Paused.")
        self.message_user(request, f"{len(paused)} paused; what runs goes on to its end")

    @asked("Resume", "Their jobs are claimed again.")
    def resume(self, request: HttpRequest, queues: "QuerySet[Queue]") -> None:
        """This action will resume queues, which wakes their runners, and record who did."""
        resumed = list(queues.filter(paused=True))
        for queue in resumed:
            queue.resume()
            self.log_change(request, queue, "Resumed.")
        self.message_user(request, f"{len(resumed)} resumed")


@admin.register(Limit)
class LimitAdmin(Bounded):
    """Keys with limits of their own; without one, one job of a key runs at a time."""

    list_display = ("key", "limit_words", "limited_by", "limited_at")
    list_filter = (("limited_at", Span),)
    search_fields = ("key",)
    ordering = ("key",)
    fields = ("key", *_BOUNDS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """This method will leave the key of a stored one as it is."""
        return ("key",) if obj else ()

    def set_limits(self, obj: Any, told: dict[str, Any]) -> None:
        """This method will set the limits of one key."""
        Limit.on(obj.key, **told)
