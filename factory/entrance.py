"""The log-in: one page for all, a throttle, and no way around either."""

import math
from datetime import datetime, timedelta
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

# One password for many names: this many wrong ones from a network within the window, whoever is
# named, then it waits until fewer are that young. A short window, for a network may be a whole
# office behind one address; so many that an office that mistypes does not come near.
CROWD = 50
WINDOW = timedelta(minutes=5)


class EntranceForm(AuthenticationForm):
    """A name and a password; no account has a longer name, and the throttle keeps none."""

    username = UsernameField(max_length=User._meta.get_field("username").max_length)


class Entrance(LoginView):
    """The log-in page, also for the admin."""

    authentication_form = EntranceForm
    template_name = "login.html"
    redirect_authenticated_user = True
    extra_context = {"signon": settings.FACTORY_OIDC_NAME if settings.FACTORY_OIDC_ISSUER else ""}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """This method will look at a password, unless too many were wrong from that network."""
        if wait := _crowded(request):
            return _refused(request, wait, "Too many wrong passwords from your network.")
        return super().post(request, *args, **kwargs)


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
    wait = _seconds_left(request, (credentials or {}).get("username", ""))
    return _refused(request, wait, "Too many wrong passwords for this name from your network.")


def _refused(request: HttpRequest, wait: int, cause: str) -> HttpResponse:
    # Without the name: people type passwords there.
    log.warning("log-in locked", address=sessions.address(request))
    minutes = max(1, math.ceil(wait / 60))
    message = (
        f"{cause} Try again in {minutes} minute{'' if minutes == 1 else 's'}, or ask an "
        "administrator for a log-in link: it still works."
    )
    return errors.answer(request, 429, message, headers={"Retry-After": str(wait)})


def _crowded(request: HttpRequest) -> int:
    """How many seconds until a network may try passwords again, or 0."""
    young = AccessAttempt.objects.filter(
        ip_address=sessions.network(request), attempt_time__gt=timezone.now() - WINDOW
    )
    count = 0
    newest = young.order_by("-attempt_time").values_list("attempt_time", "failures_since_start")
    for at, wrong in newest[:CROWD]:
        count += wrong
        if count >= CROWD:  # when this one is too old, fewer are left
            return _until(at + WINDOW)
    return 0


def _seconds_left(request: HttpRequest, username: str) -> int:
    tried = AccessAttempt.objects.filter(username=username, ip_address=sessions.network(request))
    last = tried.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return _until((last or timezone.now()) + settings.AXES_COOLOFF_TIME)


def _until(when: datetime) -> int:
    return max(1, math.ceil((when - timezone.now()).total_seconds()))
