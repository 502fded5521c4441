"""A real browser. This directory is a pytest run of its own: playwright's loop is not shared."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests import services
from tests.live.stack import Stack, stack

CHROMIUM = "/usr/bin/chromium"
expect.set_options(timeout=30_000)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """This fixture will start the system's Chromium."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("browser tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This fixture will make a directory with a git repository of three files."""
    root = tmp_path_factory.mktemp("sources")
    repository = root / "lighthouse"
    repository.mkdir()
    (repository / "lamp.py").write_text("import lens\n\n\ndef turn():\n    return lens.beam()\n")
    (repository / "lens.py").write_text("def beam():\n    return 1\n")
    (repository / "README.md").write_text("# Lighthouse\n")
    for line in ("init -q -b main", "add -A", "commit -q -m first"):
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *who, *line.split()], cwd=repository, check=True)
    return root


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase, sources: Path) -> Iterator[Stack]:
    """This fixture will run everything: web, relay and qcluster, with files collected as by up."""
    asked = {"FACTORY_LOCAL_REPOS": str(sources), "FACTORY_STATIC": "collected"}
    with stack(scratch_database, **asked) as running:
        services.manage("collectstatic", "--no-input", environment=running.environment)
        for name in ("web", "relay", "qcluster"):
            running.start(name)
        yield running


@pytest.fixture
def context_of(chromium: Browser, product: Stack) -> Iterator[Any]:
    """This fixture will open browser windows for people; a complaint in the console is an error."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Uncaught" in message.text:
            complaints.append(message.text)

    def open_one(name: str, **options: Any) -> Page:
        context = chromium.new_context(**options)
        opened.append(context)
        cookie = {"name": "sessionid", "value": product.session(name), "url": product.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in opened:
        context.close()
    assert complaints == []
