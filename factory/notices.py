"""What stands above every page while something does no work: what, since when, what it means."""

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django.db import DatabaseError
from django.template.loader import render_to_string

from factory import probe
from factory.probe import Part
from jobs.models import Verification

VERIFIED_S = 30.0
_verified: list[float | str] = [-VERIFIED_S, ""]
SETTLED_S = 1.5
"""What is over within this time is not told: a runner that is replaced, a file that was late."""
_PAUSED = "This page reads itself again every few seconds instead. "
_MEANS = {
    "database": (
        "The database does not answer",
        "Nothing can be shown or changed; jobs are kept and go on when it is back.",
    ),
    "runners": (
        "No runner takes up some of the work",
        "Jobs wait and none is lost; runners that ended are started anew by themselves, those that "
        "somebody drained are not.",
    ),
    "valkey": ("Live updates are paused", f"{_PAUSED}Valkey does not answer."),
    "relay": ("Live updates are paused", f"{_PAUSED}The relay is silent; it is started anew."),
    "qcluster": (
        "Runners that end are not replaced",
        "The process that starts them is silent; it is started anew.",
    ),
    "watchdog": (
        "Nobody watches the runners",
        "What hangs is not ended until the watchdog is back; it is started anew.",
    ),
    "supervisor": (
        "Nobody restarts what ends",
        "The supervisor is silent. An administrator looks at manage.py status.",
    ),
}
# What follows from something else is not told beside it.
_FOLLOWS = {"relay": {"valkey", "database"}, "runners": {"database"}, "watchdog": {"database"}}
_FOLLOWS["qcluster"] = {"database"}


@dataclass(frozen=True)
class Notice:
    """One thing in trouble, in words for people; `detail` is for staff."""

    name: str
    title: str
    means: str
    at: datetime
    detail: str


def current() -> tuple[Notice, ...]:
    """This function will give what is in trouble now, as this process last saw it."""
    return tuple(_notices([part for part in probe.watched() if part.trouble], time.time()))


def since(name: str) -> datetime | None:
    """This function will say since when a part does no work; None: it does, or nobody knows."""
    found = [part.since for part in probe.watched() if part.name == name and part.trouble]
    return datetime.fromtimestamp(found[0], UTC) if found else None


def html(staff: bool) -> str:
    """This function will write what is in trouble now, with the causes for staff."""
    # By what and since when: a cause that counts its seconds must not change the page each second.
    return _rendered(tuple(_Known(notice) for notice in current()), staff)


def verified() -> str:
    """This function will say when the board was last compared with reality, or "" if nobody knows.

    Read at most every `VERIFIED_S` by this process; while the database is away nothing is said.
    """
    if probe.away() is not None:
        return ""
    if time.monotonic() - _verified[0] > VERIFIED_S:
        with suppress(DatabaseError):
            _verified[:] = [
                time.monotonic(),
                _verdict(Verification.objects.order_by("-pk").first()),
            ]
    return str(_verified[1])


def _verdict(last: Verification | None) -> str:
    if last is None:
        return "Not verified yet"
    same_day = time.time() - last.at.timestamp() < 43_200
    at = f"{last.at:%H:%M} UTC" if same_day else f"{last.at:%Y-%m-%d %H:%M} UTC"
    if last.ok:
        return f"Verified {at}, nothing disagrees"
    number = len(last.disagreements)
    return f"Verified {at}: {number} disagreement{'' if number == 1 else 's'}"


def _notices(troubled: Collection[Part], now: float) -> Iterator[Notice]:
    names = {part.name for part in troubled}
    for part in troubled:
        if now - part.since >= SETTLED_S and not _FOLLOWS.get(part.name, set()) & names:
            title, means = _MEANS[part.name]
            at = datetime.fromtimestamp(part.since, UTC)
            yield Notice(part.name, title, means, at, part.trouble)


class _Known:
    """A notice that equals another of the same name and time, whatever their details."""

    def __init__(self, notice: Notice) -> None:
        self.notice = notice

    def __hash__(self) -> int:
        return hash((self.notice.name, self.notice.at))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and hash(self) == hash(other)


@lru_cache(maxsize=16)
def _rendered(known: tuple[_Known, ...], staff: bool) -> str:
    notices = [one.notice for one in known]
    return render_to_string("_health.html", {"notices": notices, "staff": staff}).strip()
