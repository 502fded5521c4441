"""What does no work appears above an open page and goes away again, without a reload."""

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
    finally:
        product.start("qcluster")

    for page in (staff, member):
        expect(page.locator("#health")).to_be_empty(timeout=SLOW_MS)
        assert kept(page)
