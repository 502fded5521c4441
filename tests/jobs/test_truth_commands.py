"""What the commands about events and the truth of the board promise."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone

from jobs import audit, events, ports, queue
from jobs.ledger import Claim
from jobs.models import Delivery, Job, Verification
from jobs.ports import Subscriber
from jobs.why import who, why
from tests.jobs.conftest import Desk
from tests.jobs.test_commands import Capture, ask, refused

pytestmark = pytest.mark.django_db
SHAPE = {"id", "event", "event_id", "kind", "job", "state", "why", "created_at"}


@pytest.fixture
def delivery() -> Iterator[Delivery]:
    """This fixture will lend a delivery that was stopped."""
    events.register("t.news", version=1, fields={"a": int}, meaning="A test.")
    ports.subscribers.register("t.news", Subscriber("demo.noop", lambda event: {}))
    event = events.publish("t.news", {"a": 1}, scope=None)
    Job.objects.all().update(state="cancelled", finished_at=Now())
    Delivery.objects.update(job_id=None, stopped="It looks like a loop.")
    yield event.deliveries.get()
    del events._schemas["t.news"], ports.subscribers["t.news"]


def test_deliveries_are_listed_in_the_promised_shape(delivery: Delivery, capsys: Capture) -> None:
    (found,) = ask(capsys, "deliveries", "--dead")

    assert set(found) == SHAPE
    assert (found["state"], found["why"]) == ("stopped", "It looks like a loop.")


def test_a_delivery_is_replayed_by_its_number(delivery: Delivery, capsys: Capture) -> None:
    done = ask(capsys, "deliveries", "replay", str(delivery.pk))

    assert (done["id"], done["state"]) == (delivery.pk, "queued")
    assert ask(capsys, "deliveries", "--dead") == []
    assert ask(capsys, "deliveries")[0]["job"] == done["job"]


def test_people_read_lines_of_deliveries(delivery: Delivery, capsys: Capture) -> None:
    call_command("deliveries")
    call_command("deliveries", "replay", str(delivery.pk))
    call_command("deliveries", "--dead")

    listed, replayed, none = capsys.readouterr().out.splitlines()
    assert f"t.news #{delivery.event_id} → demo.noop  It looks like a loop." in listed
    assert replayed.startswith(f"delivery {delivery.pk}: job ")
    assert none == "no deliveries"


def test_a_delivery_that_is_not_there_is_one_line(capsys: Capture) -> None:
    said = refused(capsys, "deliveries", "replay", "7")

    assert said == "N: there is no delivery 7; list them with manage.py deliveries --dead\n"
    assert "there is no delivery None" in refused(capsys, "deliveries", "replay")


def test_a_delivery_nobody_takes_any_more_is_one_line(delivery: Delivery, capsys: Capture) -> None:
    Delivery.objects.update(kind="t.gone")

    said = refused(capsys, "deliveries", "replay", str(delivery.pk))

    assert "t.gone subscribes to it no more" in said


def test_the_verdict_is_told_in_lines_for_people(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"what": "job 7", "board": "paused", "reality": "it is queued", "since": "09:00"}
    runs = [{"ok": True}, {"ok": False, "disagreements": [found], "covered": {"rows": "7 jobs"}}]
    verdicts = iter([Verification(host="h", seconds=1, at=timezone.now(), **run) for run in runs])
    monkeypatch.setattr(audit, "verify_board", lambda: next(verdicts))

    call_command("verify_board")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_board")

    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "nothing disagrees" in said
    assert "job 7: the board says paused, but it is queued (since 09:00)" in said
    assert "  rows: 7 jobs" in said


@pytest.mark.parametrize(
    ("actor", "name"),
    [("user:0", "user:0"), ("", "somebody"), ("upkeep", "upkeep"), ("user:x", "user:x")],
)
def test_an_actor_nobody_knows_is_named_as_it_stands(actor: str, name: str) -> None:
    assert who(actor) == name


def test_a_user_is_named() -> None:
    assert who(f"user:{User.objects.create_user('ana').pk}") == "ana"


def test_what_is_due_this_moment_is_no_complaint() -> None:
    job = queue.enqueue("demo.noop", {}, after=40)
    Job.objects.update(run_after=Now() - timedelta(seconds=1))

    assert "upkeep queues it within a second" in why(Job.objects.get(pk=job.pk))[0].text


def test_what_was_to_resume_and_did_not_is_a_complaint() -> None:
    job = queue.enqueue("demo.noop", {})
    job.pause(by="user:1")
    Job.objects.update(resume_at=Now() - timedelta(minutes=1))

    assert "upkeep has not resumed it" in why(Job.objects.get(pk=job.pk))[0].text


def test_what_nothing_blocks_any_more_says_so(desk: Desk) -> None:
    parent = queue.enqueue("demo.noop", {})
    child = queue.enqueue("demo.noop", {}, depends=[parent.pk])
    child.dependencies.all().delete()

    assert "Nothing blocks it any more" in why(child)[0].text


def test_what_is_checked_says_so(desk: Desk, running_job: Claim) -> None:
    Job.objects.update(state="verifying")

    assert "Its work is done and is being checked." in why(Job.objects.get())[0].text


def test_what_succeeded_says_so(desk: Desk, running_job: Claim) -> None:
    Job.objects.update(state="succeeded", runner=None, finished_at=Now())

    assert why(Job.objects.get())[0].text == "It succeeded and stays so."
