"""Failures by cause: what differs in numbers and ids alone is one row."""

import re

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.test import Client

from jobs import groups, queue
from jobs.models import Job
from projects.models import Project
from tests.pages.conftest import World, browser_of, hold, runner
from tests.pages.test_pages import queries, text_of


def failed(message: str, scope: int | None = None, kind: str = "demo.fail") -> Job:
    """This function will make a job that failed with a message."""
    job = queue.enqueue(kind, {}, scope=scope)
    hold(job, runner())
    Job.objects.filter(pk=job.pk).update(
        state="failed",
        runner=None,
        finished_at=Now(),
        failure_class="bug",
        failure_message=message,
    )
    return job


def counts() -> list[int]:
    """This function will give the sizes of the groups, the last seen first."""
    return [group.count for group in groups.of(Job.objects.all())]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Row 17 is gone.", "Row 4 is gone."),
        ("<Thing at 0x7f3a>", "<Thing at 0x99b1>"),
        ("no commit 0123456789abcdef", "no commit FEDCBA9876543210"),
        (
            "key 6f1c2b1e-0b7d-4f55-9d0e-6f0fb1d6a111 exists",
            "key a3d2c1b0-1111-4abc-8def-0123456789ab exists",
        ),
    ],
)
def test_what_differs_in_numbers_and_ids_alone_is_one_cause(db: None, one: str, other: str) -> None:
    failed(one)
    failed(other)

    assert counts() == [2]


@pytest.mark.parametrize(
    ("one", "other"), [("a: no such file", "b: no such file"), ("facade", "arcade")]
)
def test_what_differs_in_words_is_two_causes(db: None, one: str, other: str) -> None:
    failed(one)
    failed(other)

    assert counts() == [1, 1]


def test_a_kind_and_a_class_are_part_of_the_cause(db: None) -> None:
    failed("No.")
    failed("No.", kind="demo.noop")
    Job.objects.filter(pk=failed("No.").pk).update(failure_class="timeout")

    assert counts() == [1, 1, 1]


def test_the_page_counts_a_cause_and_leads_to_its_jobs(world: World, as_staff: Client) -> None:
    alike = [failed(f"Row {number} is gone.", world.project.pk).pk for number in range(14)]

    page = text_of(as_staff, "/jobs/failures/")
    address = re.search(r'href="(/jobs/\?[^"]+)">14 jobs', page)
    assert address is not None
    listed = text_of(as_staff, address[1].replace("&amp;", "&"))

    shown = [int(pk) for pk in re.findall(r'<tr id="job-(\d+)"', listed)]
    assert shown == sorted(alike, reverse=True)


def test_what_was_archived_stands_there_no_more(world: World, as_staff: Client) -> None:
    Job.objects.filter(pk=world.job.pk).update(acknowledged_at=Now())

    assert "No failure is unread" in text_of(as_staff, "/jobs/failures/")


def plan(jobs: "QuerySet[Job]") -> str:
    """This function will explain a query."""
    return str(jobs.explain())


def test_failures_among_many_successes_are_found_by_index(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO job (kind, queue_id, state, fence, finished_at, failure_class)"
            " SELECT 'demo.noop', 'short', CASE WHEN g % 500 = 0 THEN 'failed' ELSE 'succeeded'"
            " END, 1, now(), 'bug' FROM generate_series(1, 100000) g"
        )
        cursor.execute("ANALYZE job")
    failed = Job.objects.filter(state="failed")

    for asked in (
        failed.order_by("-pk")[:51],
        groups.unread(Job.objects.all()).order_by("-pk")[: groups.NEWEST],
        groups.alike(Job.objects.all(), "0" * 12),
    ):
        explained = plan(asked)
        assert re.search("job_unsuccessful|job_unread|job_failed_at", explained)
        assert "Seq Scan" not in explained


def test_a_strangers_page_shows_nothing_of_others(world: World) -> None:
    page = text_of(browser_of(world.stranger), "/jobs/failures/")

    assert "No failure is unread" in page


def test_the_page_costs_the_same_at_1_and_at_50_causes(world: World, as_staff: Client) -> None:
    text_of(as_staff, "/jobs/failures/")  # what is looked up once per process is looked up now
    at_one = queries(as_staff, "/jobs/failures/")
    for number in range(49):
        failed("x" * number + " is wrong")

    assert queries(as_staff, "/jobs/failures/") == at_one


@pytest.mark.parametrize("error", ["x", "A" * 12, "0" * 13, "%00"])
def test_a_fingerprint_that_is_none_is_400(error: str, as_staff: Client) -> None:
    assert as_staff.get(f"/jobs/?error={error}").status_code == 400


def test_what_is_retried_is_what_was_counted_without_the_archived(
    world: World, as_staff: Client
) -> None:
    alike = [failed(f"Row {number} is gone.", world.project.pk).pk for number in range(3)]
    Job.objects.filter(pk=alike[0]).update(acknowledged_at=Now())
    page = text_of(as_staff, "/jobs/failures/")
    [group] = [one for one in groups.of(Job.objects.all()) if one.count == 2]

    asked = text_of(
        as_staff, f"/jobs/selections/?state=failed&error={group.fingerprint}&all=on&act=retry"
    )

    assert "Retry 2…" in page
    assert "Retry 2 jobs?" in asked


def test_a_cause_names_the_projects_it_struck(world: World, as_staff: Client) -> None:
    more = [Project.objects.create(name=name, slug=name.lower()) for name in ("Reef", "Sound")]
    for project in (world.project, *more, Project.objects.create(name="Tide", slug="tide")):
        failed("The same.", project.pk)

    assert "in Harbour, Reef, Sound and 1 more" in text_of(as_staff, "/jobs/failures/")
