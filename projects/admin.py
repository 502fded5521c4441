"""The admin of what we know: people edit projects and members; maps are windows."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from projects import access, addresses, registration, removal, ssh_keys
from projects.models import (
    BlobFacts,
    Edge,
    Invitation,
    MapNode,
    Membership,
    Node,
    Project,
    Repository,
    Role,
    SystemMap,
)


class Scoped:
    """Shows what `visible_to` shows, here as everywhere."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """This method will keep the rows this person may see."""
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[misc]


class Removing:
    """Deletes with jobs and clones, and refuses while a runner works on it."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """This method will list what goes and what hinders; nodes and maps are too many to list."""
        rows = list(objs)
        counts = {self.model._meta.verbose_name_plural: len(rows)}  # type: ignore[attr-defined]
        return [str(row) for row in rows], counts, set(), removal.hindrances(rows)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """This method will remove one."""
        self.delete_queryset(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """This method will remove several, all or none."""
        try:
            removal.remove(list(queryset), by=f"user:{request.user.pk}")
        except removal.Held as error:  # begun since the page was shown
            raise PermissionDenied(str(error)) from error


class Window(admin.ModelAdmin):
    """Rows that jobs write: to be looked at, never edited."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """This method will let nobody add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will let nobody change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will let nobody delete."""
        return False


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


@admin.register(Project)
class ProjectAdmin(Removing, Scoped, admin.ModelAdmin):
    """Projects and their members."""

    list_display = ("name", "slug", "created_at", "archived_at")
    search_fields = ("name", "slug")
    ordering = ("name",)
    readonly_fields = ("created_at",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will keep the slug of a project that exists: links name it."""
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """This method will derive the slug of a new project alone."""
        return {} if obj else self.prepopulated_fields


class Unshown(forms.Textarea):
    """Takes a secret of several lines; a form with a mistake comes back without it."""

    def format_value(self, value: Any) -> str:
        """This method will show nothing."""
        return ""


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


class RepositoryForm(forms.ModelForm):
    """What may change of a repository; a token goes in and never comes out."""

    new_token = forms.CharField(
        label="Token",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Opens a private https repository: TOKEN, or USER:TOKEN where the host wants its "
        "user too. Leave empty to keep what is stored.",
    )
    new_key = forms.CharField(
        label="ssh key",
        required=False,
        max_length=ssh_keys.LONGEST,
        widget=Unshown(attrs={"autocomplete": "off", "spellcheck": "false", "rows": 4}),
        help_text="Opens a private ssh repository: the private half, without a passphrase. Leave "
        "empty to keep what is stored; the action “Make a new ssh key” makes one here.",
    )

    class Meta:
        model = Repository
        fields = ("project", "branch")

    def clean_branch(self) -> str:
        """This method will refuse what is no branch."""
        try:
            branch = self.cleaned_data["branch"]
            return addresses.check_branch(branch) if branch else ""
        except addresses.Refused as error:
            raise forms.ValidationError(str(error)) from error

    def clean_new_key(self) -> str:
        """This method will refuse what is no private key."""
        try:
            text = self.cleaned_data["new_key"]
            return ssh_keys.accept(text) if text else ""
        except ssh_keys.BadKey as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """This method will refuse a credential that the address has no use for."""
        given = super().clean()
        address = given.get("address") or self.instance.address
        for name, scheme in (("new_token", "https"), ("new_key", "ssh")):
            if given.get(name) and address and not address.startswith(f"{scheme}://"):
                self.add_error(name, f"this opens {scheme} addresses only; remove it")
        return given


class NewRepositoryForm(RepositoryForm):
    """Judges an address before anything is stored."""

    address = forms.CharField(max_length=addresses.MAX_LENGTH)

    def clean_address(self) -> str:
        """This method will give the canonical address, or say why there is none."""
        try:
            return str(addresses.parse(self.cleaned_data["address"]))
        except addresses.Refused as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(Repository)
