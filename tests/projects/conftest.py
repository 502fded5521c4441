"""Repositories to work on."""

from pathlib import Path

import pytest

from projects import registration
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
def work(tmp_path, settings):
    """This fixture will make two files in a repository whose history tests go on with."""
    settings.FACTORY_LOCAL_REPOS = [str(tmp_path)]
    settings.FACTORY_HOME = tmp_path / "home"
    made = Origin(tmp_path / "shop")
    made.commit({"a.py": "1\n2\n3\n", "b.py": "1\n"})
    return made


@pytest.fixture
def worked(work):
    """This fixture will register the work, as if its job had run."""
    found = registration.register(
        [str(work.path)], project=None, branch="", token="", actor="command"
    )[0]
    found.job.cancel(by="user:1")
    found.repository.record_sync(work.git("rev-parse", "HEAD"))
    return found.repository


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
