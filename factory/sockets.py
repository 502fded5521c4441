"""Sockets: each page that is open watches topics through one, for as long as it may."""

import asyncio
import contextlib
import json
import random
import time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from factory import notices, sessions
from factory.permits import permits
from jobs import live

log = structlog.get_logger("factory.sockets")

PATH = "/ws/live"
LONGEST_FRAME = 16_384
MOST_TOPICS = 200
FRAMES_PER_10_S = 20
LOOK_S = 2.0
# The client reads these: after the first two it does not come back by itself.
LOGGED_OUT, TOO_MUCH, TRY_AGAIN = 4401, 4408, 1013


class TooMuch(Exception):
    """A client sends more, larger or other frames than ours does."""


class Pages(AsyncWebsocketConsumer):
    """One open page: what it watches, and the versions it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, int] = {}
        self.staff = False
        self.told: str | None = None
        self.said = 0
        self.heard: list[float] = []
        self.unsent: dict[str, dict[str, Any]] = {}
        self.has_unsent = asyncio.Event()
        self.doubted = asyncio.Event()
        self.one_at_a_time = asyncio.Lock()  # else a renewal could undo what the page just said
        self.tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """This method will serve the page until it goes or something breaks, and leave no trace."""
        try:
            await super().__call__(scope, receive, send)
        except live.Broken:  # the page went away, or what it needs did: it comes back by itself
            with contextlib.suppress(*live.Broken, RuntimeError):
                await self.close(TRY_AGAIN)
        finally:
            await self._leave()

    async def connect(self) -> None:
        """This method will accept a page of somebody who is logged in."""
        user = await self._user()
        if user is None:
            await self.accept()  # a refused handshake cannot say why
            await self.close(LOGGED_OUT)
            return
        self.staff = user.is_staff
        await self.accept()
        self.tasks = [asyncio.create_task(self._renew()), asyncio.create_task(self._send_news())]
        doorkeeper.admit(self)
        await self.channel_layer.group_add(live.SOCKETS, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """This method will take the list of what the page shows, in the place of the one before."""
        if not self.tasks:
            return
        try:
            self._count(text_data)
            wanted = _wanted(text_data)
            async with self.one_at_a_time:
                await self._watch(wanted)
        except TooMuch:
            await self.close(TOO_MUCH)
        except live.Broken:
            await self.close(TRY_AGAIN)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """This method will hand on what the relay sends at once.

        Channels lets a thread look after the database before each message: the one that also answers
        its questions, so that all news of all pages waited for them.
        """
        if message["type"] in ("news", "tick"):
            await getattr(self, message["type"])(message)
        else:
            await super().dispatch(message)

    async def news(self, message: dict[str, Any]) -> None:
        """This method will take what a topic shows now in the place of what was not sent yet.

        So a slow page costs the memory of one frame a topic, and gets the newest.
        """
        if message["v"] > self.shown.get(message["topic"], message["v"]):
            self.unsent[message["topic"]] = message
            self.has_unsent.set()

    async def tick(self, message: dict[str, Any]) -> None:
        """This method will pass on that the relay is at work, up to when it has read, and what
        does no work.
        """
        frame, told = {"tick": message["v"], "of": message.get("n")}, notices.html(self.staff)
        if told != self.told:
            self.told = frame["health"] = told
        await self._say(frame)
        await self._ask_for_missed(message.get("sent", {}))  # a relay of before told none

    async def _ask_for_missed(self, sent: dict[str, int]) -> None:
        """What went to all who watch came before this tick; what did not come here was lost."""
        missed = {
            topic: self.shown[topic]
            for topic, version in sent.items()
            if version > self.shown.get(topic, version) and topic not in self.unsent
        }
        if missed:
            log.warning("live messages lost", topics=sorted(missed)[:5], count=len(missed))
            await live.announce(self.channel_name, missed)

    async def _say(self, frame: dict[str, Any]) -> None:
        """Frames of one socket are numbered: a page that misses one reads itself again."""
        await self._number(json.dumps(frame, ensure_ascii=False))

    async def _number(self, text: str) -> None:
        self.said += 1
        await self.send(f'{text[:-1]}, "n": {self.said}}}')

    async def hello(self, message: dict[str, Any]) -> None:
        """This method will tell a relay that has just started what this page watches."""
        await self._announce()

    async def _watch(self, wanted: dict[str, int]) -> None:
        before = dict(self.shown)
        user, allowed = await permits.ask(self.key, wanted) if self.key else (None, set())
        if user is None:
            await self.close(LOGGED_OUT)
            return
        self.staff = user.is_staff
        for topic in self.shown.keys() - allowed:
            await self.channel_layer.group_discard(live.group(topic), self.channel_name)
        for topic in allowed - self.shown.keys():
            await self.channel_layer.group_add(live.group(topic), self.channel_name)
        refused = sorted(wanted.keys() - allowed)
        # Sent while this was asked: the page gets it, and would get it again if that were forgotten.
        sent = {topic: v for topic, v in self.shown.items() if v != before.get(topic)}
        self.shown = {topic: sent.get(topic, wanted[topic]) for topic in allowed}
        if refused:
            await self._say({"refused": refused})
        await self._announce()

    async def _send_news(self) -> None:
        while await self.has_unsent.wait():
            self.has_unsent.clear()
            while self.unsent:
                topic = next(iter(self.unsent))
                message = self.unsent.pop(topic)
                if topic in self.shown:
                    self.shown[topic] = max(self.shown[topic], message["v"])
                    what = (message[name] for name in ("topic", "v", "html"))
                    await self._number(_encoded(*what, message.get("n")))

    async def _announce(self) -> None:
        if self.shown:
            await live.announce(self.channel_name, self.shown)

    async def _renew(self) -> None:
        """This method will ask again and again whether this person may still see this."""
        try:
            while True:
                # Not all sockets at the same moment, also after a restart.
                later = live.RENEW_S * random.uniform(0.7, 1.1)  # noqa: S311 — spreads load, keeps no secret
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.doubted.wait(), later)
                self.doubted.clear()
                async with self.one_at_a_time:
                    await self._watch(dict(self.shown))
        except live.Broken:
            await self.close(TRY_AGAIN)

    async def _leave(self) -> None:
        doorkeeper.dismiss(self)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.tasks:
            # Without Valkey there are no groups to leave; a new one begins without members.
            with contextlib.suppress(*live.Broken):
                for topic in self.shown:
                    await self.channel_layer.group_discard(live.group(topic), self.channel_name)
                await self.channel_layer.group_discard(live.SOCKETS, self.channel_name)

    async def _user(self) -> Any:
        return (await permits.ask(self.key))[0] if self.key else None

    @property
    def key(self) -> str | None:
        """What the browser's session cookie holds."""
        return self.scope["session"].session_key  # type: ignore[no-any-return]

    def _count(self, text: str | None) -> None:
        now = time.monotonic()
        self.heard = [at for at in self.heard if now - at < 10] + [now]
        if text is None or len(text) > LONGEST_FRAME or len(self.heard) > FRAMES_PER_10_S:
            raise TooMuch


