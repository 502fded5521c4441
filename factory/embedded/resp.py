"""The few words of Redis's protocol that tell whether a server can be used.

By hand: importing the client would cost every command a tenth of a second or more.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PATIENCE_S = 2.0
_PORT = 6379
_CURES = (
    ("NOAUTH", "give its password in the address: redis://:PASSWORD@host:6379/0"),
    ("WRONGPASS", "correct user and password; signs such as @ and / are written as %40 and %2F"),
    ("without any password", "leave the password out of the address"),
    ("DENIED", "give that server a password and an address to listen on"),
    ("READONLY", "it is a replica: name the primary server"),
    ("NOPERM", "allow that account every key and command (ACL SETUSER)"),
    ("DB index", "correct the number at the end of the address"),
    ("OOM", "raise its maxmemory, or give it a policy that evicts"),
    ("LOADING", "wait until it has started"),
)


@dataclass(frozen=True)
class _Address:
    """Where a server is, and how one logs in there."""

    url: SplitResult
    options: dict[str, str]

    @property
    def credentials(self) -> list[str]:
        """What AUTH takes."""
        user = unquote(self.url.username or "") or self.options.get("username", "")
        word = unquote(self.url.password or "") or self.options.get("password", "")
        return [text for text in (user, word) if text] if word else []

    @property
    def number(self) -> str:
        """The number of the database."""
        of_path = self.url.path.strip("/") if self.url.scheme != "unix" else ""
        return self.options.get("db", "") or of_path or "0"


def place(url: str) -> str:
    """This function will name a server without its password."""
    found = urlsplit(url)
    if found.scheme == "unix":
        return found.path
    return f"{found.hostname}:{found.port or _PORT}"


def complaint(url: str, prefix: str) -> str:
    """This function will log in, write one key that ends by itself, and say what hinders it, or "".

    Writing also finds replicas, full servers and accounts that may not.
    """
    parts = urlsplit(url)
    address = _Address(parts, dict(parse_qsl(parts.query)))
    try:
        with closing(_connect(address)) as connection:
            return _talk(connection, address, prefix)
    except TimeoutError:
        return f"no answer within {_PATIENCE_S:.0f} s: see whether it runs and can be reached"
    except ssl.SSLError as error:
        return f"{error.reason or error}: correct its certificate, or name its CA: ?ssl_ca_certs="
    except socket.gaierror as error:
        return f"{error.strerror}: correct the host's name"
    except OSError as error:
        return f"{error.strerror or error}: start that server, or correct the address"


def _talk(connection: socket.socket, address: _Address, prefix: str) -> str:
    for words in _words(address, prefix):
        lines = [b"*%d" % len(words)]
        for word in words:
            data = word.encode()
            lines += [b"$%d" % len(data), data]
        connection.sendall(b"\r\n".join(lines) + b"\r\n")
        said = connection.recv(512).split(b"\r\n")[0].decode(errors="replace")
        if said[:1] != "+":
            return _refusal(said)
    return ""


def _words(address: _Address, prefix: str) -> Iterator[list[str]]:
    if address.credentials:
        yield ["AUTH", *address.credentials]
    if address.number != "0":
        yield ["SELECT", address.number]
    yield ["SET", f"{prefix}:trial", "1", "PX", "1000"]


def _refusal(said: str) -> str:
    if not said:
        return "it hangs up: correct the address, or see that server's log"
    if said[:1] != "-":
        return "what answers there does not speak Redis's protocol: correct host and port"
    text = "".join(sign if sign.isprintable() else "?" for sign in said[1:])[:160].rstrip(".")
    cure = next((cure for sign, cure in _CURES if sign in text), "see that server's log")
    return f"{text}: {cure}"


def _connect(address: _Address) -> socket.socket:
    url = address.url
    if url.scheme == "unix":
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(_PATIENCE_S)
        local.connect(unquote(url.path))
        return local
    remote = socket.create_connection((url.hostname, url.port or _PORT), timeout=_PATIENCE_S)
    if url.scheme == "redis":
        return remote
    context = ssl.create_default_context(cafile=address.options.get("ssl_ca_certs"))
    if address.options.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(remote, server_hostname=url.hostname)
