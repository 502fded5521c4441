"""The edges between the repositories of a project: by the names of packages, with evidence."""

import json

import pytest
from django.test import Client

from projects import between
from projects.models import SystemMap
from tests.pages.conftest import World, mapped, world
from tests.pages.test_api import ask

__all__ = ["world"]
pytestmark = pytest.mark.django_db


def describe(repository, publishes=(), dependencies=()):
    """This function will have a map say what its repository publishes and installs."""
    structure = {
        "publishes": [
            {"ecosystem": eco, "name": name, "version": "2.0", "path": "p"}
            for eco, name in publishes
        ],
        "dependencies": [
            {
                "ecosystem": eco,
                "name": name,
                "constraint": ">=1",
                "version": "1.5",
                "scope": "",
                "path": "api/pyproject.toml",
                "line": 7,
            }
            for eco, name in dependencies
        ],
    }
    SystemMap.objects.filter(pk=repository.current_map_id).update(structure=structure)


@pytest.fixture
def pair(world: World):
    """This fixture will make two repositories, of which the second installs the first's package."""
    other = mapped(world.project, name="pier")
    describe(world.repository, publishes=[("pypi", "Harbour_Core"), ("npm", "Ui")])
    describe(other, [("go", "Ui")], [("pypi", "harbour-core"), ("npm", "ui"), ("go", "Ui")])
    return world.repository, other


def test_a_repository_needs_the_one_whose_package_it_installs(world, pair):
    found = between.of(world.project)

    assert [(one.src, one.dst, one.name) for one in found.edges] == [
        (pair[1], pair[0], "harbour-core")
    ]
    assert (found.total, found.mapped, found.repositories) == (1, 2, 2)


def test_only_repositories_of_one_project_and_their_current_maps_count(world, pair):
    pair[0].project = type(world.project).objects.create(name="Other", slug="other")
    pair[0].save(update_fields=["project"])

    assert between.of(world.project).edges == []


def test_the_page_shows_the_edge_with_its_evidence_to_members_alone(world, pair):
    client = Client()
    client.force_login(world.viewer)
    page = client.get("/projects/harbour/repositories/").content.decode()
    client.force_login(world.stranger)

    assert "1 of 1" not in page
    assert "2 of 2 repositories mapped" in page
    assert f"repositories/{pair[1].pk}/map/file/?path=api/pyproject.toml#L7" in page
    assert client.get("/projects/harbour/repositories/").status_code == 404


def test_the_api_tells_it_too_and_nothing_to_strangers(world, pair):
    told = json.loads(ask(f"projects/{world.project.pk}/edges", world.viewer).content)

    assert told["edges"][0]["src"] == {"id": pair[1].pk, "name": "pier", "map_status": "ready"}
    assert told["edges"][0]["published"] == "2.0"
    assert told["edges"][0]["line"] == 7
    assert ask(f"projects/{world.project.pk}/edges", world.stranger).status_code == 404
