"""What is answered without asking Django: readiness, and pages while the database is away.

A frozen database sends no error: whoever waits for it waits, and eight such pages are all there
are. So nobody enters while it is away, and who was inside when it went is answered here.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from django.conf import settings

from factory import errors, health, probe

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOK_S = 0.25
log = structlog.get_logger("factory.gate")


class Gate:
    """Lets requests through to the pages, as long as pages can be made."""

    def __init__(self, pages: Application) -> None:
        self._pages = pages
        self._fell = asyncio.Event()
        self._left: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """This method will answer one request."""
        if scope["path"] == "/readyz":
            await _ready(scope, send)
        elif scope["path"].startswith(settings.STATIC_URL):
            await self._pages(scope, receive, send)
        elif probe.away():
            await _refuse(scope, send)
        else:
            self._fell.clear()
            await self._enter(scope, receive, send)

    async def keep(self) -> None:
        """This method will open and close the gate, until it is cancelled."""
        while True:
            if probe.away():
                self._fell.set()
            else:
                self._fell.clear()
            await asyncio.sleep(LOOK_S)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(send)
        page = asyncio.ensure_future(self._pages(scope, receive, answer))
        fell = asyncio.create_task(self._fell.wait())
        try:
            await asyncio.wait({page, fell}, return_when=asyncio.FIRST_COMPLETED)
            if not page.done() and not answer.begun:
                answer.given_up = True
                self._leave(page)
                await _refuse(scope, send)
            else:
                await page
        except asyncio.CancelledError:
            page.cancel()
            raise
        finally:
            fell.cancel()

    def _leave(self, page: "asyncio.Future[None]") -> None:
        # Its thread waits in the database and cannot be ended; what it says then, nobody hears.
        self._left.add(page)
        page.add_done_callback(lambda done: (self._left.discard(done), done.exception()))


class Answer:
    """What a page sends, as long as somebody listens."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.given_up = False

    async def __call__(self, message: Message) -> None:
        """This method will pass on one message."""
        if not self.given_up:
            self.begun = True
            await self._send(message)


async def _ready(scope: Scope, send: Send) -> None:
    names = [name.decode("latin1").lower() for name, _ in scope["headers"]]
    direct = health.is_direct((scope.get("client") or [""])[0], names)
    status, document = health.readiness(probe.watched(), told_why=direct)
    await _answer(scope, send, status, b"application/json", json.dumps(document))


async def _refuse(scope: Scope, send: Send) -> None:
    found, error_id = probe.away(), secrets.token_hex(8)
    since = health.clock(found.since) if found else "a moment ago"
    log.warning("refused while the database is away", error_id=error_id, method=scope["method"])
    if _wants_json(scope):
        words, message = errors.WORDS[503], health.DATABASE_AWAY.format(since=since)
        problem = errors.Problem(503, words, message, error_id)
        await _answer(scope, send, 503, b"application/json", json.dumps(problem.document()))
    else:
        back = errors.sent_to(scope["method"], scope["path"])
        page = health.unavailable(health.DATABASE_AWAY, since, error_id, back)
        await _answer(scope, send, 503, b"text/html; charset=utf-8", page)


async def _answer(scope: Scope, send: Send, status: int, kind: bytes, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", kind), (b"cache-control", b"no-store"), *_PROTECTION]
    headers.append((b"content-length", str(len(body)).encode()))
    if status == 503:
        headers.append((b"retry-after", str(health.RETRY_S).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    sent = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})


def _wants_json(scope: Scope) -> bool:
    accepted = next((text for name, text in scope["headers"] if name == b"accept"), b"")
    if scope["path"].startswith(errors.API):
        return True
    return b"application/json" in accepted and b"text/html" not in accepted


def _policy() -> bytes:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return "; ".join(f"{name} {' '.join(of)}" for name, of in directives.items()).encode()


_PROTECTION = [
    (b"content-security-policy", _policy()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
]
