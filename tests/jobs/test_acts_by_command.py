"""Acts by command: on one job, and on all that match."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now

from jobs import controls, queue
from jobs.models import Job
from tests.jobs.conftest import Desk
from tests.jobs.test_commands import Capture, ask, refused

pytestmark = pytest.mark.django_db


def failed(message: str = "No.") -> Job:
    """This function will make a job that failed."""
    job = queue.enqueue("demo.noop", {})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET state = 'running', runner_id = 1, started_at = now(), fence = 1,"
            " attempt = 1 WHERE id = %s",
            [job.pk],
        )
    Job.objects.filter(pk=job.pk).update(
        state="failed",
        runner=None,
        finished_at=Now(),
        failure_class="bug",
        failure_message=message,
    )
    job.refresh_from_db()
    return job


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        (["pause"], "queued", "paused"),
        (["resume"], "paused", "queued"),
        (["cancel", "--reason", "wrong"], "queued", "cancelled"),
        (["retry"], "failed", "queued"),
        (["acknowledge"], "failed", "failed"),
        (["rerun"], "failed", "failed"),
        (["why"], "queued", "queued"),
        (["repair", "--to", "queued", "--reason", "mended"], "failed", "queued"),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else words,
)
def test_each_act_says_what_it_changed_and_what_shows_it(
    capsys: Capture, words: list[str], before: str, after: str
) -> None:
    job = failed() if before == "failed" else queue.enqueue("demo.noop", {})
    if before == "paused":
        job.pause(by="user:1")

    said = ask(capsys, "jobs", words[0], str(job.pk), *words[1:])

    assert (said["id"], said["before"], said["after"]) == (job.pk, before, after)
    assert isinstance(said["evidence"], list)
    assert Job.objects.get(pk=job.pk).state == after


def test_every_act_of_the_pages_is_a_word_of_the_command(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        call_command("jobs", "--help")

    told = capsys.readouterr().out
    assert all(one.name in told for one in controls.ALL)


def test_resume_is_an_option_too(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})
    job.pause(by="user:1")

    assert ask(capsys, "jobs", "--resume", str(job.pk))["after"] == "queued"


def test_what_runs_is_asked_and_stays_what_it_is(capsys: Capture, desk: Desk) -> None:
    queue.enqueue("demo.noop", {})
    running = desk.claim()[0]

    said = ask(capsys, "jobs", "cancel", str(running.id))
    listed = ask(capsys, "jobs", "--id", str(running.id))[0]

    assert (said["before"], said["after"]) == ("running", "running")
    assert "asked its runner to cancel it" in said["evidence"][0]["sentence"]
    assert (listed["state"], listed["asked"]["act"]) == ("running", "cancel")


def test_all_that_match_are_counted_and_named_before_anything_is_done(capsys: Capture) -> None:
    made = queue.enqueue_many("demo.noop", [{}] * 7)
    other = queue.enqueue("demo.sleep", {})

    line = refused(capsys, "jobs", "cancel", "--state", "queued", "--kind", "demo.noop")
    untouched = Job.objects.filter(state="queued").count()
    said = ask(capsys, "jobs", "cancel", "--state", "queued", "--kind", "demo.noop", "--yes")

    assert "--yes is missing: 7 jobs match --state queued --kind demo.noop" in line
    assert all(f"#{pk}," in line for pk in made[:5])
    assert f"#{made[5]}" not in line
    assert untouched == 8
    assert (said["count"], said["done"], said["asked"], said["refused"]) == (7, 7, 0, 0)
    assert Job.objects.get(pk=other.pk).state == "queued"


def test_failures_of_one_cause_are_listed_and_retried_together(capsys: Capture) -> None:
    alike, other = [failed(f"Row {number} is gone.") for number in range(3)], failed("Else.")

    causes = {one["message"][:3]: one for one in ask(capsys, "jobs", "--failures")}
    call_command("jobs", "retry", "--error", causes["Row"]["error"], "--yes")

    assert (causes["Row"]["count"], causes["Els"]["count"]) == (3, 1)
    assert capsys.readouterr().out == "3 retried.\n"
    assert {Job.objects.get(pk=job.pk).state for job in alike} == {"queued"}
    assert Job.objects.get(pk=other.pk).state == "failed"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("jobs cancel", "N: cancel needs a job's id"),
        ("jobs rerun --state failed --yes", "N: rerun needs a job's id"),
        ("jobs cancel 1 --state queued --yes", "N: give either 1 or --state queued, not both"),
        ("jobs cancel --kind demo.nope --yes", "kind=demo.nope is none of"),
        ("jobs retry --error X --yes", "error=X is no fingerprint"),
        ("jobs repair 1", "there is no job 1"),
        ("jobs repair", "N: repair needs a job's id"),
        ("jobs pause --resume x", "--resume"),
    ],
)
def test_bad_input_is_one_line(capsys: Capture, line: str, said: str) -> None:
    assert said in refused(capsys, *line.split(" "))


@pytest.mark.parametrize("words", [[], ["--to", "queued"], ["--reason", "x"]])
def test_a_repair_says_what_it_needs(capsys: Capture, words: list[str]) -> None:
    job = failed()

    assert "a state and a reason" in refused(capsys, "jobs", "repair", str(job.pk), *words)


def test_people_read_what_an_act_did(capsys: Capture) -> None:
    job = queue.enqueue("demo.noop", {})

    for words in (["pause"], ["why"], ["sync"]):
        call_command("jobs", words[0], str(job.pk))

    said = capsys.readouterr().out
    assert f"job {job.pk}: queued → paused" in said
    assert f"job {job.pk}: paused" in said


def test_the_summary_counts_every_state_once(capsys: Capture, desk: Desk) -> None:
    queue.enqueue_many("demo.noop", [{}] * 3)
    desk.claim_ids(1)
    failed()
    queue.enqueue("demo.noop", {}).cancel(by="user:1")

    counts: dict[str, Any] = ask(capsys, "jobs", "--summary")

    rows = dict(Job.objects.values_list("state").annotate(number=Count("pk")))
    assert {state: number for state, number in counts.items() if number} == rows
