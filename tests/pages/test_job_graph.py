"""Jobs that wait for each other: drawn in layers, with a table that says the same, and told of."""

import re

import pytest
from django.test import Client

from jobs import graph, queue, topics
from jobs.models import Job
from projects.models import Project
from tests.pages.conftest import World, browser_of
from tests.pages.test_pages import text_of


@pytest.fixture
def diamond(world: World) -> list[Job]:
    """This fixture will give four jobs: two wait for the first, and the last for both."""
    first = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    middle = [
        queue.enqueue("demo.noop", {}, scope=world.project.pk, depends=[first.pk]) for _ in range(2)
    ]
    reef = Project.objects.create(name="Reef", slug="reef")
    depends = [one.pk for one in middle]
    last = queue.enqueue("demo.steps", {}, scope=reef.pk, depends=depends, policy="hold")
    return [first, *middle, last]


def test_what_comes_first_stands_left_of_what_waits_for_it(diamond: list[Job]) -> None:
    for job in diamond:
        drawn = graph.of(job)
        lefts = {box.job.pk: box.left for box in drawn.boxes}

        first, one, other, last = (lefts[each.pk] for each in diamond)
        assert first < one == other < last
        assert len({(box.left, box.top) for box in drawn.boxes}) == 4
        assert (len(drawn.arrows), drawn.cut) == (4, False)


def test_of_another_project_only_number_and_state_are_told(
    world: World, diamond: list[Job]
) -> None:
    page = text_of(browser_of(world.viewer), f"/jobs/{diamond[0].pk}/graph/")

    assert f"#{diamond[3].pk}</text>" in page
    assert "demo.steps" not in page
    assert f"#{diamond[1].pk} demo.noop</text>" in page
    assert page.count("<td>Hold: ") == 2


def test_of_many_jobs_the_nearest_are_drawn_and_that_is_said(
    world: World, as_staff: Client
) -> None:
    first = queue.enqueue("demo.noop", {})
    for _ in range(graph.MOST + 5):
        queue.enqueue("demo.noop", {}, depends=[first.pk])

    page = text_of(as_staff, f"/jobs/{first.pk}/graph/")

    assert f"Only the {graph.MOST} nearest jobs are drawn" in page
    assert len(re.findall(r'<g class="box', page)) == graph.MOST


def test_a_page_is_told_when_one_that_waits_for_its_job_moves(diamond: list[Job]) -> None:
    first, one, _, _ = diamond
    keys = [str(first.pk), str(queue.enqueue("demo.noop", {}).pk)]
    before = topics.page_fingerprints(keys)

    one.refresh_from_db()
    one.cancel(by="user:1")

    after = topics.page_fingerprints(keys)
    assert before[keys[0]] != after[keys[0]]
    assert before[keys[1]] == after[keys[1]]
