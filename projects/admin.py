"""The admin of projects, their members and invitations."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from jobs.windows import Window
from projects import portfolio
from projects.models import Invitation, Membership, Project, ProjectArtefact, Role
from projects.scoped import Removing, Scoped

import_module("projects.repository_admin")
import_module("projects.map_admin")
import_module("projects.plan_admin")


Act = Callable[..., tuple[int, int]]
_CONSEQUENCE = {
    "Archive": "What waits in them and their schedules are paused; what runs goes on to its end. "
    "They leave the lists, and nothing new starts in them. Taking them back undoes it.",
    "Take back": "They are on the lists again. What archiving paused goes on.",
}


class KeepsAMaintainer(forms.BaseInlineFormSet):
    """Refuses what would leave a project without the only active maintainer it has."""

    def clean(self) -> None:
        """This method will compare who decides now with who would afterwards."""
        super().clean()
        active = self.queryset.filter(role=Role.MAINTAINER, user__is_active=True)
        before = self.instance.pk and active.exists()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        if before and not any(
            one.get("role") == Role.MAINTAINER and one["user"].is_active and not one.get("DELETE")
            for one in kept
        ):
            raise forms.ValidationError(
                "That is the only active maintainer. Make somebody else maintainer first."
            )


class MembershipInline(admin.TabularInline):
    """Who works on a project."""

    model = Membership
    formset = KeepsAMaintainer
    extra = 0
    autocomplete_fields = ("user",)


class ProjectForm(forms.ModelForm):
    """A project, and which version of it was seen."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.version
        if "slug" in self.fields:
            self.fields["slug"].required = False


@admin.register(Project)
class ProjectAdmin(Removing, Scoped, admin.ModelAdmin):
    """Projects and their members."""

    list_display = ("name", "slug", "stage", "goal", "created_at", "archived_at")
    list_filter = ("stage", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "slug", "goal")
    ordering = ("name",)
    readonly_fields = ("stage", "version", "archived_at", "created_at")
    actions = ("archive", "unarchive")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline,)
    form = ProjectForm
    fields = ("name", "slug", "goal", "stage", "version", "archived_at", "created_at", "seen")

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will keep the slug of a project that exists: links name it."""
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """This method will make or change a project as its pages do."""
        actor = f"user:{request.user.pk}"
        if change:
            portfolio.edit(obj, version=form.cleaned_data["seen"], actor=actor)
        else:
            portfolio.create(obj, actor=actor)

    @admin.action(description="Archive the selected projects…", permissions=["change"])
    def archive(self, request: HttpRequest, chosen: QuerySet[Project]) -> HttpResponse | None:
        """This method will ask, then put projects away that are in use."""
        return self._put(request, chosen.filter(archived_at=None), portfolio.archive, "Archive")

    @admin.action(description="Take back the selected projects…", permissions=["change"])
    def unarchive(self, request: HttpRequest, chosen: QuerySet[Project]) -> HttpResponse | None:
        """This method will ask, then take projects back that were put away."""
        return self._put(
            request, chosen.exclude(archived_at=None), portfolio.unarchive, "Take back"
        )

    def _put(
        self, request: HttpRequest, found: QuerySet[Project], act: Act, verb: str
    ) -> HttpResponse | None:
        if request.POST.get("confirmed"):
            done = [act(project, actor=f"user:{request.user.pk}") for project in found]
            jobs, schedules = (sum(one[place] for one in done) for place in (0, 1))
            told = f"{verb}: {len(done)} done, with {jobs} jobs and {schedules} schedules."
            self.message_user(request, told, messages.SUCCESS)
            return None
        count, first = found.count(), list(found.order_by("name")[:5])
        context = self.admin_site.each_context(request) | {
            "title": f"{verb} {count} project{'' if count == 1 else 's'}?",
            "verb": verb,
            "consequence": _CONSEQUENCE[verb],
            "count": count,
            "first": first,
            "rest": count - len(first),
            "action": act.__name__,
            "chosen": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "projects/admin_confirm.html", context)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will derive the slug of a new project alone."""
        return {} if obj else self.prepopulated_fields


@admin.register(ProjectArtefact)
class ProjectArtefactAdmin(Scoped, Window):
    """Files of projects; they are kept and removed on a project's page of artefacts."""

    list_display = ("name", "version", "project", "media_type", "size", "created_at", "removed_at")
    list_select_related = ("project",)
    list_filter = ("media_type", ("removed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "sha256", "project__name")
    ordering = ("-pk",)
    exclude = ("content",)


@admin.register(Invitation)
class InvitationAdmin(Window):
    """Invitations; they are made on the members page of a project."""

    list_display = ("project", "role", "created_by", "created_at", "expires_at", "accepted_by")
    list_select_related = ("project", "created_by", "accepted_by")
    list_filter = ("role",)
    search_fields = ("project__name",)
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """This method will take back those that are open."""
        ended = sum(invitation.revoke() for invitation in queryset)
        self.message_user(request, f"{ended} revoked", messages.SUCCESS)
