"""Single sign-on by OpenID Connect; without FACTORY_OIDC_ISSUER none of this is even imported.

allauth speaks the protocol (discovery, state, PKCE, code, claims). Who may enter is decided here:
who came before, whoever has a verified e-mail address that is known here, that is of a domain
named in FACTORY_OIDC_DOMAINS, or that comes with an open invitation.
"""

import hashlib
import json
import re
import secrets
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from requests import RequestException

from factory import errors, first_contact
from projects import members, membership
from projects.models import Membership

# Named after the issuer: the same subject at another issuer is another person.
PROVIDER = "oidc-" + hashlib.sha256(str(settings.FACTORY_OIDC_ISSUER).encode()).hexdigest()[:12]
_BROKEN = (RequestException, OAuth2Error, json.JSONDecodeError, KeyError)
_ADDRESS = re.compile(r"[^@\s]+@([^@\s]+)")


class Refused(Exception):
    """Somebody whom the provider knows may not enter here; the text says why."""


class Protocol(OpenIDConnectOAuth2Adapter):
    """allauth's, with one callback address and an issuer that must be the one configured."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """This method will give what the provider says of itself, read once."""
        found: dict[str, Any] = super().openid_config
        if str(found["issuer"]).rstrip("/") != settings.FACTORY_OIDC_ISSUER:
            raise OAuth2Error("the provider says it is another issuer")
        return found

    def get_provider(self) -> Any:
        """This method will give the provider, which speaks through this class."""
        found = super().get_provider()
        found.oauth2_adapter_class = Protocol
        return found

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """This method will name the one address that is registered at the provider."""
        return f"{settings.FACTORY_URL}{reverse('signon-callback')}"


class Rules(DefaultSocialAccountAdapter):
    """Where allauth asks, this product decides."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """This method will give the one provider of the environment; none comes from a table."""
        app = SocialApp(
            provider="openid_connect",
            provider_id=PROVIDER,
            name=settings.FACTORY_OIDC_NAME,
            client_id=settings.FACTORY_OIDC_CLIENT,
            secret=settings.FACTORY_OIDC_SECRET,
            settings={"server_url": settings.FACTORY_OIDC_ISSUER, "oauth_pkce_enabled": True},
        )
        return [app] if provider in (None, PROVIDER) else []

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """This method will log in whom the rules let in, and nothing of allauth comes after."""
        try:
            _check_nonce(sociallogin)
            with transaction.atomic():
                user, joined = _person(request, sociallogin)
        except Refused as refused:
            raise ImmediateHttpResponse(errors.answer(request, 403, str(refused))) from refused
        login(request, user, backend=first_contact.PASSWORDS)
        if joined is not None:  # the link, to which they wanted to go back, is used up
            raise ImmediateHttpResponse(members.welcome(request, joined))
        after = sociallogin.state.get("next") or settings.LOGIN_REDIRECT_URL
        raise ImmediateHttpResponse(redirect(after))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *, exception: Any = None, **rest: Any
    ) -> None:
        """This method will say in a sentence what went wrong between here and the provider."""
        raise ImmediateHttpResponse(_failed(request, exception))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """This view will send somebody to the provider.

    By a page that moves on, not by a redirect: the policy lets forms lead to this site only.
    """
    if request.method != "POST":  # a way back, not a way in: another site could lead here
        return redirect("login")
    after = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure()):
        after = settings.LOGIN_REDIRECT_URL
    nonce = secrets.token_urlsafe(24)
    provider = Protocol(request, PROVIDER).get_provider()
    try:
        leave = provider.redirect(
            request, "login", next_url=after, auth_params={"nonce": nonce}, nonce=nonce
        )
    except _BROKEN as broken:
        return _failed(request, broken)
    context = {"address": leave["Location"], "name": settings.FACTORY_OIDC_NAME}
    return render(request, "accounts/leaving.html", context)


@login_not_required
@never_cache
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """This view will let somebody in who comes back from the provider."""
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(Protocol(request, PROVIDER))(request)
    except _BROKEN as broken:
        return _failed(request, broken)
    return answer


def _failed(request: HttpRequest, exception: Any) -> HttpResponse:
    name = settings.FACTORY_OIDC_NAME
    if request.GET.get("error") == "access_denied":
        return errors.answer(request, 403, f"You were not logged in: {name} was told not to.")
    if isinstance(exception, RequestException | json.JSONDecodeError | KeyError):
        sentence = f"{name} does not answer as it should. Log in with a password, or try later."
        return errors.answer(request, 503, sentence, headers={"Retry-After": "10"})
    if exception is not None:
        return errors.answer(request, 400, f"{name} did not confirm who you are. Log in again.")
    sentence = "This log-in was not begun in this browser, or too long ago. Begin again."
    return errors.answer(request, 400, sentence)


def _check_nonce(sociallogin: Any) -> None:
    """Both claims must speak of this very log-in and of one person (OpenID Core 3.1.3.7, 5.3.2)."""
    data = sociallogin.account.extra_data
    claims, more = data.get("id_token") or {}, data.get("userinfo") or {}
    expected = sociallogin.state.get("nonce", "")
    if not expected or not secrets.compare_digest(str(claims.get("nonce", "")), expected):
        raise Refused("What the provider sent belongs to another log-in. Begin again.")
    if more.get("sub", claims.get("sub")) != claims.get("sub"):
        raise Refused("The provider speaks of two different people. Begin again.")


def _person(request: HttpRequest, sociallogin: Any) -> tuple[Any, Membership | None]:
    """The user of this product, found or made, whom a person at the provider is.

    With what they joined, when it was an invitation that let them in.
    """
    user, joined = sociallogin.user if sociallogin.is_existing else None, None
    if user is None:
        claims = _verified(sociallogin.account.extra_data)
        user = _known(claims["email"])
        if user is None:
            user, joined = _new(request, claims)
        sociallogin.account.user = user
        sociallogin.account.save()
    if not user.is_active:
        raise Refused("Your account here is not active. Ask an administrator.")
    return user, joined


def _verified(data: dict[str, Any]) -> dict[str, str]:
    """The address, and the name that was wished for.

    One document says both what the address is and that it was verified: the newest that has one.
    """
    documents = [data.get("userinfo") or {}, data.get("id_token") or {}]
    said = next((each for each in documents if each.get("email")), {})
    address = str(said.get("email", "")).lower()
    if said.get("email_verified") is not True or not _ADDRESS.fullmatch(address):
        raise Refused(
            f"{settings.FACTORY_OIDC_NAME} does not say that your e-mail address was verified."
        )
    names = [
        str(each["preferred_username"]) for each in documents if each.get("preferred_username")
    ]
    return {"email": address, "name": next(iter(names), address.partition("@")[0])}


def _known(address: str) -> Any:
    found = list(get_user_model().objects.filter(email__iexact=address)[:2])
    if len(found) > 1:
        raise Refused("Several accounts here have your e-mail address. Ask an administrator.")
    if found and SocialAccount.objects.filter(user=found[0], provider=PROVIDER).exists():
        # An address that was given to somebody else at the provider must not open this account.
        raise Refused(
            "Somebody else at the provider had your e-mail address. Ask an administrator."
        )
    return found[0] if found else None


def _new(request: HttpRequest, claims: dict[str, str]) -> tuple[Any, Membership | None]:
    """An account for a named domain, or for an invitation, which it uses up."""
    address = claims["email"]
    user = get_user_model().objects.create_user(_free_name(claims["name"]), email=address)
    if address.rpartition("@")[2] in settings.FACTORY_OIDC_DOMAINS:
        return user, None
    try:
        return user, membership.accept_noted(request.session.get(members.INVITED), user)
    except membership.Gone:  # and the account goes with the transaction
        raise Refused(
            f"Nobody here has the address {address}. Ask a maintainer of your project for an "
            "invitation, open it in this browser and log in again."
        ) from None


def _free_name(wanted: str) -> str:
    name = re.sub(r"[^\w.+-]", "-", wanted, flags=re.ASCII)[:100].strip("-") or "somebody"
    taken = get_user_model().objects.filter(username__istartswith=name)
    used = {one.lower() for one in taken.values_list("username", flat=True)}
    candidates = [name, *(f"{name}-{number}" for number in range(2, len(used) + 3))]
    return next(one for one in candidates if one.lower() not in used)
