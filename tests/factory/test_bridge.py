"""The bridge between the event loop and the threads: nothing is lent longer than it is used."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import pytest

from factory import bridge, errors
from factory.bridge import Bridge, Outbound

Answers = Callable[[dict[str, Any], Any], Iterable[bytes]]
PART = b"x" * 100_000


def asked(path: str = "/", **more: Any) -> dict[str, Any]:
    """This function will make the scope of a request."""
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    return scope | {"http_version": "1.1"} | more


async def whole(body: bytes = b"") -> dict[str, Any]:
    """This coroutine will receive a request at once."""
    return {"type": "http.request", "body": body, "more_body": False}


class Client:
    """The other side: what it was sent, and how it takes it."""

    def __init__(self, takes: int = 10**9) -> None:
        self.takes = takes
        self.sent: list[dict[str, Any]] = []
        self.received = 0

    async def receive(self) -> dict[str, Any]:
        """This method will give an empty request, and then nothing more."""
        self.received += 1
        if self.received == 1:
            return await whole()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        """This method will take so many messages, and wait for ever with the next."""
        if len(self.sent) >= self.takes:
            await asyncio.Event().wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        """What arrived."""
        return b"".join(message.get("body", b"") for message in self.sent)


def call(app: Answers, client: Client, path: str = "/") -> None:
    """This function will have an application answer one request through the bridge."""

    async def run() -> None:
        await Bridge(app, 1)(asked(path), client.receive, client.send)

    asyncio.run(run())


def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """This application will fail before it answers."""
    raise ZeroDivisionError("hidden words")


def failing_late(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """This application will fail in the middle of its answer."""
    start_response("200 OK", [])
    yield PART
    raise ZeroDivisionError("hidden words")


def long(parts: int, done: threading.Event) -> Answers:
    """This function will make an application with a long answer."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for _ in range(parts):
            yield PART
        done.set()

    return app


@pytest.mark.parametrize("path", ["/", "/api/status"])
def test_what_fails_around_django_is_an_error_page_too(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()

    call(failing, client, path)

    assert client.sent[0]["status"] == 500
    assert b"hidden words" not in client.body
    logged = next(line.msg for line in caplog.records if line.exc_info)
    assert logged["error_id"].encode() in client.body
    if path.startswith("/api/"):
        assert json.loads(client.body)["error"]["id"] == logged["error_id"]


def test_an_answer_that_fails_in_the_middle_is_broken_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client()

    call(failing_late, client)

    assert all(message.get("more_body", True) for message in client.sent)  # no end was sent
    assert [line for line in caplog.records if line.exc_info]


def test_a_client_that_takes_nothing_is_dropped_and_its_thread_is_freed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "SILENCE_S", 0.2)
    done, client = threading.Event(), Client(takes=1)

    call(long(100, done), client)

    assert done.is_set()
    assert len(client.sent) == 1
    assert Outbound.waiting_for_all == 0


@pytest.mark.parametrize("why", ["too much waits for all clients", "the server gives up"])
def test_a_thread_is_freed_before_the_silence_ends_when(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, client = threading.Event(), Client(takes=1)
    if why.startswith("too much"):
        monkeypatch.setattr(bridge, "MOST_WAITING_BYTES", 5 * len(PART))

    async def run() -> None:
        task = asyncio.create_task(
            Bridge(long(100, done), 1)(asked(), client.receive, client.send)  # type: ignore[arg-type]
        )
        while not client.sent:
            await asyncio.sleep(0.01)
        if why.startswith("the server"):
            task.cancel()
        await asyncio.to_thread(done.wait, bridge.SILENCE_S / 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())

    assert done.is_set()
    assert Outbound.waiting_for_all == 0


def test_an_answer_arrives_whole_and_in_order() -> None:
    done, client = threading.Event(), Client()

    call(long(50, done), client)

    assert client.body == 50 * PART
    assert client.sent[-1].get("more_body", False) is False


class Trickling(Client):
    """A client that sends a little at a time, and never ends."""

    async def receive(self) -> dict[str, Any]:
        """This method will give one more byte."""
        self.received += 1
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}


@pytest.fixture
def door(settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """This fixture will open one address for large bodies, which may take half a second."""
    settings.ROOT_URLCONF = "tests.factory.hooked"
    monkeypatch.setattr(bridge, "BODY_S", 0.5)
    return "/hooks/taken"


def counting(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """This application will tell how long the body is, or why it is refused."""
    start_response("200 OK", [])
    refused = environ["asgi.scope"].get(errors.REFUSED)
    yield str(refused or len(environ["wsgi.input"].read())).encode()


def upload(path: str, framing: tuple[bytes, bytes], *clients: Client) -> None:
    """This function will have all clients send to one bridge at once, until each has an answer."""
    scope = {"method": "POST", "headers": [framing]}

    async def run() -> None:
        one = Bridge(counting, 1)
        calls = [one(asked(path, **scope), each.receive, each.send) for each in clients]
        await asyncio.wait_for(asyncio.gather(*calls), 60)

    asyncio.run(run())


LARGE = [(b"content-length", b"20000000"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("framing", LARGE)
def test_clients_that_trickle_do_not_keep_the_door_for_large_bodies_shut(
    framing: tuple[bytes, bytes], door: str
) -> None:
    trickling = [Trickling() for _ in range(4)]
    late = Client()

    upload(door, framing, *trickling, late)

    assert [client.body for client in trickling] == [b"408"] * 4
    assert late.body == b"0"


@pytest.mark.parametrize("framing", LARGE)
def test_only_four_large_bodies_are_in_the_memory_at_once(
    framing: tuple[bytes, bytes], door: str
) -> None:
    class Watching(Trickling):
        begun: ClassVar[list[int]] = []

        async def receive(self) -> dict[str, Any]:
            self.begun.append(sum(1 for each in clients if each.received and not each.sent))
            return await super().receive()

    clients = [Watching() for _ in range(10)]

    upload(door, framing, *clients)

    assert max(Watching.begun) == 4
    assert {client.body for client in clients} == {b"408"}


@pytest.mark.parametrize("framing", LARGE)
def test_nothing_is_read_of_a_large_body_for_an_address_that_does_not_exist(
    framing: tuple[bytes, bytes], door: str
) -> None:
    client = Trickling()

    upload("/hooks/none", framing, client)

    assert client.body == b"404"
