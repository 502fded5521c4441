"""Live news: the relay re-reads what pages watch, and sends what changed, rendered once.

Nothing is stored: sockets announce what they watch every `RENEW_S`, and with it the version they
show. So a message that was lost is made up for, whoever lost it.
"""

import asyncio
import gc
import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.template import Engine
from django.template.loader import get_template
from django.urls import get_resolver
from redis.exceptions import RedisError

from jobs import board, ports

RELAY = "relay"
SOCKETS = "sockets"
RENEW_S = 10
FORGET_S = 3 * RENEW_S
PERIOD_S = 0.1
TICK_S = 1.0
_PAUSE_S = 1.0
KEPT = 50
"""So many of the messages sent last are kept in the cache, for who looks for what went wrong."""
KEPT_AS = "live.sent"
KEPT_S = 3600
MOST_TOLD = 200
"""So many topics a tick names, with the version each was last sent; others are asked for anew by time."""
ANSWER_S = 5.0
"""Valkey has so long to take one message."""
STUCK_S = 8.0
"""A pass that takes longer is stuck, and there is no beat."""
_TOPIC = re.compile(r"[a-z]{1,20}:[\w:.-]{1,76}", re.ASCII)
_log = logging.getLogger(__name__)

Broken = (RedisError, OSError, DatabaseError, InterfaceError)


def is_topic(text: Any) -> bool:
    """This function will tell whether a text can name a topic that exists."""
    if not isinstance(text, str) or not _TOPIC.fullmatch(text):
        return False
    return text.partition(":")[0] in ports.topics


def group(topic: str) -> str:
    """This function will give the channel layer's name for those who watch a topic."""
    return "topic." + topic.replace(":", ".")


def by_name(topics: Iterable[str]) -> dict[str, list[str]]:
    """This function will sort topics by their names: each name is asked once for all its keys."""
    keys: dict[str, list[str]] = {}
    for topic in topics:
        name, _, key = topic.partition(":")
        keys.setdefault(name, []).append(key)
    return keys


def permitted(user: Any, topics: Iterable[str]) -> set[str]:
    """This function will keep the topics `user` may watch."""
    return {
        f"{name}:{key}"
        for name, keys in by_name(topics).items()
        for key in ports.topics[name].allowed(user, keys)
    }


async def announce(channel: str, shown: Mapping[str, int]) -> None:
    """This function will tell the relay what one socket watches, and the versions it shows."""
    message = {"type": "watch", "channel": channel, "shown": dict(shown)}
    await get_channel_layer().group_send(RELAY, message)


@dataclass
class Watched:
    """A topic somebody watches: what it showed last, since when, and who asked for it."""

    until: float
    fingerprint: str | None = None
    since: int = 0
    waiting: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Frame:
    """What one topic shows as of a version. `to` is a socket, or empty for all who watch."""

    topic: str
    version: int
    html: str
    to: tuple[str, ...] = ()


@dataclass
class Sent:
    """The messages of one relay, numbered from 1: the newest, and what went to groups since a tick.

    A socket that got a tick and shows less than it says has missed a message, and asks again.
    """

    number: int = 0
    newest: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    told: dict[str, int] = field(default_factory=dict)
    changed: bool = False

    def note(self, frame: Frame) -> int:
        """This method will number a frame that is about to be sent."""
        self.number += 1
        if not frame.to and len(self.told) < MOST_TOLD:
            self.told[frame.topic] = frame.version
        self.changed = True
        self.newest.append(
            {
                "n": self.number,
                "topic": frame.topic,
                "v": frame.version,
                "bytes": len(frame.html),
                "sockets": len(frame.to),
                "at": time.time(),
            }
        )
        return self.number

    def tick(self, version: int) -> dict[str, Any]:
        """This method will make the message that says how far the relay is, and begin anew."""
        told, self.told = self.told, {}
        return {"type": "tick", "v": version, "n": self.number, "sent": told}

    async def keep(self) -> None:
        """This method will leave the newest messages in the cache, where they are new."""
        if self.changed:
            self.changed = False
            document = {"pid": os.getpid(), "messages": list(self.newest)}
            await cache.aset(KEPT_AS, document, timeout=KEPT_S)


def kept() -> dict[str, Any]:
    """This function will give the messages that the relay sent last, oldest first.

    It raises what the cache raises when it is away.
    """
    found: dict[str, Any] = cache.get(KEPT_AS) or {"pid": None, "messages": []}
    return found


