"""What one socket does with its news, whatever else it waits for."""

import asyncio
import json
import threading
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser, User
from django.db import connections
from django.test import Client

from factory.sockets import Pages
from jobs import live, queue


def test_news_does_not_wait_for_the_thread_that_asks_the_database() -> None:
    class Somebodys(Pages):
        async def _user(self) -> AnonymousUser:
            return AnonymousUser()

    async def told() -> Any:
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        page, answer = Somebodys(), threading.Event()
        serving = asyncio.create_task(page({"type": "websocket"}, heard.get, sent.put))
        heard.put_nowait({"type": "websocket.connect"})
        await sent.get()
        await asyncio.sleep(0)
        asking = asyncio.create_task(database_sync_to_async(answer.wait)())
        page.shown = {"job:1": 1}
        news = {"type": "news", "topic": "job:1", "v": 2, "html": "<tr></tr>", "n": 1}
        await page.channel_layer.send(page.channel_name, news)
        try:
            return json.loads((await asyncio.wait_for(sent.get(), 5))["text"])["v"]
        finally:
            answer.set()
            await asking
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    assert asyncio.run(told()) == 2


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_while_a_page_asks_anew_is_not_sent_again() -> None:
    somebody = User.objects.create_superuser("somebody")
    topic = f"job:{queue.enqueue('demo.noop', {}, after=3600).pk}"

    browser = Client()
    browser.force_login(somebody)
    session = browser.session.session_key

    class Somebodys(Pages):
        @property
        def key(self) -> str | None:
            self.shown[topic] = 9  # news that comes meanwhile
            return session

    async def shown() -> dict[str, int]:
        page = Somebodys()
        page.channel_layer, page.channel_name = get_channel_layer(), "test.page"
        page.shown = {topic: 5}
        await page._watch({topic: 5})
        await page.channel_layer.group_discard(live.group(topic), page.channel_name)
        await database_sync_to_async(connections.close_all)()
        return page.shown

    assert asyncio.run(shown()) == {topic: 9}
