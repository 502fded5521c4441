"""What does no work appears above an open page and goes away again, without a reload."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.test_board import SLOW_MS, fresh, kept, not_reloaded
from tests.live.stack import Stack


def test_a_notice_comes_and_goes_on_an_open_page(context_of: Any, product: Stack) -> None:
    staff, member = context_of("staff"), context_of("member")
    for page in (staff, member):
        page.goto(f"{product.url}/jobs/")
        fresh(page, "live")
        expect(page.locator("#health")).to_be_empty(timeout=SLOW_MS)
        not_reloaded(page)

    product.end("qcluster")
    try:
        for page in (staff, member):
            expect(page.locator("#health")).to_contain_text("No runner takes", timeout=SLOW_MS)
        expect(staff.locator("#health")).to_contain_text("no live runner in long")
        expect(member.locator("#health")).not_to_contain_text("no live runner")
        _photograph(staff, product)
    finally:
        product.start("qcluster")

    for page in (staff, member):
        expect(page.locator("#health")).to_be_empty(timeout=SLOW_MS)
        assert kept(page)


def _photograph(page: Any, product: Stack) -> None:
    """Pictures of the board and the admin with a notice, where FACTORY_SHOTS names a directory."""
    if not (folder := os.environ.get("FACTORY_SHOTS")):
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 700})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.screenshot(path=f"{folder}/notice-{width}-{theme}.png")
