"""Every page of the product in a real browser: its policy, its accessibility, its width, its weight."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.browser.test_maps import AXE, SHOTS
from tests.live.stack import Stack, stack

FILL = "import json; from tests.browser import filling; print(json.dumps(filling.fill()))"
HEARD = """
window.broken = [];
addEventListener("securitypolicyviolation", one =>
  window.broken.push(`${one.violatedDirective} ${one.blockedURI} ${one.sourceFile}:${one.lineNumber}`));
"""
AGAINST_THE_RULES = """
async rules => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"], preload: false}))
  .violations.flatMap(one => one.nodes.slice(0, 3).map(node => `${one.id}: ${node.html.slice(0, 160)}`))
"""
CHOOSES = """
([action, row, act]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action});
  const csrfmiddlewaretoken = document.querySelector("[name=csrfmiddlewaretoken]").value;
  for (const [name, value] of Object.entries({csrfmiddlewaretoken, action: act, _selected_action: row}))
    form.append(Object.assign(document.createElement("input"), {name, value}));
  document.body.append(form);
  form.submit();
}
"""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
THEMES = ("light", "dark")
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe comes by npm ci: apt-get install npm, make test"
)


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase) -> Iterator[Stack]:
    """This fixture will run a web server over one of each thing."""
    with stack(scratch_database, "web") as running:
        yield running


@pytest.fixture(scope="module")
def addresses(product: Stack) -> dict[str, list[str]]:
    """This fixture will fill the installation, and give where its pages are."""
    told = services.manage("shell", "--verbosity=0", "-c", FILL, environment=product.environment)
    found: dict[str, list[str]] = json.loads(told.stdout.splitlines()[-1])
    return found


class Walker:
    """A window that notes what each page does against its policy and the rules."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_viewport_size(WIDE)
        self.said: list[str] = []
        page.add_init_script(HEARD)
        page.add_init_script(path=AXE)
        page.on("console", lambda one: self.said.append(one.text) if one.type == "error" else None)

    def faults(self, address: str, themes: Sequence[str]) -> list[str]:
        """This method will name what is wrong with a page, which axe sees in some themes."""
        self.said.clear()
        answer = self.page.goto(address, wait_until="load")
        if not answer or answer.status != 200:
            self.said.append(f"status {answer and answer.status}")
        return self.seen(themes)

    def seen(self, themes: Sequence[str]) -> list[str]:
        """This method will name what is wrong with what is shown now."""
        found = []
        for theme in themes:
            self.page.emulate_media(color_scheme=theme)
            found += self.page.evaluate(AGAINST_THE_RULES, WCAG)
        self.page.set_viewport_size(NARROW)
        if (width := self.page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
            found.append(f"{width} pixels wide")
        self.page.set_viewport_size(WIDE)
        return [*self.said, *found, *self.page.evaluate("window.broken")]

    def asked(self, address: str, row: str, act: str, themes: Sequence[str]) -> list[str]:
        """This method will choose an act on a row of a list, and name what is wrong then."""
        self.said.clear()
        with self.page.expect_navigation(wait_until="load"):
            self.page.evaluate(CHOOSES, [address, row, act])
        if not self.page.locator("#content .keep").count():
            self.said.append(f"nothing is asked: {self.page.title()}")
        return self.seen(themes)

    def faulty(self, addresses: list[str], every: int = 1) -> dict[str, list[str]]:
        """This method will give the pages with what is wrong; axe sees one in `every` of them.

        It takes the themes by turns, for it costs most; with pictures it sees each page in both.
        """
        found = {}
        for number, address in enumerate(addresses):
            by_turns = [THEMES[number // every % 2]] if number % every == 0 else []
            found[address] = self.faults(address, THEMES if SHOTS else by_turns)
        return {address: said for address, said in found.items() if said}


@pytest.fixture
def walker(context_of: Any) -> Walker:
    """This fixture will open the window."""
    return Walker(context_of("staff", viewport=WIDE, reduced_motion="reduce"))


@needs_axe
def test_every_page_keeps_its_policy_and_the_rules_of_accessibility_in_both_themes(
    walker: Walker, product: Stack, addresses: dict[str, list[str]]
) -> None:
    assert len(addresses["pages"]) > 80
    assert walker.faulty([product.url + one for one in addresses["pages"]]) == {}


@needs_axe
def test_every_window_of_the_admin_does_so_too(
    walker: Walker, product: Stack, addresses: dict[str, list[str]]
) -> None:
    """Its lists and its forms are each of one template: axe need not see them all."""
    assert len(addresses["admin"]) > 100
    assert walker.faulty([product.url + one for one in addresses["admin"]], every=5) == {}


@needs_axe
def test_every_act_of_the_admin_asks_on_such_a_page(
    walker: Walker, product: Stack, addresses: dict[str, Any]
) -> None:
    """One template asks for all, but for deleting: axe sees one act of each list."""
    found = {}
    walker.page.goto(f"{product.url}/admin/")
    for number, (place, row, *acts) in enumerate(addresses["acts"]):
        for act in acts:
            themes = [THEMES[number % 2]] if act == acts[0] and number % 3 == 0 else []
            found[f"{place} {act}"] = walker.asked(product.url + place, row, act, themes)

    assert len(found) > 30
    assert {where: said for where, said in found.items() if said} == {}


# What is opened above a page: where, what is clicked or pressed, and what is shown then.
ABOVE = {
    "what asks before an act": ("jobs/{job}/", ["a[data-confirm]"], "dialog[open] .keep"),
    "what asks before acts on many": (
        "jobs/?state=failed",
        ["#chosen input[name=all]", "#chosen button"],
        "dialog[open] .keep",
    ),
    "what is known of a state": ("jobs/", ["tbody a[data-why]"], "dialog.drawer[open]"),
    "what asks about a file": (
        "projects/harbour/artefacts/",
        ["a.act-remove"],
        "dialog[open] .keep",
    ),
    "what the keys do": ("jobs/", ["?"], "dialog.sheet[open]"),
    "the palette": ("", ["Control+k"], "dialog.palette[open] [role=option]"),
    "what a press of nothing is told": ("jobs/", ["#chosen button"], ".receipts li"),
}


@needs_axe
def test_what_opens_above_a_page_does_so_too(
    walker: Walker, product: Stack, addresses: dict[str, Any]
) -> None:
    found = {}
    for what, (place, ways, above) in ABOVE.items():
        walker.page.goto(f"{product.url}/{place.format_map(addresses)}", wait_until="load")
        for way in ways:
            if way[0] in "?C":
                walker.page.keyboard.press(way)
            else:
                walker.page.locator(way).first.click()
        expect(walker.page.locator(above).first).to_be_visible()
        found[what] = walker.seen(THEMES)

    assert {what: said for what, said in found.items() if said} == {}


def test_times_are_written_as_each_likes_and_stay_so(
    context_of: Any, product: Stack, addresses: dict[str, list[str]]
) -> None:
    page = context_of("staff", viewport=WIDE, timezone_id="Asia/Tokyo")
    page.goto(f"{product.url}/jobs/")
    time, switch = page.locator("tbody time").first, page.locator("#times")
    expect(time).to_have_text(re.compile("now| ago$"))
    at = datetime.fromisoformat(str(time.get_attribute("datetime")))
    here = f"{at + timedelta(hours=9):%Y-%m-%d %H:%M:%S}"
    absolute = f"{at:%Y-%m-%d %H:%M:%S} UTC"

    expect(time).to_have_attribute("title", f"{here} here, {absolute}")
    switch.click()
    expect(time).to_have_text(here)
    switch.click()
    expect(time).to_have_text(absolute)
    page.reload()

    expect(time).to_have_text(absolute)
    expect(page.locator(".as-of")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d UTC$"))
    page.locator("tbody .c-what a").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    shown = "one => getComputedStyle(one, '::after').content"
    assert absolute in time.evaluate(shown)
    page.goto(f"{product.url}/admin/jobs/job/")
    expect(page.locator("tbody time").first).to_have_text(absolute)
    page.locator("#times").click()
    expect(page.locator("tbody time").first).to_have_text(re.compile("now| ago$"))


def test_nothing_moves_for_whoever_wants_no_motion(
    context_of: Any, product: Stack, addresses: dict[str, list[str]]
) -> None:
    moving = "document.getAnimations().length"
    page = context_of("staff", viewport=WIDE)
    page.goto(f"{product.url}/jobs/?state=running")
    assert page.evaluate(moving) > 0

    page.emulate_media(reduced_motion="reduce")

    assert page.evaluate(moving) == 0
