"""How many calls are answered: counted in Valkey for all processes, by token, person or network.

Without Valkey nobody is kept out: the count is there to share the machine, not to guard it.
"""

import math
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from factory import hot, sessions
from factory.models import ApiToken

WINDOW_S = 10
"""Calls are counted in parts of the clock as long as this."""
PEOPLE, STRANGERS = 2, 1 / 3
"""What a person with all tokens and sessions may, and a network without any, as parts of a token."""


class TooMany(Exception):
    """More calls than are answered in this part of the clock; `wait` says for how many seconds."""

    def __init__(self, whose: str, most: int, wait: int) -> None:
        super().__init__(
            f"{whose} made more than {most} calls in {WINDOW_S} seconds. Ask again in {wait} "
            f"second{'' if wait == 1 else 's'}; nothing of this call was done."
        )
        self.wait = wait


def of_token(token: ApiToken) -> None:
    """This function will count a call by a token, and its person's; raises TooMany."""
    _count("This token", f"token:{token.pk}", 1)
    of_person(token.user_id)


def of_person(pk: int) -> None:
    """This function will count a call by a person, whatever they call with; raises TooMany."""
    _count("You", f"person:{pk}", PEOPLE)


def of_stranger(request: HttpRequest) -> None:
    """This function will count a call by nobody who is known, by network; raises TooMany."""
    network = sessions.network(request)
    if network is not None:
        _count("Your network, without a token that works,", f"network:{network}", STRANGERS)


def _count(whose: str, key: str, share: float) -> None:
    most = math.ceil(settings.FACTORY_API_CALLS * share)
    if not most or hot.is_away():
        return
    window, into = divmod(time.time(), WINDOW_S)
    try:
        counted = _one_more(f"pace.{key}.{window:.0f}")
    except hot.AWAY:
        return
    if counted > most:
        raise TooMany(whose, most, math.ceil(WINDOW_S - into))


def _one_more(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # nobody counted yet
        return 1 if cache.add(key, 1, timeout=2 * WINDOW_S) else cache.incr(key)
