"""Readiness names what cannot work, and tells strangers no more than that."""

import json
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory

from factory import beats, health
from jobs import process
from jobs.models import Runner


@pytest.fixture
def everything_alive(db: None, settings: Any) -> None:
    """This fixture will make each part look alive: a runner in each pool, fresh beats."""
    settings.FACTORY_WORKERS = {"short": 1, "long": 2, "none": 0}
    for pool in ("short", "long"):
        Runner.objects.create(
            pool=pool,
            host=process.host(),
            boot_id=process.boot_id(),
            pid=1,
            pid_ticks=1,
            owner="test",
        )
    beats.beat("relay")
    beats.beat("watchdog")


def test_it_is_alive_also_without_the_web_server_and_the_database(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"alive\n")
    assert response["Content-Type"] == "text/plain"


def test_everything_alive_is_ready(everything_alive: None, client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True, "cannot": []})


def test_a_pool_without_a_runner_is_not_ready(everything_alive: None, client: Client) -> None:
    Runner.objects.filter(pool="long").delete()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "cannot": ["runners"]}


def test_staff_are_told_why(everything_alive: None, client: Client) -> None:
    Runner.objects.filter(pool="long").delete()
    client.force_login(User.objects.create_superuser("root"))

    assert client.get("/readyz").json()["why"] == {"runners": "no live runner in long"}


def test_a_silent_relay_is_named(
    everything_alive: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH_S", -1)

    assert client.get("/readyz").json()["cannot"] == ["relay", "watchdog"]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_named_and_not_a_traceback(client: Client) -> None:
    connection.close()
    there = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        response = client.get("/readyz")
    finally:
        connection.close()
        connection.settings_dict["HOST"] = there

    assert response.status_code == 503
    assert "database" in response.json()["cannot"]
    assert "/nowhere" not in json.dumps(response.json())


def test_a_page_that_loses_the_database_is_one_static_503() -> None:
    try:
        psycopg2.connect(host="/nowhere", dbname="x")
    except psycopg2.OperationalError as lost:
        response = _failed_with(_as_django(lost))

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "database" in response.content.decode().lower()


def test_any_other_failure_stays_a_500() -> None:
    assert _failed_with(ValueError("a bug")).status_code == 500


def _failed_with(error: Exception) -> Any:
    try:
        raise error
    except Exception:
        return health.failed(RequestFactory().get("/"))


def _as_django(lost: Exception) -> Exception:
    from django.db import OperationalError

    return OperationalError(*lost.args)
