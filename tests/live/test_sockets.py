"""Sockets against a real web server, relay, PostgreSQL and Valkey."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.db import connections
from uvicorn.protocols.utils import ClientDisconnected
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from factory import sockets
from factory.sessions import SessionStore, kept
from factory.sockets import Doorkeeper, Pages, doorkeeper, is_own
from jobs import live
from projects.models import Membership, Project
from tests import services
from tests.live.stack import Stack, stack

LATE = 2**62  # newer than anything the relay can have


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase) -> Iterator[Stack]:
    """This fixture will run the web server and the relay."""
    with stack(scratch_database, "web", "relay") as running:
        yield running


@pytest.fixture(scope="module")
def socket_of(product: Stack) -> Iterator[Any]:
    """This fixture will open sockets for people, and close them."""
    sessions: dict[str, str] = {}
    with ExitStack() as opened:

        def open_one(
            name: str = "", origin: str | None = None, session: str = ""
        ) -> ClientConnection:
            if name and not session:
                session = sessions.get(name) or product.session(name)
                sessions[name] = session
            cookies = {"Cookie": f"sessionid={session}"} if session else {}
            wanted = connect(
                f"ws://127.0.0.1:{product.port}/ws/live",
                additional_headers=cookies,
                origin=origin or product.url,  # type: ignore[arg-type]
                close_timeout=0.5,  # one that nobody reads any more does not hear the answer to it
            )
            return opened.enter_context(wanted)

        yield open_one


def watch(socket: ClientConnection, version: int, *topics: str) -> None:
    """This function will say what the page shows, all of one version."""
    socket.send(json.dumps({"watch": dict.fromkeys(topics, version)}))


def until(socket: ClientConnection, key: str, seconds: float = 60) -> Any:
    """This function will give the first frame that has `key`, or fail."""
    end = time.monotonic() + seconds
    while True:
        frame = json.loads(socket.recv(timeout=max(0.01, end - time.monotonic())))
        if key in frame:
            return frame


def shows(socket: ClientConnection, text: str, seconds: float = 60) -> Any:
    """This function will give the first frame whose HTML contains `text`, or fail."""
    while True:
        frame = until(socket, "html", seconds)
        if text in frame["html"]:
            return frame


def closed_with(socket: ClientConnection, seconds: float = 60) -> int:
    """This function will wait until the other side closes, and give its code."""
    end = time.monotonic() + seconds
    while socket.close_code is None and time.monotonic() < end:
        with suppress(ConnectionClosed, TimeoutError):
            socket.recv(timeout=0.2)
    return socket.close_code or 0


def test_a_committed_change_reaches_the_page_that_watches(product: Stack, socket_of: Any) -> None:
    socket = socket_of("member")
    watch(socket, 0, f"job:{product.ids['job']}")
    until(socket, "html")

    product.change("changed once")

    frame = shows(socket, "changed once")
    assert frame["topic"] == f"job:{product.ids['job']}"


def test_a_socket_that_was_idle_for_8_seconds_still_gets_the_message(
    product: Stack, socket_of: Any
) -> None:
    socket = socket_of("member")
    watch(socket, 0, f"job:{product.ids['job']}")
    until(socket, "html")
    time.sleep(8)  # the idleness is what is tested

    product.change("after the silence")

    shows(socket, "after the silence")


def test_a_change_between_the_page_and_the_subscription_is_not_missed(
    product: Stack, socket_of: Any
) -> None:
    first = socket_of("member")
    watch(first, 0, f"job:{product.ids['job']}")
    shown = until(first, "html")["v"]
    product.change("while the second page loaded")
    shows(first, "while the second page loaded")

    second = socket_of("staff")
    watch(second, shown, f"job:{product.ids['job']}")

    shows(second, "while the second page loaded")


def test_a_change_while_the_relay_was_away_is_shown_when_it_is_back(
    product: Stack, socket_of: Any
) -> None:
    socket = socket_of("member")
    watch(socket, 0, f"job:{product.ids['job']}")
    until(socket, "html")
    product.end("relay")
    product.change("nobody was listening")

    product.start("relay")

    shows(socket, "nobody was listening")


def test_a_page_hears_each_second_that_the_relay_is_at_work(socket_of: Any) -> None:
    socket = socket_of("member")

    first, second = until(socket, "tick")["tick"], until(socket, "tick")["tick"]

    assert 100_000 < second - first < 30_000_000


@pytest.mark.parametrize("topic", ["job:{job}", "jobpage:{job}", "project:{project}"])
def test_a_stranger_cannot_watch_what_belongs_to_others(
    topic: str, product: Stack, socket_of: Any
) -> None:
    socket = socket_of("stranger")
    wanted = topic.format(**product.ids)

    watch(socket, 0, wanted)

    assert until(socket, "refused")["refused"] == [wanted]


@pytest.mark.parametrize("topic", ["home:{member}", "jobs:{member}::"])
def test_nobody_can_watch_the_lists_of_another_person(
    topic: str, product: Stack, socket_of: Any
) -> None:
    socket = socket_of("staff")
    wanted = topic.format(**product.ids)

    watch(socket, 0, wanted)

    assert until(socket, "refused")["refused"] == [wanted]


def test_a_new_job_is_announced_to_the_list_it_belongs_to(product: Stack, socket_of: Any) -> None:
    socket = socket_of("member")
    watch(socket, 0, f"jobs:{product.ids['member']}::")
    until(socket, "html")

    made = product.database.rows(
        "INSERT INTO job (kind, queue_id, scope, state, run_after) "
        "VALUES ('demo.noop', 'short', %s, 'scheduled', now() + interval '1 day') RETURNING id",
        [product.ids["project"]],
    )[0][0]

    shows(socket, f"job:{made}")


def test_without_a_session_a_socket_is_closed_and_told_why(socket_of: Any) -> None:
    assert closed_with(socket_of()) == 4401


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "null"]
)
def test_a_page_of_another_site_gets_no_socket(origin: str, product: Stack, socket_of: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        socket_of("member", origin=origin.format(port=product.port))

    assert refused.value.response.status_code == 403


def test_another_path_gets_no_socket(product: Stack) -> None:
    address = f"ws://127.0.0.1:{product.port}/ws/other"

    with pytest.raises(InvalidStatus) as refused, connect(address, origin=product.url):  # type: ignore[arg-type]
        pass

    assert refused.value.response.status_code == 403


def test_logging_out_ends_the_socket(product: Stack, socket_of: Any) -> None:
    session = product.session("member")
    socket = socket_of(session=session)
    watch(socket, 0, f"job:{product.ids['job']}")
    until(socket, "html")

    product.database.rows("DELETE FROM factory_session WHERE session_key = %s", [kept(session)])

    assert closed_with(socket) == 4401


def test_of_two_sessions_only_the_one_that_was_ended_loses_its_socket(
    product: Stack, socket_of: Any
) -> None:
    ended, kept_open = product.session("member"), product.session("member")
    both = [socket_of(session=ended), socket_of(session=kept_open)]
    for socket in both:
        watch(socket, 0, f"job:{product.ids['job']}")
        until(socket, "html")

    product.database.rows("DELETE FROM factory_session WHERE session_key = %s", [kept(ended)])

    assert closed_with(both[0]) == 4401
    product.change("after another session was ended")
    shows(both[1], "after another session was ended")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE auth_user SET is_active = false WHERE username = 'stranger'",
        "UPDATE auth_user SET password = '!changed' WHERE username = 'stranger'",
    ],
)
def test_who_is_deactivated_or_has_another_password_loses_the_socket(
    change: str, product: Stack, socket_of: Any
) -> None:
    socket = socket_of(session=product.session("stranger"))
    watch(socket, 0, f"home:{product.ids['member']}")
    until(socket, "refused")

    product.database.rows(change)

    try:
        assert closed_with(socket) == 4401
    finally:
        product.database.rows("UPDATE auth_user SET is_active = true")


def test_who_leaves_a_project_stops_seeing_it(product: Stack, socket_of: Any) -> None:
    socket = socket_of("member")
    topic = f"job:{product.ids['job']}"
    watch(socket, 0, topic)
    until(socket, "html")
    role = "DELETE FROM project_membership WHERE user_id = %s RETURNING project_id, user_id, role"

    removed = product.database.rows(role, [product.ids["member"]])

    try:
        assert until(socket, "refused")["refused"] == [topic]
    finally:
        product.database.rows(
            "INSERT INTO project_membership (project_id, user_id, role) VALUES (%s, %s, %s)",
            removed[0],
        )


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[1]",
        '{"watch": []}',
        '{"watch": {"job:1": "x"}}',
        '{"watch": {"job:1": null}}',
        '{"watch": {"job:1": true}}',
        '{"watch": {"job:1": -1}}',
        '{"watch": {"job:1": 1e999}}',
        '{"watch": {"job:1": 9223372036854775808}}',
        "x" * 20_000,
        "[" * 10_000,
        json.dumps({"watch": {f"job:{n}": 0 for n in range(1000)}}),
    ],
)
def test_a_frame_that_is_not_ours_ends_the_socket(frame: str, socket_of: Any) -> None:
    socket = socket_of("member")

    socket.send(frame)

    assert closed_with(socket) == 4408


def test_a_socket_that_sends_too_often_is_ended(socket_of: Any) -> None:
    socket = socket_of("member")

    for _ in range(30):
        socket.send('{"watch": {}}')

    assert closed_with(socket) == 4408


def test_a_socket_that_breaks_leaves_no_task_and_no_group() -> None:
    class Somebodys(Pages):
        async def _user(self) -> AnonymousUser:
            return AnonymousUser()

    async def break_one() -> tuple[int, int, set[str]]:
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        page = Somebodys()
        serving = asyncio.create_task(page({"type": "websocket"}, heard.get, sent.put))
        heard.put_nowait({"type": "websocket.connect"})
        await sent.get()
        at_work = len(page.tasks)
        heard.put_nowait({"type": "websocket.unheard-of"})
        with pytest.raises(ValueError, match="No handler"):
            await serving
        left = sum(not task.done() for task in page.tasks)
        await page.channel_layer.group_send(live.SOCKETS, {"type": "hello"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(page.channel_layer.receive(page.channel_name), 0.5)
        return at_work, left, set(page.shown)

    assert asyncio.run(break_one()) == (2, 0, set())


def test_a_socket_that_shows_less_than_a_tick_says_asks_the_relay_at_once() -> None:
    class Somebodys(Pages):
        async def _user(self) -> AnonymousUser:
            return AnonymousUser()

    async def asks(shown: int) -> dict[str, int]:
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        page = Somebodys()
        serving = asyncio.create_task(page({"type": "websocket"}, heard.get, sent.put))
        heard.put_nowait({"type": "websocket.connect"})
        await sent.get()
        layer = page.channel_layer
        relay = await layer.new_channel()
        await layer.group_add(live.RELAY, relay)
        page.shown = {"job:1": shown, "job:2": 9}
        tick = {"type": "tick", "v": 9, "n": 4, "sent": {"job:1": 7, "job:2": 7, "job:3": 7}}
        await layer.send(page.channel_name, tick)
        try:
            return (await asyncio.wait_for(layer.receive(relay), 0.5))["shown"]
        except TimeoutError:
            return {}
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await layer.group_discard(live.RELAY, relay)

    assert asyncio.run(asks(5)) == {"job:1": 5}
    assert asyncio.run(asks(7)) == {}


def test_frames_of_a_socket_are_numbered_without_a_gap(product: Stack, socket_of: Any) -> None:
    socket = socket_of("member")
    watch(socket, 0, f"job:{product.ids['job']}")

    numbers = [json.loads(socket.recv(timeout=60))["n"] for _ in range(4)]

    assert numbers == [1, 2, 3, 4]


@dataclass(eq=False)
class Open:
    """What the doorkeeper knows of an open page."""

    key: str
    doubted: asyncio.Event = field(default_factory=asyncio.Event)


def _leave_the_project(user: User, session: Any) -> None:
    Membership.objects.filter(user=user).delete()


def _lose_the_session(user: User, session: Any) -> None:
    session.delete()


def _lose_the_account(user: User, session: Any) -> None:
    User.objects.update(is_active=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [_leave_the_project, _lose_the_session, _lose_the_account])
def test_the_doorkeeper_sees_whom_a_change_concerns(
    change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page asks by itself only every ten seconds; nothing here does but the doorkeeper."""
    monkeypatch.setattr(sockets, "LOOK_S", 0.2)
    project = Project.objects.create(name="Dock", slug="dock")
    sessions = []
    for name in ("ana", "bob"):
        user = User.objects.create_user(name)
        Membership.objects.create(project=project, user=user, role="viewer")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session.create()
        session.save()
        sessions.append(session)
    ana = User.objects.get(username="ana")

    async def watch_both() -> list[bool]:
        keeper = Doorkeeper()
        pages = [Open(session.session_key or "") for session in sessions]
        for page in pages:
            keeper.admit(page)  # type: ignore[arg-type]
        for page in pages:
            await asyncio.wait_for(page.doubted.wait(), 30)
            page.doubted.clear()
        await sync_to_async(change)(ana, sessions[0])
        await asyncio.wait_for(pages[0].doubted.wait(), 30)
        for page in pages:
            keeper.dismiss(page)  # type: ignore[arg-type]
        assert keeper.looking is not None
        await keeper.looking
        await sync_to_async(connections.close_all)()
        return [page.doubted.is_set() for page in pages]

    concerned = asyncio.run(watch_both())

    assert concerned == [True, change is _lose_the_account]


