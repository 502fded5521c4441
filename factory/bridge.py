"""HTTP from the event loop to Django's eight threads and back.

A thread is lent only while Django works: a body is collected before, and what a slow client has
not taken yet waits here. Measured against a2wsgi alone in docs/decisions.md.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, ClassVar

import structlog
from a2wsgi import WSGIMiddleware
from django.urls import is_valid_path

from factory import errors, intake

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SILENCE_S = 10.0
"""So long a client may say nothing in the middle of its request, or take nothing of the answer."""
BODY_S = 60.0
"""So long a whole body may take, however diligently it trickles in."""
WAITING_BYTES = 2 * intake.MIB
"""So much of an answer may wait for its client before the thread that makes it waits too: in all
`SILENCE_S`, then the rest is kept in memory."""
MOST_WAITING_BYTES = 256 * intake.MIB
"""So much may wait for all clients; the next one that takes too little is dropped."""
_LARGE_AT_ONCE = 4
log = structlog.get_logger("factory.bridge")


class Bridge:
    """An ASGI application around a WSGI application with a fixed number of threads."""

    def __init__(self, app: Any, threads: int) -> None:
        self._pages = WSGIMiddleware(app, workers=threads)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """This method will answer one request; a client that left before its end changed nothing."""
        asked = {**scope, "headers": [pair for pair in scope["headers"] if b"_" not in pair[0]]}
        if _is_odd(asked):
            asked |= {"path": "/", "query_string": b"", errors.REFUSED: 400}
        if _most(asked) > intake.MIB and not is_valid_path(asked["path"]):
            asked[errors.REFUSED] = 404  # before anything of it is taken
        if _most(asked) > intake.MIB:
            async with self._large:
                await self._collect_and_answer(asked, receive, send)
        else:
            await self._collect_and_answer(asked, receive, send)

    async def _collect_and_answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _collected(scope, receive)
        if body is not None:
            await self._answer(scope, body, receive, send)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        outbound = Outbound(send)
        # A task of its own: when the server gives up at its end, the thread still gets to finish.
        working = asyncio.create_task(self._work(scope, body, outbound))
        leaving = asyncio.create_task(_left(receive))
        leaving.add_done_callback(lambda left: left.cancelled() or outbound.drop())
        try:
            await outbound.pump()
            await asyncio.shield(working)
        finally:
            outbound.drop()
            leaving.cancel()

    async def _work(self, scope: Scope, body: bytes, outbound: "Outbound") -> None:
        try:
            await self._pages(scope, _once(body), outbound.put)  # type: ignore[arg-type]
        except Exception:
            # Django answers every defect itself; this is one in what lies around it, or in the
            # middle of a streamed answer, which can only be broken off.
            error_id = errors.error_id()
            log.exception("an answer broke off", error_id=error_id, path=scope["path"])
            await outbound.fail(*errors.last_resort(error_id, scope["path"]))


class Outbound:
    """What was answered and is not sent yet."""

    waiting_for_all: ClassVar[int] = 0

    def __init__(self, send: Send) -> None:
        self.gone = False
        self._send = send
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._started = False
        self._patience_s = SILENCE_S
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, message: Message) -> None:
        """This method will take the next part; it waits a little while too much of it lies here."""
        if self.gone:
            return
        self._started = True
        self._messages.append(message)
        self._count(len(message.get("body", b"")))
        self._news.set()
        if Outbound.waiting_for_all > MOST_WAITING_BYTES:
            self.drop()
        elif self._bytes > WAITING_BYTES:
            await self._wait_for_room()

    async def pump(self) -> None:
        """This method will send what comes until the last part is sent or the client is gone."""
        while not self.gone:
            while not self._messages and not self.gone:
                self._news.clear()
                await self._news.wait()
            if self.gone:
                return
            message = self._messages.popleft()
            try:
                async with asyncio.timeout(SILENCE_S):
                    await self._send(message)
            except TimeoutError:
                self.drop()
                return
            if self.gone:  # and forgotten with all it weighed
                return
            self._count(-len(message.get("body", b"")))
            if self._bytes <= WAITING_BYTES:
                self._room.set()
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return

    async def fail(self, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """This method will answer 500, or break off when the answer has begun."""
        if self._started:
            self.drop()
            return
        await self.put({"type": "http.response.start", "status": 500, "headers": headers})
        await self.put({"type": "http.response.body", "body": body})

    def drop(self) -> None:
        """This method will forget the client: whatever else is answered goes nowhere, at once."""
        self.gone = True
        self._messages.clear()
        self._count(-self._bytes)
        self._news.set()
        self._room.set()

    def _count(self, more: int) -> None:
        self._bytes += more
        Outbound.waiting_for_all += more

    async def _wait_for_room(self) -> None:
        self._room.clear()
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._room.wait()
        self._patience_s = max(0.0, self._patience_s - (time.monotonic() - began))


def _is_odd(scope: Scope) -> bool:
    """Neither a path nor a text column can hold NUL; and a query is written in ASCII."""
    query: bytes = scope["query_string"]
    return "\0" in scope["path"] or b"%00" in query or not query.isascii()


def _length(scope: Scope) -> int:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else 0


def _most(scope: Scope) -> int:
    """So many bytes may come: as declared, or as the door takes where nothing is declared."""
    if b"transfer-encoding" in dict(scope["headers"]):
        return intake.door(scope["path"]).most_bytes
    return _length(scope)


async def _collected(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None when the client left; its length is put into the headers.

    One that is refused already, or too large, is not read: `factory.errors` answers it.
    """
    most = intake.door(scope["path"]).most_bytes
    if errors.REFUSED in scope or _length(scope) > most:
        return b""
    body = bytearray()
    more = True
    try:
        async with asyncio.timeout(BODY_S):
            while more and len(body) <= most:
                async with asyncio.timeout(SILENCE_S):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        scope[errors.REFUSED] = 408
    kept = [pair for pair in scope["headers"] if pair[0] not in _FRAMING]
    if body:
        kept.append((b"content-length", str(len(body)).encode()))
    scope["headers"] = kept
    return bytes(body) if len(body) <= most else b""


_FRAMING = {b"content-length", b"transfer-encoding"}


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _left(receive: Receive) -> None:
    """This coroutine will end when the client has left."""
    with suppress(Exception):
        while (await receive())["type"] != "http.disconnect":
            pass
