"""What is known of one file's past: its changes, its people, what changes with it, its owner."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from projects import history
from projects.map_views import frame
from projects.mapping.structure import declared
from projects.models import HistoryFile, Repository, SystemMap

PEOPLE, TIED = 6, 5
HEIGHT, STEP = 28, 5
"""Of the bars of months."""


@dataclass(frozen=True)
class Bar:
    """The changes of one month, and where its bar stands."""

    month: date
    changes: int
    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Past:
    """What a page shows; `file` is None where nobody changed it, or no history is there yet."""

    history: history.History | None
    owners: str
    owners_at: str
    file: HistoryFile | None = None
    people: tuple[history.Person, ...] = ()
    people_all: int = 0
    tied: tuple[tuple[str, str, int], ...] = ()
    bars: tuple[Bar, ...] = ()
    width: int = STEP * history.MONTHS
    height: int = HEIGHT


def of(repository: Repository, shown: SystemMap, path: str) -> Past:
    """This function will tell a file's past by the history, and its owner by CODEOWNERS."""
    owners, owners_at = _declared(repository, shown.structure.get("owners", []), path)
    known = history.of(repository)
    story = history.of_file(known, path) if known else None
    if story is None:
        return Past(known, owners, owners_at)
    pairs = (
        (pair.other.path if pair.one.path == path else pair.one.path, pair.together)
        for pair in story.coupled[:TIED]
    )
    return Past(
        known,
        owners,
        owners_at,
        story.file,
        tuple(story.people[:PEOPLE]),
        len(story.people),
        tuple((other, frame.place(repository, other), number) for other, number in pairs),
        tuple(_bars(story.months)),
    )


def _declared(repository: Repository, rules: list[dict[str, Any]], path: str) -> tuple[str, str]:
    """Who is named, and where."""
    try:
        rule = declared.owner_of(rules)(path)
    except declared.TooDear as error:
        return f"not known: {error}", frame.place(repository, rules[0]["path"])
    owners = ", ".join(rule["owners"]) or "nobody" if rule else ""
    return owners, frame.place(repository, rule["path"], rule["line"]) if rule else ""


def _bars(months: list[tuple[date, int]]) -> list[Bar]:
    most = max((changes for _, changes in months), default=0)
    heights = [-(-changes * HEIGHT // most) if most else 0 for _, changes in months]
    return [
        Bar(month, changes, STEP * place, HEIGHT - tall, tall)
        for place, ((month, changes), tall) in enumerate(zip(months, heights, strict=True))
    ]
