"""Many open pages in one process: sockets that watch what a page shows, and note what comes when.

Run as a program: it takes its orders as one JSON line, says `ready` once every socket watches, and
when its input ends it prints what was heard. It is a process of its own so that nobody who measures
waits for it.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_TOPIC = re.compile(r'"topic": "([^"]*)"')
_BEAT = re.compile(r"beat (\d+)")
_WORD = re.compile(r"mark-([a-z]+)")
_AT_ONCE = 20
"""So many sockets are opened beside each other: more would wait for the server's accept."""


@dataclass
class Heard:
    """What came to one socket: when each beat, and the last word of each row."""

    beats: dict[int, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    frames: int = 0
    size: int = 0
    closed: bool = False

    def take(self, text: str) -> None:
        """This method will note one frame."""
        at = time.time()
        self.frames += 1
        self.size += len(text)
        topic = _TOPIC.search(text)
        if topic is None:
            return
        if beat := _BEAT.search(text):
            self.beats.setdefault(int(beat[1]), at)
        if word := _WORD.search(text):
            self.words[topic[1]] = word[1]


async def listen(orders: dict[str, Any], heard: Heard, door: asyncio.Semaphore) -> None:
    """This function will be one page: it watches, and listens until it is cancelled."""
    async with door:
        socket = await connect(
            orders["address"],
            origin=orders["origin"],
            additional_headers={"Cookie": orders["cookie"]},
            ping_interval=None,
        )
        await socket.send(json.dumps({"watch": orders["watch"]}))
        heard.take(str(await socket.recv()))
    try:
        await _take(socket, heard)
    except ConnectionClosed:
        heard.closed = True


async def _take(socket: ClientConnection, heard: Heard) -> None:
    async for text in socket:
        heard.take(str(text))


async def attend(orders: dict[str, Any]) -> dict[str, Any]:
    """This function will hold the sockets open until the input ends, and give what they heard."""
    everybody = [Heard() for _ in range(orders["sockets"])]
    door = asyncio.Semaphore(_AT_ONCE)
    listening = [asyncio.create_task(listen(orders, heard, door)) for heard in everybody]
    while not all(
        heard.frames or task.done() for heard, task in zip(everybody, listening, strict=True)
    ):
        await asyncio.sleep(0.05)
    _say("ready")
    await asyncio.to_thread(sys.stdin.read)
    for task in listening:
        task.cancel()
    ended = await asyncio.gather(*listening, return_exceptions=True)
    return {
        "beats": [heard.beats for heard in everybody],
        "words": [heard.words for heard in everybody],
        "frames": sum(heard.frames for heard in everybody),
        "bytes": sum(heard.size for heard in everybody),
        "closed": sum(heard.closed for heard in everybody)
        + sum(isinstance(end, Exception) for end in ended),
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _say(json.dumps(asyncio.run(attend(json.loads(sys.stdin.readline())))))
