"""The contract of the API: every operation by everybody, answered as the document says."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from ninja import Schema

from factory.api import api
from tests.pages.addresses import filled, sent
from tests.pages.standing import ids, people, standing
from tests.pages.test_api import token_of
from tests.pages.test_permissions import CASES, may

__all__ = ["ids", "people", "standing"]

# What else than reading and acting by POST each least of the people may do.
OTHERS = {
    ("PATCH", "api/ideas/<int:pk>"): "contributor",
    ("PATCH", "api/specs/<int:pk>"): "contributor",
    ("DELETE", "api/repositories/<int:pk>"): "maintainer",
    ("PATCH", "api/projects/<int:pk>"): "maintainer",
    ("PATCH", "api/tasks/<int:pk>"): "contributor",
    ("DELETE", "api/artefacts/<int:pk>"): "maintainer",
}
CALLERS = [
    ("stranger", "write"), ("viewer", "write"), ("contributor", "read"), ("contributor", "write"),
    ("maintainer", "write"), ("staff", "read"), ("staff", "write"),
]  # fmt: skip


def operations() -> Iterator[tuple[str, str, Any]]:
    """This function will go through every operation: its method, its route, and what it answers."""
    for _, router in api._routers:
        for path, view in router.path_operations.items():
            route = "api" + path.replace("{", "<").replace("}", ">")
            for one in view.operations:
                if one.include_in_schema:
                    yield one.methods[0], route, one.response_models


def documented() -> dict[tuple[str, str], set[int]]:
    """This function will read the statuses of every operation from the document."""
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    return {
        (
            method.upper(),
            "api" + re.sub("{(pk)}", "<int:pk>", path).replace("{name}", "<str:name>"),
        ): {int(status) for status in one["responses"]}
        for path, methods in paths.items()
        for method, one in methods.items()
    }


def needed(method: str, route: str) -> str:
    """This function will give the least of the people who may."""
    case = CASES[route]
    return OTHERS.get((method, route)) or (case.reads if method == "GET" else case.acts)


def ask(method: str, route: str, ids: dict[str, Any], headers: dict[str, str]) -> Any:
    """This function will ask with a body that can be taken, and undo what it did."""
    body, kind = sent(method, route, ids)
    with transaction.atomic():
        answer = Client().generic(
            method, filled(route, ids), body, content_type=kind, headers=headers
        )
        transaction.set_rollback(True)
    return answer


def keys(value: Any) -> Any:
    """This function will give the names of what was told, without the values."""
    if isinstance(value, dict):
        return {name: keys(each) for name, each in value.items()}
    return [keys(each) for each in value] if isinstance(value, list) else None


def fits(model: Any, told: Any) -> bool:
    """This function will say whether an answer has what the document says, and nothing else."""
    read = model.model_validate({"response": told}).model_dump(mode="json", by_alias=True)
    allowed, found = keys(read["response"]), keys(told)
    if isinstance(found, dict) and set(found) == {"error"}:
        return set(found["error"]) <= set(allowed["error"])
    return bool(allowed == found)


@pytest.mark.parametrize(("who", "scope"), CALLERS)
def test_every_operation_answers_everybody_as_the_document_says(
    who: str, scope: str, people: dict[str, Any], ids: dict[str, Any]
) -> None:
    headers = token_of(people[who], scope)
    told = documented()
    for method, route, models in operations():
        answer = ask(method, route, ids, headers)
        status, least = answer.status_code, needed(method, route)

        assert status in told[method, route], (method, route, status, answer.content[:300])
        if answer["Content-Type"].startswith("application/json") and models.get(status):
            assert fits(models[status], answer.json()), (method, route, answer.content[:600])
        if method != "GET" and scope == "read":
            assert status == 403, (method, route, status)
        elif may(who, least):
            assert status in ((200, 404) if method == "GET" else (200, 201, 204, 400, 409)), (
                method,
                route,
                status,
            )
        else:
            hidden = who == "stranger" or (least == "staff" and "jobs/<int" not in route)
            assert status == (404 if hidden else 403), (method, route, status)


def test_no_two_shapes_share_a_name_in_the_document() -> None:
    named: dict[str, set[type]] = defaultdict(set)
    asked: list[type] = [Schema]
    while asked:
        below = [one for one in asked.pop().__subclasses__() if one.__module__[:7] == "factory"]
        asked += below
        for one in below:
            named[one.__name__].add(one)

    assert [name for name, several in named.items() if len(several) > 1] == []
