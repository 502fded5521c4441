"""Readiness names what cannot work, and tells strangers no more than that."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
import structlog
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test import Client, RequestFactory

from factory import health, probe
from factory.lasting import Lasting
from jobs import beats, process, queue
from jobs.models import Job, Queue, Runner
from tests.jobs.conftest import committed

__all__ = ["committed"]
AWAITED = ("relay", "sentinel", "pusher", "watchdog")


@pytest.fixture
def everything_alive(committed: Any, settings: Any) -> Iterator[None]:
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
    for name in AWAITED:
        beats.beat(name)
    yield
    for name in AWAITED:
        beats.end(name)


def test_it_is_alive_also_without_the_web_server_and_the_database(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"alive\n")
    assert response["Content-Type"] == "text/plain"


def test_everything_alive_is_ready(everything_alive: None, client: Client) -> None:
    response = client.get("/readyz")
    document = response.json()

    assert (response.status_code, document["ready"], document["cannot"]) == (200, True, [])
    assert all(part["ok"] and part["since"].endswith("Z") for part in document["parts"].values())


def test_a_pool_without_a_runner_is_not_ready(everything_alive: None, client: Client) -> None:
    Runner.objects.filter(pool="long").delete()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert (response.json()["ready"], response.json()["cannot"]) == (False, ["runners"])


def test_a_runner_that_is_alive_and_claims_nothing_is_not_ready(everything_alive: None) -> None:
    Runner.objects.filter(pool="long").update(looked_at=Now() - timedelta(seconds=16))

    assert _troubles() == {"runners": "the runners of long have not looked for work for 16 s"}


def test_a_runner_that_is_busy_within_its_limits_is_at_work(everything_alive: None) -> None:
    long_ago, later = Now() - timedelta(hours=1), Now() + timedelta(hours=1)
    Runner.objects.filter(pool="long").update(looked_at=long_ago, busy_until=later)

    assert _troubles() == {}


def test_due_work_beside_an_idle_runner_is_not_ready(everything_alive: None) -> None:
    job = _due_beside_an_idle_runner()

    assert _troubles() == {
        "runners": f"job {job} has waited for 20 s beside an idle runner of short"
    }


@pytest.mark.parametrize("why", ["paused", "busy", "limited"])
def test_work_that_may_wait_is_no_stall(everything_alive: None, why: str) -> None:
    job = _due_beside_an_idle_runner()
    if why == "paused":
        Queue.objects.filter(pk="short").update(paused=True)
    elif why == "busy":
        Runner.objects.update(idle_since=None)
    else:
        _run_one_of_the_same_limit(job)

    assert _troubles() == {}


def test_a_locked_table_does_not_make_the_database_away(
    everything_alive: None, committed: Any
) -> None:
    raw = psycopg2.connect(committed.url)
    raw.cursor().execute("LOCK TABLE job_runner IN ACCESS EXCLUSIVE MODE")
    try:
        found = {part.name: part for part in probe.parts()}
    finally:
        raw.close()

    assert not found["database"].trouble
    assert "statement timeout" in found["runners"].trouble


def test_causes_are_told_on_the_machine_itself_and_not_through_a_proxy(
    everything_alive: None, client: Client
) -> None:
    Runner.objects.filter(pool="long").delete()

    direct = client.get("/readyz").json()
    through = client.get("/readyz", headers={"X-Forwarded-For": "127.0.0.1"}).json()
    outside = client.get("/readyz", REMOTE_ADDR="192.0.2.7").json()

    assert direct["why"] == {"runners": "no live runner in long"}
    assert "why" not in through
    assert "why" not in outside


@pytest.mark.parametrize(
    ("name", "part"), [("relay", "relay"), ("pusher", "qcluster"), ("sentinel", "qcluster")]
)
def test_a_silent_process_is_named(everything_alive: None, name: str, part: str) -> None:
    _touch(name, seconds_ago=5)

    assert list(_troubles()) == [part]


def test_what_was_never_begun_here_is_not_awaited(everything_alive: None) -> None:
    beats.end("relay")

    assert _troubles() == {}


def test_what_was_started_is_awaited_until_it_beats(everything_alive: None) -> None:
    beats.await_first("relay")
    waiting = _troubles()
    beats.beat("relay")

    assert waiting == {"relay": "has not begun yet"}
    assert _troubles() == {}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_named_and_not_a_traceback(client: Client) -> None:
    connection.close()
    there = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        response = client.get("/readyz", REMOTE_ADDR="192.0.2.7")
    finally:
        connection.close()
        connection.settings_dict["HOST"] = there

    assert response.status_code == 503
    assert "database" in response.json()["cannot"]
    assert "/nowhere" not in json.dumps(response.json())


def test_a_question_without_an_answer_is_answered_in_time() -> None:
    asker = probe.Asker(("database", "runners"), dict)
    asker.once()
    asker.answered -= probe.DEADLINE_S

    database, runners = asker.seen()

    assert (database.trouble, database.away) == ("it does not answer", True)
    assert runners.trouble == "cannot be known while the database does not answer"


def test_trouble_is_told_since_the_part_was_last_seen_well() -> None:
    troubles: dict[str, str] = {}
    asker = probe.Asker(("valkey",), lambda: troubles)
    asker.once()
    well = asker.seen()[0].since
    troubles["valkey"] = "refused"
    asker.once()
    first = asker.seen()[0].since
    asker.once()

    assert well <= first
    assert asker.seen()[0].since == first
    assert asker.seen()[0].trouble == "refused"


def test_a_crowded_database_is_named_but_does_not_close_the_pages() -> None:
    def crowded() -> dict[str, str]:
        raise psycopg2.OperationalError("FATAL:  sorry, too many clients already")

    asker = probe.Asker(("database",), crowded)
    asker.once()

    assert [(bool(part.trouble), part.away) for part in asker.seen()] == [(True, False)]


def test_patience_begins_anew_after_a_gap_and_after_each_recovery() -> None:
    patience: Lasting[str] = Lasting(5)

    assert [patience.over(["relay"], now) for now in (10.0, 12.0, 14.9)] == [[], [], []]
    assert patience.over(["relay"], 15.0) == ["relay"]
    assert patience.over([], 16.0) == []
    assert [patience.over(["relay"], now) for now in (17.0, 19.0, 21.0)] == [[], [], []]
    assert patience.over(["relay"], 60.0) == []  # nobody looked meanwhile


def test_a_page_that_loses_the_database_is_one_static_503() -> None:
    try:
        psycopg2.connect(host="/nowhere", dbname="x")
    except psycopg2.OperationalError as lost:
        response = _failed_with(_as_django(lost))

    assert response.status_code == 503
    assert response["Retry-After"] == "3"
    assert "PostgreSQL did not answer this request" in response.content.decode()
    assert 'http-equiv="refresh"' in response.content.decode()


def test_what_was_sent_is_not_asked_for_again_but_led_back() -> None:
    page = _failed_with(_as_django(OSError("away")), "/jobs/7/pauses/")

    assert page.status_code == 503
    assert 'http-equiv="refresh"' not in page.content.decode()
    assert 'href="/jobs/7/">Go back' in page.content.decode()


def test_a_machine_that_loses_the_database_is_told_in_json() -> None:
    response = _failed_with(_as_django(OSError("away")), Accept="application/json")

    assert response.status_code == 503
    assert json.loads(response.content)["error"]["code"] == "unavailable"


def test_a_full_database_is_said_to_answer_and_to_be_full_since_the_probe_saw_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = psycopg2.OperationalError("FATAL:  sorry, too many clients already")
    _probed(monkeypatch, full, since=86_400.0)

    page = _failed_with(_as_django(full)).content.decode()

    assert "PostgreSQL answers, but has taken no more connections since 1970-01-02" in page
    assert "not answer" not in page


def test_a_database_that_is_away_is_so_since_the_probe_saw_it_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _probed(monkeypatch, psycopg2.OperationalError("refused"), since=86_400.0)

    page = _failed_with(_as_django(OSError("away"))).content.decode()

    assert "PostgreSQL has not answered since 1970-01-02" in page


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_took_too_long_does_not_make_the_database_away() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
        with pytest.raises(OperationalError) as slow:
            cursor.execute("SELECT pg_sleep(5)")
    connection.close()

    page = _failed_with(slow.value).content.decode()

    assert "PostgreSQL answers, but ended what you asked for" in page


def test_the_page_of_a_503_has_the_id_that_its_line_in_the_log_has() -> None:
    with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        page = _failed_with(_as_django(OSError("away"))).content.decode()

    assert "<code>0123456789abcdef</code>" in page


def test_any_other_failure_stays_a_500() -> None:
    assert _failed_with(ValueError("a bug")).status_code == 500


def _troubles() -> dict[str, str]:
    return {part.name: part.trouble for part in probe.parts() if part.trouble}


def _due_beside_an_idle_runner() -> int:
    job = queue.enqueue("demo.noop", {})
    Job.objects.filter(pk=job.pk).update(updated_at=Now() - timedelta(seconds=20))
    Runner.objects.filter(pool="short").update(idle_since=Now() - timedelta(seconds=20))
    return int(job.pk)


def _run_one_of_the_same_limit(job: int) -> None:
    runner = Runner.objects.get(pool="short")
    other = queue.enqueue("demo.noop", {})
    Job.objects.filter(pk=other.pk).update(
        state="running", runner=runner, started_at=Now(), attempt=1, fence=1
    )
    Job.objects.filter(pk__in=[job, other.pk]).update(limit_key="one at a time")


def _touch(name: str, *, seconds_ago: float) -> None:
    file = beats._file(name)
    at = file.stat().st_mtime - seconds_ago
    os.utime(file, (at, at))


def _failed_with(error: Exception, sent_to: str = "", **headers: str) -> Any:
    make = RequestFactory()
    request = make.post(sent_to) if sent_to else make.get("/", headers=headers)
    try:
        raise error
    except Exception:
        return health.failed(request)


def _probed(monkeypatch: pytest.MonkeyPatch, error: Exception, *, since: float) -> None:
    def ask() -> dict[str, str]:
        raise error

    asker = probe.Asker(("database",), ask)
    asker.once()
    (part,) = asker.seen()
    asker.found = {"database": replace(part, since=since)}
    monkeypatch.setattr(probe, "_watching", [asker])


def _as_django(lost: Exception) -> Exception:
    return OperationalError(*lost.args)
