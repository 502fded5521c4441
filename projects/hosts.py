"""Hosts: which names and numbers the factory may talk to, and what they resolve to.

Also used for every other outgoing connection; a name is resolved once and the answer is pinned.
"""

import ipaddress
import re
import socket

from django.conf import settings

from jobs.failures import Anticipated, FailureClass

DEFAULT_PORTS = {"https": 443, "ssh": 22}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LOCAL_NAMES = re.compile(r"(^|\.)(localhost|localdomain|local|internal|intranet|lan|home\.arpa)$")
# What the IANA has given out as global unicast; everything public lies there.
_UNICAST = ipaddress.IPv6Network("2000::/3")
# is_global of Python 3.11 passes these: 6to4, documentation, and the IETF protocol assignments.
_NEVER = tuple(map(ipaddress.ip_network, ("2002::/16", "3fff::/20", "192.0.0.0/24")))
# What a name server that works says; everything else passes by.
_ABSENT = (socket.EAI_NONAME, socket.EAI_NODATA)

Literal = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedHost(Anticipated):
    """The host lies where the factory does not go."""

    failure_class = FailureClass.INVALID_INPUT


class NoSuchHost(Anticipated):
    """The name does not exist."""

    failure_class = FailureClass.NOT_FOUND


class NameServiceDown(Anticipated):
    """The name could not be looked up just now."""

    failure_class = FailureClass.TRANSIENT_NETWORK


def allow_listed(host: str, port: int) -> bool:
    """This function will say whether an administrator allowed this very host and port.

    An entry of FACTORY_GIT_HOSTS without a port stands for the default ports only.
    """
    entries = {entry.lower() for entry in settings.FACTORY_GIT_HOSTS}
    shown = f"[{host}]" if ":" in host else host
    if f"{shown}:{port}" in entries:
        return True
    return port in DEFAULT_PORTS.values() and bool({host, shown} & entries)


def judge(host: str, port: int, default_port: int) -> None:
    """This function will refuse, without any look-up, a host or port nobody should name.

    Raises RefusedHost with the cause and the cure.
    """
    if allow_listed(host, port):
        return
    if port != default_port:
        raise RefusedHost(
            f"port {port} is not {default_port}; "
            f"ask an administrator to add {host}:{port} to FACTORY_GIT_HOSTS"
        )
    literal = _literal(host)
    if literal is not None:
        judge_literal(literal)
    elif _LOCAL_NAMES.search(host):
        raise RefusedHost(
            f"host {host} is private; ask an administrator to add it to FACTORY_GIT_HOSTS"
        )


def is_literal(host: str) -> bool:
    """This function will say whether a host is an address already, so nothing is looked up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _literal(host: str) -> Literal | None:
    if is_literal(host):
        return ipaddress.ip_address(host)
    if not all(_LABEL.fullmatch(label) for label in host.split(".")) or len(host) > 253:
        raise RefusedHost("the host is not a host name; use letters, digits, dots and hyphens")
    try:
        socket.inet_aton(host)
    except OSError:
        return None
    # 0177.0.0.1, 0x7f.1 and 2130706433 are all 127.0.0.1 to the C library.
    raise RefusedHost(f"host {host} is a number in disguise; write the name or a dotted address")


def judge_literal(literal: Literal) -> None:
    """This function will refuse an IP address that is not public, however it is wrapped."""
    mapped = getattr(literal, "ipv4_mapped", None)
    if mapped is not None:
        literal = mapped
    never = any(literal in net for net in _NEVER if net.version == literal.version)
    never = never or (literal.version == 6 and literal not in _UNICAST)
    if never or literal.is_multicast or not literal.is_global:
        raise RefusedHost(
            f"{literal} is not a public address; "
            "ask an administrator to add the host to FACTORY_GIT_HOSTS"
        )


def resolve(host: str, port: int) -> str:
    """This function will look a name up and give the one address to connect to.

    Every address of the name must be public, unless the host is allow-listed: one private answer
    among public ones is how a rebinding attack looks. Raises RefusedHost, NoSuchHost or
    NameServiceDown.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _ABSENT:
            raise NoSuchHost(f"There is no host named {host}; check the address.") from error
        raise NameServiceDown(f"Host {host} could not be looked up just now.") from error
    except OSError as error:  # no file descriptor, no network
        raise NameServiceDown(f"Host {host} could not be looked up just now.") from error
    except UnicodeError as error:
        raise NoSuchHost(f"There is no host named {host}; check the address.") from error
    numbers = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not allow_listed(host, port):
        for number in numbers:
            judge_literal(ipaddress.ip_address(number))
    return next((number for number in numbers if ":" not in number), numbers[0])
