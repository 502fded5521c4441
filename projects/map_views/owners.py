"""Who knows what: the people who changed the files of a map, and how few they are."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from projects import history, ownership
from projects.history import Owners
from projects.map_views import frame
from projects.models import History, Repository, SystemMap
from projects.ownership import Compared
from projects.snapshots import snapshot

COMPONENTS, PEOPLE = 50, 20
CLAIMS = 50
"""How many claims of each state the page lists."""
TOP = 3
"""People who are named of each component."""
TOP_LEVEL = "."
"""Stands in addresses for the files of no component."""


@dataclass(frozen=True)
class Row:
    """A component with the people who changed it most; the part of the rest is in percent."""

    owners: Owners
    address: str
    top: list[tuple[str, int]]
    more: int


@dataclass(frozen=True)
class Contested:
    """A claim about owners, where it stands, and what the changes say."""

    compared: Compared
    address: str
    owners: str
    share: int


@dataclass(frozen=True)
class Part:
    """The claims in one state, the first of `total`."""

    title: str
    rows: list[Contested]
    total: int


@gzip_page
@require_safe
@snapshot()
def page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show who changed a repository and each of its components."""
    opened = frame.opened(request, slug, pk, "map-owners")
    context = opened.context
    if opened.map is not None:
        known = history.of(opened.repository)
        context |= {"history": known}
        if known is not None:
            context |= _people(request, opened.repository, opened.map, known)
            context |= _declared(opened.repository, opened.map, known)
    return render(request, "projects/map/owners.html", context)


def _people(
    request: HttpRequest, repository: Repository, shown: SystemMap, known: History
) -> dict[str, Any]:
    whole, *parts = history.owners(shown, known) or [None]
    said, number = frame.text(request, "component"), frame.number(request)
    name = "" if said == TOP_LEVEL else said
    meant = next((one for one in parts if one.name == name), None) if said else whole
    begin = (number - 1) * COMPONENTS
    crowd = frame.number(request, "people")
    first = (crowd - 1) * PEOPLE
    bots = known.authors.filter(bot=True)
    return {
        "component": said,
        "meant": meant,
        "people": meant.people[first : first + PEOPLE] if meant else [],
        "crowd": crowd,
        "crowd_further": meant is not None and first + PEOPLE < len(meant.people),
        "rows": [_row(repository, one) for one in parts[begin : begin + COMPONENTS]],
        "parts": len(parts),
        "first": begin + 1,
        "number": number,
        "further": begin + COMPONENTS < len(parts),
        "alone": sum(one.bus_factor == 1 for one in parts),
        "bots": list(bots.order_by("-commits", "name").values_list("name", "commits")),
    }


def _declared(repository: Repository, shown: SystemMap, known: History) -> dict[str, Any]:
    """Where declared owners and those who change the files are not the same, or nobody can tell."""
    found = ownership.compare(shown, known)
    parts = [
        _part(repository, title, found.of(state))
        for state, title in (
            ("disagrees", "Declared owners who are not those who change the files"),
            ("unknown", "Cannot be compared"),
        )
    ]
    return {
        "contested": [part for part in parts if part.total],
        "agreed": len(found.of("agrees")),
        "sparse": len(found.of("sparse")),
        "claims": len(found.rows),
        "least": ownership.LEAST,
        "refused": found.refused,
    }


def _part(repository: Repository, title: str, found: list[Compared]) -> Part:
    rows = [
        Contested(
            one,
            frame.place(repository, one.claim.path, one.claim.line),
            ", ".join(one.claim.owners),
            round(100 * one.share),
        )
        for one in found[:CLAIMS]
    ]
    return Part(title, rows, len(found))


def _row(repository: Repository, one: Owners) -> Row:
    top = [(person.name, round(100 * person.share)) for person in one.people[:TOP]]
    address = frame.address(repository, "map-owners", component=one.name or TOP_LEVEL)
    return Row(one, address, top, len(one.people) - len(top))
