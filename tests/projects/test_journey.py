"""Registering, syncing and mapping with real commands, a real runner and a real database."""

import pytest

from tests.projects.origins import PACKAGE, Origin, answer, runner


@pytest.fixture(scope="module")
def place(scratch_database, tmp_path_factory):
    """This fixture will give an environment whose commands and runner share one database."""
    home = tmp_path_factory.mktemp("journey")
    environment = scratch_database.environment | {
        "FACTORY_HOME": str(home / "home"),
        "FACTORY_LOCAL_REPOS": str(home),
    }
    return home, environment, scratch_database


@pytest.fixture(scope="module")
def working(place):
    """This fixture will keep one runner at work."""
    with runner(place[1]):
        yield place


def test_a_repository_is_registered_mapped_and_shown(working):
    home, environment, _ = working
    origin = Origin(home / "shop")
    commit = origin.commit(PACKAGE)

    registered = answer("register", str(origin.path), "--wait", environment=environment)
    shown = answer(
        "map", str(registered["repository"]), "--edges", "--nodes", environment=environment
    )

    assert registered["project"] == "shop"
    assert registered["state"] == "succeeded"
    assert shown["commit"] == commit
    assert shown["behind"] == 0
    assert [(edge["src"], edge["dst"], edge["line"]) for edge in shown["edges"]] == [
        ("shop/urls.py", "shop/__init__.py", 2),
        ("shop/urls.py", "shop/views.py", 1),
        ("shop/views.py", "shop/models.py", 1),
    ]
