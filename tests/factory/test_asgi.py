"""The web server: bounded connections, and every awkward way a client may behave."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from uvicorn.protocols.utils import ClientDisconnected

from factory import bridge, intake, patience
from factory.asgi import THREADS, application
from tests.factory.conftest import wait_for
from tests.factory.web import Web, everything, log_in, web_server
from tests.services import ScratchDatabase

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
JSON = {"Content_Type": "application/json"}
BIG_LOG = """
WITH made AS (INSERT INTO job (kind, queue_id, state, run_after)
    VALUES ('demo.noop', 'short', 'scheduled', now() + interval '1 day') RETURNING id)
INSERT INTO job_log (job_id, fence, seq, first_line, text)
SELECT id, 1, n, n * 1000 + 1, repeat(repeat('x', 59) || E'\\n', 1000)
FROM made, generate_series(0, 199) AS n RETURNING job_id
"""
BIG_LOG_BYTES = 200 * 1000 * 60


@pytest.fixture(scope="module")
def web(scratch_database: ScratchDatabase) -> Iterator[Web]:
    """This fixture will lend the web server the supervisor starts, alone, and log in."""
    with web_server(scratch_database, DJANGO_SETTINGS_MODULE="tests.factory.hooked") as running:
        log_in(running, "root")
        yield running
        assert "Traceback" not in running.logged()


@pytest.fixture(scope="module")
def big_log(web: Web) -> str:
    """This fixture will give the address of a log of 12 MB."""
    return f"/jobs/{web.database.rows(BIG_LOG)[0][0]}/log.txt"


@dataclass(frozen=True)
class Hanging:
    """Clients that began a request and say no more."""

    uploads: list[socket.socket]
    heads: list[socket.socket]


@pytest.fixture(scope="module")
def hanging(web: Web) -> Iterator[Hanging]:
    """This fixture will hang uploads in more numbers than there are threads, and some heads."""
    made = Hanging([web.connect() for _ in range(5 * THREADS)], [web.connect(), web.connect()])
    for client in made.uploads:
        client.sendall(
            b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Length: 9\r\n\r\nx"
        )
    made.heads[0].sendall(b"GET /healthz HTT")
    yield made
    for client in (*made.uploads, *made.heads):
        client.close()


def test_it_is_alive_without_asking_django(web: Web) -> None:
    assert (web.ask("/healthz").status, web.ask("/healthz").text) == (200, b"alive\n")  # type: ignore[attr-defined]
    assert web.ask("/healthz", "HEAD").text == b""  # type: ignore[attr-defined]


def test_a_thousand_requests_keep_the_connections_bounded(web: Web) -> None:
    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda _: web.ask("/jobs/").status, range(1000)))

    assert set(answers) == {200}
    assert 1 <= web.connections() <= THREADS + 2


def test_a_head_request_has_the_headers_and_no_body(web: Web) -> None:
    asked = web.ask("/jobs/", "HEAD")

    assert asked.status == 200
    assert asked.text == b""  # type: ignore[attr-defined]
    assert asked.headers["Content-Type"].startswith("text/html")
    got, asked = web.ask("/api/me"), web.ask("/api/me", "HEAD")
    assert (asked.status, asked.text) == (200, b"")  # type: ignore[attr-defined]
    assert asked.headers["ETag"] == got.headers["ETag"]


def test_who_leaves_in_the_middle_of_a_form_has_sent_nothing(web: Web) -> None:
    token = web.cookie.partition("csrftoken=")[2].partition(";")[0]
    body = f"csrfmiddlewaretoken={token}&addresses=https://example.org/team/half-a-na"
    head = (
        f"POST /registrations/ HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nCookie: {web.cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body) + 2}\r\n"
    )
    for client in (clients := [web.connect() for _ in range(THREADS)]):
        client.sendall(f"{head}\r\n{body}".encode())
    clients[0].settimeout(1)
    with pytest.raises(TimeoutError):  # whoever reads the body waits for its end now
        clients[0].recv(1)
    for client in clients:
        client.close()

    assert web.answers_within(10)
    assert web.database.rows("SELECT count(*) FROM repository")[0][0] == 0
    assert web.ask("/registrations/", "POST", body.encode(), **FORM).status == 302  # sent whole
    assert web.database.rows("SELECT count(*) FROM repository")[0][0] == 1


def test_uploads_that_hang_take_no_thread(web: Web, hanging: Hanging) -> None:
    assert web.answers_within(bridge.SILENCE_S)  # before any of them is given up


@pytest.mark.parametrize(
    ("path", "size", "headers", "status"),
    [
        ("/hooks/taken", 25 * intake.MIB, JSON, 200),
        ("/hooks/taken", 25 * intake.MIB + 1, JSON, 413),
        ("/hooks/none", 25 * intake.MIB, JSON, 404),
        ("/api/repositories", intake.MIB + 1, JSON, 413),
        ("/registrations/", intake.MIB + 1, FORM, 413),
        ("/registrations/", 10, JSON, 415),
        ("/api/repositories", 10, FORM, 403),  # without the token of our pages: nothing is read
    ],
)
def test_each_address_has_its_limit_of_size_and_type(
    path: str, size: int, headers: dict[str, str], status: int, web: Web
) -> None:
    answer = web.ask(path, "POST", b"x" * size, **headers)

    assert answer.status == status


@pytest.mark.parametrize("framing", ["Content-Length: 2000000", "Transfer-Encoding: chunked"])
def test_a_large_body_for_nobody_is_refused_before_it_comes(framing: str, web: Web) -> None:
    head = f"POST /hooks/none HTTP/1.1\r\nHost: localhost\r\n{framing}\r\nConnection: close\r\n"

    with web.connect() as client:
        client.sendall(f"{head}\r\n".encode())

        assert client.recv(65536).startswith(b"HTTP/1.1 404")


def test_a_body_in_chunks_counts_too(web: Web) -> None:
    head = (
        b"POST /registrations/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
    )
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    assert web.raw(head + chunk * 40 + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert web.raw(head + chunk + b"0\r\n\r\n").startswith(b"HTTP/1.1 403")  # no CSRF token


def test_a_large_download_arrives_whole(web: Web, big_log: str) -> None:
    answer = web.ask(big_log)

    assert answer.status == 200
    assert len(answer.text) == BIG_LOG_BYTES  # type: ignore[attr-defined]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert web.ask(big_log, "HEAD").text == b""  # type: ignore[attr-defined]


def test_who_leaves_in_the_middle_of_an_answer_frees_the_thread(web: Web, big_log: str) -> None:
    for _ in range(2 * THREADS):
        _begin(web, big_log).close()

    assert web.answers_within(10)


def test_readers_that_take_nothing_do_not_keep_the_threads(web: Web, big_log: str) -> None:
    slow = [_begin(web, big_log) for _ in range(THREADS)]

    assert web.answers_within(5 * bridge.SILENCE_S)
    for client in slow:
        client.close()


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/login/%00/",
        "/static/%00",
        "/jobs/?kind=%00",
        "/%ff%fe",
        "/jobs/?state=%ff",
        "/static/%2e%2e/%2e%2e/manage.py",
        "/jobs/99999999999999999999/",
        "/admin/jobs/job/%00/change/",
        "/admin/jobs/job/?state=%00",
        "/projects/" + "a" * 5000 + "/",
        "/" + "%",
        "//evil.example/",
    ],
)
def test_an_odd_address_is_no_defect(path: str, web: Web) -> None:
    answer = web.ask(path)

    assert answer.status in (301, 302, 400, 404), answer.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\xff\xfe: x\r\n\r\n",
        b"GET /?q=\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_request_is_refused(request_bytes: bytes, web: Web) -> None:
    assert web.raw(request_bytes).startswith(b"HTTP/1.1 400")


def test_garbage_behind_a_request_ends_the_connection_after_the_answer(web: Web) -> None:
    answer = web.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\x00\x01 garbage\r\n\r\n")

    assert answer.count(b"HTTP/1.1 ") <= 2
    assert b"400" in answer or b"alive" in answer
    assert web.answers_within(10)


def test_requests_in_one_connection_are_answered_in_order(web: Web) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    answer = web.raw(one * 5 + last)

    assert answer.count(b"alive\n") == 5
    assert answer.rindex(b"alive") < answer.index(b"Log in")


def test_a_head_without_end_is_broken_off(web: Web) -> None:
    with web.connect() as client, pytest.raises(OSError):  # noqa: PT011, PT012 — reset or broken pipe, at any of them
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        for _ in range(1000):
            client.sendall(b"x" * 100_000)

    assert web.answers_within(10)


def test_a_head_that_is_too_large_is_told_so(web: Web) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"

    answer = web.raw(head + b"X-A: " + b"x" * (patience.HEAD_BYTES + 1) + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 431")
    assert web.raw(
        head + b"Connection: close\r\nX-A: " + b"x" * (patience.HEAD_BYTES // 2) + b"\r\n\r\n"
    ).startswith(b"HTTP/1.1 200")


def test_a_header_with_an_underscore_cannot_pose_as_another(web: Web) -> None:
    posing = (
        b"GET /jobs/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"X_Request_ID: chosen-by-a-client\r\n\r\n"
    )

    assert b"chosen-by-a-client" not in web.raw(posing)


def test_an_error_shows_an_id_that_stands_in_the_log(web: Web) -> None:
    shown = json.loads(web.ask("/api/none").text)["error"]["id"]  # type: ignore[attr-defined]

    assert wait_for(lambda: f'"request_id": "{shown}"' in web.logged())


@pytest.mark.parametrize(
    ("fails_with", "logged"), [(ClientDisconnected(), False), (ZeroDivisionError("hidden"), True)]
)
def test_a_socket_that_breaks_is_logged_and_one_that_left_is_not(
    fails_with: Exception, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[int] = []

    async def send(message: Any) -> None:
        sent.append(message["code"])
        if len(sent) == 1:
            raise fails_with

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/ws/live", "headers": [(b"origin", b"http://evil.test")]}
    asyncio.run(application(scope, receive, send))

    assert bool([line for line in caplog.records if line.exc_info]) == logged
    assert sent == ([4403, 1011] if logged else [4403])


def test_uploads_and_heads_that_hang_are_given_up(hanging: Hanging) -> None:
    for client in (*hanging.uploads, *hanging.heads):  # a while ago, when all tests run
        client.settimeout(5 * bridge.SILENCE_S)

    assert {client.recv(65536)[:12] for client in hanging.uploads} == {b"HTTP/1.1 408"}
    assert {everything(client) for client in hanging.heads} == {b""}


def test_sigterm_lets_a_request_in_flight_finish_and_ends_within_the_grace(
    scratch_database: ScratchDatabase,
) -> None:
    with web_server(scratch_database) as web, web.connect() as client, web.connect() as hanging:
        whole = b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nx"
        client.sendall(whole)
        hanging.sendall(whole)
        assert web.answers_within(10)

        web.process.send_signal(signal.SIGTERM)
        assert wait_for(lambda: not _listens(web.port))
        client.sendall(b"y")

        assert client.recv(65536).startswith(b"HTTP/1.1 4")
        assert web.process.wait(60) is not None
        assert "Traceback" not in web.logged()


def _begin(web: Web, path: str) -> socket.socket:
    """Ask for an answer and take only its beginning."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(30)
    client.connect(("127.0.0.1", web.port))
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {web.cookie}\r\n\r\n"
    client.sendall(request.encode())
    assert client.recv(1024).startswith(b"HTTP/1.1 200")
    return client


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
