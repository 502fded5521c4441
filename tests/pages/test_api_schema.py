"""Schemathesis asks every operation what the OpenAPI document promises, as staff and as a viewer.

What it sends is the same each time and what that did is undone, so a finding is found again:
five examples of each operation, and whatever is at the bounds of its parameters.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from factory.api import document
from tests.pages.standing import ids, people, standing
from tests.pages.test_api import token_of

__all__ = ["ids", "people", "standing"]

# What these refuse with 400 besides what their schema refuses; each has its own tests of that.
STRICTER = {
    "GET /api/jobs": "a moment is a date, today or nothing; a slug or name is known",
    "GET /api/jobs/selections": "the same",
    "POST /api/jobs/selections": "the same",
    "POST /api/jobs": "the kind is known and takes these arguments",
    "POST /api/projects/{pk}/ideas": "the title and slug make a slug that is free",
    "POST /api/projects/{pk}/specs": "the idea is of the project",
    "PATCH /api/ideas/{pk}": "the slug is free",
    "PATCH /api/specs/{pk}": "the idea is of the project",
    "POST /api/projects": "the name is free, and makes a slug",
    "PATCH /api/projects/{pk}": "the name is free and can be printed",
    "POST /api/repositories": "the address is one that may be cloned",
    "POST /api/projects/{pk}/tasks": "the person, idea and spec are of the project",
    "PATCH /api/tasks/{pk}": "the person, idea and spec are of the project",
    "POST /api/jobs/{pk}/dependencies": "the other jobs are there to be seen",
    "POST /api/runners/requests": "a runner or a pool is named",
    "POST /api/uploads/{pk}": "what Schemathesis sends as a file is sometimes a field",
}
MET = {"expected-statuses": ["2xx", "400", "403", "404", "409"]}
ASKED = SchemathesisConfig.from_dict(
    {
        "generation": {"with-security-parameters": False, "deterministic": True},
        # test_api.py asks every operation without a token, and with tokens of five wrong kinds.
        "checks": {"ignored_auth": {"enabled": False}},
        "operations": [
            {"include-name": name, "checks": {"positive_data_acceptance": MET}} for name in STRICTER
        ],
    }
)
schema = schemathesis.openapi.from_dict(deepcopy(document()), config=ASKED)  # it writes into it
schema.app = get_wsgi_application()
SOME = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture
def one_connection(settings: Any) -> Iterator[None]:
    """This fixture will keep the connection of the test, as Django's own test client does."""
    settings.FACTORY_API_CALLS = 0
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def callers(people: dict[str, Any]) -> dict[str, dict[str, str]]:
    """This fixture will give the headers of programs that speak for staff and for a viewer."""
    return {who: token_of(people[who]) for who in ("staff", "viewer")}


@pytest.mark.usefixtures("one_connection")
@schema.parametrize()
@SOME
def test_every_operation_keeps_what_its_document_says(
    case: Case, callers: dict[str, dict[str, str]], ids: dict[str, Any]
) -> None:
    path = case.operation.path.removeprefix("/")
    known = ids.get(path.partition("{pk}")[0])
    # Most of the time something that is there: else nearly all answers were 404.
    if known and isinstance(case.path_parameters.get("pk"), int):
        case.path_parameters["pk"] = known
    # One test for both: to think of the examples takes as long as to ask for them. What is no valid
    # question is refused before anything looks who asks.
    asking = ["staff"] if case.meta.generation.mode.is_negative else list(callers)
    for who in asking:
        headers = callers[who]
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)

        case.validate_response(answer, headers=headers, transport_kwargs={"headers": headers})
