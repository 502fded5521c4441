"""The form that makes a job: typed by the handler's signature, and sent twice it makes one."""

import re
from typing import Any

import pytest
from django.test import Client

from jobs import kinds, queue
from jobs.models import Job
from tests.pages.conftest import World, browser_of, fail
from tests.pages.test_pages import text_of


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> str:
    """This fixture will register a kind whose handler takes one argument of each sort."""

    def handler(
        run: Any,
        steps: int,
        name: str = "x",
        *,
        fast: bool = False,
        items: list[str] | None = None,
        token: str = "",
    ) -> None:
        """Do nothing."""

    made = kinds.Kind("test.typed", handler)
    monkeypatch.setitem(kinds._kinds, made.name, made)
    return made.name


def once(page: str) -> str:
    """This function will give what tells one form from another."""
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_each_argument_has_a_field_of_its_type(kind: str, as_staff: Client) -> None:
    page = text_of(as_staff, f"/jobs/new/?kind={kind}")

    assert '<input type="number" name="argument-steps" required' in page
    assert '<input type="text" name="argument-name"' in page
    assert '<select name="argument-fast"' in page
    assert '<textarea name="argument-items"' in page


def test_a_form_sent_twice_makes_one_job_even_after_that_was_claimed(
    kind: str, as_staff: Client
) -> None:
    sent = {
        "kind": kind,
        "once": once(text_of(as_staff, f"/jobs/new/?kind={kind}")),
        "argument-steps": "3",
        "argument-fast": "true",
        "argument-items": '["a"]',
        "project": "harbour",
        "priority": "5",
    }

    first = as_staff.post("/jobs/new/", sent)
    made = Job.objects.get(kind=kind)
    fail(made)
    second = as_staff.post("/jobs/new/", sent)

    assert first["Location"] == second["Location"] == f"/jobs/{made.pk}/"
    assert made.arguments == {"steps": 3, "fast": True, "items": ["a"]}
    assert (made.priority, made.scope is None) == (5, False)
    assert Job.objects.filter(kind=kind).count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("argument-steps", "many", "Enter a whole number."),
        ("argument-steps", "", "This field is required."),
        ("argument-items", "[", "Enter a valid JSON."),
        ("argument-items", '{"a": 1}', "items must be a list or null"),
        ("project", "nowhere", "There is no such project: give its slug or number."),
        ("priority", "99999", "less than or equal to 32767"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    field: str, value: str, said: str, kind: str, as_staff: Client
) -> None:
    sent = {
        "kind": kind,
        "argument-steps": "3",
        "once": once(text_of(as_staff, f"/jobs/new/?kind={kind}")),
    }

    page = as_staff.post("/jobs/new/", sent | {field: value}).content.decode()

    assert said in page
    assert not Job.objects.filter(kind=kind).exists()


def test_a_job_is_edited_and_run_without_its_secrets_being_shown(
    kind: str, world: World, as_staff: Client
) -> None:
    given = {"steps": 7, "fast": True, "token": "hunter2hunter2"}
    source = queue.enqueue(kind, given, scope=world.project.pk, subject="lamp")
    fail(source)

    offered = text_of(as_staff, f"/jobs/{source.pk}/")
    page = text_of(as_staff, f"/jobs/new/?from={source.pk}")
    changed = {
        "once": once(page),
        "from": source.pk,
        "argument-steps": "8",
        "argument-fast": "true",
    }
    as_staff.post("/jobs/new/", changed | {"subject": "lamp", "project": world.project.pk})

    made = Job.objects.get(root_id=source.pk)
    assert f'href="/jobs/new/?from={source.pk}">Edit and run…' in offered
    assert 'value="7"' in page
    assert "hunter2" not in page
    assert made.arguments == given | {"steps": 8}
    assert (made.scope, made.subject) == (source.scope, "lamp")


def test_no_kind_of_the_product_alone_is_offered(world: World, as_staff: Client) -> None:
    page = text_of(as_staff, "/jobs/new/")
    internal = [one.name for one in kinds.all_kinds() if one.internal]

    assert "?kind=demo.noop" in page
    assert internal
    for name in internal:
        assert f"?kind={name}" not in page
        assert as_staff.get(f"/jobs/new/?kind={name}").status_code == 400
    assert browser_of(world.contributor).get("/jobs/new/").status_code == 404
