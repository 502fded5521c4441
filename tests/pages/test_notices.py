"""What does no work stands above every page, in words, and for staff with its cause."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from factory import notices, probe
from factory.probe import Asker, Part
from jobs import queue
from jobs.models import Job
from tests.pages.conftest import World, browser_of, fail
from tests.pages.test_pages import text_of


@pytest.fixture
def troubled(monkeypatch: pytest.MonkeyPatch) -> dict[str, Part]:
    """This fixture will lend what the probe saw: whatever is put into it."""
    found: dict[str, Part] = {}
    asker = Asker(("relay",), dict)
    monkeypatch.setattr(asker, "seen", lambda: list(found.values()))
    monkeypatch.setattr(probe, "_watching", [asker])
    return found


def _part(name: str, trouble: str = "silent for 9 s", seconds_ago: float = 9) -> Part:
    return Part(name, trouble, time.time() - seconds_ago)


@pytest.mark.parametrize("path", ["/", "/jobs/", "/legend/", "/admin/"])
def test_every_page_says_what_does_no_work(
    world: World, troubled: dict[str, Part], path: str
) -> None:
    troubled["relay"] = _part("relay")

    page = browser_of(world.staff).get(path).content.decode()

    assert 'id="health" role="status"' in page
    assert "Live updates are paused" in page
    assert "relay: silent for 9 s" in page


def test_causes_are_for_staff_alone(world: World, troubled: dict[str, Part]) -> None:
    troubled["runners"] = _part("runners", "job 17 has waited for 20 s beside an idle runner")

    page = browser_of(world.viewer).get("/").content.decode()

    assert "No runner takes up some of the work" in page
    assert "job 17" not in page


def test_a_page_is_quiet_while_all_is_well(world: World, troubled: dict[str, Part]) -> None:
    page = browser_of(world.staff).get("/").content.decode()

    assert '<div class="notes" id="health" role="status"></div>' in page


def test_what_is_over_at_once_is_not_told(troubled: dict[str, Part]) -> None:
    troubled["runners"] = _part("runners", seconds_ago=0.5)

    assert notices.html(staff=True) == ""


def test_what_follows_from_something_else_is_not_told_beside_it(troubled: dict[str, Part]) -> None:
    troubled |= {name: _part(name) for name in ("valkey", "relay")}

    assert [notice.name for notice in notices.current()] == ["valkey"]


def test_a_cause_that_counts_its_seconds_does_not_change_the_page(
    troubled: dict[str, Part],
) -> None:
    troubled["relay"] = _part("relay")
    before = notices.html(staff=True)
    troubled["relay"] = replace(troubled["relay"], trouble="silent for 10 s")

    assert notices.html(staff=True) == before


def test_every_part_that_can_be_in_trouble_has_its_words() -> None:
    names = {name for asker in probe.askers() for name in asker.names}

    assert names == set(notices._MEANS)


@pytest.mark.parametrize(
    ("failure", "known"), [("transient-network", False), ("auth", False), ("bug", True), ("", True)]
)
def test_what_is_newer_cannot_be_known_while_a_source_is_not_reached(
    failure: str, known: bool, world: World
) -> None:
    rows = type(world.repository).objects.filter(pk=world.repository.pk)
    rows.update(failure_class=failure, failure_message="No route to it." if failure else "")
    at = rows.get().synced_at.astimezone(UTC).isoformat()

    said = f'>Cannot know since <time datetime="{at}">'

    for address in (
        *("/", "/projects/harbour/", "/projects/harbour/repositories/"),
        f"/projects/harbour/repositories/{world.repository.pk}/map/",
    ):
        assert (said in text_of(browser_of(world.viewer), address)) is not known, address


def test_messages_that_cannot_be_known_do_not_look_like_none(
    world: World, troubled: dict[str, Part], settings: Any
) -> None:
    empty = text_of(browser_of(world.staff), "/system/messages/")
    troubled["valkey"] = _part("valkey")
    away = {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": settings.CACHES["default"] | away}

    page = text_of(browser_of(world.staff), "/system/messages/")

    at = datetime.fromtimestamp(troubled["valkey"].since, UTC).isoformat()
    assert "Nothing in the last hour" in empty
    assert f'Cannot know since <time datetime="{at}">' in page
    assert "Nothing in the last hour" not in page


def test_a_map_that_took_too_long_says_nothing_of_its_source(world: World) -> None:
    job = queue.enqueue(
        "projects.map",
        {"repository": world.repository.pk},
        scope=world.project.pk,
        limit_key=world.repository.limit_key,
    )
    fail(job)
    Job.objects.filter(pk=job.pk).update(
        failure_class="timeout", failure_message="It ran longer than 600 s."
    )

    page = browser_of(world.viewer).get("/projects/harbour/").content.decode()

    assert "It ran longer than 600 s." in page
    assert "Cannot know since" not in page
