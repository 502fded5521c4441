"""Which jobs somebody means: some one by one, or all that match a filter."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Max, QuerySet
from django.http import QueryDict

from jobs import board, kinds
from jobs.controls import Control
from jobs.models import Job
from jobs.plain import printable

MOST = 500
"""So many are taken one by one; more are meant by a filter."""
LONGEST = 200
"""So many characters a text to look for has at most."""
MOMENTS = ("since", "until")
"""What of a filter is typed in a form of its own; the rest is chosen, or any text."""


@dataclass(frozen=True)
class Selection:
    """Ids, or everything a filter matched up to an id: what came in later was not seen."""

    chosen: board.Filter
    ids: tuple[int, ...] = ()
    end: int | None = None

    @classmethod
    def of(cls, given: QueryDict) -> "Selection":
        """This method will read a form; with `all` everything that matches is meant."""
        chosen = filter_of(given)
        if not given.get("all"):
            ids = sorted({number_of(text, "job") for text in given.getlist("job")[: MOST + 1]})
            if not ids:
                raise BadRequest("job= is missing: choose jobs, or all that match.")
            if len(ids) > MOST:
                raise BadRequest(f"job= is there more than {MOST} times: choose all that match.")
            return cls(chosen, tuple(ids))
        given_end = given.get("end", "")
        if given_end:
            return cls(chosen, (), number_of(given_end, "end"))
        return cls(chosen, (), Job.objects.aggregate(last=Max("pk"))["last"] or 0)

    def seen(self, user: Any) -> "QuerySet[Job]":
        """This method will give the jobs that are meant and that `user` may see."""
        jobs: QuerySet[Job] = Job.objects.visible_to(user)
        if self.end is None:
            return jobs.filter(pk__in=self.ids)
        return self.chosen.of(jobs.filter(pk__lte=self.end))

    def jobs(self, user: Any, control: Control) -> "QuerySet[Job]":
        """This method will give those on which `user` may do an act that changes something now."""
        jobs: QuerySet[Job] = control.among(self.seen(user).open_to(user, control.name))  # type: ignore[attr-defined]
        return jobs


def filter_of(given: Mapping[str, str]) -> board.Filter:
    """This function will read what an address or a form says of the jobs that are meant."""
    return board.Filter(
        state=one_of(board.CHOICES, given.get("state", ""), "state"),
        kind=one_of([one.name for one in kinds.all_kinds()], given.get("kind", ""), "kind"),
        error=_fingerprint(given.get("error", "")),
        queue=_text(given, "queue"),
        project=_text(given, "project"),
        actor=_text(given, "actor"),
        q=_text(given, "q"),
        since=_moment(given, "since"),
        until=_moment(given, "until"),
        sort=one_of([board.OLDEST], given.get("sort", ""), "sort"),
    )


def wrong_moments(given: Mapping[str, str]) -> dict[str, str]:
    """This function will say what is wrong with the moments that were typed, by their fields."""
    found = {}
    for name in MOMENTS:
        try:
            _moment(given, name)
        except BadRequest as problem:
            found[name] = str(problem)
    return found


def one_of(known: Collection[str], text: str, name: str) -> str:
    """This function will keep a word that is known, or none: `BadRequest` for any other.

    A filter that names nothing must not look like a filter that keeps everything.
    """
    if text and text not in known:
        raise BadRequest(f"{name}={_short(text)} is none of: {', '.join(known)}.")
    return text


def number_of(text: str, name: str) -> int:
    """This function will read an id, or raise `BadRequest`."""
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    raise BadRequest(f"{name}={_short(text)} is no number.")


def jobs_of(user: Any, text: str, name: str) -> list[int]:
    """This function will read ids, such as "3, 7" or "#3 #7", of jobs that `user` may see."""
    words = text.replace(",", " ").replace("#", " ").split()
    if not words:
        raise BadRequest(f"{name}= is missing: give the numbers of jobs, such as 3 or 3, 7.")
    if len(words) > MOST:
        raise BadRequest(f"{name}= names more than {MOST} jobs: give fewer.")
    return seen(user, {number_of(word, name) for word in words}, name)


def seen(user: Any, ids: Collection[int], name: str) -> list[int]:
    """This function will keep ids of jobs that `user` may see, or raise `BadRequest`."""
    known = Job.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)
    for unknown in sorted(set(ids) - set(known))[:1]:
        raise BadRequest(f"{name}={unknown}: there is no such job, or you may not see it.")
    return sorted(set(ids))


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _text(given: Mapping[str, str], name: str) -> str:
    """What nobody can have written stays in it as a mark, so that it is found nowhere."""
    return printable(given.get(name, "").strip())[:LONGEST]


def _moment(given: Mapping[str, str], name: str) -> str:
    text = given.get(name, "").strip()
    try:
        if text:
            board.at(text)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"{name}={_short(text)} is no moment: give one in UTC, such as 2026-01-31T14:00, or today."
        ) from None
    return text


def _fingerprint(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{0,12}", text):
        raise BadRequest(
            f"error={_short(text)} is no fingerprint: take one of the page of failures."
        )
    return text