def test_a_page_that_goes_while_it_connects_is_no_error() -> None:
    class Somebodys(Pages):
        async def _user(self) -> AnonymousUser:
            return AnonymousUser()

    async def gone(message: dict[str, Any]) -> None:
        raise ClientDisconnected

    async def connect_one() -> tuple[int, int]:
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        heard.put_nowait({"type": "websocket.connect"})
        page = Somebodys()
        await page({"type": "websocket"}, heard.get, gone)
        return len(page.tasks), len(doorkeeper.standing)

    assert asyncio.run(connect_one()) == (0, 0)


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "own"),
    [
        ("https://factory.example", "ws", "10.0.0.1:8000", True),  # a proxy that ends TLS
        ("https://factory.example:443", "ws", "10.0.0.1:8000", True),
        ("http://factory.example", "ws", "10.0.0.1:8000", False),
        ("http://box.example:8000", "ws", "box.example:8000", True),
        ("http://BOX.example:8000", "ws", "box.example:8000", True),
        ("https://box.example", "wss", "box.example", True),
        ("http://box.example:8001", "ws", "box.example:8000", False),
        ("http://box.example", "ws", "box.example:8000", False),
        ("http://[::1]:8000", "ws", "[::1]:8000", True),
        ("http://rebound.evil:8000", "ws", "rebound.evil:8000", False),
        ("http://box.example:port", "ws", "box.example:port", False),
        ("null", "ws", "box.example:8000", False),
        ("", "ws", "", False),
    ],
)
def test_only_a_page_of_this_very_server_is_our_own(
    origin: str, scheme: str, host: str, own: bool, settings: Any
) -> None:
    settings.FACTORY_URL = "https://factory.example"
    settings.ALLOWED_HOSTS = ["box.example", "[::1]"]
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]

    assert is_own({"scheme": scheme, "headers": headers}) is own


def test_a_handshake_without_an_origin_is_not_our_own() -> None:
    assert not is_own({"scheme": "ws", "headers": [(b"host", b"localhost:8000")]})
