"""What the tests of the platform share: directories for services, and waiting for an event."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factory.embedded import postgres, valkey
from tests import services


def wait_for(happens: Callable[[], object], seconds: float = 60) -> bool:
    """This function will wait until something is true, at most so long, and say whether it is.

    A test that succeeds never waits to the end: the bound is for a machine that is very busy.
    """
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def home() -> Iterator[Path]:
    """This fixture will lend a data directory and end the services that were started in it."""
    path = Path(tempfile.mkdtemp(prefix="factory-home-", dir=services.place()))
    path.chmod(0o755)
    yield path
    valkey.stop(path)
    postgres.stop(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def own_services(home: Path) -> dict[str, str]:
    """This fixture will give the environment of an installation with embedded services of its own."""
    kept = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    return kept | {"FACTORY_HOME": str(home)}
