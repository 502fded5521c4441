"""The board in a real browser: it changes without a reload, and says how far it may be believed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.live.stack import Stack

SLOW_MS = 30_000


def not_reloaded(page: Page) -> None:
    """This function will leave a sign that a reload would remove."""
    page.evaluate("document.body.dataset.kept = 'yes'")


def kept(page: Page) -> bool:
    """This function will tell whether the page is still the one that was loaded."""
    return bool(page.evaluate("document.body.dataset.kept === 'yes'"))


def job_row(page: Page, product: Stack) -> Any:
    """This function will find the row of the job that is watched."""
    return page.locator(f"#job-{product.ids['job']}")


def fresh(page: Page, word: str) -> None:
    """This function will wait until the page says how fresh it is."""
    expect(page.locator("#fresh b")).to_have_text(word, timeout=SLOW_MS)


def test_a_registered_repository_is_mapped_before_ones_eyes(
    context_of: Any, product: Stack, sources: Path
) -> None:
    page = context_of("staff")
    page.goto(f"{product.url}/")
    page.fill("#addresses", str(sources / "lighthouse"))
    page.locator("#register button.primary").click()
    fresh(page, "live")
    not_reloaded(page)

    expect(page.locator(".repo .mark-ready")).to_be_visible(timeout=60_000)

    assert kept(page)
    page.locator(".repo a.name").click()
    expect(page.locator("#edges tbody")).to_contain_text("lamp.py:1")
    expect(page.locator(".treemap .tile")).to_have_count(2)  # its code; the text is left out


def test_a_row_changes_without_a_reload(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    not_reloaded(page)

    product.change("seen at once")

    expect(job_row(page, product)).to_contain_text("seen at once", timeout=SLOW_MS)
    assert kept(page)


def test_the_focus_stays_when_its_row_changes(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    job_row(page, product).locator(".c-what a").focus()

    product.change("under the focus")
    expect(job_row(page, product)).to_contain_text("under the focus", timeout=SLOW_MS)

    expect(job_row(page, product).locator(".c-what a")).to_be_focused()


def test_new_rows_collect_behind_a_notice(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    before = page.locator("tbody tr").count()

    made = product.database.rows(
        "INSERT INTO job (kind, queue_id, scope, state, run_after) "
        "VALUES ('demo.noop', 'short', %s, 'scheduled', now() + interval '1 day') RETURNING id",
        [product.ids["project"]],
    )[0][0]

    expect(page.locator(".news a")).to_have_text("1 new — show", timeout=SLOW_MS)
    assert page.locator("tbody tr").count() == before
    page.locator(".news a").click()
    expect(page.locator(f"#job-{made}")).to_be_visible()


def test_frames_out_of_order_are_ignored(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    told: list[Any] = []
    page.route_web_socket("**/ws/live", lambda socket: told.append(socket))
    page.goto(f"{product.url}/jobs/")
    expect(page.locator(".mark").first).to_be_visible()
    row = job_row(page, product)
    html = row.evaluate("row => row.outerHTML")
    now = int(row.get_attribute("data-v"))

    def say(version: int, subject: str) -> None:
        text = html.replace('class="subject">', f'class="subject">{subject}')
        frame = {"topic": f"job:{product.ids['job']}", "v": version, "html": text}
        told[0].send(json.dumps(frame))

    say(now + 2_000, "the second")
    say(now + 1_000, "the first, late")
    say(now - 1_000, "from before the page")
    say(now + 3_000, "the third")

    expect(row).to_contain_text("the third")
    expect(row).not_to_contain_text("late")
    expect(row).not_to_contain_text("before the page")


def test_an_older_frame_alone_changes_nothing(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    told: list[Any] = []
    page.route_web_socket("**/ws/live", lambda socket: told.append(socket))
    page.goto(f"{product.url}/jobs/")
    row = job_row(page, product)
    before = row.inner_text()
    version = int(row.get_attribute("data-v"))
    old = {"topic": f"job:{product.ids['job']}", "v": version - 1, "html": "<tr><td>old</td></tr>"}

    told[0].send(json.dumps(old))
    told[0].send(json.dumps({"tick": version + 5_000_000}))

    fresh(page, "live")  # the tick came after the frame
    assert row.locator(".c-what a").inner_text() in before


def test_a_gap_in_the_numbers_of_frames_has_the_page_read_itself_again(
    context_of: Any, product: Stack
) -> None:
    page = context_of("member")
    told: list[Any] = []
    page.route_web_socket("**/ws/live", lambda socket: told.append(socket))
    page.goto(f"{product.url}/jobs/")
    expect(job_row(page, product)).to_be_visible()
    now = int(job_row(page, product).get_attribute("data-v"))
    for number in (1, 2):
        told[0].send(json.dumps({"tick": now, "n": number}))
    fresh(page, "live")  # while it is, nothing is read again by time

    with page.expect_request(f"{product.url}/jobs/", timeout=3000):
        told[0].send(json.dumps({"tick": now, "n": 4}))


def test_a_page_that_nothing_renews_does_not_say_it_is_live(
    context_of: Any, product: Stack
) -> None:
    page = context_of("staff")
    told: list[Any] = []
    page.route_web_socket("**/ws/live", lambda socket: told.append(socket))
    page.goto(f"{product.url}/system/audit/")
    fresh(page, "loaded")
    before = page.locator(".as-of").inner_text()
    version = int(page.locator("#fresh").get_attribute("data-v"))

    told[0].send(json.dumps({"tick": version + 60_000_000, "health": "<p>a word of it</p>"}))

    expect(page.locator("#health")).to_have_text("a word of it")
    fresh(page, "loaded")
    assert page.locator(".as-of").inner_text() == before
    page.goto(f"{product.url}/runners/")
    fresh(page, "polling")


def test_the_head_and_the_counts_of_a_project_follow_what_others_do(
    context_of: Any, product: Stack
) -> None:
    page, other = context_of("member"), context_of("staff")
    page.goto(f"{product.url}/projects/harbour/ideas/")
    fresh(page, "live")
    not_reloaded(page)

    other.goto(f"{product.url}/projects/harbour/ideas/new/")
    other.fill("[name=title]", "A red buoy")
    other.locator("form.form button.primary").click()
    other.goto(f"{product.url}/projects/harbour/stages/")
    other.select_option("#to", "define")
    other.locator(".stage-moves button").first.click()

    expect(page.locator("#project-stage")).to_have_text("define", timeout=SLOW_MS)
    expect(page.locator("#thought-states")).to_contain_text("open 1", timeout=SLOW_MS)
    expect(page.locator(".news a")).to_have_text("1 new — show", timeout=SLOW_MS)
    assert kept(page)


def test_staff_see_live_messages_with_their_numbers(context_of: Any, product: Stack) -> None:
    page = context_of("staff")
    topic = f"job:{product.ids['job']}"
    page.goto(f"{product.url}/system/messages/?watch={topic}")
    fresh(page, "live")

    product.change("for the list of messages")

    row = page.locator("[data-messages] tr", has_text=topic).first
    expect(row).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(f"[data-topic='{topic}']")).to_contain_text("for the list of messages")


def test_what_may_no_longer_be_seen_is_dimmed_and_not_asked_for_again(
    context_of: Any, product: Stack
) -> None:
    page = context_of("member")
    told: list[Any] = []
    page.route_web_socket("**/ws/live", lambda socket: told.append(socket))
    page.goto(f"{product.url}/jobs/")
    row = job_row(page, product)
    expect(row).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    told[0].send(json.dumps({"refused": [f"job:{product.ids['job']}"]}))

    expect(row).to_have_class(re.compile("gone"))
    expect(row).not_to_have_attribute("data-topic", re.compile("."))
    assert len(asked) <= 2


def test_without_javascript_everything_can_be_read_and_done(
    context_of: Any, product: Stack
) -> None:
    page = context_of("member", java_script_enabled=False)
    page.goto(f"{product.url}/jobs/")
    expect(job_row(page, product)).to_contain_text("scheduled")
    expect(page.get_by_role("link", name="Refresh")).to_be_visible()

    job_row(page, product).locator(".c-what a").click()
    page.get_by_role("link", name="Cancel…").click()
    expect(page.get_by_role("heading")).to_contain_text("Cancel demo.noop")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("ul.notes")).to_contain_text("was cancelled")
    page.get_by_role("link", name="Retry…").click()
    page.get_by_role("button", name="Retry").click()

    expect(page.locator("ul.notes")).to_contain_text("is queued again")


def test_a_confirmation_is_a_dialog_with_the_focus_on_keep(context_of: Any, product: Stack) -> None:
    made = product.database.rows(
        "INSERT INTO job (kind, queue_id, scope, state, run_after) "
        "VALUES ('demo.noop', 'short', %s, 'scheduled', now() + interval '1 day') RETURNING id",
        [product.ids["project"]],
    )[0][0]
    page = context_of("member")
    page.goto(f"{product.url}/jobs/{made}/")
    page.get_by_role("link", name="Cancel…").click()
    expect(page.locator("dialog .keep")).to_be_focused()

    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.get_by_role("link", name="Cancel…").click()
    page.locator("dialog button.danger").click()

    expect(page.locator(".head .mark-cancelled")).to_be_visible()


def test_the_banner_says_polling_without_the_relay_and_disconnected_without_the_web(
    context_of: Any, product: Stack
) -> None:
    page, home = context_of("member"), context_of("stranger")
    page.goto(f"{product.url}/jobs/")
    home.goto(f"{product.url}/")
    fresh(page, "live")
    expect(home.locator(".unknown")).to_have_count(0)

    product.end("relay")
    fresh(page, "polling")
    product.change("found by polling")
    expect(page.locator("body")).to_contain_text("found by polling", timeout=SLOW_MS)
    product.end("web")
    fresh(page, "disconnected")
    fresh(home, "disconnected")
    said = re.compile(r"^Cannot know since \d\d:\d\d:\d\d.*: the server does not answer\.")
    expect(home.locator("#inbox .empty .unknown")).to_have_text(said)
    product.start("web")
    fresh(page, "polling")
    expect(home.locator(".unknown")).to_have_count(0, timeout=SLOW_MS)
    product.start("relay")
    fresh(page, "live")


def test_who_is_logged_out_is_told_so(context_of: Any, product: Stack) -> None:
    page = context_of("stranger")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")

    product.database.rows("DELETE FROM factory_session")

    fresh(page, "logged out")
    said = re.compile(r"^Cannot know since \d\d:\d\d:\d\d.*: you are logged out\.")
    expect(page.locator(".empty .unknown")).to_have_text(said)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "address", ["/", "/jobs/", "/jobs/{job}/", "/projects/harbour/", "/legend/", "/admin/"]
)
def test_nothing_sticks_out_of_the_page(
    address: str, width: int, theme: str, context_of: Any, product: Stack
) -> None:
    page = context_of("staff", viewport={"width": width, "height": 800}, color_scheme=theme)

    page.goto(product.url + address.format(**product.ids))

    assert page.evaluate("document.documentElement.scrollWidth") <= width
