"""The admin of repositories: adding one registers it; a credential goes in and never comes out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from jobs import sieves
from jobs.asking import asked
from jobs.sieves import Span
from jobs.windows import Plain, ago
from projects import access, addresses, registration, ssh_keys
from projects.models import Repository
from projects.scoped import Removing, repository_page


class Unshown(forms.Textarea):
    """Takes a secret of several lines; a form with a mistake comes back without it."""

    def format_value(self, value: Any) -> str:
        """This method will show nothing."""
        return ""


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
class RepositoryAdmin(Removing, Plain, admin.ModelAdmin):
    """Repositories; adding one registers it, and its first job starts."""

    goes_along = (
        "Its maps, its history and its clone go with it. Its jobs that wait are cancelled; all its "
        "jobs stay in the ledger, and the repository itself stays where it is."
    )
    list_display = ("name", "project", "address", "map_status", "fetched", "failure_message")
    list_select_related = ("project",)
    words_searched = ("name", "address")
    search_fields = ("name", "address")
    list_filter = (
        sieves.in_project("project"),
        ("synced_at", Span),
        ("created_at", Span),
        "failure_class",
    )
    autocomplete_fields = ("project",)
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

    def view_on_site(self, repository: Repository) -> str:
        """This method will give its map, or before there is one its project."""
        if repository.current_map_id:
            return repository_page(repository)
        return reverse("projects:page", args=[repository.project.slug])

    @admin.display(description="fetched", ordering="synced_at")
    def fetched(self, repository: Repository) -> SafeString | str:
        """This column will show how long ago it was fetched."""
        return ago(repository.synced_at)

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

    @asked("Fetch and map again", "A job of each fetches it and makes its map anew.")
    def sync(self, request: HttpRequest, queryset: QuerySet[Repository]) -> None:
        """This method will enqueue a sync for each repository the person may sync."""
        in_use = queryset.filter(project__archived_at=None)
        allowed = [row for row in in_use if access.allows(request.user, "sync", row.project_id)]
        for repository in allowed:
            registration.sync(repository, actor=f"user:{request.user.pk}")
        self.message_user(request, f"{len(allowed)} queued", messages.SUCCESS)

    @asked("Make a new ssh key for", "A stored key is replaced: its host must be told the new one.")
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
