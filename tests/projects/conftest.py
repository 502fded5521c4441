"""Repositories to work on."""

from pathlib import Path

import pytest

from tests.projects import hosting
from tests.projects.origins import PACKAGE, Origin


@pytest.fixture
def origin(tmp_path, settings):
    """This fixture will make a small Python package in a repository that may be registered."""
    settings.FACTORY_LOCAL_REPOS = [str(tmp_path)]
    settings.FACTORY_HOME = tmp_path / "home"
    made = Origin(tmp_path / "shop")
    made.commit(PACKAGE)
    return made


@pytest.fixture
def into(origin, settings):
    """This fixture will say where a clone goes."""
    return Path(settings.FACTORY_HOME) / "repositories" / "1.git"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """This fixture will make a certificate no system trusts."""
    return hosting.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def https(origin, certificate, settings):
    """This fixture will serve the origin over https on this machine, allow-listed and trusted."""
    with hosting.host(origin.path.parent, certificate) as server:
        settings.FACTORY_GIT_HOSTS = [server.address]
        settings.FACTORY_GIT_CA = str(certificate)
        yield server
