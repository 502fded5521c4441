"""The pages of jobs in a real browser: what is asked, what is chosen, and how it looks when full."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import services
from tests.browser.test_board import SLOW_MS, fresh
from tests.live.stack import Stack

# Jobs in every state, as runners and people leave them; one hangs in the hands of no process.
FULL = """
import json
from datetime import timedelta
from django.db import transaction
from django.db.models.functions import Now
from jobs import process, queue
from jobs.models import Artefact, Attempt, Job, LateReport, LogChunk, Progress, Runner
from projects.models import Project
scope = Project.objects.get().pk
runner = Runner.objects.create(pool="short", host="elsewhere", boot_id="x", pid=1, pid_ticks=1,
    owner="test", lease_until=Now() + timedelta(hours=1), seen_at=Now() + timedelta(hours=1))
def held(kind, subject):
    job = queue.enqueue(kind, {}, scope=scope, subject=subject, after=9999)
    with transaction.atomic():  # a runner of the product would claim what it sees queued
        Job.objects.filter(pk=job.pk).update(state="queued", run_after=None)
        Job.objects.filter(pk=job.pk).update(
            state="running", runner=runner, started_at=Now(), attempt=1, fence=1)
    job.refresh_from_db()
    return job
def failed(subject, message, failure_class="bug"):
    job = held("demo.fail", subject)
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, levels="iwe",
        text="began\\nodd: \\u202enot what it seems\\n" + message + "\\n")
    Job.objects.filter(pk=job.pk).update(state="failed", runner=None, finished_at=Now(),
        failure_class=failure_class, failure_message=message)
    return job
steps = held("demo.steps", "a subject " + "that-is-very-long-" * 9)
Progress.objects.create(job=steps, fence=1, current=37, total=120, item="web-ui",
    rate=0.07, eta_s=1200, done_count=36, failed_count=1, peak_mb=118,
    items_done=["one", "two"], items_failed=["three: refused"], updated_at=Now())
for number in range(14):
    broken = failed("lamp", f"Row {number} is gone from a table with a long name.")
failed("auth", "The remote refused the token.", "auth")
Artefact.objects.create(job=broken, fence=1, name="report.csv", media_type="text/csv",
    size=12345, sha256="ab" * 32, data=b"x")
LateReport.objects.create(job=broken, fence=1, runner_id=runner.pk, outcome="succeeded",
    accepted=False, found="failed")
asked = held("demo.sleep", "asked to stop")
asked.cancel(by="user:1")
paused = queue.enqueue("demo.noop", {}, scope=scope, after=9999)
paused.pause(by="user:1", reason="the night")
print(json.dumps({"steps": steps.pk, "broken": broken.pk, "asked": asked.pk, "paused": paused.pk}))
"""


@pytest.fixture(scope="module")
def full(product: Stack) -> dict[str, int]:
    """This fixture will put jobs of every state on the board."""
    told = services.manage("shell", "--verbosity=0", "-c", FULL, environment=product.environment)
    found: dict[str, int] = json.loads(told.stdout.splitlines()[-1])
    return found | product.ids


PAGES = {
    "list": "/jobs/",
    "failed": "/jobs/?state=failed",
    "nothing": "/jobs/?state=verifying",
    "failures": "/jobs/failures/",
    "steps": "/jobs/{steps}/",
    "broken": "/jobs/{broken}/",
    "asked": "/jobs/{asked}/",
    "reasons": "/jobs/{asked}/reasons/",
    "confirm": "/jobs/{paused}/cancellations/",
    "repair": "/jobs/{broken}/repairs/",
    "many": "/jobs/selections/?act=retry&all=on&state=failed",
    "none": "/jobs/selections/?act=pause&job={broken}",
    "admin": "/admin/jobs/job/{broken}/change/",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_of_jobs_fit(
    width: int, theme: str, context_of: Any, product: Stack, full: dict[str, int]
) -> None:
    page = context_of("staff", viewport={"width": width, "height": 800}, color_scheme=theme)
    for name, address in PAGES.items():
        page.goto(product.url + address.format(**full))

        assert page.locator("h1").count() > 0, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_a_wish_becomes_unconfirmed_after_ten_seconds_without_a_reload(
    context_of: Any, product: Stack, full: dict[str, int]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/{full['steps']}/")
    fresh(page, "live")
    page.get_by_role("link", name="Cancel…").click()
    page.locator("dialog button.danger").click()

    wish = page.locator(".requested")
    expect(wish).to_contain_text("cancelling… asked by member", timeout=SLOW_MS)
    expect(page.locator(".head .mark")).to_have_text("running")
    expect(wish.get_by_text("not confirmed yet")).to_be_visible(timeout=SLOW_MS)

    expect(page.locator(".head .mark")).to_have_text("running")


def test_what_is_ticked_stays_ticked_when_its_row_changes(
    context_of: Any, product: Stack, full: dict[str, int]
) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/")
    fresh(page, "live")
    row = page.locator(f"#job-{full['job']}")
    row.locator("input").check()

    product.change("changed under the tick")
    expect(row).to_contain_text("changed under the tick", timeout=SLOW_MS)

    expect(row.locator("input")).to_be_checked()
    page.get_by_role("button", name="Cancel…").click()
    expect(page.get_by_role("dialog", name="Cancel 1 job?")).to_be_visible()
    expect(page.locator(".confirm li")).to_contain_text("changed under the tick")


def test_one_tick_chooses_the_page(context_of: Any, product: Stack, full: dict[str, int]) -> None:
    page = context_of("member")
    page.goto(f"{product.url}/jobs/?state=failed")

    page.get_by_label("this page").check()
    page.get_by_role("button", name="Archive…").click()

    expect(page.get_by_role("dialog", name="Archive 15 jobs?")).to_be_visible()
    page.get_by_role("button", name="Archive 15").click()
    expect(page.locator("ul.notes")).to_contain_text("15 archived.")


@pytest.mark.parametrize("address", ["/", "/jobs/"])
def test_a_first_visit_carries_at_most_100_kilobytes_over_the_wire(
    address: str, context_of: Any, product: Stack, full: dict[str, int]
) -> None:
    page = context_of("staff")
    carried: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda told: carried.append(told["encodedDataLength"]))

    page.goto(product.url + address, wait_until="networkidle")

    assert len(carried) >= 3
    assert sum(carried) <= 100_000
