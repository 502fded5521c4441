"""The admin of ideas, specs and tasks: the same forms, moves and refusals as the pages have."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from jobs import sieves
from jobs.asking import Question
from jobs.models import Refused, Stale
from jobs.sieves import Span
from jobs.windows import Plain, Window, WindowInline
from projects import access, planning
from projects.models import Blocker, Idea, Item, PlanChange, Spec, Task
from projects.models.plan import MOVES
from projects.plan_forms import FORMS


class ChangeInline(WindowInline):
    """What was done to it, and by whom."""

    model = PlanChange
    fields = readonly_fields = ("at", "actor", "what", "old", "new", "reason", "details")


class ItemInline(WindowInline):
    """The boxes of a task; its page ticks them."""

    model = Item
    fields = readonly_fields = ("kind", "text", "required", "done_at", "done_by")


class BlockerInline(WindowInline):
    """What a task waits for; its page changes that."""

    model = Blocker
    fk_name = "task"
    fields = readonly_fields = ("blocker", "created_by", "created_at")


class PlanAdmin(Plain, admin.ModelAdmin):
    """What is planned: written by `projects.planning`, which keeps who did what."""

    goes_along = "Its history, its boxes and its ties go with it; the event of its removal stays."
    list_display: Any = ("title", "state", "project", "slug", "moved_at", "created_by")
    list_select_related: Any = ("project",)
    list_filter: Any = ("state", ("moved_at", Span), sieves.in_project("project"))
    words_searched: Any = ("slug",)
    search_fields: Any = ("title", "slug", "project__name")
    ordering: Any = ("-pk",)
    readonly_fields: Any = ("state", "moved_at", "created_by", "created_at", "updated_at")
    inlines: Any = (ChangeInline,)
    autocomplete_fields: Any = ("project",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """This method will use the form of the pages."""
        kwargs["form"] = FORMS[self.model][1]
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """This method will ask for the project of what is new, and show what is known of the rest."""
        asked = FORMS[self.model][1]._meta.fields
        return (
            ("project", *asked, "version")
            if obj is None
            else (*asked, "version", *self.readonly_fields)
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """This method will know nothing yet of what is new."""
        return self.readonly_fields if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """This method will show no history of what is new."""
        return [*self.inlines] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """This method will write it as the pages do; raises Stale when somebody was faster."""
        by = f"user:{request.user.pk}"
        seen = form.cleaned_data.get("version") or 0
        if change:
            planning.edit(obj, seen, form.given, by=by)
        else:
            obj.pk = planning.create(self.model, form.cleaned_data["project"], form.given, by=by).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """This method will remove one; the event of that stays."""
        self.delete_queryset(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """This method will remove several."""
        for row in queryset:
            planning.remove(row, by=f"user:{request.user.pk}")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """This method will list what goes; its history and its boxes go along."""
        rows = list(objs)
        return [str(row) for row in rows], {self.opts.verbose_name_plural: len(rows)}, set(), []

    def view_on_site(self, row: Any) -> str:
        """This method will give its page."""
        return _page(row)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """This method will offer each state somebody may move rows to."""
        found = super().get_actions(request)
        targets = {new for _, new in MOVES[self.model._meta.db_table]}
        states = [
            value for value in self.model._meta.get_field("state").choices if value[0] in targets
        ]
        for value, _ in states if self.has_act_permission(request) else ():
            name, verb = f"move_to_{value.lower()}", f"Move to {planning.spoken(value)}"
            found[name] = (_mover(name, verb, value), name, f"{verb}…")
        return found


def _mover(name: str, verb: str, to: str) -> Any:
    question = Question(name, f"{verb}:", "Each that may move there does; the others are named.")

    def act(modeladmin: Any, request: HttpRequest, queryset: "QuerySet[Any]") -> Any:
        if not request.POST.get("confirmed"):
            return question.ask(modeladmin, request, queryset)
        done, by = 0, f"user:{request.user.pk}"
        for row in queryset:
            if not access.allows(request.user, "plan", row.project_id):
                continue
            try:
                planning.move(row, row.state, to, by=by, reason="In the admin.")
            except (Refused, Stale) as error:
                modeladmin.message_user(request, str(error), messages.ERROR)
                continue
            modeladmin.log_change(request, row, f"Moved to {planning.spoken(to)}.")
            done += 1
        modeladmin.message_user(request, f"{done} moved", messages.SUCCESS)
        return None

    return act


@admin.register(Idea)
class IdeaAdmin(PlanAdmin):
    """Ideas."""


@admin.register(Spec)
class SpecAdmin(PlanAdmin):
    """Specs."""

    autocomplete_fields = ("project", "idea")


@admin.register(Task)
class TaskAdmin(PlanAdmin):
    """Tasks with their boxes and what they wait for."""

    list_display = ("title", "state", "priority", "project", "assignee", "estimate_h", "moved_at")
    list_select_related = ("project", "assignee")
    list_filter = (
        "state",
        "priority",
        ("moved_at", Span),
        sieves.in_project("project"),
        sieves.exactly("assignee__username", "assignee", "The name of a person."),
    )
    autocomplete_fields = ("project", "idea", "spec", "assignee")
    readonly_fields = (*PlanAdmin.readonly_fields, "override")
    inlines = (ItemInline, BlockerInline, ChangeInline)


@admin.register(PlanChange)
class PlanChangeAdmin(Window):
    """Who did what to ideas, specs and tasks."""

    list_display = ("id", "at", "actor", "what", "old", "new", "idea", "spec", "task", "reason")
    list_select_related = ("idea__project", "spec__project", "task__project")
    list_filter = (
        "what",
        ("at", Span),
        sieves.exactly("actor", hint="Such as user:7 or command:ana."),
        sieves.numbered("task_id", "task"),
    )
    numbers = ("pk", "task_id")
    search_fields = ("=actor", "reason")
    ordering = ("-pk",)

    def view_on_site(self, row: PlanChange) -> str:
        """This method will give the page of what was changed."""
        return _page(row.task or row.spec or row.idea)


@admin.register(Item)
class ItemAdmin(Window):
    """Boxes of tasks."""

    list_display = ("id", "text", "kind", "task", "required", "done_at", "done_by")
    list_select_related = ("task__project",)
    list_filter = ("kind", "required", ("done_at", Span), sieves.in_project("task__project"))
    numbers = ("pk", "task_id")
    search_fields = ("text",)
    ordering = ("-pk",)

    def view_on_site(self, row: Item) -> str:
        """This method will give the page of its task."""
        return _page(row.task)


@admin.register(Blocker)
class BlockerAdmin(Window):
    """Which task must be completed before which."""

    list_display = ("id", "task", "blocker", "created_by", "age")
    list_select_related = ("task__project", "blocker")
    list_filter = (("created_at", Span), sieves.in_project("task__project"))
    numbers = ("pk", "task_id", "blocker_id")
    search_fields = ("task_id__exact",)
    search_help_text = "Its own number, or that of a task."
    ordering = ("-pk",)

    def view_on_site(self, row: Blocker) -> str:
        """This method will give the page of the task that waits."""
        return _page(row.task)


def _page(row: Any) -> str:
    return reverse(f"projects:{planning.WORDS[type(row)]}", args=[row.project.slug, row.pk])
