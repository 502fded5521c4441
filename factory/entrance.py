"""The log-in: one page for all, a throttle, and no way around either."""

import math
from typing import Any

import structlog
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from factory import errors, sessions

log = structlog.get_logger("factory.entrance")


class EntranceForm(AuthenticationForm):
    """A name and a password; no account has a longer name, and the throttle keeps none."""

    username = UsernameField(max_length=User._meta.get_field("username").max_length)


class Entrance(LoginView):
    """The log-in page, also for the admin."""

    authentication_form = EntranceForm
    template_name = "login.html"
    redirect_authenticated_user = True
    extra_context = {"signon": settings.FACTORY_OIDC_NAME if settings.FACTORY_OIDC_ISSUER else ""}


@login_not_required
@require_safe
def to_the_admin(request: HttpRequest) -> HttpResponse:
    """This view will send people who come to the admin to the one log-in page."""
    after = request.GET.get("next", "/admin/")
    if not request.user.is_authenticated:
        return redirect_to_login(after, settings.LOGIN_URL)
    if not request.user.is_staff:
        raise PermissionDenied("The admin is for staff. An administrator can make you staff.")
    return redirect("admin:index")


@require_http_methods(["GET", "HEAD", "POST"])
def to_own_password(request: HttpRequest) -> HttpResponse:
    """This view will lead from the admin's password page to the one there is."""
    return redirect("account:page")


def locked_out(request: HttpRequest, response: Any, credentials: Any) -> HttpResponse:
    """This view will answer a log-in that comes too soon after too many that were wrong.

    It says the same of names that exist and of names that do not.
    """
    # Without the name: people type passwords there.
    log.warning("log-in locked", address=sessions.address(request))
    wait = _seconds_left(request, (credentials or {}).get("username", ""))
    minutes = max(1, math.ceil(wait / 60))
    message = (
        f"Too many wrong passwords for this name from your network. Try again in {minutes} "
        f"minute{'' if minutes == 1 else 's'}, or ask an administrator for a log-in link: "
        "it still works."
    )
    return errors.answer(request, 429, message, headers={"Retry-After": str(wait)})


def _seconds_left(request: HttpRequest, username: str) -> int:
    tried = AccessAttempt.objects.filter(username=username, ip_address=sessions.address(request))
    last = tried.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    over = (last or timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(1, math.ceil((over - timezone.now()).total_seconds()))
