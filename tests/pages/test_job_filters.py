"""The list of jobs holds what its address says: each filter, their order, and pages that come soon."""

import re
from typing import Any

import pytest
from django.test import Client

from jobs import board, queue
from jobs.models import Job
from projects.models import Project
from tests.pages.conftest import World, browser_of
from tests.pages.test_pages import text_of


def listed(client: Client, query: str) -> list[int]:
    """This function will give the ids of the rows that an address lists."""
    return [int(pk) for pk in re.findall(r'<tr id="job-(\d+)"', text_of(client, f"/jobs/?{query}"))]


@pytest.fixture
def jobs(world: World) -> dict[str, Job]:
    """This fixture will give three jobs that differ in what filters look at; one failed before."""
    other = Project.objects.create(name="Reef", slug="reef")
    by = f"user:{world.contributor.pk}"
    return {
        "failed": world.job,
        "mine": queue.enqueue("demo.noop", {}, scope=other.pk, actor=by, subject="A lamp"),
        "theirs": queue.enqueue("demo.steps", {}, scope=world.project.pk, actor="command:x"),
        "nobodys": queue.enqueue("demo.noop", {}, subject="100% oil"),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("project=reef", ["mine"]),
        ("project=harbour", ["theirs", "failed"]),
        ("project=no-such", []),
        ("actor=contributor", ["mine"]),
        ("actor=command:x", ["theirs"]),
        ("actor=nobody", []),
        ("q=LAMP", ["mine"]),
        ("q=0%25", ["nobodys"]),
        ("q=refused", ["failed"]),
        ("q=%00", []),
        ("queue=short", ["nobodys", "theirs", "mine", "failed"]),
        ("queue=nowhere", []),
        ("sort=oldest", ["failed", "mine", "theirs", "nobodys"]),
        ("since=today", ["nobodys", "theirs", "mine", "failed"]),
        ("until=today", []),
        ("state=failed&since=today", ["failed"]),
        ("state=failed&until=2026-01-01T00:00", []),
        ("since=2000-01-01&until=2001-01-01", []),
        ("project=harbour&state=queued&kind=demo.steps&actor=command:x", ["theirs"]),
    ],
)
def test_a_filter_keeps_what_it_says(
    query: str, names: list[str], jobs: dict[str, Job], as_staff: Client
) -> None:
    assert listed(as_staff, query) == [jobs[name].pk for name in names]


def test_a_number_finds_its_job(jobs: dict[str, Job], as_staff: Client) -> None:
    for text in (str(jobs["mine"].pk), f"%23{jobs['mine'].pk}"):
        assert listed(as_staff, f"q={text}") == [jobs["mine"].pk]


def test_of_a_project_of_others_nothing_is_listed(world: World, jobs: dict[str, Job]) -> None:
    stranger, viewer = browser_of(world.stranger), browser_of(world.viewer)

    for query in ("project=harbour", "q=refused", "actor=command:x", "sort=oldest"):
        assert listed(stranger, query) == []
    assert listed(viewer, "project=reef") == []
    assert listed(viewer, "q=lamp") == []


def test_a_filter_that_means_nothing_is_400(as_staff: Client) -> None:
    assert as_staff.get("/jobs/?sort=sideways").status_code == 400


@pytest.mark.parametrize(("name", "typed"), [("since", "soon"), ("until", "2026-13-01")])
def test_a_moment_that_is_none_is_told_beside_its_field(
    name: str, typed: str, jobs: dict[str, Job], as_staff: Client
) -> None:
    answer = as_staff.get(f"/jobs/?{name}={typed}&q=oil")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert re.search(rf'name="{name}" value="{typed}"[^>]* aria-invalid="true"', page)
    assert f'id="wrong-{name}">{name}={typed} is no moment: give one in UTC' in page
    assert 'name="q" value="oil"' in page
    assert "Nothing was looked for" in page
    assert 'id="job-' not in page


def test_every_filter_stays_in_every_address_and_form(
    jobs: dict[str, Job], as_staff: Client
) -> None:
    page = text_of(as_staff, "/jobs/?q=oil&queue=short&sort=oldest")
    asked = text_of(as_staff, "/jobs/selections/?q=oil&queue=short&all=on&act=cancel")

    assert 'href="?state=failed&amp;queue=short&amp;q=oil&amp;sort=oldest"' in page
    assert '<input type="hidden" name="q" value="oil">' in asked
    assert "Cancel 1 job?" in asked


def test_what_is_rare_is_looked_for_a_part_at_a_time(
    jobs: dict[str, Job], as_staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "LOOKED", 2)

    found: list[Any] = []
    query = "q=refused"
    for _ in range(4):
        page = text_of(as_staff, f"/jobs/?{query}")
        found += re.findall(r'<tr id="job-(\d+)"', page)
        further = re.search(r'href="\?([^"]+)">Look further', page)
        if further is None:
            break
        assert "Nothing matches so far" in page
        query = further[1].replace("&amp;", "&")

    assert found == [str(jobs["failed"].pk)]


def test_a_bulk_act_by_filter_does_what_was_asked_and_no_more(
    jobs: dict[str, Job], as_staff: Client
) -> None:
    as_staff.post("/jobs/selections/", {"q": "0% oil", "all": "on", "act": "cancel"})

    states = {name: Job.objects.get(pk=job.pk).state for name, job in jobs.items()}
    assert states == {
        "failed": "failed",
        "mine": "queued",
        "theirs": "queued",
        "nobodys": "cancelled",
    }


@pytest.mark.parametrize(
    ("chosen", "wide"),
    [
        (board.Filter(q="x"), True),
        (board.Filter(state="succeeded", since="today"), True),
        (board.Filter(q="x", state="failed"), False),
        (board.Filter(q="x", project="reef"), False),
        (board.Filter(kind="demo.noop"), False),
    ],
)
def test_only_what_no_index_leads_to_is_looked_for_in_parts(
    chosen: board.Filter, wide: bool
) -> None:
    assert chosen.is_wide == wide


def test_the_api_goes_on_where_a_part_held_nothing(
    jobs: dict[str, Job], as_staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "LOOKED", 2)

    first = as_staff.get("/api/jobs?q=refused").json()
    second = as_staff.get(f"/api/jobs?q=refused&below={first['next']}").json()

    assert first["jobs"] == []
    assert [one["id"] for one in second["jobs"]] == [jobs["failed"].pk]
