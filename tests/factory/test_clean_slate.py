"""A clean slate: all or nothing, under running runners and kill -9."""

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection

from factory import clean_slate
from factory.models import ApiToken
from jobs import events, queue
from jobs.models import Event, Job, LogChunk, Move, Queue
from projects import removal
from projects.models import (
    BlobFacts,
    Invitation,
    Membership,
    Node,
    Project,
    Repository,
    Role,
    SystemMap,
)
from tests.factory.conftest import wait_for
from tests.jobs.conftest import Desk, committed, introduce
from tests.live.stack import stack
from tests.services import ROOT, ScratchDatabase

__all__ = ["committed"]

LEFTOVERS = """
SELECT (SELECT count(*) FROM job_move m WHERE NOT EXISTS (SELECT FROM job WHERE id = m.job_id)),
       (SELECT count(*) FROM job_attempt a WHERE NOT EXISTS (SELECT FROM job WHERE id = a.job_id)),
       (SELECT count(*) FROM job_log l WHERE NOT EXISTS (SELECT FROM job WHERE id = l.job_id))
"""


@pytest.fixture
def filled(committed: ScratchDatabase, settings: Any, tmp_path: Path) -> Repository:
    """This fixture will lend a project with everything that belongs to it, and its clone."""
    settings.FACTORY_HOME = tmp_path
    project = Project.objects.create(name="Harbour", slug="harbour")
    Membership.objects.create(project=project, user=User.objects.create_user("ana"))
    repository = Repository.objects.create(project=project, address="/x/y", name="y")
    job = queue.enqueue("demo.noop", {}, scope=project.pk)
    made = SystemMap.objects.create(
        repository=repository,
        commit="a" * 40,
        extractor="1",
        digest="b" * 64,
        counts={},
        languages={},
        document=b"",
        job=job,
    )
    Node.objects.create(repository=repository, kind="file", path="x.py")
    BlobFacts.objects.create(blob="c" * 40, language="python", extractor="1", facts={})
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text="x\n")
    events.publish(
        "repository.synced",
        {"repository": repository.pk, "commit": made.commit},
        scope=project.pk,
        subject="y",
    )
    Queue.objects.get(pk="long").pause()
    ApiToken.objects.issue(User.objects.get(), "ci", "read", 1)
    Invitation.objects.make(project, Role.VIEWER, by=User.objects.get(), days=1)
    clone(repository.pk)
    return repository


def clone(pk: int, end: str = "") -> Path:
    """Put something into the place of a clone."""
    path = Path(removal.settings.FACTORY_HOME) / "repositories" / f"{pk}.git{end}"
    path.mkdir(parents=True)
    (path / "HEAD").touch()
    return path


def test_everything_goes_but_users_and_settings(filled: Repository) -> None:
    last = Job.objects.latest("pk").pk

    gone = clean_slate.wipe(by="command:ana")

    assert gone == {
        "projects": 1, "repositories": 1, "maps": 1, "jobs": 3, "events": 2, "clones": 1,
    }  # fmt: skip
    emptied = (Project, Repository, SystemMap, Node, BlobFacts, Membership, Job, Event, Move)
    assert [model for model in emptied if model.objects.exists()] == []
    assert not filled.clone.exists()
    assert not Invitation.objects.exists()
    assert User.objects.get().username == "ana"
    assert ApiToken.objects.get().user.username == "ana"
    assert Queue.objects.get(pk="long").paused
    assert queue.enqueue("demo.noop", {}).pk > last


def test_a_second_time_there_is_nothing_left_to_remove(filled: Repository) -> None:
    clean_slate.wipe(by="command:ana")

    assert set(clean_slate.wipe(by="command:ana").values()) == {0}


def test_clones_without_a_repository_go_and_others_stay(filled: Repository) -> None:
    left = [clone(filled.pk + 1), clone(filled.pk + 1, ".part-1"), clone(filled.pk + 2)]

    removed = removal.sweep_clones()

    assert removed == 2
    assert [path for path in left if path.exists()] == []
    assert filled.clone.exists()


