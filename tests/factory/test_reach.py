"""Outgoing reach: what each kind of host is told as, and who is to act."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from factory.doctor import reach
from factory.doctor.reach import Place
from factory.doctor.wire import Target
from jobs.ports import Check
from tests.projects import hosting


class Api(BaseHTTPRequestHandler):
    """Answers as its server is told: status, headers, body."""

    def do_GET(self) -> None:
        status, headers, body = self.server.answer  # type: ignore[attr-defined]
        self.server.asked.append((self.requestline, dict(self.headers)))  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *words: Any) -> None:
        """This method will be silent."""


class Proxy(StreamRequestHandler):
    """Answers CONNECT with what its server says, and passes bytes on after a 200."""

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.read(1)
        self.server.asked.append(head.decode())  # type: ignore[attr-defined]
        status = self.server.answer  # type: ignore[attr-defined]
        self.wfile.write(f"HTTP/1.1 {status} whatever\r\n\r\n".encode())
        if status == 200:
            host, _, port = head.split(b" ")[1].decode().rpartition(":")
            _pump(self.connection, (host, int(port)))


class Ssh(StreamRequestHandler):
    """Says what an ssh server says first."""

    def handle(self) -> None:
        self.wfile.write(self.server.answer)  # type: ignore[attr-defined]


def _pump(client: Any, where: tuple[str, int]) -> None:
    with socket.create_connection(where) as other:

        def copy(source: Any, target: Any) -> None:
            while data := source.recv(4096):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

        back = threading.Thread(target=copy, args=(other, client), daemon=True)
        back.start()
        copy(client, other)
        back.join()


@contextmanager
def serving(server: Any, answer: Any) -> Iterator[Any]:
    """This function will serve until the block ends."""
    server.answer, server.asked, server.daemon_threads = answer, [], True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def http(answer: Any) -> Any:
    """This function will lend a plain web server."""
    return serving(ThreadingHTTPServer(("127.0.0.1", 0), Api), answer)


def tcp(handler: Any, answer: Any) -> Any:
    """This function will lend a server of another protocol."""
    return serving(ThreadingTCPServer(("127.0.0.1", 0), handler), answer)


def port(server: Any) -> int:
    """This function will give a server's port."""
    return int(server.server_address[1])


def tried(settings: Any, scheme: str, number: int, *, used: bool = True) -> Check:
    """This function will try one allowed host on this machine."""
    settings.FACTORY_GIT_HOSTS = (f"127.0.0.1:{number}",)
    return reach.try_all([Place(Target(scheme, "127.0.0.1", number), used)])[0]


def quota(remaining: int) -> tuple[int, dict[str, str], bytes]:
    """This function will answer as GitHub does."""
    rate = {"limit": 60, "remaining": remaining, "reset": 1767225600, "used": 60 - remaining}
    return 200, {}, json.dumps({"resources": {"core": rate}, "rate": rate}).encode()


def test_the_quota_that_is_left_is_told() -> None:
    with http(quota(57)) as server:
        found = reach.quota(f"http://127.0.0.1:{port(server)}/api/v3")

    assert (found.ok, found.warning) == (True, False)
    assert found.detail == "57 of 60 requests left until 00:00 UTC"
    assert server.asked[0][0] == "GET /api/v3/rate_limit HTTP/1.1"


def test_a_spent_quota_is_a_warning_with_the_time_of_its_end() -> None:
    with http(quota(0)) as server:
        found = reach.quota(f"http://127.0.0.1:{port(server)}")

    assert (found.ok, found.warning) == (True, True)
    assert found.detail.startswith("rate-limited: 0 of 60 requests left")
    assert found.cure == "wait until 00:00"


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((429, {"Retry-After": "30"}, b""), "rate-limited: it answers 429, try again after 30 s"),
        ((403, {"X-RateLimit-Remaining": "0"}, b""), "rate-limited: it answers 403"),
        ((404, {}, b"{}"), "answers 404 and tells no quota"),
        ((200, {}, b"<html>"), "answers 200 and tells no quota"),
        ((200, {}, b'{"rate": {"remaining": "x"}}'), "answers 200 and tells no quota"),
        ((302, {"Location": "http://10.0.0.1/"}, b""), "answers 302 and tells no quota"),
    ],
)
def test_what_else_the_api_answers_is_told(answer: Any, detail: str) -> None:
    with http(answer) as server:
        found = reach.quota(f"http://127.0.0.1:{port(server)}")

    assert (found.ok, found.detail) == (True, detail)


def test_a_trusted_host_is_reached(settings: Any, tmp_path: Path) -> None:
    certificate = hosting.certificate(tmp_path)
    settings.FACTORY_GIT_CA = certificate
    with hosting.host(tmp_path, certificate) as server:
        found = tried(settings, "https", server.server_address[1])

    assert (found.ok, found.warning) == (True, False)
    assert found.detail.startswith("answers ")
    assert found.name == f"host 127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize("used", [True, False])
