"""What a job leaves for people: kept under its fence, replaced by name, removed with it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from jobs import queue
from jobs.context import Run
from jobs.ledger import Claim
from jobs.models import Artefact, BadArtefact, Job, Stale
from jobs.models.artefact import MOST_BYTES, MOST_OF_A_JOB
from jobs.reporting import Report
from tests import services
from tests.jobs.conftest import serve


@pytest.fixture
def run(running_job: Claim) -> Run:
    """This fixture will lend the window of a running job."""
    return Run(running_job, Report(running_job), lambda: None)


def kept(job: int) -> list[tuple[str, bytes]]:
    """This function will read the artefacts of a job."""
    return [(one.name, bytes(one.data)) for one in Artefact.objects.filter(job=job)]


def test_what_a_handler_leaves_is_there_after_its_end(
    committed: services.ScratchDatabase, kind: Callable[..., Any]
) -> None:
    @kind("t.leaves")
    def leave(run: Run) -> None:
        run.artefact("report.csv", b"a,b\n", "text/csv")

    job = queue.enqueue("t.leaves", {})
    serve()

    found = Artefact.objects.get(job=job)
    assert (found.name, found.media_type, bytes(found.data)) == ("report.csv", "text/csv", b"a,b\n")
    assert found.sha256 == hashlib.sha256(b"a,b\n").hexdigest()


def test_a_later_one_of_the_same_name_takes_its_place(run: Run) -> None:
    run.artefact("report.txt", "first")
    run.artefact("report.txt", "second")

    assert kept(run.job_id) == [("report.txt", b"second")]


def test_secrets_are_taken_out_of_text(run: Run) -> None:
    run.artefact("config.txt", "token=hunter2hunter2")

    assert kept(run.job_id) == [("config.txt", b"token=[redacted]")]


def test_a_worker_that_lost_its_job_leaves_nothing(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE job SET fence = fence + 1 WHERE id = %s", [run.job_id])

    with pytest.raises(Stale):
        run.artefact("report.txt", "late")

    assert kept(run.job_id) == []


@pytest.mark.parametrize(
    ("name", "data", "media_type", "said"),
    [
        ("", b"", "", "name ''"),
        (" ", b"", "", "name ''"),
        ("a/b", b"", "", "without /"),
        (".profile", b"", "", "no dot first"),
        ("x" * 201, b"", "", "1 to 200 characters"),
        ("a", b"", "text/html; charset=x", "media_type"),
        ("a", b"", "text", "media_type"),
        ("a", bytes(MOST_BYTES + 1), "", "bytes, of 4194304 allowed"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(
    run: Run, name: str, data: bytes, media_type: str, said: str
) -> None:
    with pytest.raises(BadArtefact, match=said):
        run.artefact(name, data, media_type)

    assert kept(run.job_id) == []


def test_a_job_keeps_so_many_and_no_more(run: Run) -> None:
    for number in range(MOST_OF_A_JOB):
        run.artefact(f"{number}", b"")
    run.artefact("0", b"again")

    with pytest.raises(BadArtefact, match="32 artefacts already"):
        run.artefact("one more", b"")


def test_they_are_removed_with_their_job(run: Run) -> None:
    other = queue.enqueue("demo.noop", {})
    run.artefact("report.txt", "x")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET state = 'succeeded', runner_id = NULL, finished_at = now()"
            " WHERE id = %s",
            [run.job_id],
        )
        cursor.execute(
            "INSERT INTO job_artefact (job_id, fence, name, media_type, size, sha256, data)"
            " VALUES (%s, 1, 'kept', 'text/plain', 0, '', '')",
            [other.pk],
        )

    Job.objects.filter(pk=run.job_id).delete()

    assert kept(run.job_id) == []
    assert kept(other.pk) == [("kept", b"")]
