"""Sessions that say whose they are: the engine, and the middleware that notes where from."""

import datetime
import hashlib
import ipaddress
from collections.abc import Callable, Collection
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import StringAgg
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat, Now
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from factory.models import Session
from jobs import events, plain

_STANDING = ("user_id", "user__is_active", "user__is_staff", "user__password")
_NOTED_EVERY = datetime.timedelta(minutes=1)


class SessionStore(DatabaseStore):
    """Django's own, which keeps a digest of the key and the person beside the data."""

    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """This method will name the table."""
        return Session

    def exists(self, session_key: str) -> bool:
        """This method will tell whether a key is taken."""
        return super().exists(kept(session_key))

    def create(self) -> None:
        """This method will begin a session, and sweep away those that are over."""
        self.clear_expired()
        super().create()

    def delete(self, session_key: str | None = None) -> None:
        """This method will end the session of a key, by default this one."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(pk=kept(key)).delete()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """This method will make the row that holds `data`."""
        return Session(
            session_key=kept(self._get_or_create_session_key()),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
        )

    def _get_session_from_db(self) -> Session | None:
        self.row = Session.objects.live().filter(pk=kept(self.session_key or "")).first()
        if self.row is None:
            self._session_key = None
        return self.row


def kept(key: str) -> str:
    """This function will give what the table holds of a session's key: 160 bits of its digest."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def own(request: HttpRequest) -> str:
    """This function will give the primary key of the request's own session, or ""."""
    return kept(request.session.session_key) if request.session.session_key else ""


class Noted:
    """Middleware: notes of a session that is logged in where it is used, at most once a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This method will answer, and note the session that stands after the answer."""
        response = self.get_response(request)
        session: Any = request.session
        if session.accessed:
            _tell_who_came_or_went(request, session)
        # A log-in cycled the key: the row that was read before is not the row that stands now.
        if session.accessed and session.get(SESSION_KEY) and not _is_fresh(session):
            note(request)
        return response


def note(request: HttpRequest) -> None:
    """This function will write where a session is used from, and that it is in use."""
    agent = plain.printable(request.headers.get("User-Agent", ""))[:200]
    Session.objects.filter(pk=own(request)).update(
        address=address(request), agent=agent, seen_at=Now()
    )


def address(request: HttpRequest) -> str | None:
    """This function will give the network address a request came from, if it has one.

    The server believes X-Forwarded-For from the proxies of the settings alone, before this.
    """
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
    except ValueError:
        return None


def end(user: Any, but: str = "") -> int:
    """This function will end somebody's sessions, but for the one named, and count them."""
    return Session.objects.filter(user_id=user.pk).exclude(pk=but).delete()[0]


def standing(keys: Collection[str]) -> dict[str, str]:
    """This function will tell for each live session's key, in short, what its person may see.

    What it says changes when they log out, change their password, or gain or lose a right.
    """
    by_row = {kept(key): key for key in keys}
    role = Concat(
        Cast("user__memberships__project_id", CharField()), Value(":"), "user__memberships__role"
    )
    rights = StringAgg(role, ",", order_by="user__memberships__project_id", default=Value(""))
    rows = Session.objects.live().filter(pk__in=by_row).annotate(rights=rights)
    return {by_row[row[0]]: repr(row[1:]) for row in rows.values_list("pk", *_STANDING, "rights")}


def register() -> None:
    """This function will make the events of who may enter known."""
    fields = {"user": int, "address": str | None}
    entered = "Somebody logged in, by whatever way; the address is that of their network."
    left = "Somebody logged out. Who is logged out by others, or by time, does not do so."
    for name, means in (("person.entered", entered), ("person.left", left)):
        events.register(name, version=1, fields=fields, meaning=means, lasting=True)
    events.register(
        "password.changed",
        version=1,
        fields={"user": int},
        meaning="Somebody chose a new password for themselves; others' stand in the admin's history.",
        lasting=True,
    )
    for name, means in (
        ("token.issued", "A key was made with which programs use the API in a person's name."),
        ("token.revoked", "Such a key opens nothing any more."),
    ):
        fields = {"token": int, "user": int, "scope": str}
        events.register(name, version=1, fields=fields, meaning=means, lasting=True)


def tell_of_password(user: Any) -> None:
    """This function will write down that somebody chose a new password."""
    told = {"user": user.pk}
    actor = f"user:{user.pk}"
    events.publish("password.changed", told, scope=None, subject=user.username, actor=actor)


def _tell_who_came_or_went(request: HttpRequest, session: Any) -> None:
    before = session.row.user_id if session.row else None
    after = int(session[SESSION_KEY]) if SESSION_KEY in session else None
    for name, pk in (("person.left", before), ("person.entered", after)):
        if before != after and pk is not None:
            _publish(name, pk, request)


def _publish(name: str, pk: int, request: HttpRequest) -> None:
    told = {"user": pk, "address": address(request)}
    subject = User.objects.filter(pk=pk).values_list("username", flat=True).first() or ""
    events.publish(name, told, scope=None, subject=subject, actor=f"user:{pk}")


def _is_fresh(session: Any) -> bool:
    row = session.row
    return (
        row is not None
        and row.pk == kept(session.session_key or "")
        and row.address is not None
        and timezone.now() - row.seen_at < _NOTED_EVERY
    )


def network(request: HttpRequest) -> str | None:
    """This function will give the network that counts as one: an IPv4 address, or the /64 of IPv6.

    A /64 is what one subscriber gets (RFC 6177, RIPE-690): whoever has it has all its addresses.
    """
    found = address(request)
    if found is None or ":" not in found:
        return found
    wide = ipaddress.IPv6Address(found)
    if wide.ipv4_mapped:
        return str(wide.ipv4_mapped)
    return str(ipaddress.ip_network((wide, 64), strict=False).network_address)
