"""Who asks the API, and what the session or token allows of what that person may do."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from factory import intake, tokens
from factory.api import pace


class Forged(Exception):
    """A request with a session, but without the CSRF token that our own pages send."""


@dataclass(frozen=True)
class Caller:
    """Who asks, and what the session or token allows of what that person may do."""

    user: Any
    scopes: frozenset[str]


class Token(HttpBearer):
    """A bearer token of one's account page."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """This method will give who the token speaks for, or None."""
        found = tokens.authenticate(request)
        if found is None:
            return None
        pace.of_token(found)
        return _heard(request, Caller(found.user, found.scopes))


class Session(APIKeyCookie):
    """The session of a browser; acts need the CSRF token in X-CSRFToken."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        """This method will give who is logged in; whoever names a token is judged by that alone."""
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        if check_csrf(request):
            raise Forged
        pace.of_person(request.user.pk)
        return _heard(request, Caller(request.user, frozenset({"read", "write"})))

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """This method will not be asked."""
        raise NotImplementedError


def _heard(request: HttpRequest, who: Caller) -> Caller:
    """Who asks, when what they send can be read; before anything of it is."""
    if request.method != "GET" and not intake.is_taken(request.path, request.META):
        kinds = " or ".join(sorted(intake.door(request.path).types))
        raise HttpError(415, f"This address takes {kinds}.")
    return who


def caller(request: HttpRequest, scope: str) -> Caller:
    """This function will give who asks; 403 when the session or token may not `scope`."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    if scope not in found.scopes:
        raise HttpError(403, f"This token may not {scope}. Make one that may on your account page.")
    return found
