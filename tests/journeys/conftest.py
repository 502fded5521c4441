"""A whole product with services of its own, started and stopped as a person would."""

import json
import os
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from factory.embedded import postgres, valkey
from tests.services import manage


@dataclass(frozen=True)
class Product:
    """A running installation."""

    home: Path
    repositories: Path
    environment: dict[str, str]

    def manage(self, *words: str) -> tuple[int, str, str]:
        """This method will run a command and give its status, output and complaints."""
        done = manage(*words, environment=self.environment, check=False)
        return done.returncode, done.stdout, done.stderr

    def ask(self, *words: str) -> Any:
        """This method will run a command with --json and read its answer."""
        status, output, said = self.manage(*words, "--json")
        assert status == 0, said
        return json.loads(output)

    def get(self, path: str) -> int:
        """This method will ask for a page and give the status."""
        address = f"http://127.0.0.1:{self.environment['PORT']}{path}"
        try:
            with urllib.request.urlopen(address) as page:
                return int(page.status)
        except urllib.error.HTTPError as answer:
            return answer.code

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """This method will ask the product's own database."""
        place = postgres.address(self.home)
        raw = psycopg2.connect(dbname=place["NAME"], user=place["USER"], host=place["HOST"])
        with raw, raw.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """This fixture will start a new installation and end it whatever happens."""
    home = Path(tempfile.mkdtemp(prefix="factory-journey-"))
    home.chmod(0o755)
    repositories = home / "origins"
    repositories.mkdir()
    kept = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    settings = {"FACTORY_HOME": str(home / "home"), "PORT": str(_free_port())}
    made = Product(
        home / "home", repositories, kept | settings | {"FACTORY_LOCAL_REPOS": str(repositories)}
    )
    status, _, said = made.manage("up", "--detach")
    assert status == 0, said
    yield made
    made.manage("stop")
    valkey.stop(made.home)
    postgres.stop(made.home)
    shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