class RepositoryAdmin(Removing, Scoped, admin.ModelAdmin):
    """Repositories; adding one registers it, and its first job starts."""

    list_display = ("name", "project", "address", "map_status", "synced_at", "failure_message")
    list_select_related = ("project",)
    search_fields = ("name", "address")
    list_filter = ("project",)
    ordering = ("project__name", "name")
    actions = ("sync", "make_keys")
    readonly_fields = (
        "ssh_public",
        "head_commit",
        "synced_at",
        "current_map",
        "failure_class",
        "failure_message",
        "created_at",
        "created_by",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """This method will compute the map status of each row, in the list's own query."""
        return super().get_queryset(request).with_map_status()

    def get_readonly_fields(self, request: HttpRequest, obj: Repository | None = None) -> Any:
        """This method will keep what identifies a repository that exists."""
        return (*self.readonly_fields, "project", "shown_address") if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """This method will ask for an address only when there is none yet."""
        form = RepositoryForm if obj else NewRepositoryForm
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Repository | None = None) -> Any:
        """This method will ask for what a person knows, and show what jobs found out."""
        if obj is None:
            return ("project", "address", "branch", "new_token", "new_key")
        return ("project", "shown_address", "branch", "new_token", "new_key", *self.readonly_fields)

    @admin.display(description="address")
    def shown_address(self, obj: Repository) -> str:
        """This method will show the address."""
        return obj.address

    @admin.display(description="map")
    def map_status(self, obj: Any) -> str:
        """This method will show how well the repository is known."""
        return obj.map_status

    def save_model(self, request: HttpRequest, obj: Repository, form: Any, change: bool) -> None:
        """This method will register a new repository, or store a branch and token."""
        token, key = form.cleaned_data["new_token"], form.cleaned_data["new_key"]
        if change:
            self._change(request, obj, form)
            return
        found = registration.register(
            [form.cleaned_data["address"]],
            project=obj.project.slug,
            branch=obj.branch,
            token=token,
            key=key,
            actor=f"user:{request.user.pk}",
        )
        obj.pk = found[0].repository.pk
        obj.refresh_from_db()

    def _change(self, request: HttpRequest, obj: Repository, form: Any) -> None:
        """Another branch is stored by the job that fetched it: a wrong one changes nothing."""
        wanted = obj.branch
        obj.branch = form.initial["branch"]
        actor = f"user:{request.user.pk}"
        token, key = form.cleaned_data["new_token"], form.cleaned_data["new_key"]
        if token or key:
            registration.open_with(obj, token=token, key=key, actor=actor)
        if wanted != obj.branch:
            job = registration.sync(obj, actor=actor, branch=wanted)
            self.message_user(request, f"Job {job.pk} fetches the branch; it is stored then.")

    @admin.action(description="Fetch and map again", permissions=["change"])
    def sync(self, request: HttpRequest, queryset: QuerySet[Repository]) -> None:
        """This method will enqueue a sync for each repository the person may sync."""
        allowed = [row for row in queryset if access.allows(request.user, "sync", row.project_id)]
        for repository in allowed:
            registration.sync(repository, actor=f"user:{request.user.pk}")
        self.message_user(request, f"{len(allowed)} queued", messages.SUCCESS)

    @admin.action(description="Make a new ssh key", permissions=["change"])
    def make_keys(self, request: HttpRequest, queryset: QuerySet[Repository]) -> None:
        """This method will make a key for each repository that is fetched by ssh."""
        allowed = [
            row
            for row in queryset.filter(address__startswith="ssh://")
            if access.allows(request.user, "credentials", row.project_id)
        ]
        for repository in allowed:
            registration.open_with(repository, key=ssh_keys.make(), actor=f"user:{request.user.pk}")
        text = f"{len(allowed)} made; give each host the public half its repository shows"
        self.message_user(request, text, messages.SUCCESS)


@admin.register(SystemMap)
class SystemMapAdmin(Scoped, Window):
    """Published maps."""

    list_display = ("repository", "commit", "extractor", "built_at", "digest")
    list_select_related = ("repository",)
    ordering = ("-built_at",)
    exclude = ("document",)


@admin.register(Node)
class NodeAdmin(Window):
    """Files by path."""

    list_display = ("path", "kind", "repository")
    list_select_related = ("repository",)
    search_fields = ("path",)
    ordering = ("repository", "path")


@admin.register(MapNode)
class MapNodeAdmin(Window):
    """Files of current maps."""

    list_display = ("node", "language", "lines", "bytes", "definitions", "skip")
    list_select_related = ("node", "map")
    list_filter = ("language", "skip")
    search_fields = ("node__path",)
    ordering = ("map", "node__path")


@admin.register(Edge)
class EdgeAdmin(Window):
    """Edges of current maps, with their evidence."""

    list_display = ("src", "dst", "kind", "lines")
    list_select_related = ("src", "dst", "map")
    search_fields = ("src__path", "dst__path")
    ordering = ("map", "src__path", "dst__path")


@admin.register(BlobFacts)
class BlobFactsAdmin(Window):
    """Facts by content."""

    list_display = ("blob", "language", "extractor", "created_at")
    search_fields = ("blob",)
    ordering = ("-id",)
