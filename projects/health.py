"""What a judgement of a repository's health may be built upon: named numbers, each with its page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from projects import history
from projects.models import History, SystemMap

# Files are those that have owners, so that translations and fixtures do not count as neglected.
_FILES = f"""
    WITH shown AS ({history.OWNED})
    SELECT count(*), count(*) FILTER (WHERE recent > 0), count(*) FILTER (WHERE authors = 1),
           coalesce(sum(recent), 0)::bigint,
           (SELECT coalesce(sum(recent), 0)::bigint
            FROM (SELECT recent FROM shown ORDER BY recent DESC LIMIT 10) ten)
    FROM shown
"""  # noqa: S608 — OWNED is a constant
_COUNTED = (
    ("files", "files on the map", "map"),
    ("cycles", "circles of files that need each other", "map-cycles"),
    ("unresolved", "imports that must lead inside and lead nowhere", "map"),
    ("broken", "files with syntax errors", "map"),
)
_LISTED = (
    ("violations", "imports that break a rule of the repository"),
    ("disagreements", "declarations that the files contradict"),
)


@dataclass(frozen=True)
class Input:
    """One number; `page` is the name of the page that proves it, with its parameters."""

    name: str
    about: str
    value: int | float
    page: str
    parameters: dict[str, str] = field(default_factory=dict)


def of(shown: SystemMap, known: History | None) -> list[Input]:
    """This function will give the numbers of a map, and those of its history where there is one.

    A change is one file in one commit, recent are the newest twelve months, machines are left out.
    No judgement is made here.
    """
    return [*_of_map(shown), *(_of_history(shown, known) if known else ())]


def _of_map(shown: SystemMap) -> Iterator[Input]:
    """Earlier versions did not count everything: what is not known is left out."""
    for name, about, page in _COUNTED:
        if name in shown.counts:
            yield Input(name, about, shown.counts[name], page)
    for name, about in _LISTED:
        listed = shown.structure.get(name)
        if listed is not None:
            number = shown.structure.get("cut", {}).get(name, len(listed))
            yield Input(name, about, number, "map", {"show": name})


def _of_history(shown: SystemMap, known: History) -> Iterator[Input]:
    whole = next(iter(history.owners(shown, known)), None)
    people = whole.people if whole else []
    bots = known.authors.filter(bot=True)
    machines: dict[str, Any] = bots.aggregate(
        names=Count("name", distinct=True), commits=Sum("commits", default=0)
    )
    recent = [one.recent for one in people]
    owners = "map-owners"
    yield Input("commits", "commits that are no merges", known.commits, owners)
    yield Input("commits_by_machines", "of them, by machines", machines["commits"], owners)
    yield Input("machines", "machines among the authors", machines["names"], owners)
    yield Input("changes", "changes by people", whole.changes if whole else 0, owners)
    yield Input("changes_recent", "of them, in twelve months", sum(recent), owners)
    yield Input("people", "people who changed a file", len(people), owners)
    yield Input("people_recent", "of them, in twelve months", sum(map(bool, recent)), owners)
    factor = whole.bus_factor if whole else 0
    yield Input("bus_factor", "people with more than half of the changes", factor, owners)
    about = "people with more than half of those in twelve months"
    yield Input("bus_factor_recent", about, history.bus_factor(recent), owners)
    yield from _of_files(shown, known)


def _of_files(shown: SystemMap, known: History) -> Iterator[Input]:
    with connection.cursor() as cursor:
        cursor.execute(_FILES, history.owned(shown, known))
        changed, lately, alone, changes, of_ten = cursor.fetchone()
    year = {"kind": "all", "since": "year"}
    hotspots = "map-hotspots"
    yield Input("files_changed", "files that people changed", changed, hotspots, {"kind": "all"})
    yield Input("files_changed_recent", "of them, in twelve months", lately, hotspots, year)
    yield Input("files_of_one_person", "files that one person alone changed", alone, "map-owners")
    share = round(of_ten / changes, 3) if changes else 0.0
    about = "share of the changes of twelve months in ten files"
    yield Input("share_of_ten_files_recent", about, share, hotspots, year)
