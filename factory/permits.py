"""Who a session is and what they may watch: asked for all sockets that wait, with one answer.

Each socket asks every ten seconds, and one thread asks the database for all. Five hundred pages of
one person cost as many questions as one page.
"""

import asyncio
from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import auth
from django.db import close_old_connections
from django.http import HttpRequest

from jobs import live

Asked = tuple[str, Collection[str]]
"""The key of a session, and the topics it wants to watch."""
Answer = tuple[Any, set[str]]
"""The person, or None, and what they may watch of that."""


class Permits:
    """The questions that wait, and the one task that answers all of them together."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, key: str, topics: Collection[str] = ()) -> Answer:
        """This method will tell who a session belongs to now, and what of `topics` they may watch.

        What was changed before this is called is seen. It raises what the database raises.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(((key, topics), answer))
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                answers = await sync_to_async(_answered)([asked for asked, _ in taken])
            except Exception as error:  # each socket decides what it means for its page
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(taken, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)


def _answered(asked: Sequence[Asked]) -> list[Answer]:
    close_old_connections()
    return answer_all(asked)


def answer_all(asked: Sequence[Asked]) -> list[Answer]:
    """This function will answer several sockets: each session and each person is looked up once."""
    users = {key: account(key) for key in {key for key, _ in asked}}
    wanted: dict[Any, set[str]] = {}
    for key, topics in asked:
        if users[key] is not None:
            wanted.setdefault(users[key], set()).update(topics)
    allowed = {user: live.permitted(user, topics) for user, topics in wanted.items()}
    return [(users[key], allowed.get(users[key], set()) & set(topics)) for key, topics in asked]


def account(session_key: str) -> Any:
    """This function will give the active user of a session as it stands now, or None."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = auth.get_user(request)
    return user if user.is_authenticated and user.is_active else None


permits = Permits()
