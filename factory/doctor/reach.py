"""Outgoing reach: can the hosts we fetch from be connected to, and what do they let us do.

What may pass by itself is a warning. Not ok is only what a person must mend at a host that a
registered repository needs: refused by our own rules, a name that does not exist, a certificate
nobody trusts, a proxy that says no.
"""

import datetime
import json
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from django.conf import settings

from factory.doctor import wire
from factory.doctor.wire import Target, Trouble
from jobs.ports import Check
from projects import hosts

EACH_S = 3.0
MOST = 30
"""So many hosts are tried; the rest is named."""


@dataclass(frozen=True)
class Place:
    """A host with the protocol we speak to it; `used` when a registered repository lies there."""

    target: Target
    used: bool


def places(addresses: Iterable[str]) -> list[Place]:
    """This function will give the hosts of registered addresses and of FACTORY_GIT_HOSTS."""
    used = {target for address in addresses if (target := _target(address))}
    named = {_allowed(entry) for entry in settings.FACTORY_GIT_HOSTS if "*" not in entry}
    idle = {one for one in named if all(one.host != each.host for each in used)}
    return [Place(one, one in used) for one in sorted(used | idle)]


def try_all(wanted: list[Place]) -> list[Check]:
    """This function will try every place at once, and give an answer for each."""
    answers: dict[Place, Check] = {}
    threads = [
        threading.Thread(target=lambda one=one: answers.update({one: _try(one)}), daemon=True)
        for one in wanted[:MOST]
    ]
    until = time.monotonic() + EACH_S + 0.5
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = Trouble("unreachable", f"no answer within {EACH_S:g} s")
    found = [answers.get(one) or _check(one, late) for one in wanted[:MOST]]
    if len(wanted) > MOST:
        found.append(Check("hosts", True, f"{len(wanted) - MOST} more were not tried"))
    return found or [Check("hosts", True, "no repository is registered of another host")]


def quota(api: str) -> Check:
    """This function will ask a GitHub API what is left of the quota of this machine."""
    url = urlsplit(f"{api.rstrip('/')}/rate_limit")
    target = Target(url.scheme, url.hostname or "", url.port or wire.PORTS[url.scheme])
    name = f"host {target}"
    try:
        answer, body = wire.ask(target, "GET", url.path, EACH_S)
    except (Trouble, OSError, HTTPException) as error:
        trouble = _trouble(error)
        return Check(name, True, str(trouble), trouble.cure, warning=True)
    return _quota(name, answer, body)


def _quota(name: str, answer: HTTPResponse, body: bytes) -> Check:
    if trouble := _limited(answer):
        return Check(name, True, str(trouble), trouble.cure, warning=True)
    try:
        rate = json.loads(body)["rate"]
        left, most, renewed = int(rate["remaining"]), int(rate["limit"]), int(rate["reset"])
    except (ValueError, KeyError, TypeError):
        return Check(name, True, f"answers {answer.status} and tells no quota")
    at = datetime.datetime.fromtimestamp(renewed, datetime.UTC)
    detail = f"{left} of {most} requests left until {at:%H:%M} UTC"
    if left:
        return Check(name, True, detail)
    return Check(name, True, f"rate-limited: {detail}", f"wait until {at:%H:%M}", warning=True)


def _try(place: Place) -> Check:
    began = time.monotonic()
    try:
        said = _greet(place.target)
    except (Trouble, OSError, HTTPException) as error:
        return _check(place, _trouble(error))
    ms = (time.monotonic() - began) * 1000
    return Check(f"host {place.target}", True, f"{said} in {ms:.0f} ms")


def _greet(target: Target) -> str:
    if target.scheme == "ssh":
        return f"answers as {wire.banner(target, _pin(target), EACH_S)}"
    pin = "" if settings.FACTORY_PROXY else _pin(target)
    answer, _ = wire.ask(target, "HEAD", "/", EACH_S, pin)
    if trouble := _limited(answer):
        raise trouble
    by = " through the proxy" if settings.FACTORY_PROXY else ""
    return f"answers {answer.status}{by}"


def _pin(target: Target) -> str:
    """The address git would be pinned to, by the same rules."""
    allow = "ask an administrator to add it to FACTORY_GIT_HOSTS"
    try:
        hosts.judge(target.host, target.port, hosts.DEFAULT_PORTS[target.scheme])
        return hosts.resolve(target.host, target.port)
    except hosts.RefusedHost as error:
        raise Trouble("blocked", str(error), allow, lasting=True) from error
    except hosts.NoSuchHost as error:
        raise Trouble("unreachable", str(error), "correct the address", lasting=True) from error
    except hosts.NameServiceDown as error:
        raise Trouble("unreachable", str(error), "look at this machine's name service") from error


def _limited(answer: HTTPResponse) -> Trouble | None:
    spent = answer.headers.get("X-RateLimit-Remaining") == "0"
    if answer.status != 429 and not (answer.status == 403 and spent):
        return None
    after = answer.headers.get("Retry-After", "")
    when = f", try again after {after} s" if after.isdecimal() else ""
    return Trouble("rate-limited", f"it answers {answer.status}{when}", "wait")


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, Trouble):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        cure = "add its authority to FACTORY_GIT_CA"
        return Trouble("blocked", f"its certificate: {error.verify_message}", cure, lasting=True)
    if isinstance(error, TimeoutError):
        return Trouble("unreachable", f"no answer within {EACH_S:g} s")
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Trouble("unreachable", words)


def _check(place: Place, trouble: Trouble) -> Check:
    needed = place.used and trouble.lasting
    whose = "" if place.used else " (no repository is registered of it)"
    detail = f"{trouble}{whose}"
    return Check(f"host {place.target}", not needed, detail, trouble.cure, warning=True)


def _target(address: str) -> Target | None:
    url = urlsplit(address)
    if url.scheme not in hosts.DEFAULT_PORTS or not url.hostname:
        return None  # a local one
    return Target(url.scheme, url.hostname, url.port or hosts.DEFAULT_PORTS[url.scheme])


def _allowed(entry: str) -> Target:
    url = urlsplit(f"//{entry}")
    port = url.port or hosts.DEFAULT_PORTS["https"]
    scheme = "ssh" if port == hosts.DEFAULT_PORTS["ssh"] else "https"
    return Target(scheme, (url.hostname or entry).lstrip("."), port)