def test_a_running_job_is_waited_for_and_then_nothing_is_removed(
    filled: Repository,
) -> None:
    connection.ensure_connection()
    job = Desk(connection.connection, introduce()).claim()[0]

    with pytest.raises(clean_slate.Busy) as refused:
        clean_slate.wipe(by="command:ana", patience_s=0.5)

    assert str(refused.value).startswith(f"job {job.id} (demo.noop) is running: nothing was")
    assert Project.objects.exists()
    assert filled.clone.exists()


def test_what_a_dead_runner_held_is_not_waited_for(filled: Repository) -> None:
    connection.ensure_connection()
    Desk(connection.connection, introduce(pid=99_999_999)).claim()

    assert clean_slate.wipe(by="command:ana", patience_s=5)["jobs"] == 3


def test_afterwards_history_is_guarded_as_before(filled: Repository) -> None:
    clean_slate.wipe(by="command:ana")
    queue.enqueue("demo.noop", {})

    with pytest.raises(IntegrityError, match="only the ledger"):
        Move.objects.all().delete()


def test_killed_while_it_waits_it_has_removed_nothing(filled: Repository) -> None:
    connection.ensure_connection()
    desk = Desk(connection.connection, introduce())
    claimed = desk.claim()
    environment = dict(os.environ) | {
        "DATABASE_URL": _url(connection.settings_dict),
        "FACTORY_HOME": str(removal.settings.FACTORY_HOME),
    }
    argv = [sys.executable, ROOT / "manage.py", "reset_demo", "--yes"]
    waiting = queue.enqueue("demo.noop", {})

    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL) as process:
        assert wait_for(lambda: Job.objects.get(pk=waiting.pk).state == "cancelled", 60)
        process.send_signal(signal.SIGKILL)

    assert Project.objects.exists()
    assert Event.objects.exists()
    assert filled.clone.exists()
    desk.ledger.hand_back(claimed, "test")
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not Project.objects.exists()


def test_under_running_runners_it_is_all_or_nothing(scratch_database: ScratchDatabase) -> None:
    with stack(scratch_database, "qcluster") as running:
        ended = threading.Event()
        thread = threading.Thread(target=_load, args=(scratch_database, ended))
        thread.start()
        try:
            wait_for(lambda: _count(scratch_database, "succeeded") > 50, 60)
            before = scratch_database.rows("SELECT max(id) FROM job")[0][0]
            argv = [sys.executable, ROOT / "manage.py", "reset_demo", "--yes"]
            done = subprocess.run(
                argv, env=running.environment, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), done
            assert scratch_database.rows("SELECT count(*) FROM job WHERE id <= %s", [before]) == [
                (0,)
            ]
            assert scratch_database.rows("SELECT count(*) FROM project") == [(0,)]
            assert wait_for(lambda: _count(scratch_database, "succeeded") > 20, 60)
        finally:
            ended.set()
            thread.join()
        assert wait_for(lambda: not _count(scratch_database, "queued", "running"), 60)
        assert scratch_database.rows(LEFTOVERS) == [(0, 0, 0)]
        assert not _count(scratch_database, "failed")


def _load(database: ScratchDatabase, ended: threading.Event) -> None:
    while not ended.wait(0.02):
        database.rows("INSERT INTO job (kind, queue_id) VALUES ('demo.noop', 'short')")


def _count(database: ScratchDatabase, *states: str) -> int:
    found = database.rows("SELECT count(*) FROM job WHERE state = ANY (%s)", [list(states)])
    return int(found[0][0])


def _url(place: dict[str, Any]) -> str:
    return f"postgresql://{place['USER']}@{quote(place['HOST'], safe='')}:5432/{place['NAME']}"


def _refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        call_command("reset_demo", *words)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.django_db
def test_in_prod_it_is_refused(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.FACTORY_ENV = "prod"

    said = _refusal(capsys, "--yes")

    assert said == 'FACTORY_ENV="prod": reset_demo is refused there: nothing was removed\n'


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (io.StringIO("yes\n"), "--yes: nothing is removed without it\n"),
        (_Terminal("no\n"), "--yes: not confirmed: nothing was removed\n"),
        (_Terminal(""), "--yes: not confirmed: nothing was removed\n"),
    ],
)
def test_it_asks_on_a_terminal_and_wants_a_word_elsewhere(
    stdin: io.StringIO, said: str, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)

    assert _refusal(capsys).endswith(said)
