"""The states of a job: one enum, one constraint, one table, and a database that holds them."""

import re
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from jobs import foundation, queue
from jobs.models import Attempt, Event, Job, LegalMove, Move, Queue
from jobs.states import BIRTHS, FINISHED, HELD, LEGAL, LIVE, UNSTARTED, State
from tests.jobs.conftest import introduce

pytestmark = pytest.mark.django_db


def put(state: State) -> int:
    """This function will bring a job into a state past the triggers, as no statement could."""
    held, finished = state in HELD, state in FINISHED
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO job (kind, queue_id, state, runner_id, started_at, finished_at, run_after,"
            " failure_class) VALUES ('t', 'short', %s, %s, now(), %s, now(), 'bug') RETURNING id",
            [state, 1 if held else None, "now" if finished else None],
        )
        found: int = cursor.fetchone()[0]
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE job ENABLE TRIGGER USER")
    return found


def send(job: int, state: State) -> None:
    """This function will change a state by plain SQL, every other column as it must be."""
    held, finished = state in HELD, state in FINISHED
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET state = %s, runner_id = %s, finished_at = %s WHERE id = %s",
            [state, 1 if held else None, "now" if finished else None, job],
        )


def test_every_state_is_unstarted_held_or_finished() -> None:
    assert sorted([*UNSTARTED, *HELD, *FINISHED]) == sorted(State)
    assert set(LIVE) == set(State) - set(FINISHED)


def test_the_constraint_knows_the_states_of_the_enum() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'job_state_is_known'"
        )
        text = cursor.fetchone()[0]

    assert set(re.findall(r"'(\w+)'", text)) == set(State.values)


def test_the_database_holds_the_same_legal_moves_as_the_enum() -> None:
    stored = set(LegalMove.objects.values_list("from_state", "to_state"))

    assert stored == {(str(a), str(b)) for a, b in LEGAL} | {("", str(new)) for new in BIRTHS}


ILLEGAL = [(a, b) for a, b in product(State, State) if a != b and (a, b) not in LEGAL]


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_the_database_refuses_an_illegal_move(old: State, new: State) -> None:
    job = put(old)

    with pytest.raises(IntegrityError, match=f"job {job}: {old} cannot become {new}"):
        send(job, new)


@pytest.mark.parametrize(("old", "new"), sorted(LEGAL))
def test_the_database_allows_and_records_a_legal_move(old: State, new: State) -> None:
    job = put(old)

    send(job, new)

    assert Move.objects.filter(job=job).values_list("from_state", "to_state").get() == (old, new)


def test_one_illegal_row_refuses_the_whole_statement() -> None:
    queued, finished = put(State.QUEUED), put(State.SUCCEEDED)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk__in=[queued, finished]).update(state="scheduled", finished_at=None)

    assert Job.objects.get(pk=queued).state == "queued"


@pytest.mark.parametrize("state", sorted(set(State) - set(BIRTHS)))
def test_no_job_is_born_in_a_later_state(state: State) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind="t", queue_id="short", state=state)


def test_a_job_keeps_its_id_because_the_door_knows_it_by_that() -> None:
    job = put(State.SUCCEEDED)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Job.objects.filter(pk=job).update(id=F("id") + 1000, state="queued", finished_at=None)


@pytest.mark.parametrize("state", LIVE)
def test_a_live_job_cannot_be_deleted(state: State) -> None:
    job = put(state)

    with pytest.raises(IntegrityError, match="a live job cannot be deleted"), transaction.atomic():
        Job.objects.filter(pk=job).delete()


@pytest.mark.parametrize("state", FINISHED)
def test_a_finished_job_takes_its_history_along(state: State) -> None:
    job = queue.enqueue("demo.noop", {})
    job.cancel(by="user:1")

    job.delete()

    assert not Move.objects.filter(job=job.pk).exists()


def test_moves_and_events_are_never_changed() -> None:
    queue.enqueue("demo.noop", {})
    Event.objects.create(name="t", version=1, payload={}, subject="", actor="")

    for model in (Move, Attempt, Event):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            model.objects.update(id=1)


@pytest.mark.parametrize("table", ["job_move", "job_attempt"])
def test_history_is_neither_forged_nor_removed_by_hand(table: str) -> None:
    queue.enqueue("demo.noop", {})

    for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):  # noqa: S608 — names of this file
        with (
            pytest.raises(IntegrityError, match="only the ledger"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize("table", ["job", "job_move", "job_attempt", "job_event"])
def test_history_is_not_truncated(table: str) -> None:
    statement = f"SET LOCAL factory.clean_slate = 'off'; TRUNCATE {table} CASCADE"

    with (
        pytest.raises(IntegrityError, match=f"{table}: cannot be truncated"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_events_are_neither_changed_nor_removed_by_hand() -> None:
    Event.objects.create(name="t", version=1, payload={}, subject="", actor="")

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Event.objects.update(subject="another")
    with pytest.raises(IntegrityError, match="only retention"), transaction.atomic():
        Event.objects.all().delete()


BROKEN = [
    ("job_state_is_known", "state = 'resting'"),
    ("job_is_held_exactly_while_running", "runner_id = 1, started_at = now()"),
    ("job_is_held_exactly_while_running", "state = 'running'"),
    ("job_is_held_exactly_while_running", "state = 'running', runner_id = 1"),
    ("job_has_an_end_exactly_when_finished", "finished_at = now()"),
    ("job_has_an_end_exactly_when_finished", "state = 'cancelled'"),
    ("job_scheduled_has_a_time", "state = 'scheduled'"),
    ("job_attempt_check", "attempt = -1"),
    ("job_max_attempts_check", "max_attempts = -1"),
]


@pytest.mark.parametrize(("name", "assignment"), BROKEN)
def test_the_database_refuses_a_broken_row(name: str, assignment: str) -> None:
    queue.enqueue("demo.noop", {})

    with (
        pytest.raises(IntegrityError, match=f'"{name}"'),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE job SET {assignment}")  # noqa: S608 — names of this file


def test_a_failed_job_needs_a_class() -> None:
    job = put(State.RUNNING)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE job SET failure_class = '' WHERE id = %s", [job])

    with pytest.raises(IntegrityError, match="job_failed_has_a_class"):
        send(job, State.FAILED)


def test_a_queue_claims_at_least_one() -> None:
    job = queue.enqueue("demo.noop", {})

    with pytest.raises(IntegrityError, match="queue_claims_some"), transaction.atomic():
        type(job.queue).objects.update(batch=0)


def test_the_runner_of_a_running_job_is_named_as_the_mover() -> None:
    job, runner = queue.enqueue("demo.noop", {}), introduce()

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET state = 'running', runner_id = %s, started_at = now()", [runner.pk]
        )

    assert job.moves.order_by("pk").last().actor == f"runner:{runner.pk}"


def test_a_person_who_cancels_is_named_as_the_mover() -> None:
    job = queue.enqueue("demo.noop", {})

    job.cancel(by="user:7")
    queue.enqueue("demo.noop", {})

    assert job.moves.order_by("pk").last().actor == "user:7"
    assert Move.objects.order_by("pk").last().actor == "database"


def test_migrating_lays_what_is_missing_and_takes_what_is_no_longer_legal() -> None:
    before = set(LegalMove.objects.values_list("from_state", "to_state"))
    LegalMove.objects.filter(from_state="").delete()
    LegalMove.objects.create(from_state="failed", to_state="running")
    Queue.objects.filter(name="long").delete()

    foundation.lay("default")

    assert set(LegalMove.objects.values_list("from_state", "to_state")) == before
    assert set(Queue.objects.values_list("name", flat=True)) == {"short", "long"}
