"""How many calls of the API are answered, and that Valkey's death keeps nobody out."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as Away

from factory import hot
from factory.api import document, pace
from tests.pages.conftest import World, browser_of
from tests.pages.test_api import token_of


@pytest.fixture(autouse=True)
def still(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """This fixture will allow three calls a token in a window that nobody counted in and that stays."""
    window = uuid4().int % 2**40 * pace.WINDOW_S
    monkeypatch.setattr("factory.api.pace.time.time", lambda: window + 6.5)
    settings.FACTORY_API_CALLS = 3


def statuses(headers: dict[str, str], times: int) -> list[int]:
    """This function will ask again and again."""
    return [Client().get("/api/me", headers=headers).status_code for _ in range(times)]


def test_a_token_that_asks_too_often_is_told_when_to_ask_again(world: World) -> None:
    headers = token_of(world.viewer)

    before = statuses(headers, 3)
    answer = Client().get("/api/me", headers=headers)

    assert before == [200] * 3
    assert (answer.status_code, answer["Retry-After"]) == (429, "4")
    told = answer.json()["error"]
    assert told["code"] == "too-many-requests"
    assert "This token made more than 3 calls in 10 seconds" in told["message"]


def test_what_comes_too_often_is_not_done(world: World) -> None:
    headers = token_of(world.staff)
    statuses(headers, 3)

    answer = Client().post(
        f"/api/jobs/{world.job.pk}/retries", {}, content_type="application/json", headers=headers
    )

    world.job.refresh_from_db()
    assert (answer.status_code, world.job.state) == (429, "failed")


def test_a_person_may_twice_as_much_with_all_tokens_and_sessions(world: World) -> None:
    browser = browser_of(world.viewer)

    first = statuses(token_of(world.viewer), 3) + statuses(token_of(world.viewer), 2)
    pages = [browser.get("/api/me").status_code for _ in range(2)]

    assert (first, pages) == ([200] * 5, [200, 429])
    assert statuses(token_of(world.staff), 1) == [200]  # of another person


def test_a_network_without_a_token_is_bounded_and_nobody_else_there_is(world: World) -> None:
    unknown = statuses({"Authorization": "Bearer fct_nobody"}, 2)

    assert unknown == [401, 429]
    assert statuses(token_of(world.viewer), 1) == [200]


def test_the_next_part_of_the_clock_counts_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = token_of(world.viewer)
    now = pace.time.time()
    statuses(headers, 4)

    monkeypatch.setattr("factory.api.pace.time.time", lambda: now + 4)

    assert statuses(headers, 1) == [200]


def test_zero_is_no_limit(world: World, settings: Any) -> None:
    settings.FACTORY_API_CALLS = 0

    assert set(statuses(token_of(world.viewer), 12)) == {200}


@pytest.mark.parametrize("how", ["dead", "seen away"])
def test_without_valkey_nobody_is_kept_out(
    how: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*arguments: Any, **more: Any) -> int:
        raise Away

    headers = token_of(world.viewer)
    statuses(headers, 4)
    if how == "dead":
        monkeypatch.setattr(cache, "incr", gone)
    else:
        monkeypatch.setattr(hot, "is_away", lambda: True)

    assert statuses(headers, 2) == [200] * 2


def test_every_operation_says_so_in_the_document() -> None:
    for methods in document()["paths"].values():
        for one in methods.values():
            assert one["responses"][429]["headers"]["Retry-After"]["required"]
