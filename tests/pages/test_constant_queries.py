"""The pages people open most ask no more questions of a large installation than of a small one."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from factory.bench import filling
from jobs.models import Event, Job
from projects.models import Project, Repository, Task
from tests.pages.conftest import World, browser_of

PAGES = {
    "staff": ("/", "/jobs/", "/jobs/{job}/", "/projects/project-1/", "/admin/jobs/job/"),
    "member": ("/", "/jobs/", "/jobs/{job}/", "/projects/project-1/"),
}
# Of each word and of what is unread two jobs stay, with the letters they carry.
_LEAVE_FEW = (
    "DELETE FROM job WHERE id NOT IN (SELECT unnest((array_agg(id ORDER BY scope, id))[:2])"
    " FROM job WHERE scope > 0 GROUP BY state, event_id IS NULL, acknowledged_at IS NULL)",
    "DELETE FROM job_delivery WHERE job_id NOT IN (SELECT id FROM job)",
    "DELETE FROM job_event WHERE id NOT IN (SELECT event_id FROM job_delivery) AND id NOT IN"
    " (SELECT min(id) FROM job_event WHERE scope < 20 GROUP BY scope, name)",
    "DELETE FROM project WHERE id > 2 AND id NOT IN (SELECT scope FROM job) AND id % 10 <> 0",
    "DELETE FROM repository WHERE project_id NOT IN (SELECT id FROM project)",
    "DELETE FROM project_membership WHERE project_id NOT IN (SELECT id FROM project)",
)


@pytest.fixture
def people(db: None) -> Iterator[dict[str, User]]:
    """Three people, and hundreds of what they see; triggers are off, so that it can be cut down."""
    people = filling.people()
    filling.write(people, 300, 3_000)
    yield people
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")


def questions(people: dict[str, User]) -> dict[tuple[str, str], int]:
    """This function will count what each page asks, once it is warm."""
    found = {}
    job = Job.objects.filter(state="failed", scope__gt=0).earliest("scope", "pk").pk
    for who, pages in PAGES.items():
        browser = browser_of(people[who])
        for page in pages:
            found[who, page] = asked(browser, page.format(job=job))
    return found


def asked(browser: Client, page: str) -> int:
    """This function will count the questions of one page."""
    browser.get(page)
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(page).status_code == 200
    return len(seen)


def test_a_page_asks_of_hundreds_no_more_than_of_a_few(people: dict[str, User]) -> None:
    many = questions(people)
    with connection.cursor() as cursor:
        for statement in _LEAVE_FEW:
            cursor.execute(statement)

    assert (Project.objects.count(), Job.objects.count()) < (60, 40)
    few = questions(people)
    assert {page: most for page, most in many.items() if most > few[page]} == {}


def test_to_name_what_somebody_may_see_asks_nothing(world: World) -> None:
    with CaptureQueriesContext(connection) as seen:
        for model in (Project, Repository, Task, Job, Event):
            model.objects.visible_to(world.viewer)

    assert len(seen) == 0
