"""Questions about the people of a repository, and about its health."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from factory import map_shapes
from factory.api.answers import ERRORS, api, fresh
from factory.api.maps import current
from projects import health as inputs
from projects import history, ownership
from projects.history import Owners
from projects.models import History
from projects.ownership import Comparison
from projects.snapshots import snapshot

PEOPLE, MOST = 20, 1000
_FIRST = ("disagrees", "unknown", "agrees", "sparse")


@api.get(
    "/repositories/{int:pk}/owners",
    response={200: map_shapes.Owners, **ERRORS},
    summary="Who changes what, and who is declared to",
)
@snapshot()
def owners(request: HttpRequest, pk: int, limit: int = Query(200, ge=0, le=MOST)) -> HttpResponse:
    """By component, and each declared owner beside the changes of the files; needs a history."""
    shown = current(request, pk)
    known = history.of(shown.repository)
    whole, *parts = (history.owners(shown, known) if known else []) or [None]
    found = ownership.compare(shown, known) if known else Comparison([])
    rows = [row for state in _FIRST for row in found.of(state)]
    answer = {
        "commit": shown.commit,
        "history": _past(known),
        "whole": whole and _part(whole) | {"name": None},
        "components": [_part(one) for one in parts[:limit] if one],
        "components_all": len(parts),
        "declared": [
            asdict(row.claim) | {key: said for key, said in asdict(row).items() if key != "claim"}
            for row in rows[:limit]
        ],
        "declared_all": len(rows),
        "not_compared": found.refused,
    }
    return fresh(request, answer)


@api.get(
    "/repositories/{int:pk}/health",
    response={200: map_shapes.HealthInputs, **ERRORS},
    summary="What health may be judged by",
)
@snapshot()
def inputs_of_health(request: HttpRequest, pk: int) -> HttpResponse:
    """Named numbers of the current map, and of the history where there is one; no judgement."""
    shown = current(request, pk)
    known = history.of(shown.repository)
    listed = [
        {"name": one.name, "about": one.about, "value": one.value}
        for one in inputs.of(shown, known)
    ]
    return fresh(request, {"commit": shown.commit, "history": _past(known), "inputs": listed})


def _past(known: History | None) -> dict[str, str] | None:
    if known is None:
        return None
    return {"commit": known.commit, "state": str(known.state), "missing": known.missing}


def _part(one: Owners) -> dict[str, Any]:
    people: Sequence[Any] = one.people[:PEOPLE]
    return {
        "name": one.name,
        "changes": one.changes,
        "bus_factor": one.bus_factor,
        "people": [
            {key: getattr(person, key) for key in ("name", "changes", "recent", "share")}
            for person in people
        ],
        "people_all": len(one.people),
    }
