"""Doctor examines everything, with everything down or frozen, and tells no secret."""

import datetime
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from factory import doctor
from factory.doctor import asking, ledger, machine, ready
from factory.embedded import postgres, valkey
from factory.variables import VARIABLES
from jobs import beats, overall, queue, why
from jobs.ledger import Claim
from jobs.models import Job, LogChunk, Progress, Queue, Runner, Verification
from jobs.ports import Check
from tests.factory.conftest import wait_for
from tests.jobs.conftest import committed, desk, introduce, running_job
from tests.services import ScratchDatabase, freeze, manage

__all__ = ["committed", "desk", "running_job"]

NOWHERE = {"FACTORY_GITHUB_API": "http://127.0.0.1:9"}


def _examined(environment: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    done = manage("doctor", "--json", environment=environment | NOWHERE, check=False)
    document = json.loads(done.stdout)
    return done.returncode, {check["name"]: check for check in document["checks"]}, done.stdout


@contextmanager
def _frozen(pid: int) -> Iterator[None]:
    freeze(pid)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_it_works_with_everything_down(own_services: dict[str, str]) -> None:
    status, checks, _ = _examined(own_services)

    assert status == 1
    assert checks["python"]["ok"]
    assert checks["git"]["ok"]
    assert not checks["database"]["ok"]
    assert "manage.py up" in checks["database"]["cure"]
    assert not checks["valkey"]["ok"]
    assert not checks["supervisor"]["ok"]
    assert checks["ready: relay"]["detail"] == "none runs here, and none is awaited"
    assert checks["runners"]["detail"] == "not asked: the database does not answer"
    home = Path(own_services["FACTORY_HOME"])
    assert (postgres.running(home), valkey.running(home)) == (None, None)


def test_it_works_with_everything_frozen(own_services: dict[str, str]) -> None:
    home = Path(own_services["FACTORY_HOME"])
    postgres.ensure_running(home)
    valkey.ensure_running(home)
    pids = postgres.running(home), valkey.running(home)
    assert pids[0]
    assert pids[1]
    began = time.monotonic()

    with _frozen(pids[0]), _frozen(pids[1]):
        status, checks, _ = _examined(own_services)

    assert time.monotonic() - began < 5 * 10  # the aim is ten, on a machine with nothing else to do
    assert status == 1
    assert checks["database"]["detail"] == f"no answer within {doctor.NEAR_S:g} s"
    assert checks["valkey"]["detail"].startswith("embedded, does not answer: ")
    assert checks["frozen"]["detail"] == (
        f"stopped by a signal: postgres (pid {pids[0]}), valkey (pid {pids[1]})"
    )


def test_it_shows_every_variable_and_no_secret(scratch_database: ScratchDatabase) -> None:
    secret = "hunter2" * 6
    more = {
        "FACTORY_SECRET_KEY": secret,
        "FACTORY_METRICS_TOKEN": secret,
        "FACTORY_PROXY": "http://ana:hunter2@127.0.0.1:9",
        "PORT": "9123",
    }

    _, checks, text = _examined(scratch_database.environment | more)

    assert {variable.name for variable in VARIABLES} <= set(checks)
    assert checks["FACTORY_SECRET_KEY"]["detail"] == "set (hidden), by environment"
    assert checks["DATABASE_URL"]["detail"] == "set (hidden), by environment"
    assert checks["PORT"]["detail"] == "set: 9123 (by environment)"
    assert checks["FACTORY_BIND"]["detail"] == "default: 127.0.0.1"
    assert checks["FACTORY_GIT_CA"]["detail"] == "not set"
    assert "hunter2" not in text


def test_it_tells_what_the_dotenv_file_gives_and_what_is_wrong_with_it(
    own_services: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# ours\nPORT=9123\nFACTORY_LOG_LEVEL=DEBUG\nFACTORY_WORKER=short=1\nREDIS_ULR=x\n"
        "OTHER_THING=1\nFACTORY_SECRET_KEY = hunter2hunter2\n"
    )
    named = own_services | {"FACTORY_DOTENV": str(file), "FACTORY_LOG_LEVEL": "INFO"}

    _, checks, text = _examined(named)

    assert checks[".env"]["warning"] is True
    assert checks[".env"]["detail"] == (
        f"{file}: 5 names; the environment beats it in FACTORY_LOG_LEVEL; cannot be read: line 7"
    )
    assert checks["PORT"]["detail"] == "set: 9123 (by .env)"
    assert checks["FACTORY_LOG_LEVEL"]["detail"] == "set: INFO (by environment)"
    assert checks["FACTORY_WORKER"]["detail"] == "set in .env, but nobody reads it"
    assert checks["FACTORY_WORKER"]["cure"] == "did you mean FACTORY_WORKERS?"
    assert checks["REDIS_ULR"]["cure"] == "did you mean REDIS_URL?"
    assert "OTHER_THING" not in checks
    assert "hunter2" not in text


def test_an_unknown_name_of_ours_in_the_environment_is_told(own_services: dict[str, str]) -> None:
    _, checks, _ = _examined(own_services | {"FACTORY_COLOUR": "red"})

    assert checks["FACTORY_COLOUR"]["detail"] == "set in the environment, but nobody reads it"
    assert (checks["FACTORY_COLOUR"]["ok"], checks["FACTORY_COLOUR"]["warning"]) == (True, True)


def test_it_asks_the_services_that_are_given(scratch_database: ScratchDatabase) -> None:
    _, checks, _ = _examined(scratch_database.environment)

    assert checks["database"]["ok"]
    assert checks["database"]["detail"].startswith("external PostgreSQL 18")
    assert checks["extensions"]["detail"].startswith("vector 0.")
    assert checks["migrations"]["detail"] == "all applied"
    assert checks["valkey"]["detail"].startswith("external Valkey 9")
    assert checks["supervisor"]["warning"] is True
    assert checks["server of DATABASE_URL"]["detail"] == "is what the product needs"
    assert checks["server of REDIS_URL"]["ok"]
    assert checks["hosts"]["ok"]


def test_a_server_that_will_not_do_is_told_with_its_cure(own_services: dict[str, str]) -> None:
    wrong = own_services | {"DATABASE_URL": "postgresql://ana:hunter2@127.0.0.1:9/factory"}

    _, checks, text = _examined(wrong)

    found = checks["server of DATABASE_URL"]
    assert not found["ok"]
    assert "Connection refused" in found["detail"]
    assert found["cure"] == "start that server, or correct host and port"
    assert "hunter2" not in text


def test_a_refused_variable_is_an_answer_and_not_an_end(own_services: dict[str, str]) -> None:
    status, checks, _ = _examined(own_services | {"FACTORY_DEBUG": "yes-please"})

    assert status == 1
    assert checks["FACTORY_DEBUG"]["detail"] == 'FACTORY_DEBUG="yes-please": use true or false'
    assert checks["PORT"]["ok"]
    assert checks["python"]["ok"]


def test_a_database_without_the_tables_is_told_what_to_do(
    scratch_database: ScratchDatabase,
) -> None:
    empty = scratch_database.url.rpartition("/")[0] + "/postgres"

    _, checks, _ = _examined(dict(os.environ) | {"DATABASE_URL": empty})

    assert not checks["migrations"]["ok"]
    assert checks["migrations"]["detail"].endswith(" …")
    assert checks["migrations"]["cure"] == "manage.py migrate"


def test_a_question_that_hangs_or_breaks_does_not_keep_the_others() -> None:
    def broken() -> Check:
        raise OSError("https://ana:hunter2@example.org is gone\nand more")

    def hanging() -> Check:
        time.sleep(60)
        raise AssertionError

    found = asking.ask(
        {"fine": lambda: Check("fine", True, "yes"), "broken": broken, "hanging": hanging}, 0.5
    )

    assert list(found) == ["fine", "broken", "hanging"]
    assert (found["fine"].came, found["broken"].came, found["hanging"].came) == (True, False, False)
    assert found["broken"].checks[0].detail == "https://[redacted]@example.org is gone"
    assert found["hanging"].checks[0].detail == "no answer within 0.5 s"


def test_a_warning_does_not_make_the_answer_no(capsys: pytest.CaptureFixture[str]) -> None:
    status = doctor.report([Check("host x", True, "away", "wait", warning=True)], False, sys.stdout)

    assert status == 0
    assert capsys.readouterr().out == "!   host x: away → wait\nall is well\n"


def test_packages_are_compared_with_the_lock(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "requirements.in").write_text("# why\nDjango>=5  # the base\nnot-there>=1\n")
    (tmp_path / "requirements.txt").write_text("django==0.1 \\\n    --hash=sha256:0\n")
    monkeypatch.setattr(machine, "BASE_DIR", tmp_path)

    missing = machine.packages()
    (tmp_path / "requirements.in").write_text("Django>=5\n")
    other = machine.packages()

    assert (missing.ok, missing.detail) == (False, "not installed: not-there")
    assert (other.ok, other.warning) == (True, True)
    assert other.detail.endswith("is installed, 0.1 is locked")


def test_a_package_that_comes_while_the_product_runs_is_seen(
    tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "requirements.in").write_text("late-package>=1\n")
    (tmp_path / "requirements.txt").write_text("late-package==1.0\n")
    monkeypatch.setattr(machine, "BASE_DIR", tmp_path)
    monkeypatch.setattr(machine, "_TOLD", ())
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    (tmp_path / "packages").mkdir()
    assert machine.packages().detail == "not installed: late-package"

    about = tmp_path / "packages" / "late_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: late-package\nVersion: 1.0\n")

    assert machine.packages().detail.startswith("1 as locked")


