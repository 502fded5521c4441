"""Log lines carry ids and no secrets, whoever writes them."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client

from factory import logs
from jobs import execution, kinds
from jobs.context import Run
from jobs.ledger import Claim

Lines = Callable[[], list[str]]


@pytest.fixture(params=["json", "human"])
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """This fixture will catch what is logged in one of the two forms."""
    yield from _caught(request.param)


@pytest.fixture
def json_lines() -> Iterator[Lines]:
    """This fixture will catch what is logged as JSON."""
    yield from _caught("json")


def test_a_line_of_any_library_has_the_ids_that_are_bound(json_lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(job_id=7, request_id="abc"):
        logging.getLogger("some.library").warning("said %s", "so")
        structlog.get_logger("ours").warning("hello", count=3)

    foreign, own = (json.loads(line) for line in json_lines())
    assert (foreign["event"], foreign["logger"], foreign["level"]) == (
        "said so",
        "some.library",
        "warning",
    )
    assert (foreign["job_id"], foreign["request_id"]) == (7, "abc")
    assert (own["job_id"], own["request_id"], own["count"]) == (7, "abc", 3)


@pytest.mark.parametrize(
    "text",
    [
        "https://ana:hunter2hunter2@example.org/x.git",
        "Authorization: Basic aHVudGVyMmh1bnRlcjI=",
        "GET /login/WzEsIiJd:1tQ:hunter2hunter2/ 302",
        "password=hunter2hunter2",
    ],
)
def test_a_secret_in_a_line_is_taken_out(lines: Lines, text: str) -> None:
    logging.getLogger("some.library").warning("told: %s", text)
    structlog.get_logger("ours").warning("told", what=text, deep={"list": [text]})

    said = "\n".join(lines())
    assert "hunter2" not in said
    assert "aHVudGVyMmh1bnRlcjI=" not in said
    assert said.count("[redacted]") >= 3


def test_a_secret_in_a_traceback_is_taken_out(lines: Lines) -> None:
    try:
        raise ValueError("https://ana:hunter2hunter2@example.org")
    except ValueError:
        logging.getLogger("some.library").exception("failed")

    said = "\n".join(lines())
    assert "ValueError" in said
    assert "hunter2" not in said


def test_a_value_with_a_secret_name_is_taken_out(json_lines: Lines) -> None:
    structlog.get_logger("ours").warning("call", api_key="abc", headers={"Cookie": "def"})

    found = json.loads(json_lines()[0])
    assert (found["api_key"], found["headers"]["Cookie"]) == ("[redacted]", "[redacted]")


def test_an_answer_is_one_line_with_its_route_and_id(db: None, json_lines: Lines) -> None:
    response = Client().get("/login/a-link-that-is-wrong/", headers={"X-Request-ID": "given-id-1"})

    said = [json.loads(line) for line in json_lines()]
    assert response["X-Request-ID"] == "given-id-1"
    assert [line["event"] for line in said] == ["request"]
    assert (said[0]["status"], said[0]["request_id"]) == (410, "given-id-1")
    assert said[0]["route"] == "login/<str:text>/"


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        ("00-nonsense\tlevel=error-00f067aa0ba902b7-01", "given-id-1"),
        ("", "given-id-1"),
    ],
)
def test_the_lines_of_a_request_carry_the_trace_it_belongs_to(
    db: None, json_lines: Lines, given: str, trace: str
) -> None:
    Client().get("/login/", headers={"X-Request-ID": "given-id-1", "traceparent": given})

    assert {json.loads(line)["trace_id"] for line in json_lines()} == {trace}


def test_the_lines_of_a_job_carry_its_id_and_its_chain(
    json_lines: Lines, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = logging.getLogger("some.library")
    monkeypatch.setattr(kinds, "_kinds", {})

    @kinds.register("tests.talks", batch=True)
    def talks(run: Run) -> None:
        """Says something through a library."""
        handler.warning("at work")

    claim = Claim(7, 1, "tests.talks", {}, 1, 3, None, "", "", 3, None, 0)
    execution.execute(claim, lambda: None, lambda begun: None)
    handler.warning("at rest")

    at_work, at_rest = (json.loads(line) for line in json_lines())
    assert (at_work["job_id"], at_work["trace_id"]) == (7, "job:3")
    assert "job_id" not in at_rest


def test_a_request_id_that_could_forge_a_line_is_replaced(db: None) -> None:
    response = Client().get("/readyz", headers={"X-Request-ID": "a b\tlevel=error"})

    assert len(response["X-Request-ID"]) == 16


def _caught(form: str) -> Iterator[Lines]:
    stream = io.StringIO()
    logs.configure({"form": form, "level": "INFO"})
    handler: Any = logging.getLogger().handlers[0]
    handler.setStream(stream)
    yield lambda: stream.getvalue().splitlines()
    logs.configure(settings.LOGGING)
