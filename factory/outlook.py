"""The views people begin with, each with its number, and the worst of them for title and icon."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.urls import reverse

from jobs import board, overall, ports, topics
from jobs.models import Job
from jobs.states import LIVE, State


@dataclass(frozen=True)
class Outlook:
    """How many jobs run, are stuck and failed since midnight (UTC), of those a person may see.

    `others` are the words of what else is not finished, each with its number.
    """

    running: int
    stuck: int
    failed: int
    others: tuple[tuple[str, int], ...] = ()

    @property
    def views(self) -> list[tuple[str, str, str]]:
        """Each view by its name, its number and its address."""
        jobs = reverse("jobs:list")
        numbers = (f"{self.running:,}", f"{self.stuck:,}", capped(self.failed), "")
        return [
            (name, number, f"{jobs}?{query}" if query else jobs)
            for (name, query), number in zip(board.VIEWS, numbers, strict=True)
        ]

    @property
    def title(self) -> str:
        """What the title of the page begins with: the worst there is."""
        if self.stuck:
            return f"({self.stuck:,} stuck) Mission Control"
        if self.failed:
            return f"({capped(self.failed)} failed today) Mission Control"
        return "Mission Control"

    @property
    def icon(self) -> str:
        """The icon that shows the same without words."""
        if self.stuck:
            return "factory/favicon-stuck.svg"
        return "factory/favicon-failed.svg" if self.failed else "factory/favicon.svg"


def register() -> None:
    """This function will make the numbers known as a topic."""
    ports.topics.register(
        ports.Topic("views", topics.own_keys, fingerprints, render, unhurried=True)
    )


def capped(number: int) -> str:
    """This function will write a number, or that nobody counted further."""
    return f"{overall.CAP:,}+" if number > overall.CAP else f"{number:,}"


def of(user: Any) -> Outlook:
    """This function will count what `user` may see now: three questions."""
    seen = Job.objects.visible_to(user)
    words = board.words(seen.filter(state__in=LIVE))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    failed = seen.filter(state=State.FAILED, finished_at__gte=midnight)
    number = failed.values("pk")[: overall.CAP + 1].count()
    running, stuck = words.pop(State.RUNNING, 0), overall.stuck().visible_to(user).count()  # type: ignore[attr-defined]
    words.pop(board.LOST, 0)
    return Outlook(running, stuck, number, tuple(words.items()))


def fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell the numbers, counted once for all who may see the same."""
    from factory import snapshot  # here: its health asks with what no command needs

    counted: dict[Hashable, str] = {}
    found = {}
    for user in _users(keys):
        audience = snapshot.audience(user)
        if audience not in counted:
            counted[audience] = str(of(user))
        found[str(user.pk)] = counted[audience]
    return found


def render(keys: Collection[str]) -> dict[str, str]:
    """This function will render the numbers as the home page does."""
    return {
        str(user.pk): render_to_string(
            "factory/_views.html", {"outlook": of(user), "viewer": user.pk}
        )
        for user in _users(keys)
    }


def _users(keys: Collection[str]) -> Any:
    return get_user_model().objects.filter(is_active=True, pk__in=topics.numbers(keys))
