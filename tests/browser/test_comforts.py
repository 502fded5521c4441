"""What makes the board pleasant, in a real browser: logs, drawers, receipts, keys, saved views."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.browser.test_board import SLOW_MS
from tests.live.stack import Stack, stack

# One job that wrote 2,500 lines and failed, and one that runs in the hands of no process and writes.
FULL = """
import json
import re
from datetime import timedelta
from django.db import transaction
from django.db.models.functions import Now
from jobs import queue
from jobs.models import Job, LogChunk, Runner
from projects.models import Project
scope = Project.objects.get().pk
runner = Runner.objects.create(pool="short", host="elsewhere", boot_id="x", pid=1, pid_ticks=1,
    owner="test", lease_until=Now() + timedelta(hours=1), seen_at=Now() + timedelta(hours=1))
def held(kind, subject):
    job = queue.enqueue(kind, {}, scope=scope, subject=subject, after=9999)
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state="queued", run_after=None)
        Job.objects.filter(pk=job.pk).update(
            state="running", runner=runner, started_at=Now(), attempt=1, fence=1)
    return job
def wrote(job, lines, errors=()):
    for seq, first in enumerate(range(1, lines + 1, 600)):
        numbers = range(first, min(first + 600, lines + 1))
        LogChunk.objects.create(job=job, fence=1, seq=seq, first_line=first,
            text="".join(f"line {number}\\n" for number in numbers),
            levels="".join("e" if number in errors else "i" for number in numbers))
logged = held("demo.fail", "logged")
wrote(logged, 2500, (1777, 2001))
Job.objects.filter(pk=logged.pk).update(state="failed", runner=None, finished_at=Now(),
    failure_class="bug", failure_message="Line 1777 is wrong.")
