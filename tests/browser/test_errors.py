"""Errors as people see them, and the pages that answer acts."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from playwright.sync_api import Route, expect

from factory import errors
from tests.browser.test_maps import AXE, against_the_rules
from tests.live.stack import Stack

PATHS = {403: "/jobs/7/retries/", 405: "/jobs/7/retries/", 409: "/jobs/7/cancellations/"}
SAID = {409: "Job 7 is running: only a job that is not finished can be cancelled."}
FIELDS = {400: {"addresses": "address: it begins with a hyphen, like an option", "branch": "odd"}}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_error_fits_and_can_be_read(
    width: int, theme: str, context_of: Any, product: Stack
) -> None:
    page = context_of("staff", viewport={"width": width, "height": 700}, color_scheme=theme)

    def show(route: Route) -> None:
        status = int(route.request.url.rpartition("-")[2])
        request = RequestFactory().get(PATHS.get(status, "/"))
        shown = errors.answer(request, status, SAID.get(status, ""), fields=FIELDS.get(status))
        route.fulfill(status=status, body=shown.content.decode(), content_type="text/html")

    page.route("**/an-error-*", show)
    for status, words in errors.WORDS.items():
        page.goto(f"{product.url}/an-error-{status}")

        expect(page.get_by_role("heading", level=1)).to_have_text(words.title)
        expect(page.get_by_role("link", name="To the board")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not AXE.exists() or against_the_rules(page) == [], status
        if shots := os.environ.get("FACTORY_SHOTS"):
            page.screenshot(path=Path(shots) / f"error-{status}-{width}-{theme}.png")


def test_an_act_that_came_too_late_says_what_is_true_now(context_of: Any, product: Stack) -> None:
    made = product.database.rows(
        "INSERT INTO job (kind, queue_id, scope, state, run_after) "
        "VALUES ('demo.noop', 'short', %s, 'scheduled', now() + interval '1 day') RETURNING id",
        [product.ids["project"]],
    )[0][0]
    page, other = context_of("member"), context_of("staff")
    for one in (page, other):
        one.goto(f"{product.url}/jobs/{made}/cancellations/")
    other.get_by_role("button", name="Cancel").click()
    expect(other.locator("ul.notes")).to_contain_text("was cancelled")

    page.get_by_role("button", name="Cancel").click()

    wrong = page.get_by_role("alert")
    expect(wrong).to_contain_text("is cancelled: only a job that is not finished")
    page.get_by_role("link", name="Keep it as it is").click()
    expect(page).to_have_url(re.compile(f"/jobs/{made}/$"))
    expect(page.locator(".head .mark-cancelled")).to_be_visible()


def test_the_page_of_a_project_never_contradicts_itself(
    context_of: Any, product: Stack, sources: Path
) -> None:
    page = context_of("staff")
    page.goto(f"{product.url}/registrations/")
    page.fill("#addresses", str(sources / "lighthouse"))
    page.locator("summary").first.click()
    page.fill("#project", "Pier")
    page.locator("button.primary").click()
    expect(page).to_have_url(re.compile("/projects/pier/$"))
    page.evaluate("document.body.dataset.kept = 'yes'")

    expect(page.locator(".repo .mark-ready")).to_be_visible(timeout=60_000)
    expect(page.locator(".news a")).to_have_text(re.compile(r"\d new — show"), timeout=30_000)

    assert page.evaluate("document.body.dataset.kept") == "yes"
    page.get_by_role("navigation", name="Pages of the project").get_by_text("Repositories").click()
    row = page.locator("table.repositories tbody tr")
    expect(row.locator(".mark-ready")).to_be_visible(timeout=30_000)
    expect(row.locator("code")).to_have_text(re.compile("[0-9a-f]{12}"))
    row.get_by_role("button", name="Sync").click()
    expect(page.locator("ul.notes")).to_contain_text("will be fetched and mapped")


def test_the_page_of_a_task_shows_what_somebody_else_did_and_keeps_what_is_typed(
    context_of: Any, product: Stack
) -> None:
    other, page = context_of("staff"), context_of("staff")
    other.goto(f"{product.url}/creations/")
    other.fill("#id_name", "Mole")
    other.locator("form button.primary").last.click()
    other.goto(f"{product.url}/projects/mole/tasks/new/")
    other.fill("#id_title", "Paint the door")
    other.fill("#id_subtasks", "sand it")
    other.fill("#id_checks", "")
    other.locator("form button.primary").last.click()
    page.goto(other.url)
    expect(page.locator("#fresh b")).to_have_text("live", timeout=30_000)
    page.evaluate("document.body.dataset.kept = 'yes'")
    page.fill("#add-SUBTASK", "one that is being typed")

    other.get_by_role("button", name="Tick: sand it").click()
    other.get_by_role("button", name="Work on it").click()

    expect(page.locator("#boxes-SUBTASK .box.done")).to_be_visible(timeout=15_000)
    expect(page.locator("#plan-facts")).to_contain_text("1 of 1 ticked")
    expect(page.locator("#plan-acts")).to_contain_text("To review")
    expect(page.locator("#add-SUBTASK")).to_have_value("one that is being typed")
    assert page.evaluate("document.body.dataset.kept") == "yes"

    page.goto(f"{product.url}/projects/mole/digest/")
    expect(page.locator("#fresh b")).to_have_text("live", timeout=30_000)
    other.get_by_role("button", name="Complete").click()
    expect(page.locator("#active")).to_contain_text("none", timeout=15_000)


def test_the_page_of_stages_shows_where_somebody_else_moved_it(
    context_of: Any, product: Stack
) -> None:
    other, page = context_of("staff"), context_of("staff")
    other.goto(f"{product.url}/creations/")
    other.fill("#id_name", "Basin")
    other.locator("form button.primary").last.click()
    other.goto(f"{product.url}/projects/basin/stages/")
    page.goto(f"{product.url}/projects/basin/stages/")
    expect(page.locator("#fresh b")).to_have_text("live", timeout=30_000)
    page.fill("#reason", "typed before")
    other.get_by_role("button", name="Move").click()
    expect(page.locator("#stage-since")).to_contain_text("at define", timeout=15_000)
    expect(page.locator("#stage-choice input")).to_have_value("define")
    expect(page.locator("#reason")).to_have_value("typed before")