class Relay:
    """The set of watched topics, and one pass after another over them."""

    def __init__(self) -> None:
        self.watched: dict[str, Watched] = {}
        self.as_of = 0
        self.ticked = 0.0
        self.sent = Sent()

    def watch(self, channel: str, shown: Mapping[str, int]) -> None:
        """This method will note what a socket watches, and what it shows that is too old."""
        until = time.monotonic() + FORGET_S
        for topic, version in shown.items():
            watched = self.watched.setdefault(topic, Watched(until))
            watched.until = until
            if version < watched.since:
                watched.waiting.add(channel)

    def news(self, unhurried: bool | None = None) -> list[Frame]:
        """This method will read what is watched and render what changed or was asked for.

        All of it, or only what is unhurried, or only the rest. Who asks for the rest first may say
        `as_of` afterwards: what is unhurried is younger.
        """
        now = time.monotonic()
        self.watched = {name: one for name, one in self.watched.items() if one.until > now}
        asked = by_name(self.watched)
        if unhurried is not None:
            asked = {
                name: keys
                for name, keys in asked.items()
                if ports.topics[name].unhurried == unhurried
            }
        if unhurried and not asked:
            return []
        as_of = board.clock()
        changed = self._changed(asked)
        late = {
            topic
            for name, keys in asked.items()
            for topic in (f"{name}:{key}" for key in keys)
            if self.watched[topic].waiting and topic not in changed
        }
        frames = self._render(changed, late) if changed or late else []
        if not unhurried:
            self.as_of = as_of
        return frames

    def _changed(self, asked: Mapping[str, list[str]]) -> dict[str, str]:
        """This method will give the new fingerprint of each topic that has another one now."""
        found: dict[str, str] = {}
        for name, keys in asked.items():
            prints = ports.topics[name].fingerprints(keys)
            for key in keys:
                topic, value = f"{name}:{key}", prints.get(key, "")
                if self.watched[topic].fingerprint != value:
                    found[topic] = value
        return found

    def _render(self, changed: Mapping[str, str], late: set[str]) -> list[Frame]:
        # After the fingerprints and before the rows: what is shown as of this version holds both.
        version = board.clock()
        frames = []
        for name, keys in by_name([*changed, *late]).items():
            html = ports.topics[name].render(keys)
            for key in keys:
                topic = f"{name}:{key}"
                to = () if topic in changed else tuple(self.watched[topic].waiting)
                frames.append(Frame(topic, version, html.get(key, ""), to))
        # Noted last: when rendering fails, the next pass finds the same change again.
        for topic, value in changed.items():
            self.watched[topic].fingerprint, self.watched[topic].since = value, version
        for topic in (*changed, *late):
            self.watched[topic].waiting.clear()
        return frames


def prepare() -> None:
    """This function will load what pages are made of: else the first news would wait for it.

    All addresses and all partials, 0.8 s of processor time; no collection goes through them again.
    """
    get_resolver().reverse_dict  # noqa: B018 — reading it imports every view
    for folder in map(Path, Engine.get_default().dirs):
        for partial in (*folder.rglob("_*.html"), *folder.glob("*/states/*.html")):
            get_template(str(partial.relative_to(folder)))
    gc.freeze()


async def run(stop: asyncio.Event, alive: Callable[[], None]) -> None:
    """This function will relay news until `stop` is set; what is down is tried again for ever.

    `alive` is called once a second, also while it can only wait for what is down.
    """
    complained, passed = "", Passed()
    beating = asyncio.create_task(_beat(alive, passed))
    await sync_to_async(prepare)()
    while not stop.is_set():
        try:
            await _session(stop, passed)
        except Broken as error:
            passed.at = time.monotonic()
            if str(error) != complained:
                complained = str(error)
                _log.warning("live updates paused: %s", complained)
            await asyncio.sleep(_PAUSE_S)
        else:
            complained = ""
    beating.cancel()


@dataclass
class Passed:
    """When the relay last went over what is watched, or knew what it waits for."""

    at: float = field(default_factory=time.monotonic)


async def _beat(alive: Callable[[], None], passed: Passed) -> None:
    while True:
        if time.monotonic() - passed.at < STUCK_S:
            alive()
        await asyncio.sleep(TICK_S)


async def _session(stop: asyncio.Event, passed: Passed) -> None:
    layer = get_channel_layer()
    relay = Relay()
    channel = await layer.new_channel()
    async with asyncio.timeout(ANSWER_S):
        await layer.group_add(RELAY, channel)
        await layer.group_send(SOCKETS, {"type": "hello"})
    listening = asyncio.create_task(_listen(layer, channel, relay))
    try:
        while not stop.is_set() and not listening.done():
            await _work(layer, relay, passed)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(layer: Any, channel: str, relay: Relay) -> None:
    while True:
        message = await layer.receive(channel)
        relay.watch(message["channel"], message["shown"])


async def _work(layer: Any, relay: Relay, passed: Passed) -> None:
    begun, worked = time.monotonic(), time.process_time()
    due = begun - relay.ticked >= TICK_S
    if due or relay.watched:
        await _tell(layer, relay, unhurried=False)
        if due:
            relay.ticked = begun
            await _tell(layer, relay, unhurried=True)
            async with asyncio.timeout(ANSWER_S):
                await layer.group_send(SOCKETS, relay.sent.tick(relay.as_of))
                await relay.sent.keep()
    passed.at = time.monotonic()
    # At most half of a processor is used, however much is watched; waiting for others costs nothing.
    worked = time.process_time() - worked
    await asyncio.sleep(max(PERIOD_S - (passed.at - begun), worked))


async def _tell(layer: Any, relay: Relay, *, unhurried: bool) -> None:
    frames = await sync_to_async(_pass)(relay, unhurried)
    async with asyncio.timeout(ANSWER_S):
        for frame in frames:
            await _send(layer, frame, relay.sent.note(frame))


def _pass(relay: Relay, unhurried: bool) -> list[Frame]:
    close_old_connections()
    return relay.news(unhurried)


async def _send(layer: Any, frame: Frame, number: int) -> None:
    message = {"type": "news", "topic": frame.topic, "v": frame.version, "html": frame.html}
    message["n"] = number
    if not frame.to:
        await layer.group_send(group(frame.topic), message)
    for channel in frame.to:
        await layer.send(channel, message)
