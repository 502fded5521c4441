"""What every page sends along, and what it does not contain."""

import gzip
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
# Where the bar above leads, and from there the bars of an area.
NAVIGATION = (
    *("/", "/jobs/", "/feed/", "/projects/", "/jobs/failures/", "/queues/", "/runners/"),
    *("/schedules/", "/deliveries/", "/health/", "/legend/", "/runbook/", "/account/"),
    *(f"/system/{leaf}" for leaf in ("", "metrics/", "processes/", "storage/", "audit/")),
    *("/system/configuration/", "/system/messages/", "/projects/harbour/"),
    *(f"/projects/harbour/{leaf}/" for leaf in ("feed", "tasks", "digest", "repositories")),
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


@pytest.mark.parametrize("address", NAVIGATION)
def test_a_first_visit_loads_at_most_100_kilobytes(
    address: str, world: World, as_staff: Client
) -> None:
    """Files travel packed, as tests/factory/test_static.py sees; pages as they are."""
    page = as_staff.get(address)
    named = set(re.findall(r"/static/(?:factory)/([\w./-]+)", page.content.decode()))
    files = [gzip.compress((STATIC / name).read_bytes()) for name in named]

    assert page.status_code == 200
    assert {"tokens.css", "skin.css", "live.js", "icons.svg"} <= named
    assert sum(map(len, [*files, page.content])) <= 100_000


def test_no_browser_or_proxy_keeps_a_file_of_a_project(world: World, as_staff: Client) -> None:
    kept = artefacts.keep(
        world.project, "plan.pdf", b"x", media_type="application/pdf", by="user:1"
    )

    for address in (f"/jobs/{world.job.pk}/log.txt", f"/projects/harbour/artefacts/{kept.pk}/"):
        answer = as_staff.get(address)
        assert "no-store" in answer.headers.get("Cache-Control", ""), address


def test_a_missing_page_is_a_page() -> None:
    response = Client().get("/login/x/y/z/")

    assert response.status_code in (302, 404)
