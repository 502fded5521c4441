"""The pages of maps in a real browser: small, empty, broken, partial, and a large one for pictures."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.browser.test_board import SLOW_MS, fresh, kept, not_reloaded
from tests.live.stack import Stack, stack

SHOTS = os.environ.get("FACTORY_SHOTS", "")
AXE = services.ROOT / "tests/oracles/npm/node_modules/axe-core/axe.min.js"
SMALL = {
    "light/__init__.py": "",
    "light/lamp.py": "from light import lens\nfrom light.optics import prism\n\n\nclass Lamp:\n"
    '    def turn(self):\n        return lens.beam(prism.SPLIT)\n\n\nif __name__ == "__main__":\n'
    "    Lamp().turn()\n",
    "light/lens.py": "from light.optics import prism\n\n\ndef beam(split):\n    return prism.colours(1)\n",
    "light/optics/__init__.py": "",
    "light/optics/prism.py": "from light import lens\n\nSPLIT = 7\n\n\ndef colours(n):\n    return [n]\n",
    "light/<img src=x onerror=alert(1)>.py": 'x = "<script>alert(1)</script>"\n',
    "tests/test_lamp.py": "from light.lamp import Lamp\n\n\ndef test_turn():\n    assert Lamp()\n",
    "README.md": "# Lighthouse\n",
    "pyproject.toml": '[project]\nname = "lighthouse"\nversion = "1"\ndependencies = ["flask>=3"]\n',
    ".github/CODEOWNERS": "* @ana\n/docs/ @bob\n",
    "compose.yaml": "services:\n  web:\n    image: lamp\n    depends_on: [db]\n  db:\n    image: pg\n",
}
BROKEN = {
    "x/__init__.py": "from .a import b\n  indented = = 1\n",
    "x/a.py": "from . import gone\nfrom .also import missing\ndef f(:\n",
    "x/\udcff\udcfename.py": "from .a import f\n",
}
PUBLISH = """
import json, os
from pathlib import Path
from django.db import transaction
from django.db.models.functions import Now
from projects import maps, recording
from projects.git import door, log, reading
from projects.mapping import build, extraction
from projects.mapping.history.reading import Reader
from projects.models import Project, Repository
project, told = Project.objects.get(slug="harbour"), {}
for source in sorted(Path(os.environ["SOURCES"]).iterdir()):
    head = reading.head(source / ".git", door.Watch())
    one = Repository.objects.create(project=project, name=source.name, address=f"file://{source}",
                                    head_commit=head, synced_at=Now())
    one.clone.parent.mkdir(parents=True, exist_ok=True)
    one.clone.symlink_to(source / ".git")
    made = build.build(one.clone, head, extraction.Tools(), maps.FactsCache())
    if source.name == "partial":
        made.counts["partial"] = ["It has more than 12 files: the later ones are missing."]
    with transaction.atomic():
        maps.publish(one, made, None)
    watch = door.Watch(limits=log.LOG_LIMITS)
    for read in Reader(one.clone, head, watch, watch, recording.Aside()).read(recording.known(one)):
        with transaction.atomic():
            recording.publish(one, read, None)
    told[source.name] = one.pk
print(json.dumps(told))
"""
PAGES = {
    "overview": "",
    "coverage": "?colour=coverage",
    "components": "components/",
    "file": "file/?path=light/lamp.py",
    "churn": "?colour=churn",
    "hotspots": "hotspots/",
    "owners": "owners/",
    "health": "health/",
    "cycles": "cycles/",
    "drift": "drift/",
    "impact": "impact/?path=light/lens.py",
    "search": "search/?q=beam",
    "exports": "exports/",
}
LOOKS = [("light", 1280), ("dark", 390), *([("light", 390), ("dark", 1280)] if SHOTS else [])]
"""Both themes and both widths; with pictures, each with each."""


def commit(folder: Path, contents: dict[str, str]) -> None:
    """This function will make a git repository of some files, or of those that lie there."""
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    for line in ("init -q -b main", "add -A", "commit -q --allow-empty -m first"):
        subprocess.run(["git", *who, *line.split()], cwd=folder, check=True)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This fixture will make the repositories; the large one, Django itself, for pictures alone."""
    root = tmp_path_factory.mktemp("maps")
    contents = {"small": SMALL, "partial": SMALL, "broken": BROKEN, "empty": {}}
    for name, files in contents.items():
        (root / name).mkdir()
        commit(root / name, files)
    if SHOTS:
        import django

        shutil.copytree(Path(django.__file__).parent, root / "large" / "django")
        commit(root / "large", {})
    return root


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase, sources: Path) -> Iterator[Stack]:
    """This fixture will run web and relay, and publish a map of each repository."""
    with stack(scratch_database, "web", "relay") as running:
        environment = running.environment | {"SOURCES": str(sources)}
        told = services.manage("shell", "--verbosity=0", "-c", PUBLISH, environment=environment)
        running.ids |= json.loads(told.stdout.splitlines()[-1])
        yield running


