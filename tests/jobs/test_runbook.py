"""The runbook has an entry for each failure class, and the page, the links and the document agree."""

import re

import pytest
from django.core.management import get_commands
from django.template import Context, Template
from django.test import Client

from jobs import runbook
from jobs.failures import FailureClass
from tests.pages.conftest import World, as_staff, world
from tests.test_docs import DOCS

__all__ = ["as_staff", "world"]


def test_each_failure_class_has_its_entry_first() -> None:
    anchors = [entry.anchor for entry in runbook.ENTRIES]

    assert anchors[: len(FailureClass)] == FailureClass.values
    assert len(anchors) == len(set(anchors))


def test_the_document_says_the_same_as_the_page() -> None:
    section = (DOCS / "operations.md").read_text().partition("## Runbook")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    written = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]

    assert [[cell.replace(r"\|", "|") for cell in row] for row in written] == [
        [f"`{one.anchor}`", one.sees, one.means, f"`{one.command}`: {one.prints}", one.cure]
        for one in runbook.ENTRIES
    ]


def test_each_command_it_names_exists() -> None:
    text = " ".join(f"{one.command} {one.cure}" for one in runbook.ENTRIES)

    assert set(re.findall(r"manage\.py (\w+)", text)) <= set(get_commands())


def test_the_page_has_an_anchor_for_each_entry(as_staff: Client) -> None:
    text = as_staff.get("/runbook/").content.decode()

    assert re.findall(r'<section class="card" id="([\w-]+)"', text) == [
        entry.anchor for entry in runbook.ENTRIES
    ]


@pytest.mark.parametrize("name", [*FailureClass.values, "lost", "<b>"])
def test_a_failure_class_leads_to_its_entry(name: str) -> None:
    shown = Template("{% load board %}{% failure_class name %}").render(Context({"name": name}))

    if name == "<b>":
        assert shown == '<span class="fclass">&lt;b&gt;</span>'
    else:
        assert shown == f'<a class="fclass" href="/runbook/#{name}">{name}</a>'


def test_the_page_of_a_failed_job_leads_to_the_runbook(world: World, as_staff: Client) -> None:
    text = as_staff.get(f"/jobs/{world.job.pk}/").content.decode()

    world.job.refresh_from_db()
    assert f'href="/runbook/#{world.job.failure_class}"' in text
