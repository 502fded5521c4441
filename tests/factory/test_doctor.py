"""Doctor examines everything, with everything down, and tells no secret."""

import json
import os
from pathlib import Path
from typing import Any

from factory.configuration import VARIABLES
from tests.services import ScratchDatabase, manage


def _examined(environment: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    done = manage("doctor", "--json", environment=environment, check=False)
    document = json.loads(done.stdout)
    return done.returncode, {check["name"]: check for check in document["checks"]}, done.stdout


def test_it_works_with_everything_down(own_services: dict[str, str]) -> None:
    status, checks, _ = _examined(own_services)

    assert status == 1
    assert checks["python"]["ok"]
    assert checks["git"]["ok"]
    assert not checks["database"]["ok"]
    assert "manage.py up" in checks["database"]["cure"]
    assert not checks["valkey"]["ok"]
    assert not checks["supervisor"]["ok"]


def test_it_shows_every_variable_and_no_secret(scratch_database: ScratchDatabase) -> None:
    secret = "hunter2" * 6
    environment = scratch_database.environment | {"FACTORY_SECRET_KEY": secret, "PORT": "9123"}

    _, checks, text = _examined(environment)

    assert {variable.name for variable in VARIABLES} <= set(checks)
    assert checks["FACTORY_SECRET_KEY"]["detail"] == "set (hidden)"
    assert checks["DATABASE_URL"]["detail"] == "set (hidden)"
    assert checks["PORT"]["detail"] == "set: 9123"
    assert "hunter2" not in text


def test_it_asks_the_services_that_are_given(scratch_database: ScratchDatabase) -> None:
    _, checks, _ = _examined(scratch_database.environment)

    assert checks["database"]["ok"]
    assert checks["database"]["detail"].startswith("external PostgreSQL 18")
    assert checks["migrations"] == {
        "name": "migrations",
        "ok": True,
        "detail": "all applied",
        "cure": "manage.py migrate",
    }
    assert checks["valkey"]["ok"]


def test_a_refused_variable_is_an_answer_and_not_an_end(own_services: dict[str, str]) -> None:
    status, checks, _ = _examined(own_services | {"FACTORY_DEBUG": "yes-please"})

    assert status == 1
    assert checks["FACTORY_DEBUG"]["detail"] == 'FACTORY_DEBUG="yes-please": use true or false'
    assert checks["PORT"]["ok"]


def test_a_database_without_the_tables_is_told_what_to_do(
    scratch_database: ScratchDatabase, tmp_path: Path
) -> None:
    empty = scratch_database.url.rpartition("/")[0] + "/postgres"

    _, checks, _ = _examined(dict(os.environ) | {"DATABASE_URL": empty})

    assert not checks["migrations"]["ok"]
    assert checks["migrations"]["cure"] == "manage.py migrate"
