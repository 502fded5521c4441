"""The web server: bounded connections, and every awkward way a client may behave."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from factory.asgi import THREADS
from tests.factory.conftest import wait_for
from tests.services import ROOT, ScratchDatabase


@dataclass(frozen=True)
class Web:
    """A web server of its own process."""

    port: int
    process: "subprocess.Popen[bytes]"
    database: ScratchDatabase

    def get(self, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        client.request(method, path, body or None)
        answer = client.getresponse()
        found = answer.status, answer.read()
        client.close()
        return found


@pytest.fixture(scope="module")
def web(scratch_database: ScratchDatabase) -> Iterator[Web]:
    """This fixture will lend the web server the supervisor starts, alone."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    argv = [sys.executable, "-m", "uvicorn", "factory.asgi:application", "--port", str(port)]
    argv += ["--timeout-graceful-shutdown", "3", "--lifespan", "on", "--no-access-log"]
    started = subprocess.Popen(
        argv, cwd=ROOT, env=scratch_database.environment, stderr=subprocess.DEVNULL
    )
    made = Web(port, started, scratch_database)
    assert wait_for(lambda: _listens(port))
    yield made
    started.kill()
    started.wait()


def test_it_is_alive_without_asking_django(web: Web) -> None:
    assert web.get("/healthz") == (200, b"alive\n")
    assert web.get("/healthz", "HEAD") == (200, b"")


def test_a_thousand_requests_keep_the_connections_bounded(web: Web) -> None:
    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(lambda _: web.get("/readyz")[0], range(1000)))

    assert set(answers) == {503}  # no runners here
    assert 1 <= _connections(web) <= THREADS


def test_a_head_request_has_no_body(web: Web) -> None:
    status, body = web.get("/admin/login/", "HEAD")

    assert (status, body) == (200, b"")


def test_a_client_that_goes_away_in_the_middle_takes_nothing_with_it(web: Web) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", web.port)) as client:
            client.sendall(
                b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nx"
            )

    assert web.get("/healthz")[0] == 200
    assert web.get("/admin/login/")[0] == 200


def test_a_body_of_25_megabytes_is_read_and_refused_politely(web: Web) -> None:
    status, _ = web.get("/admin/login/", "POST", b"x" * 25_000_000)

    assert status in {400, 403, 413}
    assert web.get("/admin/login/")[0] == 200


def test_a_static_file_arrives_whole(web: Web) -> None:
    status, body = web.get("/static/admin/css/base.css")

    assert status == 200
    assert len(body) > 10_000


def test_an_unknown_host_is_refused(web: Web) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{web.port}/readyz", headers={"Host": "evil.test"}
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310 — our own address

    assert refused.value.code == 400


def test_sigterm_ends_it_within_the_grace_with_a_request_in_flight(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port)) as client:
        client.sendall(
            b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx"
        )

        os.kill(web.process.pid, signal.SIGTERM)

        assert web.process.wait(15) is not None


def _connections(web: Web) -> int:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    return int(web.database.rows(sql, (web.database.name,))[0][0])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
