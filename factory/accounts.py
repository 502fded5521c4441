"""Your account: password, sessions, API tokens. Everybody acts on their own alone."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from factory import sessions
from factory.models import ApiToken, Scope, Session
from factory.models.token import LONGEST_DAYS


class TokenForm(forms.Form):
    """What a person says of a new token."""

    name = forms.CharField(max_length=100)
    scope = forms.ChoiceField(choices=Scope.choices, initial=Scope.READ, widget=forms.RadioSelect)
    days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, initial=90)


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """This view will show one's own sessions and tokens, and what may be changed."""
    return _page(request)


@never_cache
@sensitive_post_parameters()
@require_POST
def passwords(request: HttpRequest) -> HttpResponse:
    """This view will set a new password and end one's other sessions."""
    form = _password_form(request, request.POST)
    if not form.is_valid():
        return _page(request, password=form)
    with transaction.atomic():
        user = form.save()
        sessions.tell_of_password(user)
    update_session_auth_hash(request, user)
    ended = sessions.end(user, but=sessions.own(request))
    messages.success(request, f"Your password was changed.{_ended(ended)}")
    return redirect("account:page")


@require_POST
def endings(request: HttpRequest) -> HttpResponse:
    """This view will end one of one's own sessions, or all but this one."""
    wanted = request.POST.get("session", "")
    found = Session.objects.of(request.user).exclude(pk=sessions.own(request))
    if wanted:
        found = found.filter(pk=wanted.replace("\0", ""))
    ended, _ = found.delete()
    messages.success(request, _ended(ended).strip() or "No other session was open any more.")
    return redirect("account:page")


@never_cache
@require_POST
def tokens(request: HttpRequest) -> HttpResponse:
    """This view will make a token and show it this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token=form)
    _, text = ApiToken.objects.issue(request.user, **form.cleaned_data)
    return _page(request, made=text)


@require_POST
def revocations(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will revoke one of one's own tokens."""
    token = get_object_or_404(ApiToken, pk=pk, user=request.user)
    token.revoke()
    messages.success(request, f"The token {token.name} works no more.")
    return redirect("account:page")


def _page(
    request: HttpRequest, *, password: Any = None, token: Any = None, made: str = ""
) -> HttpResponse:
    context = {
        "own": sessions.own(request),
        "sessions": Session.objects.of(request.user),
        "tokens": ApiToken.objects.of(request.user),
        "password": password or _password_form(request),
        "token": token or TokenForm(),
        "made": made,
    }
    wrong = password is not None or token is not None
    return render(request, "accounts/page.html", context, status=400 if wrong else 200)


def _password_form(request: HttpRequest, data: Any = None) -> Any:
    # Who came by a link has none to give.
    has_one = request.user.has_usable_password()
    return (PasswordChangeForm if has_one else SetPasswordForm)(request.user, data)


def _ended(count: int) -> str:
    if not count:
        return ""
    return f" {count} session{' was' if count == 1 else 's were'} ended."
