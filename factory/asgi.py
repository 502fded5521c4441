"""The ASGI application: HTTP to Django's WSGI handler through the gate, WebSockets to Channels.

Django's own ASGI handler was 5 to 12 times slower and left its database connections open; behind
a2wsgi eight threads keep eight connections.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from uvicorn.protocols.utils import ClientDisconnected

from factory.wsgi import application as django
from jobs import beats, live

# After the WSGI application, which loads Django's apps.
from factory import probe  # isort: skip
from factory.bridge import Bridge  # isort: skip
from factory.gate import Gate  # isort: skip
from factory.health import ALIVE  # isort: skip
from factory.sockets import application as sockets  # isort: skip

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

THREADS = 8
_BEAT_S = 1.0
_pages = Gate(Bridge(django, THREADS))
log = structlog.get_logger("factory.asgi")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This application will answer one connection, or one server's life."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "websocket":
        await _socket(scope, receive, send)
    elif scope["path"] == "/healthz":
        await _alive(scope, send)
    else:
        await _pages(scope, receive, send)


async def _socket(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await sockets(scope, receive, send)
    except ClientDisconnected:
        pass  # it left while something was on its way to it
    except Exception:
        log.exception("a socket broke")
        with contextlib.suppress(RuntimeError):  # closed already
            await send({"type": "websocket.close", "code": 1011})


async def _alive(scope: Scope, send: Send) -> None:
    # Without Django: it says that this process answers, whatever else is down.
    body = b"" if scope["method"] == "HEAD" else ALIVE.encode()
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(ALIVE)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await asyncio.to_thread(probe.watch)
    tasks = [asyncio.create_task(_beat()), asyncio.create_task(_pages.keep())]
    await send({"type": "lifespan.startup.complete"})
    tasks.append(asyncio.create_task(asyncio.to_thread(live.prepare)))
    await receive()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    beats.end("web")
    await send({"type": "lifespan.shutdown.complete"})


async def _beat() -> None:
    while True:
        beats.beat("web")
        await asyncio.sleep(_BEAT_S)