class Doorkeeper:
    """Sees within two seconds that somebody lost their session or changed what they may see.

    One question for all sockets of this process; whom it concerns asks for itself.
    """

    def __init__(self) -> None:
        self.standing: dict[Pages, str | None] = {}
        self.looking: asyncio.Task[None] | None = None

    def admit(self, page: Pages) -> None:
        """This method will begin to look after a page."""
        self.standing[page] = None
        if self.looking is None or self.looking.done():
            self.looking = asyncio.create_task(self._look())

    def dismiss(self, page: Pages) -> None:
        """This method will forget a page."""
        self.standing.pop(page, None)

    async def _look(self) -> None:
        while self.standing:
            await asyncio.sleep(LOOK_S)
            keys = {page.key for page in self.standing} - {None}
            with contextlib.suppress(*live.Broken):  # each page finds out when it renews
                found = await database_sync_to_async(sessions.standing)(keys)
                self._compare(found)

    def _compare(self, found: dict[str, str]) -> None:
        for page, before in self.standing.items():
            now = found.get(page.key or "", "")
            if now != before:
                self.standing[page] = now
                page.doubted.set()


doorkeeper = Doorkeeper()


@lru_cache(maxsize=64)
def _encoded(topic: str, version: int, html: str, of: int | None) -> str:
    """The frame of a message, for all sockets that get it."""
    frame = {"topic": topic, "v": version, "html": html, "of": of}
    return json.dumps(frame, ensure_ascii=False)


def _wanted(text: str | None) -> dict[str, int]:
    try:
        watch = json.loads(text or "")["watch"]
        wanted = {topic: version for topic, version in watch.items() if live.is_topic(topic)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TooMuch from error
    if len(wanted) > MOST_TOPICS or not all(map(_is_version, wanted.values())):
        raise TooMuch
    return wanted


def _is_version(value: Any) -> bool:
    # Not a float or a bool; and the channel layer's packing knows no more than 64 bits.
    return type(value) is int and 0 <= value < 2**63


def is_own(scope: Any) -> bool:
    """This function will tell whether a handshake comes from a page of this very server.

    Scheme, host and port must be those of FACTORY_URL, or those the request itself was sent to:
    a program on another port of the same host is another site.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin1")
    own = {_origin(settings.FACTORY_URL)}
    if validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        own.add(_origin(f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}"))
    return _origin(headers.get(b"origin", b"").decode("latin1")) in own - {None}


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return parts.scheme, parts.hostname or "", port


async def _pages_only(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == PATH:
        await _pages(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 4404})


_pages = Pages.as_asgi()
_with_session = CookieMiddleware(SessionMiddleware(_pages_only))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """This application will answer WebSockets: only to our own pages, only with a session."""
    if is_own(scope):
        await _with_session(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 4403})