writing = held("demo.steps", "writing")
wrote(writing, 200)
waiting = [queue.enqueue("demo.noop", {}, scope=scope, subject=f"waiting {n}", after=9999).pk for n in range(7)]
print(json.dumps({"logged": logged.pk, "writing": writing.pk, "waiting": waiting}))
"""
IN_VIEW = """node => { const box = node.closest(".log").getBoundingClientRect(), own = node.getBoundingClientRect();
    return own.top >= Math.max(0, box.top) - 1 && own.bottom <= Math.min(innerHeight, box.bottom) + 1 }"""


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase) -> Iterator[Stack]:
    """This fixture will run web and relay: nothing here needs a runner."""
    with stack(scratch_database, "web", "relay") as running:
        yield running


@pytest.fixture(scope="module")
def full(product: Stack) -> dict[str, Any]:
    """This fixture will put a failed, a running and some waiting jobs on the board."""
    told = services.manage("shell", "--verbosity=0", "-c", FULL, environment=product.environment)
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found | product.ids


def write(product: Stack, job: int, seq: int, first: int, lines: int) -> None:
    """This function will have a job write some more lines."""
    text = "".join(f"line {number}\n" for number in range(first, first + lines))
    product.database.rows(
        "INSERT INTO job_log (job_id, fence, seq, first_line, text, levels) "
        "VALUES (%s, 1, %s, %s, %s, %s) RETURNING id",
        [job, seq, first, text, "i" * lines],
    )


def are_picked(page: Page, *names: str) -> None:
    """This function will wait until these lines of the log are marked, and no other."""
    found = "rows => rows.map(row => row.id)"
    expect(page.locator(".log li.picked")).to_have_count(len(names))
    assert page.eval_on_selector_all(".log li.picked", found) == list(names)


# Rule 15: logs


def test_an_address_with_a_range_marks_its_lines_and_shows_them(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")

    page.goto(f"{product.url}/jobs/{full['logged']}/#L1205-L1207")

    expect(page).to_have_url(re.compile(r"/log/\?at=L1205-L1207#L1205$"))
    expect(page.locator("#L1206")).to_have_class("info picked")
    are_picked(page, "L1205", "L1206", "L1207")
    assert page.locator("#L1206").evaluate(IN_VIEW)


def test_a_range_is_chosen_by_a_click_and_a_click_with_shift(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/{full['logged']}/log/")

    page.locator("#L14 > a").click()
    page.locator("#L11 > a").click(modifiers=["Shift"])

    expect(page).to_have_url(re.compile(r"#L11-L14$"))
    are_picked(page, "L11", "L12", "L13", "L14")
    page.locator("#L20 > a").click()
    expect(page.locator("#L20")).to_have_class(re.compile("picked"))
    are_picked(page, "L20")


def test_the_first_error_is_one_click_away_and_in_view(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/{full['logged']}/log/")

    page.get_by_role("link", name="First error").click()

    expect(page.locator("#L1777")).to_have_class("error picked")
    assert page.locator("#L1777").evaluate(IN_VIEW)


def test_lines_wrap_or_not_and_a_search_counts_the_whole_log(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/{full['logged']}/log/")
    page.get_by_label("Text").fill("line 1")
    page.get_by_role("button", name="Filter").click()

    expect(page.locator(".sub")).to_contain_text("1,111 of 2,500 lines")
    page.get_by_role("link", name="Do not wrap").click()
    expect(page.get_by_role("link", name="Wrap lines")).to_be_visible()
    line = page.locator(".log li[id]").first
    expect(line).to_have_css("white-space-collapse", "preserve")
    expect(line).to_have_css("text-wrap-mode", "nowrap")
    page.get_by_role("link", name="Wrap lines").click()
    expect(page.get_by_role("link", name="Do not wrap")).to_be_visible()
    expect(line).to_have_css("text-wrap-mode", "wrap")
    expect(page.locator(".sub")).to_contain_text("1,111 of 2,500 lines")


@pytest.mark.parametrize("address", ["/jobs/{writing}/log/?follow=on", "/jobs/{writing}/"])
def test_following_stops_when_scrolled_up_and_goes_on_at_the_end(
    address: str, context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(product.url + address.format(**full))
    log = page.locator(".log")
    last = int(page.locator(".log li").last.get_attribute("id")[1:])
    left = "box => box.scrollHeight - box.scrollTop - box.clientHeight"
    assert log.evaluate(left) <= 1
    seq = last // 10

    write(product, full["writing"], seq, last + 1, 10)
    expect(page.locator(f"#L{last + 10}")).to_be_visible(timeout=SLOW_MS)
    assert log.evaluate(left) <= 1
    log.evaluate("box => { box.scrollTop = 300 }")
    seen = page.evaluate(FIRST_SEEN)
    write(product, full["writing"], seq + 1, last + 11, 10)
    expect(page.locator(f"#L{last + 20}")).to_be_attached(timeout=SLOW_MS)
    assert page.evaluate(FIRST_SEEN) == seen
    log.evaluate("box => { box.scrollTop = box.scrollHeight }")
    write(product, full["writing"], seq + 2, last + 21, 10)
    expect(page.locator(f"#L{last + 30}")).to_be_attached(timeout=SLOW_MS)
    assert log.evaluate(left) <= 1


# Rule 3: the evidence of a state


def test_why_opens_beside_the_page_and_gives_the_focus_back(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/?state=running")
    state = page.locator(f"#job-{full['writing']} .c-state a")

    state.focus()
    page.keyboard.press("Enter")

    drawer = page.get_by_role("dialog", name="Why is it running?")
    expect(drawer.get_by_role("button", name="Close")).to_be_focused()
    rows = drawer.locator("#evidence tbody tr")
    expect(rows.filter(has_text="runner").first).to_contain_text(" ago")
    for link in ("Look again", "Sync…"):
        expect(drawer.get_by_role("link", name=link)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(state).to_be_focused()
    assert page.url.endswith("/jobs/?state=running")


def test_the_drawer_offers_no_act_to_who_may_not(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    product.database.rows("UPDATE project_membership SET role = 'viewer' RETURNING id")
    try:
        page = context_of("member")
        page.goto(f"{product.url}/jobs/{full['logged']}/")
        page.get_by_role("link", name="Why?").click()

        expect(page.locator("dialog #evidence")).to_be_visible()
        expect(page.locator("dialog").get_by_role("link", name="Sync…")).to_have_count(0)
    finally:
        product.database.rows("UPDATE project_membership SET role = 'contributor' RETURNING id")


# Rules 9 and 10: acts on many, receipts, the way back


def test_an_act_on_many_is_asked_in_a_dialog_told_as_a_receipt_and_undone(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/?state=scheduled")
    page.get_by_role("button", name="Pause…").click()
    receipt = page.get_by_role("status").filter(has_text="Choose jobs")
    expect(receipt).to_be_visible()

    page.get_by_label("all that match, on every page").check()
    page.get_by_role("button", name="Pause…").click()
    dialog = page.get_by_role("dialog", name="Pause 8 jobs?")
    expect(dialog.locator("li")).to_have_count(6)  # the first five, and how many more
    expect(dialog.locator(".keep")).to_be_focused()
    dialog.get_by_role("button", name="Pause 8").click()

    receipt = page.locator("ul.receipts[role=status]")
    expect(receipt).to_contain_text("8 paused.")
    page.goto(f"{product.url}/jobs/?state=paused")
    expect(page.locator("tbody tr")).to_have_count(8)
    page.go_back()
    page.goto(f"{product.url}/jobs/?state=paused")
    page.get_by_label("all that match, on every page").check()
    page.get_by_role("button", name="Resume…").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume 8").click()
    page.locator(".receipts").get_by_role("button", name="Undo for 8 jobs").click()
    expect(page.locator("tbody tr")).to_have_count(8)
    page.locator(".receipts").get_by_role("button", name="Undo for 8 jobs").click()
    expect(page.locator("ul.receipts")).to_contain_text("8 resumed.")


def test_receipts_go_errors_stay_and_three_are_the_most(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.clock.install()
    page.goto(f"{product.url}/jobs/")
    page.clock.run_for(1000)
    say = "([text, level]) => document.dispatchEvent(new CustomEvent('factory:say', { detail: { text, level } }))"
    for number, level in enumerate(("success", "error", "success", "success")):
        page.evaluate(say, [f"told {number}", level])

    receipts = page.locator("ul.receipts > li")
    assert [text[:6] for text in receipts.all_text_contents()] == [
        "told 1",
        "told 2",
        "told 3",
    ]
    page.clock.run_for(13_000)
    assert [text[:6] for text in receipts.all_text_contents()] == ["told 1"]
    receipts.get_by_role("button", name="Close this message").click()
    expect(receipts).to_have_count(0)


# Rule 8: the keyboard


def test_keys_move_open_choose_and_ask_as_buttons_do(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/?state=scheduled")
    keys, rows = page.keyboard, page.locator("tbody tr")
    expect(page.locator("ul.receipts.toasts")).to_be_attached()

    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        keys.press(key)
        expect(rows.nth(row).locator(".c-what a")).to_be_focused()
    keys.press("x")
    expect(rows.nth(1).locator("input")).to_be_checked()
    keys.press("c")
    dialog = page.get_by_role("dialog", name="Cancel 1 job?")
    expect(dialog.locator(".keep")).to_be_focused()
    keys.press("j")  # off in a dialog
    expect(dialog.locator(".keep")).to_be_focused()
    keys.press("Escape")
    keys.press("x")
    expect(rows.nth(1).locator("input")).not_to_be_checked()
    keys.press("s")
    expect(page.get_by_role("dialog", name=re.compile(r"Sync demo\.noop #"))).to_be_visible()
    keys.press("Escape")
    expect(rows.nth(1).locator(".c-what a")).to_be_focused()
    keys.press("r")  # nothing to retry: the row waits
    expect(page.get_by_role("dialog", name="There is nothing to retry")).to_be_visible()
    keys.press("Escape")
    keys.press("o")
    page.wait_for_url("**/jobs/*/")
    expect(page.locator(".head h1")).to_contain_text("demo.noop")
    keys.press("c")
    expect(page.get_by_role("dialog", name=re.compile("Cancel demo.noop"))).to_be_visible()


def test_keys_go_to_places_and_search_and_rest_in_fields(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("staff")
    page.goto(f"{product.url}/")
    expect(page.locator("ul.receipts.toasts")).to_be_attached()
    for key, path in (("j", "/jobs/"), ("s", "/system/"), ("a", "/admin/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(product.url + path)
        if key == "s":
            expect(page.locator("ul.receipts.toasts")).to_be_attached()
        elif key == "j":
            page.keyboard.press("/")
            expect(page.locator("#q")).to_be_focused()
            page.keyboard.type("g?j")
            expect(page.locator("#q")).to_have_value("g?j")
            page.locator("h1").click()


def test_shortcuts_are_listed_and_can_be_switched_off(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/?state=scheduled")
    expect(page.locator("ul.receipts.toasts")).to_be_attached()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Shortcuts")
    expect(dialog.locator("tbody tr")).to_have_count(14)
    dialog.get_by_label("Shortcuts are on").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("j")
    page.keyboard.press("?")

    assert page.evaluate("document.activeElement.closest('tr')") is None
    expect(page.locator("dialog")).to_have_count(0)
    page.goto(f"{product.url}/shortcuts/")
    expect(page.get_by_label("Shortcuts are on")).not_to_be_checked()
    page.get_by_label("Shortcuts are on").check()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find")).to_be_visible()


def test_the_palette_finds_by_number_and_name_with_the_keyboard_alone(
    context_of: Any, product: Stack, full: dict[str, Any]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/legend/")
    expect(page.locator("ul.receipts.toasts")).to_be_attached()
    page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog", name="Find")
    expect(dialog.get_by_role("combobox")).to_be_focused()

    page.keyboard.type("harb")
    expect(dialog.get_by_role("option")).to_have_text(["project Harbour"], use_inner_text=True)
    page.keyboard.press("Control+a")
    page.keyboard.type(f"#{full['logged']}")
    chosen = dialog.locator("[aria-selected=true]")
    expect(chosen).to_contain_text(f"demo.fail #{full['logged']}")
    page.keyboard.press("Enter")

    page.wait_for_url(f"{product.url}/jobs/{full['logged']}/")
    page.keyboard.press("Control+k")
    expect(dialog.get_by_role("option").nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


FIRST_SEEN = """() => { const top = document.querySelector(".log").getBoundingClientRect().top;
    return [...document.querySelectorAll(".log li[id]")].find(
        line => line.getBoundingClientRect().bottom > top + 1).id }"""
