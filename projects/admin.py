"""The admin of projects, their members and invitations."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from jobs import sieves
from jobs.asking import ACTS, Question, asked
from jobs.plain import numbered
from jobs.sieves import Span
from jobs.windows import Plain, Window, WindowInline
from projects import portfolio
from projects.models import Content, Invitation, Membership, Project, ProjectArtefact
from projects.scoped import Removing

import_module("projects.repository_admin")
import_module("projects.map_admin")
import_module("projects.plan_admin")
import_module("projects.history_admin")
import_module("projects.member_admin")


Act = Callable[..., tuple[int, int]]
_ARCHIVE = Question(
    "archive",
    "Archive",
    "What waits in them and their schedules are paused; what runs goes on to its end. "
    "They leave the lists, and nothing new starts in them. Taking them back undoes it.",
)
_TAKE_BACK = Question(
    "unarchive", "Take back", "They are on the lists again. What archiving paused goes on."
)


class MembershipInline(WindowInline):
    """Who works on a project; its page of members and the admin of memberships change that."""

    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        """This method will name the people with the same question, the newest first."""
        found: QuerySet[Membership] = super().get_queryset(request)
        return found.select_related("user", "project").order_by("-pk")


class ProjectForm(forms.ModelForm):
    """A project, and which version of it was seen."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.version
        if "slug" in self.fields:
            self.fields["slug"].required = False


@admin.register(Project)
class ProjectAdmin(Removing, Plain, admin.ModelAdmin):
    """Projects and their members."""

    goes_along = (
        "Its repositories with their maps and clones, its plans, its files and its memberships go "
        "with it. Its jobs that wait are cancelled; all its jobs stay in the ledger."
    )
    list_display = ("name", "slug", "stage", "goal", "age", "archived_at")
    list_filter = (
        "stage",
        ("archived_at", admin.EmptyFieldListFilter),
        ("created_at", Span),
        sieves.exactly("memberships__user__username", "member", "The name of one of its people."),
    )
    words_searched = ("slug", "name")
    search_fields = ("name", "slug", "goal")
    ordering = ("name",)
    readonly_fields = ("stage", "version", "archived_at", "created_at")
    actions = ("archive", "unarchive")
    inlines = (MembershipInline,)
    form = ProjectForm
    fields = ("name", "slug", "goal", "stage", "version", "archived_at", "created_at", "seen")

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will keep the slug of a project that exists: links name it."""
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will ask for what a person decides, and show what is known of the rest."""
        return self.fields if obj else ("name", "slug", "goal")

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> Any:
        """This method will show no people of what is new."""
        return [*self.inlines] if obj else []

    def view_on_site(self, project: Project) -> str:
        """This method will give the project's page."""
        return reverse("projects:page", args=[project.slug])

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """This method will make or change a project as its pages do."""
        actor = f"user:{request.user.pk}"
        if change:
            portfolio.edit(obj, version=form.cleaned_data["seen"], actor=actor)
        else:
            portfolio.create(obj, actor=actor)

    @admin.action(description="Archive…", permissions=ACTS)
    def archive(self, request: HttpRequest, chosen: "QuerySet[Project]") -> HttpResponse | None:
        """This method will ask, then put projects away that are in use."""
        return self._put(request, chosen.filter(archived_at=None), portfolio.archive, _ARCHIVE)

    @admin.action(description="Take back…", permissions=ACTS)
    def unarchive(self, request: HttpRequest, chosen: "QuerySet[Project]") -> HttpResponse | None:
        """This method will ask, then take projects back that were put away."""
        found = chosen.exclude(archived_at=None)
        return self._put(request, found, portfolio.unarchive, _TAKE_BACK)

    def _put(
        self, request: HttpRequest, found: "QuerySet[Project]", act: Act, question: Question
    ) -> HttpResponse | None:
        if not request.POST.get("confirmed"):
            return question.ask(self, request, found)
        done = [act(project, actor=f"user:{request.user.pk}") for project in found]
        jobs, schedules = (sum(one[place] for one in done) for place in (0, 1))
        told = f"{question.verb}: {len(done)} done, with {numbered(jobs, 'job')} and {numbered(schedules, 'schedule')}."
        self.message_user(request, told, messages.SUCCESS)
        return None


@admin.register(Content)
class ContentAdmin(Window):
    """The bytes of files of projects, each stored once."""

    list_display = ("id", "sha256", "project", "size", "versions")
    list_select_related = ("project",)
    list_filter = (sieves.in_project("project"),)
    words_searched = ("sha256",)
    search_fields = ("=sha256",)
    search_help_text = "Its number, or the whole of its digest."
    ordering = ("-pk",)
    exclude = ("data",)
    readonly_fields = ("size", "versions")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Content]":
        """This method will measure the bytes and leave them where they are."""
        held = ProjectArtefact.objects.filter(content=OuterRef("pk")).order_by()
        counted = held.values("content").annotate(found=Count("pk")).values("found")
        found: QuerySet[Content] = super().get_queryset(request)
        return found.defer("data").annotate(
            bytes=Func("data", function="octet_length", output_field=IntegerField()),
            held=Subquery(counted, output_field=IntegerField()),
        )

    @admin.display(description="bytes")
    def size(self, row: Any) -> int:
        """This column will show how many bytes it has."""
        return row.bytes

    @admin.display(description="versions that have it")
    def versions(self, row: Any) -> int:
        """This column will count the versions of files with these bytes."""
        return row.held or 0

    def view_on_site(self, row: Content) -> str:
        """This method will give the project's page of files."""
        return reverse("projects:artefacts", args=[row.project.slug])


@admin.register(ProjectArtefact)
class ProjectArtefactAdmin(Window):
    """Files of projects; they are kept and removed on a project's page of artefacts."""

    list_display = ("name", "version", "project", "media_type", "size", "age", "removed_at")
    list_select_related = ("project",)
    list_filter = (
        ("created_at", Span),
        ("removed_at", admin.EmptyFieldListFilter),
        sieves.exactly("media_type", "media type", "Such as text/csv."),
        sieves.in_project("project"),
        sieves.numbered("job_id", "job"),
    )
    words_searched = ("name", "sha256")
    search_fields = ("name", "project__name")
    ordering = ("-pk",)
    exclude = ("content",)

    def view_on_site(self, row: ProjectArtefact) -> str:
        """This method will give the project's page of files."""
        return reverse("projects:artefacts", args=[row.project.slug])


@admin.register(Invitation)
class InvitationAdmin(Window):
    """Invitations; they are made on the members page of a project."""

    list_display = ("id", "project", "role", "created_by", "age", "expires_at", "accepted_by")
    list_select_related = ("project", "created_by", "accepted_by")
    list_filter = ("role", ("created_at", Span), sieves.in_project("project"))
    search_fields = ("project__name",)
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("revoke",)

    def view_on_site(self, row: Invitation) -> str:
        """This method will give the project's page of members."""
        return reverse("projects:members", args=[row.project.slug])

    @asked("Revoke", "Their links open nothing from then on.")
    def revoke(self, request: HttpRequest, queryset: "QuerySet[Invitation]") -> None:
        """This method will take back those that are open."""
        ended = [invitation for invitation in queryset if invitation.revoke()]
        for invitation in ended:
            self.log_change(request, invitation, "Revoked.")
        self.message_user(request, f"{len(ended)} revoked", messages.SUCCESS)
