"""The admin of people: who may enter, where they are logged in, and with which keys."""

from typing import Any
from urllib.parse import urlencode

from axes.models import AccessAttempt
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from factory import sessions
from factory.models import ApiToken, Session
from jobs import sieves
from jobs.asking import asked
from jobs.plain import numbered
from jobs.sieves import Span
from jobs.windows import Plain, Window, ago

STAFF_MAY = (
    "Staff see and do everything on the pages and by the API, in every project. The permissions "
    "below bound this admin alone: a window takes the right to view, an act there that to change."
)
_FOR_SUPERUSERS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister([User, Group])
if apps.is_installed("allauth.socialaccount"):
    # The one provider is in the environment, and nobody's address is managed here.
    for app in ("account", "socialaccount"):
        for model in apps.get_app_config(app).get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)


class PersonForm(UserChangeForm):
    """What staff may say of a person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "is_staff" in self.fields:
            self.fields["is_staff"].help_text = STAFF_MAY

    def clean_email(self) -> str:
        """This method will refuse an address that another account has: it opens accounts."""
        address: str = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk).filter(email__iexact=address)
        if address and others.exists():
            raise forms.ValidationError("Another account has this address.")
        return address

    def clean(self) -> dict[str, Any]:
        """This method will keep the last administrator."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stays = cleaned.get("is_active", True) and cleaned.get("is_superuser", True)
        if not stays and _is_last_administrator(self.instance):
            raise forms.ValidationError("This is the last administrator: make another first.")
        return cleaned