@pytest.mark.django_db
def test_missing_and_silent_runners_are_named(settings: Any) -> None:
    settings.FACTORY_WORKERS = {"short": 2, "long": 1, "none": 0}
    introduce()
    quiet = introduce(pool="long")
    Runner.objects.filter(pk=quiet.pk).update(seen_at="2020-01-01T00:00Z")

    found = ledger.runners()

    assert not found.ok
    assert found.detail.startswith("1 of 2 in short, 0 of 1 in long; silent: runner ")


@pytest.mark.django_db
def test_a_queue_nobody_serves_is_not_well_and_a_paused_one_a_warning() -> None:
    queue.enqueue("demo.noop", {})

    before = {check.name: check for check in ledger.queues()}
    Queue.objects.get(pk="short").pause(by="command:ana")
    paused = {check.name: check for check in ledger.queues()}

    assert not before["queue short"].ok
    assert before["queue short"].detail.endswith("s, and no live runner serves it")
    assert before["queue long"] == Check("queue long", True, "0 wait")
    assert (paused["queue short"].ok, paused["queue short"].warning) == (True, True)
    assert paused["queue short"].detail.startswith("paused by command:ana, 1 wait, the oldest for ")


@pytest.mark.django_db
def test_a_pool_that_somebody_emptied_is_cured_by_filling_it(settings: Any) -> None:
    settings.FACTORY_WORKERS = {"short": 1}
    job = queue.enqueue("demo.noop", {})
    Runner.objects.filter(pk=introduce().pk).update(
        stopped_at=Now(), intent="drain", intent_by="command:ana"
    )

    cures = {check.name: check.cure for check in [*ledger.queues(), ledger.runners()]}

    assert cures["queue short"] == cures["runners"] == "manage.py runners fill --pool short"
    told = "No live runner in short: command:ana emptied it; manage.py runners fill --pool short"
    assert f"{told} takes that back." in [one.text for one in why.why(job)]


