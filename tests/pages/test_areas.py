"""What the treemap's area stands for: code unless all text is asked for, and nothing is lost."""

import re

import pytest
from django.test import Client

from projects import areas
from projects.models import MapNode
from tests.pages.conftest import World


@pytest.fixture
def prose(world: World) -> None:
    """This fixture will make one of the three files prose, and one a file without lines."""
    MapNode.objects.filter(node__path="README.md").update(language="Markdown")
    MapNode.objects.filter(node__path="quay/sail.py").update(lines=0)


def overview(client: Client, world: World, query: str = "") -> str:
    """This function will open the overview of the map."""
    answer = client.get(f"/projects/harbour/repositories/{world.repository.pk}/map/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def drawn(page: str) -> list[str]:
    """This function will name the files and rests that have a tile."""
    return re.findall(r'class="tile [^"]*" d="[^"]*"><title>([^<]*)<', page)


def test_the_area_is_code_and_what_is_left_out_is_said(
    world: World, prose: None, as_staff: Client
) -> None:
    page = overview(as_staff, world, "?colour=role")

    assert drawn(page) == ["quay/boat.py: 120 lines, code"]
    assert "1 file of other text</a>, such as data and prose, with 9 lines is left out" in page
    assert "1 file without lines is not drawn" in page
    assert "?size=text&amp;colour=role" in page


def test_all_text_is_drawn_where_the_address_says_so(
    world: World, prose: None, as_staff: Client
) -> None:
    page = overview(as_staff, world, "?size=text")

    tiles = ["README.md: 9 lines, Markdown", "quay/boat.py: 120 lines, Python"]
    assert sorted(drawn(page)) == tiles
    assert "left out" not in page
    assert "?under=quay&amp;size=text" in page


def test_a_part_without_code_leads_to_its_text(world: World, prose: None, as_staff: Client) -> None:
    MapNode.objects.update(language="Markdown")

    page = overview(as_staff, world, "?under=quay")

    assert "No code here" in page
    assert "1 file of other text with 120 lines" in page
    assert "?under=quay&amp;size=text" in page


def test_files_that_are_not_named_are_in_their_folders_rest_and_in_the_table(
    world: World, as_staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(areas, "LARGEST", 1)

    page = overview(as_staff, world, "?under=quay")

    assert drawn(page) == ["quay/boat.py: 120 lines, Python", "quay: 1 smaller file, 40 lines"]
    assert ">sail.py</a>" in page
    assert "showing 2 of 2 entries" in page


@pytest.mark.parametrize("colour", ["language", "churn", "owner", "coverage", "role"])
def test_a_component_is_a_part_in_every_colour(colour: str, world: World, as_staff: Client) -> None:
    MapNode.objects.filter(node__path="quay/sail.py").update(component="sails")

    page = overview(as_staff, world, f"?component=sails&colour={colour}")

    assert [one.partition(":")[0] for one in drawn(page)] == ["quay/sail.py"]
