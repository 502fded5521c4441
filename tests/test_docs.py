"""The documents say what the code says."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.db import connection

from factory.variables import VARIABLES
from jobs import controls, events, kinds
from jobs.failures import POLICY, FailureClass
from jobs.states import BIRTHS, LEGAL, State
from projects import access

DOCS = Path(__file__).parent.parent / "docs"


def rows(name: str) -> list[list[str]]:
    """Give the cells of every table row of a document."""
    lines = (DOCS / name).read_text().splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]


def test_states_page_names_every_state_once():
    named = [row[0].strip("`") for row in rows("states.md") if row[0].startswith("`")]

    assert named[: len(State)] == State.values


def test_states_page_shows_exactly_the_legal_moves():
    shown = {
        ("" if row[0] == "(new)" else row[0], new)
        for row in rows("states.md")
        if row[0] in {*State.values, "(new)"}
        for new in re.findall(r"\w+", row[1])
    }

    assert shown == LEGAL | {("", birth) for birth in BIRTHS}


def test_states_page_says_which_failures_are_tried_again():
    said = {row[0].strip("`"): row[1] for row in rows("states.md")}

    for failure_class in FailureClass:
        assert said[failure_class].startswith("yes") == (failure_class in POLICY), failure_class


@pytest.mark.django_db
def test_architecture_page_gives_the_reason_of_every_index_of_job():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'job'")
        existing = {name for (name,) in cursor.fetchall()}

    explained = {row[0].strip("`") for row in rows("architecture.md") if row[0].startswith("`job_")}

    assert explained == existing


def test_reference_page_names_every_act_and_its_address():
    text = (DOCS / "reference.md").read_text()

    missing = {one.name for one in controls.ALL if one.name not in text or one.noun not in text}

    assert not missing


def test_reference_page_shows_the_table_of_roles():
    said = {
        act: [place for place, mark in enumerate(row[1:5]) if mark]
        for row in rows("reference.md")
        if len(row) == 6
        for act in re.findall(r"`([a-z]+)`", row[0])
    }

    table = [*access.ACTS.values(), access.STAFF]
    assert said == {
        act: [place for place, acts in enumerate(table) if act in acts] for act in access.STAFF
    }


def ours() -> set[str]:
    """Give the names of the commands this product adds."""
    return {name for name, app in get_commands().items() if app in {"factory", "projects", "jobs"}}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(lambda: {variable.name for variable in VARIABLES}, id="variables"),
        pytest.param(lambda: {kind.name for kind in kinds.all_kinds()}, id="kinds"),
        pytest.param(lambda: {schema.name for schema in events.all_schemas()}, id="events"),
        pytest.param(ours, id="commands"),
    ],
)
def test_reference_page_lists_every_one_of_the_code(names):
    text = (DOCS / "reference.md").read_text()

    missing = {name for name in names() if f"`{name}" not in text}

    assert not missing


def test_every_rule_of_the_pages_names_tests_that_exist():
    written = (DOCS / "ux.md").read_text()
    named = set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", written))
    root = DOCS.parent

    missing = {
        f"{path}::{test}"
        for path, test in named
        if not (root / path).exists() or f"def {test}(" not in (root / path).read_text()
    }

    assert missing == set()
    assert len(named) > 50


def test_the_rules_of_the_pages_are_all_there():
    rules = [re.match(r"(\d+)\. ", row[0]) for row in rows("ux.md")]

    assert [int(rule[1]) for rule in rules if rule] == list(range(1, 23))