@pytest.mark.parametrize("beating", ["pusher", "relay"])
def test_a_part_that_beats_is_awaited_here(beating: str, tmp_path: Path, settings: Any) -> None:
    settings.FACTORY_HOME = tmp_path
    beats.beat(beating)

    found = {check.name: check.detail for check in ready.parts()}
    beats.end(beating)

    part = "qcluster" if beating == "pusher" else beating
    assert found[f"ready: {part}"] == "yes"
    assert found["ready: watchdog"] == "none runs here, and none is awaited"


def _running(silent_for_s: int) -> Job:
    job = queue.enqueue("demo.noop", {})
    past = Now() - datetime.timedelta(seconds=silent_for_s)
    Job.objects.filter(pk=job.pk).update(
        state="running", runner=introduce(), started_at=past, fence=1, attempt=1, updated_at=past
    )
    return job


@pytest.mark.django_db
@pytest.mark.parametrize("sign", ["none", "progress", "log"])
def test_a_running_job_is_silent_only_without_progress_and_log(sign: str) -> None:
    job = _running(100)  # demo.noop may be silent for 60 s
    if sign == "progress":
        Progress.objects.create(job=job, fence=1, heard_at=Now())
    if sign == "log":
        LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text="x\n")

    found = next(check for check in ledger.stalls() if check.name == "silent jobs")

    assert found.ok == (sign != "none")
    if sign == "none":
        assert found.detail == f"job {job.pk} (demo.noop) for 100 s, 60 are allowed"


