"""What the commands of the ledger promise: shapes, exit statuses, one line for bad input."""

import json
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import call_command

from jobs import queue
from jobs.models import Job, LogChunk, Progress
from jobs.states import State
from tests import services
from tests.jobs.conftest import Desk, introduce, states

pytestmark = pytest.mark.django_db

JOB_KEYS = {
    "id", "kind", "state", "priority", "attempt", "progress", "reason", "run_after", "runner",
    "arguments", "created_at", "started_at", "updated_at", "finished_at", "failure",
}  # fmt: skip
PROGRESS_KEYS = {
    "current", "total", "percent", "item", "items_done", "items_failed", "rate_per_min", "eta_s",
}  # fmt: skip
RUNNER_KEYS = {"id", "name", "host", "pid", "queues", "job", "since", "seen_age_s", "rss_mb"}

Capture = pytest.CaptureFixture[str]


def ask(capsys: Capture, *words: str) -> Any:
    """Run a command with --json and read its one document."""
    call_command(*words, "--json")
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capture, *words: str) -> str:
    """Run a command that must refuse, and give its one line."""
    with pytest.raises(SystemExit) as ended:
        call_command(*words)
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    return said.err


def test_jobs_lists_the_newest_first_in_the_promised_shape(capsys: Capture) -> None:
    made = [queue.enqueue("demo.noop", {}).pk for _ in range(2)]

    found = ask(capsys, "jobs")

    assert [job["id"] for job in found] == made[::-1]
    assert set(found[0]) >= JOB_KEYS
    assert (found[0]["progress"], found[0]["failure"]) == (None, None)


def test_jobs_shows_progress_and_failure(capsys: Capture) -> None:
    job = Job.objects.create(
        kind="t", queue_id="short", failure_class="auth", failure_message="No."
    )
    Progress.objects.create(job=job, fence=0, current=1, total=4, item="x")

    found = ask(capsys, "jobs", "--id", str(job.pk))

    assert set(found[0]["progress"]) == PROGRESS_KEYS
    assert found[0]["progress"]["percent"] == 25
    assert found[0]["failure"] == {"class": "auth", "message": "No."}


def test_jobs_filters_and_counts(capsys: Capture) -> None:
    queue.enqueue("demo.noop", {})
    queue.enqueue("demo.noop", {}).cancel(by="user:1")

    assert len(ask(capsys, "jobs", "--active")) == 1
    assert len(ask(capsys, "jobs", "--state", "cancelled")) == 1
    assert ask(capsys, "jobs", "--summary") == dict.fromkeys(State.values, 0) | {
        "queued": 1,
        "cancelled": 1,
    }


@pytest.mark.parametrize(("act", "before", "after"), [("cancel", "queued", "cancelled")])
def test_an_act_says_what_it_changed(capsys: Capture, act: str, before: str, after: str) -> None:
    job = queue.enqueue("demo.noop", {})

    said = ask(capsys, "jobs", act, str(job.pk))
    again = ask(capsys, "jobs", "retry", str(job.pk))

    assert (said["id"], said["before"], said["after"]) == (job.pk, before, after)
    assert said["evidence"][0]["actor"].startswith("command:")
    assert again["after"] == "queued"


def test_the_log_is_printed_line_by_line(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text="one\ntwo\n")

    call_command("jobs", "log", str(job.pk))

    assert capsys.readouterr().out.split() == ["one", "two"]


def test_enqueue_gives_the_ids(capsys: Capture) -> None:
    said = ask(capsys, "enqueue", "demo.sleep", "--arg", "seconds=0.5", "--count=3", "--priority=2")

    assert states(*said["jobs"]) == ["queued"] * 3
    assert set(Job.objects.values_list("priority", flat=True)) == {2}
    assert Job.objects.first().arguments == {"seconds": 0.5}  # type: ignore[union-attr]


def test_enqueue_takes_words_and_a_delay(capsys: Capture) -> None:
    said = ask(capsys, "enqueue", "demo.fail", "--arg", "message=a=b c", "--after", "60")

    job = Job.objects.get(pk=said["jobs"][0])
    assert (job.state, job.arguments) == ("scheduled", {"message": "a=b c"})


