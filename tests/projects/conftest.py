"""Repositories to work on."""

import pytest

from tests.projects.origins import PACKAGE, Origin


@pytest.fixture
def origin(tmp_path, settings):
    """This fixture will make a small Python package in a repository that may be registered."""
    settings.FACTORY_LOCAL_REPOS = [str(tmp_path)]
    settings.FACTORY_HOME = tmp_path / "home"
    made = Origin(tmp_path / "shop")
    made.commit(PACKAGE)
    return made
