"""What the commands of the ledger promise: shapes, exit statuses, one line for bad input."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from jobs import ledger, queue
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
    "done_count", "failed_count", "heard_at", "peak_mb",
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


def test_jobs_lists_what_runs_before_what_waits_and_says_how_many_more(
    desk: Desk, capsys: Capture
) -> None:
    first, *_ = queue.enqueue_many("demo.noop", [{}] * 201)
    desk.claim(1)

    call_command("jobs", "--active")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == [str(first), "running"]
    assert len(lines) == 201
    assert lines[-1] == "200 of 201: --state and --kind narrow them"


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


def logged(levels: str, *lines: str) -> Job:
    """Store a job that began, with a log."""
    job = queue.enqueue("demo.noop", {})
    text = "".join(f"{line}\n" for line in lines)
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text=text, levels=levels)
    return job


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], ["fine", "odd", "Broken pipe"]),
        (["--level", "warning"], ["odd", "Broken pipe"]),
        (["--level", "error"], ["Broken pipe"]),
        (["--grep", "BROKEN"], ["Broken pipe"]),
        (["--level", "warning", "--grep", "fine"], []),
    ],
)
def test_a_log_is_filtered_by_level_and_text(
    capsys: Capture, options: list[str], shown: list[str]
) -> None:
    job = logged("iwe", "fine", "odd", "Broken pipe")

    lines = ask(capsys, "jobs", "log", str(job.pk), *options)

    assert [line["text"] for line in lines] == shown


def test_lines_written_before_there_were_levels_are_info(capsys: Capture) -> None:
    job = logged("", "old")

    assert ask(capsys, "jobs", "log", str(job.pk))[0]["level"] == "info"
    assert ask(capsys, "jobs", "log", str(job.pk), "--level", "warning") == []


def test_why_a_log_shows_nothing_is_said(capsys: Capture, desk: Desk) -> None:
    waiting, full = queue.enqueue("demo.noop", {}, after=60), logged("i", "x")
    begun = desk.claim()[0]

    for words in ([str(waiting.pk)], [str(begun.id), "--grep", "y"], [str(full.pk), "--grep", "y"]):
        call_command("jobs", "log", *words)

    assert capsys.readouterr().out.splitlines() == [
        f"job {waiting.pk} has not begun: it is scheduled",
        f"job {begun.id}: none of its 1 lines is of that level and contains that text",
        f"job {begun.id}: none of its 1 lines is of that level and contains that text",
    ]


def test_a_log_is_followed_until_the_job_ends(capsys: Capture) -> None:
    job = logged("i", "last words")
    job.cancel(by="user:1")

    call_command("jobs", "log", str(job.pk), "--follow")

    assert capsys.readouterr().out.splitlines() == [
        "last words",
        f"job {job.pk} is cancelled",
    ]


def test_a_log_that_grows_is_followed_from_a_shell(
    populated: services.ScratchDatabase,
) -> None:
    insert = "INSERT INTO job_log (job_id, fence, seq, first_line, text, levels)"
    job = populated.rows("SELECT min(id) FROM job")[0][0]
    argv = [sys.executable, services.ROOT / "manage.py", "jobs", "log", str(job)]
    argv += ["--follow", "--level", "warning"]
    with subprocess.Popen(
        argv, env=populated.environment, stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        lines = []
        for number, word in enumerate(("first", "second"), 1):
            text = f"quiet\n{word}\n"
            populated.rows(f"{insert} VALUES (%s, 1, %s, 1, %s, 'iw')", [job, number, text])
            lines.append(following.stdout.readline())
        populated.rows(
            "UPDATE job SET state = 'cancelled', finished_at = now() WHERE id = %s", [job]
        )
        rest = following.stdout.read()

    assert lines == ["first\n", "second\n"]
    assert (rest, following.returncode) == (f"job {job} is cancelled\n", 0)


def test_an_act_gives_its_evidence_in_a_sentence(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})
    job.cancel(by="user:1")

    call_command("jobs", "retry", str(job.pk))

    said = capsys.readouterr().out
    assert said.startswith(f"job {job.pk}: cancelled → queued\n  20")
    assert "moved it from cancelled to queued. Retried by " in said


def test_a_job_that_succeeded_cannot_be_retried(capsys: Capture, desk: Desk) -> None:
    job = queue.enqueue("demo.noop", {})
    claim = desk.claim()[0]
    desk.ledger.finish([ledger.success(claim, None)])

    said = refused(capsys, "jobs", "retry", str(job.pk))

    assert said == f"Job {job.pk} has succeeded: there is nothing to retry.\n"


def test_lost_jobs_are_listed_as_lost(capsys: Capture) -> None:
    gone = introduce(stopped_at=Now())
    queue.enqueue("demo.noop", {})
    Job.objects.update(state="running", runner=gone, started_at=Now(), fence=1, attempt=1)

    found = ask(capsys, "jobs", "--state", "lost")

    assert [(job["state"], job["shown"]) for job in found] == [("running", "lost")]
    assert ask(capsys, "jobs", "--state", "running") == []


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
    "jobs --id x": "argument --id: invalid int value: 'x': give a whole number",
    "jobs --id 4711": "--id: there is no job 4711",
    "jobs --id 99999999999999999999999": "there is no job",
    "jobs explode 1": "explode",
    "jobs cancel": "N: cancel needs a job's id",
    "jobs cancel 4711": "there is no job 4711",
    "jobs log 4711": "there is no job 4711",
    "enqueue": "kind",
    "enqueue demo.nope": "nobody registered it",
    "enqueue django_q.task --arg id=x --arg function=f": "only the product makes its jobs",
    "enqueue demo.noop --count 0": "--count 0",
    "enqueue demo.noop --count x": "count",
    "enqueue demo.noop --priority 40000": "--priority 40000",
    "enqueue demo.noop --after -1": "after",
    "enqueue demo.noop --after nan": "after",
    "enqueue demo.noop --after inf": "after",
    "enqueue demo.noop --arg x": "name=value",
    "enqueue demo.noop --arg x=1": "there is no 'x'; give none at all",
    "enqueue demo.sleep --arg seconds=NaN": "arguments of demo.sleep",
    "enqueue demo.sleep --arg second=1": "there is no 'second'; give seconds",
    "enqueue demo.sleep --arg seconds=soon": "seconds must be a number",
    "enqueue demo.sleep --arg seconds=true": "seconds must be a number",
    "enqueue demo.steps --arg total=1.5": "total must be a whole number",
    "enqueue projects.map": "repository is missing; give a whole number",
    'enqueue demo.fail --arg message="\\u0000"': "NUL",
    "enqueue demo.fail --arg message=\udcff": "arguments of demo.fail",
    "queues pause": "NAME: pause needs a queue; use long, short",
    "queues pause nowhere": "NAME: there is no queue 'nowhere'; use long, short",
    "jobs --follow": "--follow: it belongs to a log; write jobs log N --follow",
    "jobs cancel 1 --grep x": "--grep: it belongs to a log",
    "jobs log 1 --level loud": "choose from",
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


def test_times_are_written_as_the_api_writes_them(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})

    told = ask(capsys, "jobs", "pause", str(job.pk))["evidence"][0]["at"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told)


def test_an_empty_key_is_refused(capsys: Capture) -> None:
    said = refused(capsys, "enqueue", "demo.noop", "--limit-key", "")

    assert "--limit-key: it is empty; name a key, or leave the option out" in said


def test_a_rerun_names_the_new_job_beside_the_old(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})
    job.cancel(by="user:1")

    call_command("jobs", "rerun", str(job.pk))

    new = Job.objects.latest("pk")
    assert f"job {job.pk}: cancelled; job {new.pk} is the new one" in capsys.readouterr().out


def test_a_job_is_one_line_of_the_list_whatever_its_reason_is(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})
    Job.objects.filter(pk=job.pk).update(reason="UndefinedColumn\nLINE 7: r.home\n  ^")

    call_command("jobs")

    assert capsys.readouterr().out.count("\n") == 1
