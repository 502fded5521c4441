"""One question to one host: through the proxy where one is named, else to a pinned address."""

import base64
import socket
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings

PORTS = {"https": 443, "http": 80, "ssh": 22}
_MOST_BYTES = 64 << 10


class Trouble(Exception):
    """Why a host cannot be used: blocked, unreachable or rate-limited, and a sentence.

    `lasting`: it will not pass by itself.
    """

    def __init__(self, word: str, sentence: str, cure: str = "", *, lasting: bool = False) -> None:
        super().__init__(f"{word}: {sentence}")
        self.cure = cure or "look at the network of this machine, or at FACTORY_PROXY"
        self.lasting = lasting


@dataclass(frozen=True, order=True)
class Target:
    """Where to, and which protocol is spoken there."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{'ssh://' if self.scheme == 'ssh' else ''}{shown}{port}"


def ask(
    target: Target, method: str, path: str, seconds: float, pin: str = ""
) -> tuple[HTTPResponse, bytes]:
    """This function will send one request and give the answer and the beginning of its body.

    Certificates are checked, redirects are not followed. Raises Trouble, OSError, HTTPException.
    """
    until = time.monotonic() + seconds
    proxy = urlsplit(str(settings.FACTORY_PROXY)) if settings.FACTORY_PROXY else None
    with _connected(target, pin, proxy, until) as plain:
        if proxy and target.scheme == "https":
            _tunnel(plain, target, proxy)
        with _secured(plain, target) as line:
            line.settimeout(max(0.1, until - time.monotonic()))
            whole = proxy and target.scheme == "http"
            operand = f"http://{target}{path}" if whole else path
            line.sendall(_request(method, operand, target, proxy if whole else None))
            answer = HTTPResponse(line, method=method)
            answer.begin()
            return answer, answer.read(_MOST_BYTES)


def banner(target: Target, pin: str, seconds: float) -> str:
    """This function will give how an ssh server calls itself (RFC 4253, 4.2)."""
    with socket.create_connection((pin, target.port), seconds) as line:
        line.settimeout(seconds)
        said = line.recv(255).split(b"\n")[0].strip().decode("ascii", "replace")
    if not said.startswith("SSH-"):
        raise Trouble("blocked", "what answers there is no ssh server", lasting=True)
    return "".join(sign for sign in said if sign.isprintable())


def _connected(target: Target, pin: str, proxy: SplitResult | None, until: float) -> socket.socket:
    if proxy is None:
        where = (pin or target.host, target.port)
    elif proxy.scheme == "https":
        raise Trouble("not tried", "doctor cannot speak to a proxy over https")
    else:
        where = (proxy.hostname or "", proxy.port or PORTS["http"])
    return socket.create_connection(where, max(0.1, until - time.monotonic()))


def _tunnel(line: socket.socket, target: Target, proxy: SplitResult) -> None:
    host = f"{target.host}:{target.port}"
    head = [f"CONNECT {host} HTTP/1.1", f"Host: {host}", *_credentials(proxy)]
    line.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
    said = b""
    while b"\r\n\r\n" not in said and len(said) < _MOST_BYTES:
        more = line.recv(1)  # not a byte more: what follows is the host's
        if not more:
            break
        said += more
    status = said.split(b" ")[1:2]
    if status != [b"200"]:
        code = status[0].decode("ascii", "replace")[:3] if status else "nothing"
        cure = "look at the proxy's rules and at the credentials in FACTORY_PROXY"
        # 502 and 504: the proxy did not reach it, which may pass.
        lasting = code in ("403", "407")
        word = "blocked" if lasting else "unreachable"
        raise Trouble(word, f"the proxy answers {code}", cure, lasting=lasting)


def _secured(line: socket.socket, target: Target) -> socket.socket:
    if target.scheme != "https":
        return line
    context = ssl.create_default_context()
    if settings.FACTORY_GIT_CA:
        context.load_verify_locations(settings.FACTORY_GIT_CA)
    return context.wrap_socket(line, server_hostname=target.host)


def _request(method: str, operand: str, target: Target, proxy: SplitResult | None) -> bytes:
    head = [f"{method} {operand} HTTP/1.1", f"Host: {target}", "User-Agent: software-factory"]
    head += ["Accept: */*", "Connection: close", *(_credentials(proxy) if proxy else [])]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def _credentials(proxy: SplitResult) -> list[str]:
    if not proxy.username:
        return []
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return [f"Proxy-Authorization: Basic {base64.b64encode(words.encode()).decode()}"]
