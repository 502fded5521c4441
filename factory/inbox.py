"""What waits for one person, from all sources, each thing with the one act that comes first."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.template.loader import render_to_string

from jobs import ports, topics
from jobs.ports import Need

SHOWN = 5
"""So many of a source are shown."""
CAP = 99
"""And so many are counted."""


@dataclass(frozen=True)
class Section:
    """What one source found: how many, the first of them, and where all are."""

    title: str
    number: int
    needs: list[Need]
    more: str

    @property
    def capped(self) -> str:
        """The number as it is shown."""
        return capped(self.number)


@dataclass(frozen=True)
class Inbox:
    """All that waits for somebody; `rows` are the keys by which a change is seen."""

    user: Any
    sections: list[Section]

    @property
    def number(self) -> int:
        """How much waits; beyond the CAP of a source nobody counts."""
        return sum(one.number for one in self.sections)

    @property
    def capped(self) -> str:
        """The number as it is shown."""
        over = any(one.number > CAP for one in self.sections)
        return f"{min(self.number, CAP)}+" if over else str(self.number)


def register() -> None:
    """This function will make the inbox known as a topic."""
    ports.topics.register(
        ports.Topic("inbox", topics.own_keys, fingerprints, render, unhurried=True)
    )


def capped(number: int) -> str:
    """This function will write a number, or that it is beyond the CAP."""
    return f"{CAP}+" if number > CAP else str(number)


def of(user: Any) -> Inbox:
    """This function will ask all sources what waits for `user`: one question, and one for each kind of row."""
    found = _found(user)
    wanted: dict[Callable[[Collection[Any]], Mapping[Any, Any]], list[Any]] = {}
    for rank, keys in found.items():
        wanted.setdefault(ports.needs[rank].read, []).extend(keys[:SHOWN])
    rows = {read: read(keys) for read, keys in wanted.items()}
    sections = []
    for rank, keys in found.items():
        source = ports.needs[rank]
        read = rows[source.read]
        needs = [source.tell(read[key]) for key in keys[:SHOWN] if key in read]
        sections.append(Section(source.title, len(keys), needs, source.more()))
    return Inbox(user, sections)


def fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which things wait for people: one question a source for all of them."""
    found: dict[str, list[str]] = {}
    for rank in sorted(ports.needs):
        for key, rows in topics.lists(keys, _rows_of(ports.needs[rank]), CAP + 1).items():
            found.setdefault(key, []).append(rows)
    return {key: "/".join(rows) for key, rows in found.items()}


def render(keys: Collection[str]) -> dict[str, str]:
    """This function will render inboxes as the home page does."""
    users = get_user_model().objects.filter(is_active=True, pk__in=topics.numbers(keys))
    return {
        str(user.pk): render_to_string("factory/_inbox.html", {"inbox": of(user)}) for user in users
    }


def _rows_of(source: ports.NeedSource) -> Any:
    def rows(user: Any, key: str) -> "QuerySet[Any]":
        moved = Coalesce(Cast(source.moved, CharField()), Value(""))
        row = Concat(Cast("pk", CharField()), Value("@"), moved, output_field=CharField())
        return source.find(user).annotate(row=row)

    return rows


def _found(user: Any) -> dict[int, list[Any]]:
    """The keys of what waits, by the rank of its source; of none where nothing does."""
    parts, pks = [], {}
    for rank, source in sorted(ports.needs.items()):
        rows = source.find(user)
        pks[rank] = rows.model._meta.pk
        named = rows.annotate(rank=Value(rank), key=Cast("pk", CharField()))
        parts.append(named.values_list("rank", "key")[: CAP + 1])
    found: dict[int, list[Any]] = {}
    for rank, key in parts[0].union(*parts[1:], all=True):
        found.setdefault(rank, []).append(pks[rank].to_python(key))
    return dict(sorted(found.items()))