def test_an_unknown_authority_is_for_a_person_where_somebody_needs_the_host(
    settings: Any, tmp_path: Path, used: bool
) -> None:
    with hosting.host(tmp_path, hosting.certificate(tmp_path)) as server:
        found = tried(settings, "https", server.server_address[1], used=used)

    assert (found.ok, found.warning) == (not used, True)
    assert found.detail.startswith("blocked: its certificate: ")
    assert found.cure == "add its authority to FACTORY_GIT_CA"


def test_a_refused_connection_is_a_warning(settings: Any) -> None:
    with tcp(Ssh, b"") as server:
        closed = port(server)

    found = tried(settings, "https", closed)

    assert (found.ok, found.warning) == (True, True)
    assert found.detail == "unreachable: Connection refused"


@pytest.mark.parametrize("scheme", ["https", "ssh"])
def test_silent_hosts_cost_three_seconds_in_all(settings: Any, scheme: str) -> None:
    began = time.monotonic()
    with ExitStack() as hosts:
        ports = [hosts.enter_context(hosting.silent_host()) for _ in range(6)]
        settings.FACTORY_GIT_HOSTS = tuple(f"127.0.0.1:{each}" for each in ports)
        found = reach.try_all([Place(Target(scheme, "127.0.0.1", each), True) for each in ports])

    assert [check.ok for check in found] == [True] * 6
    assert {check.detail for check in found} == {"unreachable: no answer within 3 s"}
    assert time.monotonic() - began < 15  # one after the other they would cost eighteen


def test_a_private_host_that_is_not_allowed_is_blocked(settings: Any) -> None:
    settings.FACTORY_GIT_HOSTS = ()
    place = Place(Target("https", "10.1.2.3", 443), True)

    found = reach.try_all([place])[0]

    assert not found.ok
    assert found.detail.startswith("blocked: 10.1.2.3 is not a public address")
    assert "FACTORY_GIT_HOSTS" in found.cure


def test_an_ssh_server_is_known_by_its_first_words(settings: Any) -> None:
    with tcp(Ssh, b"SSH-2.0-OpenSSH_9.2\r\n") as good, tcp(Ssh, b"220 mail\r\n") as bad:
        fine = tried(settings, "ssh", port(good))
        other = tried(settings, "ssh", port(bad))

    assert fine.detail.startswith("answers as SSH-2.0-OpenSSH_9.2 in ")
    assert not other.ok
    assert other.detail == "blocked: what answers there is no ssh server"


def test_with_a_proxy_the_host_is_asked_through_it(settings: Any, tmp_path: Path) -> None:
    certificate = hosting.certificate(tmp_path)
    settings.FACTORY_GIT_CA = certificate
    with hosting.host(tmp_path, certificate) as server, tcp(Proxy, 200) as proxy:
        settings.FACTORY_PROXY = f"http://ana:hunter2@127.0.0.1:{port(proxy)}"
        found = tried(settings, "https", server.server_address[1])

    assert found.detail.startswith("answers ")
    assert "through the proxy" in found.detail
    assert proxy.asked[0].startswith(f"CONNECT 127.0.0.1:{server.server_address[1]} HTTP/1.1")
    assert "Proxy-Authorization: Basic YW5hOmh1bnRlcjI=" in proxy.asked[0]


@pytest.mark.parametrize(("status", "ok"), [(407, False), (403, False), (502, True)])
def test_what_a_proxy_refuses_is_told(settings: Any, status: int, ok: bool) -> None:
    with tcp(Proxy, status) as proxy:
        settings.FACTORY_PROXY = f"http://ana:hunter2@127.0.0.1:{port(proxy)}"
        found = tried(settings, "https", 443)

    assert found.ok is ok
    assert f"the proxy answers {status}" in found.detail
    assert "hunter2" not in repr(found)


def test_the_hosts_of_repositories_come_first_and_local_ones_are_none(settings: Any) -> None:
    settings.FACTORY_GIT_HOSTS = ("git.example:8443", "github.com", "*.example")

    found = reach.places(["https://github.com/a/b", "ssh://git@[::1]:2222/x", "/srv/git/x"])

    assert {(str(place.target), place.used) for place in found} == {
        ("github.com", True),
        ("ssh://[::1]:2222", True),
        ("git.example:8443", False),
    }


def test_only_so_many_hosts_are_tried(settings: Any) -> None:
    settings.FACTORY_GIT_HOSTS = ()
    wanted = [Place(Target("https", f"10.0.0.{number}", 443), False) for number in range(40)]

    found = reach.try_all(wanted)

    assert len(found) == reach.MOST + 1
    assert found[-1].detail == "10 more were not tried"
