"""The admin of people: who may enter, where they are logged in, and with which keys."""

from typing import Any

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

from factory import sessions
from factory.models import ApiToken, Session
from jobs.windows import Window

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
class PersonAdmin(UserAdmin):
    """People. They are deactivated, never deleted: the history names them.

    Only a superuser makes staff and superusers, and only a superuser changes one.
    """

    form = PersonForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
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

    @admin.action(description="Deactivate: end sessions, links and tokens", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This method will keep people out who are no staff; staff one by one, by a superuser."""
        found = list(queryset.filter(is_staff=False, is_active=True))
        User.objects.filter(pk__in=[user.pk for user in found]).update(is_active=False)
        for user in found:
            sessions.end(user)
        self.message_user(request, f"{len(found)} deactivated", messages.SUCCESS)

    @admin.action(description="Log out everywhere", permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """This method will end all sessions of people this person may change."""
        may = [user for user in queryset if self.has_change_permission(request, user)]
        ended = sum(sessions.end(user, but=sessions.own(request)) for user in may)
        self.message_user(request, f"{ended} sessions ended", messages.SUCCESS)


@admin.register(Group)
class GroupsAdmin(GroupAdmin):
    """Groups give permissions, so they are for superusers."""

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

    list_display = ("user", "address", "agent", "created_at", "seen_at", "expire_date")
    list_select_related = ("user",)
    search_fields = ("user__username", "agent")
    ordering = ("-seen_at",)
    fields = list_display
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """This method will show those that are live and somebody's."""
        return Session.objects.live().exclude(user=None)

    @admin.action(description="End", permissions=["view"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """This method will end sessions; a superuser's only by a superuser."""
        if not request.user.is_superuser:
            queryset = queryset.exclude(user__is_superuser=True)
        ended = Session.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))).delete()
        self.message_user(request, f"{ended[0]} ended", messages.SUCCESS)


@admin.register(ApiToken)
class ApiTokenAdmin(Window):
    """Everybody's API tokens; nobody makes one for another."""

    list_display = ("prefix", "name", "user", "scope", "expires_at", "used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = ("scope",)
    search_fields = ("user__username", "name", "prefix")
    ordering = ("-pk",)
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """This method will end tokens."""
        for token in queryset:
            token.revoke()
        self.message_user(request, f"{len(queryset)} revoked", messages.SUCCESS)


@admin.register(AccessAttempt)
class AttemptAdmin(Window):
    """Failed log-ins that count; forgetting them unlocks."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)
    fields = list_display
    actions = ("unlock",)

    @admin.action(description="Unlock: forget these failures", permissions=["view"])
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

    @admin.action(description="Unlink: the address decides at the next log-in")
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
