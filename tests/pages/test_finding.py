"""Finding by a few letters, as the palette does: nothing but what one may see."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from projects import planning
from projects.models import Project, Task
from tests.pages.conftest import World, browser_of
from tests.pages.test_pages import text_of


@pytest.fixture
def planned(world: World) -> Task:
    """This fixture will write down a task of the project."""
    task: Task = planning.create(
        Task, world.project, {"title": "Paint the lighthouse"}, by="user:1"
    )
    return task


def found(client: Client, asked: str) -> list[tuple[str, str]]:
    """This function will give the kind and the address of each thing that is found."""
    page = text_of(client, f"/find/?q={asked}")
    return [
        (kind, address)
        for address, kind in re.findall(r'<a href="([^"]+)"><span class="quiet kind">(\w+)<', page)
    ]


def test_letters_find_pages_projects_repositories_and_tasks(world: World, planned: Task) -> None:
    client = browser_of(world.viewer)
    project, repository = world.project, world.repository

    assert ("project", f"/projects/{project.slug}/") in found(client, project.name[1:4].upper())
    assert ("repository", f"/projects/{project.slug}/repositories/{repository.pk}/map/") in found(
        client, repository.name
    )
    assert found(client, "paint the") == [("task", f"/projects/{project.slug}/tasks/{planned.pk}/")]
    assert found(client, "deliver") == [("page", "/deliveries/")]


@pytest.mark.parametrize("asked", ["{}", "%23{}"])
def test_a_number_finds_the_job_first(asked: str, world: World) -> None:
    first, *_ = found(browser_of(world.viewer), asked.format(world.job.pk))

    assert first == ("job", f"/jobs/{world.job.pk}/")


def test_a_stranger_finds_nothing_of_a_private_project(world: World, planned: Task) -> None:
    client = browser_of(world.stranger)

    for asked in (world.project.name, world.repository.name, "paint", str(world.job.pk), ""):
        assert {kind for kind, _ in found(client, asked)} <= {"page"}, asked


def test_pages_of_staff_are_found_by_staff_alone(world: World, as_staff: Client) -> None:
    assert found(as_staff, "audit") == [("page", "/system/audit/")]
    assert found(browser_of(world.viewer), "audit") == []
    assert [path for _, path in found(as_staff, "") if as_staff.get(path).status_code != 200] == []


def test_finding_asks_as_often_among_many(
    world: World, as_staff: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    Project.objects.bulk_create(
        Project(name=f"Pier {number}", slug=f"pier-{number}") for number in range(300)
    )

    with django_assert_max_num_queries(7):
        assert len([kind for kind, _ in found(as_staff, "pier") if kind == "project"]) == 6


def test_what_is_looked_for_comes_back_as_text(as_staff: Client) -> None:
    page = text_of(as_staff, "/find/?q=<script>%00x")

    assert "<script>x" not in page
    assert 'data-of="&lt;script&gt;x"' in page