@pytest.mark.django_db
def test_what_waits_for_more_than_a_day_is_named() -> None:
    old = queue.enqueue("demo.noop", {})
    queue.enqueue("demo.noop", {})
    Job.objects.filter(pk=old.pk).update(updated_at=Now() - 2 * overall.OLD)

    found = {check.name: check for check in ledger.stalls()}

    assert not found["old jobs"].ok
    assert found["old jobs"].detail == f"1 wait or run for more than 24 h, such as job {old.pk}"


@pytest.mark.django_db
def test_a_job_whose_runner_is_gone_is_named() -> None:
    job = _running(1)
    Runner.objects.update(stopped_at=Now())

    found = {check.name: check for check in ledger.stalls()}

    assert found["lost jobs"].detail == f"without a live runner: {job.pk}"


def test_the_counters_name_what_should_not_be(running_job: Claim) -> None:
    Job.objects.update(intent="cancel", intent_at=Now() - 2 * overall.PATIENCE)

    found = {check.name: check for check in ledger.counters()}

    assert not found["stuck jobs"].ok
    assert f"1, such as job {running_job.id}: held without evidence" in found["stuck jobs"].detail
    assert (found["stalled jobs"].ok, found["stalled jobs"].detail) == (True, "none")


@pytest.mark.django_db
def test_the_last_verification_is_told() -> None:
    never = ledger.verified()
    Verification.objects.create(host="h", seconds=1, ok=True)
    green = ledger.verified()
    Verification.objects.create(host="h", seconds=1, ok=False, disagreements=[{"what": "job 7"}])

    red = ledger.verified()

    assert "never run yet" in never.detail
    assert (green.ok, "nothing disagrees" in green.detail) == (True, True)
    assert not red.ok
    assert "1 disagreement, such as job 7; last green" in red.detail


def test_an_old_snapshot_and_dead_rows_are_told(committed: ScratchDatabase) -> None:
    well = ledger.tables()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job_runner SET (autovacuum_enabled = off)")
        cursor.execute(
            "INSERT INTO job_runner (pool, host, boot_id, pid, pid_ticks, owner)"
            " SELECT 'short', 'h', 'b', 1, 1, 'o' FROM generate_series(1, 60000)"
        )
        cursor.execute("DELETE FROM job_runner")
        cursor.execute("SELECT pg_stat_force_next_flush()")

    assert wait_for(lambda: ledger.tables().warning)
    assert (well.warning, well.detail) == (False, "none needs anything")
    assert "job_runner: 60000 dead rows" in ledger.tables().detail
