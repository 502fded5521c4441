"""Whole journeys in a real browser: what is lost, who sees it, and by which keys it is done."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.test_board import SLOW_MS, fresh, job_row, kept, not_reloaded
from tests.live.stack import Stack, free_port


@pytest.fixture
def second_web(product: Stack) -> Iterator[Stack]:
    """This fixture will run another web process of the same product, on a port of its own."""
    port = free_port()
    environment = product.environment | {"PORT": str(port)}
    other = replace(product, port=port, environment=environment, processes={})
    other.start("web")
    yield other
    other.end("web")


# What somebody may not see is asked for, as somebody who changes the page would.
ASKS_FOR = """
topic => {
  Object.assign(document.querySelector("main").dataset, { topic, v: 1 });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""
# What the heading of a job's page said, each word with the moment it was seen first.
WORDS = """
document.addEventListener("DOMContentLoaded", () => {
  const look = () => {
    const [, word] = /mark-([a-z]+)/.exec(document.querySelector(".head .mark")?.className) || [];
    const words = JSON.parse(sessionStorage.words || "{}");
    if (!word || words[word]) return;
    sessionStorage.words = JSON.stringify({ ...words, [word]: Date.now() / 1000 });
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  look();
});
"""
HIDDEN = """
hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


@dataclass
class Worked:
    """A job that takes steps in the hands of a real runner, and that runner's process."""

    product: Stack
    job: int
    halted: list[int] = field(default_factory=list)

    def ask(self, column: str) -> Any:
        """This method will read one column of the job."""
        [(value,)] = self.product.database.rows(
            f"SELECT {column} FROM job WHERE id = %s",  # noqa: S608 — our own words
            [self.job],
        )
        return value

    def until(self, state: str) -> None:
        """This method will wait until the database says that the job has come to a state."""
        end = time.monotonic() + 60
        while self.ask("state") != state:
            assert time.monotonic() < end, f"{self.ask('state')}, not {state}"
            time.sleep(0.05)

    def halt(self) -> None:
        """This method will stop the runner in the middle of a step."""
        [(pid,)] = self.product.database.rows(
            "SELECT pid FROM job_runner WHERE id = (SELECT runner_id FROM job WHERE id = %s)",
            [self.job],
        )
        self.halted.append(pid)
        os.kill(pid, signal.SIGSTOP)

    def let_go(self) -> None:
        """This method will let whatever was stopped go on."""
        while self.halted:
            with suppress(ProcessLookupError):
                os.kill(self.halted.pop(), signal.SIGCONT)


@pytest.fixture
def worked(product: Stack) -> Iterator[Worked]:
    """This fixture will begin a job of two thousand short steps."""
    [(made,)] = product.database.rows(
        "INSERT INTO job (kind, queue_id, scope, state, run_after, arguments) VALUES ('demo.steps', "
        "'short', %s, 'scheduled', now(), '{\"total\": 2000, \"seconds\": 0.05}') RETURNING id",
        [product.ids["project"]],
    )
    job = Worked(product, int(made))
    job.until("running")
    yield job
    job.let_go()


def words(page: Page) -> dict[str, float]:
    """This function will tell which words the heading of a job's page said so far, and since when."""
    return dict(json.loads(page.evaluate("sessionStorage.words || '{}'")))


def act(page: Page, verb: str) -> None:
    """This function will ask for something and confirm it."""
    page.get_by_role("link", name=f"{verb}…", exact=True).click()
    page.locator("dialog button:not(.keep)").click()


def scheduled(product: Stack) -> int:
    """This function will make a job that waits until tomorrow, and give its number."""
    [(made,)] = product.database.rows(
        "INSERT INTO job (kind, queue_id, scope, state, run_after) "
        "VALUES ('demo.noop', 'short', %s, 'scheduled', now() + interval '1 day') RETURNING id",
        [product.ids["project"]],
    )
    return int(made)


def test_a_page_whose_socket_drops_says_so_and_is_right_within_ten_seconds(
    context_of: Any, product: Stack
) -> None:
    page = context_of("member")
    sockets: list[WebSocketRoute] = []

    def lead(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if len(sockets) == 1:
            socket.connect_to_server()
        else:
            socket.close(code=1013)  # it does not come back

    page.route_web_socket("**/ws/live", lead)
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    not_reloaded(page)

    sockets[0].close(code=1013)
    product.change("while nobody told")

    expect(page.locator("#fresh b")).to_have_text("polling", timeout=10_000)
    expect(job_row(page, product)).to_contain_text("while nobody told", timeout=10_000)
    assert kept(page)


def test_an_act_on_one_web_process_is_seen_on_the_page_of_another(
    context_of: Any, product: Stack, second_web: Stack
) -> None:
    made = scheduled(product)
    here, there = context_of("member"), context_of("member")
    there.goto(f"{second_web.url}/jobs/{made}/")
    fresh(there, "live")
    not_reloaded(there)

    here.goto(f"{product.url}/jobs/{made}/")
    here.get_by_role("link", name="Cancel…").click()
    here.locator("dialog button.danger").click()

    expect(there.locator(".head .mark-cancelled")).to_be_visible(timeout=SLOW_MS)
    assert kept(there)


def test_somebody_else_never_sees_a_private_project(context_of: Any, product: Stack) -> None:
    page = context_of("stranger")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    frames: list[str] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda text: frames.append(str(text))),
    )
    page.reload()
    fresh(page, "live")

    page.evaluate(ASKS_FOR, f"job:{product.ids['job']}")
    product.change("a secret of the harbour")

    expect(page.locator("main")).to_have_class(re.compile("gone"), timeout=SLOW_MS)
    assert "a secret" not in "".join(frames) + page.content()
    assert page.goto(f"{product.url}/jobs/{product.ids['job']}/").status == 404


