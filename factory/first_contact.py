"""The first administrator, and links that log one person in once."""

import datetime
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    login,
)
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from factory import errors

ADMINISTRATOR = "admin"
LIFETIME = datetime.timedelta(minutes=15)
PASSWORDS = "django.contrib.auth.backends.ModelBackend"
_SALT = "factory.first_contact"
_GONE = (
    "This link was used already or is older than 15 minutes. "
    "Make another on the server: manage.py login_link USER"
)


class Gone(Exception):
    """A link that is used, too old or not ours."""


def administrator() -> User | None:
    """This function will create the administrator of a new installation, or give None."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    # A password nobody knows: the link lets the person in, who then sets one.
    user, created = users.get_or_create(
        username=ADMINISTRATOR, defaults={"is_staff": True, "is_superuser": True}
    )
    if not created:
        return None
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return user


def token(user: User) -> str:
    """This function will sign a token that logs `user` in once within 15 minutes.

    It names the user's last log-in: any log-in makes all older tokens worthless.
    """
    return signing.dumps([user.pk, _last(user)], salt=_SALT)


def session(user: User) -> str:
    """This function will begin a session of `user` and give its key, for programs that look at pages."""
    begun = import_module(settings.SESSION_ENGINE).SessionStore()
    begun[SESSION_KEY] = str(user.pk)
    begun[BACKEND_SESSION_KEY] = PASSWORDS
    begun[HASH_SESSION_KEY] = user.get_session_auth_hash()
    begun.create()
    return str(begun.session_key)


def link(user: User, url: str) -> str:
    """This function will give the address a person opens to be logged in once."""
    return f"{url}/login/{token(user)}/"


def redeem(text: str) -> User:
    """This function will give the token's user and make the token worthless, or raise Gone.

    Of two requests with one token only one wins: the guarded UPDATE changes one row once.
    """
    try:
        pk, last = signing.loads(text, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        raise Gone from None
    known = {"last_login": datetime.datetime.fromisoformat(last)} if last else {"last_login": None}
    users = get_user_model().objects.filter(pk=pk, is_active=True, **known)
    if not users.update(last_login=timezone.now()):
        raise Gone
    return get_user_model().objects.get(pk=pk)


def file() -> Path:
    """This function will name the 0600 file that keeps the link of the very first start."""
    return Path(settings.FACTORY_HOME) / "login_link"


def keep(text: str) -> Path:
    """This function will write a link to its file and give the file's name."""
    forget()
    file().touch(mode=0o600, exist_ok=False)
    file().write_text(f"{text}\n")
    return file()


def forget() -> None:
    """This function will remove the file with the link, which was for the very first start."""
    file().unlink(missing_ok=True)


@login_not_required
@never_cache
@require_GET
def enter(request: HttpRequest, text: str) -> HttpResponse:
    """This view will log in whoever opens a fresh link, and answer 410 to any other."""
    try:
        user = redeem(text)
    except Gone:
        return errors.answer(request, 410, _GONE)
    login(request, user, backend=PASSWORDS)
    if not user.has_usable_password():
        messages.info(request, "You have no password yet. Choose one under Your account.")
    return redirect(settings.LOGIN_REDIRECT_URL)


def _last(user: User) -> str:
    return user.last_login.isoformat() if user.last_login else ""