@admin.register(User)
class PersonAdmin(Plain, UserAdmin):
    """People. They are deactivated, never deleted: the history names them.

    Only a superuser makes staff and superusers, and only a superuser changes one.
    """

    form = PersonForm
    filter_horizontal = ()  # the stock chooser of two columns names a span, which says nothing
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", ("last_login", Span))
    words_searched = ("username",)
    search_fields = ("username", "first_name", "last_name", "email")
    actions = ("deactivate", "end_sessions")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will let nobody delete."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will keep staff from changing staff."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or request.user.is_superuser or not obj.is_staff)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """This method will keep staff from making staff."""
        own = ("last_login", "date_joined")
        return own if request.user.is_superuser else (*own, *_FOR_SUPERUSERS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """This method will store a person, and log out one who may no longer enter."""
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            sessions.end(obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """This method will set a person's password and log them out elsewhere."""
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            sessions.end(User.objects.get(pk=id), but=sessions.own(request))
        return answer

    def view_on_site(self, person: User) -> str:
        """This method will give what the person did."""
        return f"{reverse('system:audit')}?{urlencode({'who': person.username})}"

    @asked(
        "Deactivate",
        "Their sessions end, and their links and tokens open nothing. Staff stay as they are: "
        "a superuser deactivates them one by one.",
    )
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This method will keep people out who are no staff; staff one by one, by a superuser."""
        found = list(queryset.filter(is_staff=False, is_active=True))
        User.objects.filter(pk__in=[user.pk for user in found]).update(is_active=False)
        for user in found:
            sessions.end(user)
            self.log_change(request, user, "Deactivated.")
        self.message_user(request, f"{len(found)} deactivated", messages.SUCCESS)

    @asked("Log out", "Their sessions end everywhere, but for your own.")
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This method will end all sessions of people this person may change."""
        may = [user for user in queryset if self.has_change_permission(request, user)]
        ended = sum(sessions.end(user, but=sessions.own(request)) for user in may)
        for user in may:
            self.log_change(request, user, "Logged out everywhere.")
        self.message_user(request, f"{numbered(ended, 'session')} ended", messages.SUCCESS)


@admin.register(Group)
class GroupsAdmin(Plain, GroupAdmin):
    """Groups give permissions, so they are for superusers."""

    def view_on_site(self, group: Group) -> str:
        """This method will give what people did: groups have no page of their own."""
        return f"{reverse('system:audit')}?book=admin"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """This method will show groups to superusers."""
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """This method will let superusers add."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """This method will let superusers change."""
        return bool(request.user.is_superuser)


@admin.register(Session)
class SessionAdmin(Window):
    """Who is logged in, and from where."""

    list_display = ("user", "address", "agent", "age", "seen", "expire_date")
    list_select_related = ("user",)
    list_filter = (
        ("created_at", Span),
        ("seen_at", Span),
        sieves.exactly("user__username", "person", "The name of a person."),
    )
    numbers = ()
    search_fields = ("user__username", "agent")
    search_help_text = "A part of a person's name or of what the browser calls itself."
    ordering = ("-seen_at",)
    fields = ("user", "address", "agent", "created_at", "seen_at", "expire_date")
    actions = ("end",)

    def view_on_site(self, session: Session) -> str:
        """This method will give what its person did."""
        return f"{reverse('system:audit')}?{urlencode({'who': session.user.username})}"

    @admin.display(description="seen", ordering="seen_at")
    def seen(self, session: Session) -> Any:
        """This column will show how long ago it was used."""
        return ago(session.seen_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """This method will show those that are live and somebody's."""
        return Session.objects.live().exclude(user=None)

    @asked("End", "Whoever sits there has to log in again.")
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """This method will end sessions; a superuser's only by a superuser."""
        if not request.user.is_superuser:
            queryset = queryset.exclude(user__is_superuser=True)
        found = list(queryset)
        self.log_deletions(request, found)
        ended = Session.objects.filter(pk__in=[session.pk for session in found]).delete()
        self.message_user(request, f"{ended[0]} ended", messages.SUCCESS)


@admin.register(ApiToken)
class ApiTokenAdmin(Window):
    """Everybody's API tokens; nobody makes one for another."""

    list_display = ("prefix", "name", "user", "scope", "age", "expires_at", "used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = (
        "scope",
        ("revoked_at", admin.EmptyFieldListFilter),
        ("created_at", Span),
        sieves.exactly("user__username", "person", "The name of a person."),
    )
    search_fields = ("user__username", "name", "prefix")
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("revoke",)

    def view_on_site(self, token: ApiToken) -> str:
        """This method will give what its person did."""
        return f"{reverse('system:audit')}?{urlencode({'who': token.user.username})}"

    @asked("Revoke", "Programs that use them are refused at once, for ever.")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """This method will end tokens."""
        ended = [token for token in queryset if token.revoke(by=f"user:{request.user.pk}")]
        self.message_user(request, f"{len(ended)} revoked", messages.SUCCESS)


@admin.register(AccessAttempt)
class AttemptAdmin(Window):
    """Failed log-ins that count; forgetting them unlocks."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    list_filter = (("attempt_time", Span),)
    words_searched = ("username",)
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)
    fields = list_display

    def view_on_site(self, attempt: AccessAttempt) -> str:
        """This method will give what people did: attempts have no page of their own."""
        return reverse("system:audit")

    actions = ("unlock",)

    @asked("Unlock", "These failures are forgotten: the person may try again at once.")
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        """This method will forget failures, so that the person may try again at once."""
        forgotten, _ = queryset.delete()
        self.message_user(request, f"{forgotten} forgotten", messages.SUCCESS)


class LinkAdmin(Window):
    """Which person at the sign-on provider opens which account. Nobody makes a link by hand."""

    list_display = ("user", "uid", "provider", "last_login", "date_joined")
    list_select_related = ("user",)
    search_fields = ("user__username", "uid")
    ordering = ("-pk",)
    fields = list_display
    actions = ("unlink",)

    def view_on_site(self, row: Any) -> str:
        """This method will give what its person did."""
        return f"{reverse('system:audit')}?{urlencode({'who': row.user.username})}"

    @asked("Unlink", "The address decides at the next log-in which account opens.")
    def unlink(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """This method will let superusers take links away."""
        if not request.user.is_superuser:
            raise PermissionDenied("Links open accounts: only a superuser takes one away.")
        unlinked, _ = queryset.delete()
        self.message_user(request, f"{unlinked} unlinked", messages.SUCCESS)


if apps.is_installed("allauth.socialaccount"):
    admin.site.register(apps.get_model("socialaccount.SocialAccount"), LinkAdmin)


def _is_last_administrator(user: User) -> bool:
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    return list(administrators.values_list("pk", flat=True)[:2]) == [user.pk]