def test_a_job_is_cancelled_with_the_keyboard_alone(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/{scheduled(product)}/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute(
        "href", re.compile("^#")
    )  # past the navigation
    link = page.get_by_role("link", name="Cancel…")
    for _ in range(60):
        if link.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")

    page.keyboard.press("Enter")
    expect(page.locator("dialog .keep")).to_be_focused()
    page.keyboard.press("Escape")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog .keep")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.locator("dialog button.danger").evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(page.locator(".head .mark-cancelled")).to_be_visible(timeout=SLOW_MS)


def test_a_pause_that_a_blocked_worker_cannot_confirm_is_shown_as_asked_for_alone(
    context_of: Any, worked: Worked
) -> None:
    page = context_of("member")
    page.add_init_script(WORDS)
    page.goto(f"{worked.product.url}/jobs/{worked.job}/")
    fresh(page, "live")
    worked.halt()

    act(page, "Pause")
    expect(page.locator(".requested")).to_contain_text("pausing… asked by member")
    assert words(page).keys() == {"running"}
    worked.let_go()
    expect(page.locator(".head .mark-paused")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".requested")).to_have_count(0)
    worked.until("paused")
    act(page, "Resume")
    expect(page.locator(".head .mark-running")).to_be_visible(timeout=SLOW_MS)
    act(page, "Cancel")

    expect(page.locator(".head .mark-cancelled")).to_be_visible(timeout=SLOW_MS)


def test_a_job_whose_worker_is_blocked_is_never_shown_as_cancelled(
    context_of: Any, worked: Worked
) -> None:
    page = context_of("member")
    page.add_init_script(WORDS)
    page.goto(f"{worked.product.url}/jobs/{worked.job}/")
    fresh(page, "live")
    worked.halt()

    act(page, "Cancel")
    asked = page.locator(".requested")
    expect(asked).to_contain_text("cancelling… asked by member")
    expect(asked.get_by_text("not confirmed yet")).to_be_hidden()
    expect(asked.get_by_text("not confirmed yet")).to_be_visible(timeout=SLOW_MS)
    assert "cancelled" not in words(page)
    worked.let_go()
    expect(page.locator(".head .mark-cancelled")).to_be_visible(timeout=60_000)

    ended = worked.ask("extract(epoch FROM finished_at)::float8")
    assert words(page)["cancelled"] >= ended


def test_a_page_in_a_hidden_tab_lets_its_socket_go_and_reads_itself_again_on_return(
    context_of: Any, product: Stack
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    not_reloaded(page)

    with page.expect_event("websocket") as opened:
        page.evaluate(HIDDEN, True)
        page.evaluate(HIDDEN, False)
    fresh(page, "live")
    with opened.value.expect_event("close"):
        page.evaluate(HIDDEN, True)
    product.change("while nobody looked")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)  # longer than a pass and a tick: what must not come would have come
    expect(job_row(page, product)).not_to_contain_text("while nobody looked")
    assert asked == []
    page.evaluate(HIDDEN, False)

    expect(job_row(page, product)).to_contain_text("while nobody looked", timeout=SLOW_MS)
    fresh(page, "live")
    assert kept(page)


def test_without_javascript_a_repository_is_registered_and_watched(
    context_of: Any, product: Stack, sources: Path
) -> None:
    page = context_of("staff", java_script_enabled=False)
    page.goto(f"{product.url}/")

    page.fill("#addresses", str(sources / "lighthouse"))
    page.locator("#register button.primary").click()

    expect(page.locator(".repo")).to_contain_text("lighthouse")
    ready, end = page.locator(".repo .mark-ready"), time.monotonic() + 60
    while not ready.count() and time.monotonic() < end:
        page.get_by_role("link", name="Refresh").click()
    expect(ready).to_be_visible()
