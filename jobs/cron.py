"""The one door to cronsim: when a cron expression comes true, in which zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

FIELDS = "give five fields: minute, hour, day, month, weekday, such as 30 4 * * MON-FRI"
MOST_COUNTED = 1000
"""Missed times are counted up to here: a minute's schedule has that many in 17 hours."""
_LOOKS_BACK = [timedelta(hours=2), timedelta(days=2), timedelta(days=40)]


class BadTiming(ValueError):
    """The expression or the zone cannot be used; the text names it, the cause and the cure."""


class Due(NamedTuple):
    """The newest time that has come, and how many earlier ones it stands for."""

    at: datetime
    missed: int


def upcoming(cron: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """This function will give the next times after a moment, in UTC.

    As in Debian's cron: a fixed time inside an hour that is skipped in spring comes right after it,
    one inside an hour that comes twice in autumn comes once. Raises `BadTiming`.
    """
    return list(islice(_times(cron, zone, after), count))


def next_after(cron: str, zone: str, after: datetime) -> datetime:
    """This function will give the next time after a moment, in UTC; raises `BadTiming`."""
    for at in _times(cron, zone, after):
        return at
    raise BadTiming(f'cron "{cron}": it never comes; {FIELDS}')


def due(cron: str, zone: str, first: datetime, now: datetime) -> Due:
    """This function will find the newest time up to `now`, of which `first` is the oldest.

    Of more than `MOST_COUNTED` missed ones only so many are counted.
    """
    newest, missed = first, 0
    for at in islice(_times(cron, zone, first), MOST_COUNTED):
        if at > now:
            return Due(newest, missed)
        newest, missed = at, missed + 1
    for back in _LOOKS_BACK:
        for at in _times(cron, zone, max(newest, now - back)):
            if at > now:
                break
            newest = at
        if newest > now - back:
            break
    return Due(newest, missed)


def words(cron: str) -> str:
    """This function will say an expression in English; raises `BadTiming`."""
    return _simulated(cron, datetime.now(UTC)).explain()


def _times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    for local in _simulated(cron, after.astimezone(_zone(zone))):
        at = local.astimezone(UTC)
        if at > after:  # in an hour that comes twice cronsim begins with its first time
            yield at


def _simulated(cron: str, start: datetime) -> CronSim:
    if len(cron.split()) != 5:
        raise BadTiming(f'cron "{cron}": it has {len(cron.split())} fields; {FIELDS}')
    try:
        return CronSim(cron, start)
    except CronSimError as error:
        said = str(error)
        raise BadTiming(f'cron "{cron}": {said[:1].lower()}{said[1:]}; {FIELDS}') from None


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # without a table of zones, as in the smallest containers
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        cure = "give a name such as UTC or Europe/Zurich"
        raise BadTiming(f'zone "{name}": nobody knows it; {cure}') from None
