"""What every page sends along, and what it does not contain."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from projects import artefacts
from tests.pages.conftest import World

STATIC = Path(settings.BASE_DIR) / "factory" / "static" / "factory"
PAGES = (
    "/",
    "/jobs/",
    "/legend/",
    "/projects/harbour/",
    "/registrations/",
    "/admin/",
    "/admin/jobs/job/",
)


@pytest.mark.parametrize("address", [*PAGES, "/nowhere/"])
def test_a_page_allows_no_script_or_style_but_our_own(
    address: str, world: World, as_staff: Client
) -> None:
    response = as_staff.get(address)
    policy, page = response["Content-Security-Policy"], response.content.decode()

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert "<style" not in page
    for script in re.findall(r"<script\b[^>]*>", page):
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_nothing_from_elsewhere(address: str, world: World, as_staff: Client) -> None:
    page = as_staff.get(address).content.decode()

    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("address", ["/", "/jobs/", "/login/"])
def test_a_page_cannot_be_framed_or_sniffed(address: str, world: World, as_staff: Client) -> None:
    response = as_staff.get(address)

    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


def test_a_first_visit_loads_at_most_100_kilobytes(world: World, as_staff: Client) -> None:
    files = ("tokens.css", "skin.css", "live.js", "icons.svg", "favicon.svg")
    weight = sum((STATIC / name).stat().st_size for name in files)

    assert weight + len(as_staff.get("/").content) <= 100_000


def test_no_browser_or_proxy_keeps_a_file_of_a_project(world: World, as_staff: Client) -> None:
    kept = artefacts.keep(
        world.project, "plan.pdf", b"x", media_type="application/pdf", by="user:1"
    )

    for address in (f"/jobs/{world.job.pk}/log.txt", f"/projects/harbour/artefacts/{kept.pk}/"):
        answer = as_staff.get(address)
        assert "no-store" in answer.headers.get("Cache-Control", ""), address


def test_the_two_themes_keep_state_words_readable() -> None:
    tokens = (STATIC / "tokens.css").read_text()
    grounds = _pair(tokens, "surface")
    for word in [
        "scheduled",
        "blocked",
        "queued",
        "running",
        "paused",
        "verifying",
        "succeeded",
        "failed",
        "cancelled",
        "lost",
    ]:
        for colour, ground in zip(_pair(tokens, word), grounds, strict=True):
            assert _contrast(colour, ground) >= 3, word


def test_a_missing_page_is_a_page() -> None:
    response = Client().get("/login/x/y/z/")

    assert response.status_code in (302, 404)


def _pair(tokens: str, name: str) -> tuple[str, str]:
    found = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", tokens)
    assert found, name
    return found[1], found[2]


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, section 1.4.3."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