def address(product: Stack, name: str, leaf: str) -> str:
    """This function will give the address of a page of a map."""
    if name == "large":
        for small, large in (
            ("light/lamp", "django/forms/forms"),
            ("light/lens", "django/apps/config"),
        ):
            leaf = leaf.replace(small, large)
    return f"{product.url}/projects/harbour/repositories/{product.ids[name]}/map/{leaf}"


def faults(page: Page) -> list[str]:
    """This function will name what a reader of the page could not use."""
    found: list[str] = page.evaluate(
        """() => {
            const all = query => [...document.querySelectorAll(query)];
            const ids = all("[id]").map(one => one.id);
            return [
              ...all("table").filter(one => !one.caption).map(() => "a table without caption"),
              ...all("svg[role], nav").filter(one => !one.getAttribute("aria-label")).map(() => "no label"),
              ...all("a:not([aria-label])").filter(one => !one.textContent.trim()).map(() => "an empty link"),
              ...all("input:not([type=hidden]), select").filter(one => !one.labels.length && !one.ariaLabel).map(() => "no label of a field"),
              ...ids.filter((one, n) => ids.indexOf(one) !== n).map(one => `twice the id ${one}`),
              ...(all("h1").length === 1 ? [] : ["not one h1"]),
              ...(document.documentElement.scrollWidth > innerWidth ? ["wider than the window"] : []),
            ];
        }"""
    )
    return found


def against_the_rules(page: Page) -> list[str]:
    """This function will name what axe finds against WCAG 2.1 A and AA, and where."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(
        """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
                                                 resultTypes: ["violations"]})).violations.flatMap(
            one => one.nodes.slice(0, 3).map(node => `${one.id}: ${node.html.slice(0, 160)}`))"""
    )
    return found


def photograph(page: Page, name: str) -> None:
    """This function will keep pictures in both themes where FACTORY_SHOTS names a directory."""
    for theme in ("light", "dark") if SHOTS else ():
        page.emulate_media(color_scheme=theme)
        picture = Path(SHOTS) / f"{name}-{theme}.png"
        page.screenshot(path=picture, full_page=True, animations="disabled")


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_a_map_fits_and_can_be_used(
    width: int, context_of: Any, product: Stack
) -> None:
    page = context_of("staff", viewport={"width": width, "height": 900})

    for name in ("small", "empty", "broken", "partial", *(["large"] if SHOTS else [])):
        for title, leaf in PAGES.items() if SHOTS or name == "small" else [("overview", "")]:
            page.goto(address(product, name, leaf), wait_until="domcontentloaded")

            assert faults(page) == [], (name, leaf)
            photograph(page, f"map-{name}-{title}-{width}")


@pytest.mark.skipif(not AXE.exists(), reason="axe comes by npm ci: apt-get install npm, make test")
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_of_a_map_keeps_the_rules_of_accessibility(
    theme: Any, width: int, context_of: Any, product: Stack
) -> None:
    page = context_of("staff", viewport={"width": width, "height": 900}, color_scheme=theme)

    found = {}
    for leaf in [*PAGES.values(), "drift/?from=abcdef", "?size=text"]:
        page.goto(address(product, "small", leaf), wait_until="domcontentloaded")
        found[leaf] = against_the_rules(page)

    assert [f"{leaf}: {one}" for leaf in found for one in found[leaf]] == []


def test_evidence_leads_to_the_line_of_the_source(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(address(product, "small", "?q=optics"))

    page.locator("#edges tbody tr", has_text="light/lamp.py").get_by_role("link", name="2").click()

    expect(page.locator("li:target")).to_contain_text("from light.optics import prism")
    page.locator("li:target a.to").first.click()
    expect(page.locator("h2.path")).to_contain_text("optics")


def test_a_folder_of_the_treemap_is_opened_by_the_keyboard(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(address(product, "small", ""))
    page.locator(".treemap a[href^='?under=light']").first.focus()

    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("under=light"))
    expect(page.locator(".pictured tbody")).to_contain_text("lamp.py")


def test_an_open_map_turns_stale_without_a_reload(context_of: Any, product: Stack) -> None:
    page = context_of("member")
    page.goto(address(product, "small", "components/"))
    fresh(page, "live")
    not_reloaded(page)
    statement = "UPDATE repository SET head_commit = %s WHERE id = %s RETURNING 1"

    product.database.rows(statement, ["9" * 40, product.ids["small"]])

    expect(page.locator(".head .mark-stale")).to_be_visible(timeout=SLOW_MS)
    assert kept(page)
