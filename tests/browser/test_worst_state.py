"""The worst there is stands in the title and in the icon of the home page, and changes there live."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from jobs import db, ledger
from tests.browser.test_board import SLOW_MS, fresh
from tests.live.stack import Stack

# Held by a runner whose lease is over; its lock is held elsewhere, so that nobody proves it dead.
HELD = """
WITH made AS (
  INSERT INTO job_runner (pool, host, boot_id, pid, pid_ticks, owner, home, seen_at, lease_until)
  VALUES ('short', 'elsewhere', 'x', 1, 1, 'test', '', now() - interval '1 hour', now() - interval '1 hour')
  RETURNING id
) SELECT id FROM made
"""
BEGUN = """
DO $$ DECLARE made bigint; BEGIN
  INSERT INTO job (kind, queue_id, scope, state, run_after)
  VALUES ('demo.noop', 'short', {scope}, 'scheduled', now() + interval '1 day') RETURNING id INTO made;
  UPDATE job SET state = 'queued', run_after = NULL WHERE id = made;
  UPDATE job SET state = 'running', runner_id = {runner}, started_at = now(), attempt = 1, fence = 1 WHERE id = made;
END $$
"""
FAILED = """
UPDATE job SET state = 'failed', runner_id = NULL, finished_at = now(), failure_class = 'bug',
  failure_message = 'Broke.' WHERE runner_id = %s RETURNING id
"""


@pytest.fixture
def silent(product: Stack) -> Iterator[int]:
    """A runner that gives no sign of life, and of which nobody can say that it died."""
    raw = db.connect("test", database=product.database.name)
    runner = db.rows(raw, HELD)[0][0]
    db.rows(raw, "SELECT pg_advisory_lock(%s, %s)", [ledger.LOCK_CLASS, runner])
    yield runner
    db.close(raw)


def shows(page: Page, title: str, icon: str) -> None:
    """This function will wait until title and icon say it."""
    expect(page).to_have_title(re.compile(title), timeout=SLOW_MS)
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile(icon))


def test_the_title_and_the_icon_change_when_a_job_sticks_and_when_it_fails(
    context_of: Any, product: Stack, silent: int
) -> None:
    page = context_of("member")
    page.goto(product.url)
    fresh(page, "live")
    shows(page, "^Mission Control", r"favicon\.[^/]*svg$")

    product.database.rows(BEGUN.format(scope=product.ids["project"], runner=silent))
    shows(page, r"^\(1 stuck\)", "favicon-stuck")

    product.database.rows(FAILED, [silent])
    shows(page, r"^\(1 failed today\)", "favicon-failed")