def test_runners_lists_who_is_present(capsys: Capture, desk: Desk) -> None:
    job = queue.enqueue("demo.noop", {})
    desk.claim()

    found = ask(capsys, "runners")

    assert set(found[0]) >= RUNNER_KEYS
    assert (found[0]["id"], found[0]["queues"]) == (desk.runner.pk, ["short"])
    assert found[0]["job"] == job.pk


def test_no_runner_is_the_answer_no(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("runners", "--json")

    assert (ended.value.code, capsys.readouterr().out) == (1, "[]\n")


def test_queues_are_listed_paused_and_resumed(capsys: Capture) -> None:
    queue.enqueue("demo.noop", {})

    paused = {each["name"]: each for each in ask(capsys, "queues", "pause", "short")}
    resumed = {each["name"]: each for each in ask(capsys, "queues", "resume", "short")}

    assert paused["short"]["paused"] is True
    assert paused["short"]["queued"] == 1
    assert resumed["short"]["paused"] is resumed["long"]["paused"] is False


def test_people_get_lines(capsys: Capture) -> None:
    queue.enqueue("demo.noop", {}, subject="for people")
    introduce()

    for words in (["jobs"], ["jobs", "--summary"], ["queues"], ["runners"]):
        call_command(*words)

    said = capsys.readouterr().out
    assert "for people" in said
    assert "short-" in said


BAD = {
    "jobs --state resting": "state",
    "jobs --id x": "id",
    "jobs --id 4711": "there is no job 4711",
    "jobs --id 99999999999999999999999": "there is no job",
    "jobs explode 1": "explode",
    "jobs cancel": "N: cancel needs a job's id",
    "jobs cancel 4711": "there is no job 4711",
    "jobs log 4711": "there is no job 4711",
    "enqueue": "kind",
    "enqueue demo.nope": "nobody registered it",
    "enqueue demo.noop --count 0": "--count 0",
    "enqueue demo.noop --count x": "count",
    "enqueue demo.noop --priority 40000": "--priority 40000",
    "enqueue demo.noop --after -1": "after",
    "enqueue demo.noop --after nan": "after",
    "enqueue demo.noop --after inf": "after",
    "enqueue demo.noop --arg x": "name=value",
    "enqueue demo.noop --arg x=1": "unexpected keyword argument",
    "enqueue demo.sleep --arg seconds=NaN": "arguments of demo.sleep",
    'enqueue demo.sleep --arg seconds="\\u0000"': "NUL",
    "enqueue demo.sleep --arg seconds=\udcff": "arguments of demo.sleep",
    "queues pause": "no such queue",
    "queues pause nowhere": "no such queue",
    "queues explode short": "explode",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line.encode("ascii", "replace").decode())
def test_bad_input_is_one_line(capsys: Capture, line: str) -> None:
    assert BAD[line] in refused(capsys, *line.split(" "))
    assert not Job.objects.exists()


@pytest.fixture(scope="module")
def populated(scratch_database: services.ScratchDatabase) -> services.ScratchDatabase:
    """This fixture will lend a database with more jobs than a pipe holds."""
    scratch_database.rows(
        "INSERT INTO job (kind, queue_id, subject)"
        " SELECT 'demo.noop', 'short', repeat('x', 200) FROM generate_series(1, 2000)"
    )
    return scratch_database


@pytest.mark.parametrize("words", ["jobs", "jobs --json"])
def test_a_reader_that_leaves_early_is_no_error(
    populated: services.ScratchDatabase, words: str
) -> None:
    manage = f"{sys.executable} {services.ROOT / 'manage.py'}"

    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {manage} {words} | head -c 10"],
        env=populated.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stderr, len(done.stdout)) == ("", 10)
    assert done.returncode in (0, 141)


def test_a_refusal_is_one_line_and_status_2_from_a_shell(
    populated: services.ScratchDatabase,
) -> None:
    done = services.manage("jobs", "cancel", "0", environment=populated.environment, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "N: there is no job 0; list them with manage.py jobs\n"
