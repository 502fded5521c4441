"""What a repository is made of, section by section, as its map's structure tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from projects.map_views import frame
from projects.models import Repository

ROWS, ALL_ROWS = 20, 1000
"""How many rows a section shows, and how many when it is looked at alone."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table, and where it leads."""

    text: str
    address: str = ""


@dataclass(frozen=True)
class Section:
    """One table: `rows` are the first of `total`."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: list[list[Cell]]
    total: int
    open: bool


class _Teller:
    """Turns what the structure says into cells."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def at(self, path: str, line: int | None = 0) -> Cell:
        """This method will name a place and lead there."""
        named = f"{path}:{line}" if line else path
        return Cell(named, frame.place(self._repository, path, line or 0))

    def where(self, one: Mapping[str, Any]) -> Cell:
        """This method will name the place that proves what is said."""
        return self.at(str(one["path"]), one.get("line"))

    def said(self, one: Mapping[str, Any], *keys: str) -> list[Cell]:
        """This method will write some of what is said as text."""
        return [Cell(_words(one.get(key))) for key in keys]


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return "" if value is None else str(value)


def _columns(*keys: str) -> Callable[[_Teller, Mapping[str, Any]], list[Cell]]:
    return lambda teller, one: [*teller.said(one, *keys), teller.where(one)]


def _violation(teller: _Teller, one: Mapping[str, Any]) -> list[Cell]:
    line = next(iter(one.get("lines", ())), 0)
    return [*teller.said(one, "rule"), teller.at(one["src"], line), teller.at(one["dst"])]


def _plain(teller: _Teller, one: Any) -> list[Cell]:
    return [Cell(_words(one if isinstance(one, str) else list(one.values())))]


_TABLES: tuple[tuple[str, str, tuple[str, ...], Any], ...] = (
    ("violations", "Broken rules", ("Rule", "File and line", "Needs"), _violation),
    ("rule_errors", "Rules that cannot be read", ("What is wrong",), _plain),
    (
        "disagreements",
        "Declared otherwise than found",
        ("What", "Declared", "Found"),
        lambda teller, one: teller.said(one, "what", "declared", "derived"),
    ),
    ("entry_points", "Entry points", ("What", "Where"), _columns("what")),
    ("routes", "HTTP routes", ("Route", "Framework", "Where"), _columns("route", "framework")),
    ("models", "Data models", ("Name", "Framework", "Where"), _columns("name", "framework")),
    (
        "services",
        "Services",
        ("Name", "Image", "Ports", "Needs", "Where"),
        _columns("name", "image", "ports", "needs"),
    ),
    ("frameworks", "Frameworks", ("Name", "Version", "Where"), _columns("name", "version")),
    (
        "dependencies",
        "Dependencies",
        ("Name", "Wanted", "Locked", "Scope", "From", "Where"),
        _columns("name", "constraint", "version", "scope", "ecosystem"),
    ),
    (
        "publishes",
        "Published as",
        ("Name", "Version", "In", "Where"),
        _columns("name", "version", "ecosystem"),
    ),
    ("owners", "Declared owners", ("Pattern", "Owners", "Where"), _columns("pattern", "owners")),
    (
        "catalogue",
        "Catalogue",
        ("Name", "Kind", "Owner", "Where"),
        _columns("name", "kind", "owner"),
    ),
)


def of(repository: Repository, structure: Mapping[str, Any], wanted: str) -> list[Section]:
    """This function will list what there is of a repository; the section `wanted` with all its rows."""
    teller = _Teller(repository)
    found = []
    for key, title, columns, cells in _TABLES:
        listed = structure.get(key, [])
        if listed:
            most = ALL_ROWS if key == wanted else ROWS
            rows = [cells(teller, one) for one in listed[:most]]
            found.append(Section(key, title, columns, rows, len(listed), key == wanted))
    return found
