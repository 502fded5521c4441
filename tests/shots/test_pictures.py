"""Pictures of every page: each installation in both themes and both widths. `make shots` makes them."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import pytest
from playwright.sync_api import Browser, Page, TimeoutError

from factory.embedded import valkey
from tests import services
from tests.browser.conftest import chromium as chromium
from tests.browser.test_maps import commit, photograph
from tests.live.stack import Stack, stack
from tests.shots.views import ANONYMOUS, WORLDS

SHOTS = Path(os.environ.get("FACTORY_SHOTS", "shots"))
HEIGHT = 900
BYTECODE = shutil.ignore_patterns("__pycache__")
PATIENCE_MS = 1500
CHOSEN = re.compile(os.environ.get("SHOTS_OF", ""))  # a pattern in the names of those wanted
# A runner that is heard of now, a step that is told now, and a wish of a moment ago.
ALIVE = """
WITH seen AS (UPDATE job_runner SET seen_at = now(), looked_at = now() WHERE id > 7000 RETURNING id),
told AS (UPDATE job_progress p SET heard_at = now(), updated_at = now() FROM job j
         WHERE j.id = p.job_id AND j.state = 'running' RETURNING job_id)
UPDATE job SET intent_at = now() - interval '14 s', updated_at = now() WHERE state = 'running' AND intent <> ''
"""


@dataclass(frozen=True)
class World:
    """An installation that runs, and the session of somebody who may see all of it."""

    name: str
    product: Stack
    cookie: str


@pytest.fixture(scope="module", params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[World]:
    """This fixture will run the product on an empty, a full and a broken installation in turn."""
    name: str = request.param
    with ExitStack() as whole:
        database = whole.enter_context(services.scratch())
        more, home = {}, tmp_path_factory.mktemp("home")
        if name == "broken":
            valkey.ensure_running(home)
            whole.callback(valkey.stop, home)
            more["REDIS_URL"] = valkey.address(home)
        product = whole.enter_context(stack(database, **more))
        if name == "empty":
            services.manage("reset_demo", "--yes", environment=product.environment)
        else:
            code = f"from tests.shots import world; world.{_calls(name, tmp_path_factory)}"
            asked = ("shell", "--verbosity=0", "-c", code)
            told = services.manage(*asked, environment=product.environment)
            product.ids |= json.loads(told.stdout.splitlines()[-1])
        for process in ("web", "relay", *([] if name == "broken" else ["qcluster"])):
            product.start(process)
        cookie = product.session("staff")
        if name == "broken":
            valkey.stop(home)
        yield World(name, product, cookie)


def _calls(name: str, tmp_path_factory: Any) -> str:
    if name == "broken":
        return "broken()"
    root = tmp_path_factory.mktemp("sources")
    shutil.copytree(Path(django.__file__).parent, root / "django" / "django", ignore=BYTECODE)
    commit(root / "django", {})
    return f"full({str(root)!r})"


@pytest.mark.parametrize("width", [1280, 390])
def test_pictures_of_every_page(width: int, world: World, chromium: Browser) -> None:
    SHOTS.mkdir(exist_ok=True)
    wrong = []
    for pages, cookie in ((ANONYMOUS, ""), (WORLDS[world.name], world.cookie)):
        context = chromium.new_context(viewport={"width": width, "height": HEIGHT})
        if cookie:
            given: Any = {"name": "sessionid", "value": cookie, "url": world.product.url}
            context.add_cookies([given])
        page = context.new_page()
        for title, address in pages.items():
            if not CHOSEN.search(title):
                continue
            status = _open(page, world, address)
            if status >= 500 and world.name != "broken":
                wrong.append((title, status))
            photograph(page, f"{world.name}-{title}-{width}")
        context.close()

    assert wrong == []


def _open(page: Page, world: World, address: str) -> int:
    if world.name == "full":
        world.product.database.rows(ALIVE)
    answer = page.goto(f"{world.product.url}/{address.format_map(world.product.ids)}")
    with suppress(TimeoutError):  # a page that is not live stays as it was loaded
        page.wait_for_selector(":is(.is-live, .is-polling, .is-disconnected)", timeout=PATIENCE_MS)
    return answer.status if answer else 599
