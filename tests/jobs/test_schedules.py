"""A schedule fires once per tick, whoever looks and whatever the clocks do."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now

from jobs import cron, db, schedules, upkeep
from jobs.models import Job, Schedule, Tick
from jobs.models.schedule import BadSchedule, clock
from tests import services
from tests.jobs.conftest import other_connection

LONG_AGO = timedelta(days=400)


HALF_AN_HOUR = timedelta(minutes=30)


def make(name: str = "nightly", **fields: Any) -> Schedule:
    """This function will store a schedule of no-ops for each hour, half an hour from now."""
    known = {"kind": "demo.noop", "cron": f"{(clock() - HALF_AN_HOUR).minute} * * * *"}
    return schedules.make(Schedule(name=name, **(known | fields)), by="user:1")


def late(schedule: Schedule, by: timedelta = timedelta(0)) -> datetime:
    """This function will have a schedule's next tick be one of the past, and give its time."""
    due = cron.next_after(schedule.cron, schedule.zone, clock() - by - timedelta(hours=1))
    Schedule.objects.filter(pk=schedule.pk).update(next_at=due)
    schedule.refresh_from_db()
    return due


def tick() -> list[Tick]:
    return schedules.fire_due(connection.connection)


@pytest.fixture
def hourly(db: None) -> Schedule:
    """This fixture will lend a schedule whose tick has just come."""
    schedule = make()
    late(schedule)
    return schedule


def test_a_tick_makes_one_job_and_its_row_says_so(hourly: Schedule) -> None:
    due = hourly.next_at

    [fired] = tick()

    hourly.refresh_from_db()
    job = Job.objects.get()
    assert (fired.outcome, fired.due_at, fired.job_id, fired.missed) == ("fired", due, job.pk, 0)
    assert (job.kind, job.created_by, job.subject) == ("demo.noop", "schedule:nightly", "nightly")
    assert (hourly.last_job_id, hourly.last_at is not None) == (job.pk, True)
    assert hourly.next_at > clock()


def test_a_tick_is_fired_once_however_often_somebody_looks(hourly: Schedule) -> None:
    assert [len(tick()) for _ in range(3)] == [1, 0, 0]


def test_its_jobs_have_its_priority(db: None) -> None:
    late(make(priority=7))

    tick()

    assert Job.objects.get().priority == 7


def test_upkeep_fires_schedules(hourly: Schedule) -> None:
    assert upkeep.tick(connection.connection).fired == 1


def test_a_tick_whose_row_exists_makes_no_second_job(hourly: Schedule) -> None:
    tick()
    late(hourly)

    assert (tick(), Job.objects.count()) == ([], 1)


def test_a_job_nobody_has_begun_does_for_the_next_tick_too(hourly: Schedule) -> None:
    [first] = tick()
    Tick.objects.update(due_at=F("due_at") - LONG_AGO)
    late(hourly)

    [second] = tick()

    assert (second.outcome, second.job_id) == ("joined", first.job_id)
    assert Job.objects.count() == 1


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Chatham"])
def test_missed_ticks_make_one_job(db: None, zone: str) -> None:
    schedule = make(cron="0 0 * * *", zone=zone)
    late(schedule, timedelta(days=10))

    [fired] = tick()

    assert (fired.outcome, fired.missed in (9, 10), Job.objects.count()) == ("fired", True, 1)
    assert clock() - fired.due_at < timedelta(days=1)


def test_a_schedule_that_skips_passes_over_what_is_late(db: None) -> None:
    schedule = make(cron="0 0 1 * *", catch_up="skip")
    Schedule.objects.update(next_at=clock() - timedelta(minutes=2))

    [skipped] = tick()

    schedule.refresh_from_db()
    assert (skipped.outcome, Job.objects.count()) == ("skipped", 0)
    assert "120 s late" in skipped.reason
    assert (schedule.next_at > clock(), schedule.last_at) == (True, None)


def test_a_schedule_that_skips_fires_what_is_in_time(db: None) -> None:
    make(cron="0 0 1 * *", catch_up="skip")
    Schedule.objects.update(next_at=clock() - timedelta(seconds=2))

    assert [one.outcome for one in tick()] == ["fired"]


def test_one_that_is_malformed_is_paused_with_its_reason_and_stops_nobody(db: None) -> None:
    bad, good = make("bad"), make("good")
    late(bad, timedelta(hours=3)), late(good)
    Schedule.objects.filter(pk=bad.pk).update(arguments={"colour": "red"})

    outcomes = {one.schedule.name: one.outcome for one in tick()}

    bad.refresh_from_db()
    assert outcomes == {"bad": "failed", "good": "fired"}
    assert (bad.paused_by, bad.next_at) == ("upkeep", None)
    assert "colour" in bad.reason
    assert tick() == []


def test_an_error_of_the_database_in_one_stops_no_other(db: None, kind: Callable[..., Any]) -> None:
    bad, good = make("bad"), make("good")
    late(bad, timedelta(hours=3)), late(good)
    Schedule.objects.filter(pk=bad.pk).update(arguments={})
    with connection.cursor() as cursor:  # whatever it is: a constraint of tomorrow's version
        cursor.execute("ALTER TABLE job ADD CHECK (subject <> 'bad')")

    outcomes = {one.schedule.name: one.outcome for one in tick()}

    assert outcomes == {"bad": "failed", "good": "fired"}


def test_an_outage_disables_nothing(hourly: Schedule) -> None:
    with connection.cursor() as cursor:  # what a lock that is not had in time raises
        cursor.execute(
            "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'not now' USING ERRCODE = 'lock_not_available'; END $$"
        )
        cursor.execute("CREATE TRIGGER away BEFORE INSERT ON job_tick EXECUTE FUNCTION away()")

    with pytest.raises(OperationalError):
        tick()

    hourly.refresh_from_db()
    assert (hourly.paused_at, Job.objects.count()) == (None, 0)


def test_one_that_somebody_else_sees_to_is_left_to_them(
    committed: services.ScratchDatabase,
) -> None:
    schedule = make()
    late(schedule)
    with other_connection(committed) as raw, other_connection(committed) as holder:
        holder.autocommit = False
        db.rows(holder, "SELECT FROM job_schedule FOR UPDATE")

        assert schedules.fire_due(raw) == []
        holder.rollback()
        assert len(schedules.fire_due(raw)) == 1


def test_a_kind_this_process_does_not_know_yet_is_left_to_the_others(
    db: None, kind: Callable[..., Any]
) -> None:
    schedule = make()
    Schedule.objects.update(kind="t.of.tomorrow", next_at=clock() - timedelta(minutes=1))

    assert tick() == []
    Schedule.objects.update(next_at=clock() - schedules.ROLLOUT - timedelta(seconds=1))
    assert [one.outcome for one in tick()] == ["failed"]
    schedule.refresh_from_db()
    assert "t.of.tomorrow" in schedule.reason


def test_a_schedule_of_a_project_that_is_gone_is_paused(db: None) -> None:
    schedule = make()
    Schedule.objects.update(scope=987654, next_at=clock())

    tick()

    schedule.refresh_from_db()
    assert (schedule.paused_by, "there is no such project" in schedule.reason) == ("upkeep", True)


def test_a_clock_that_went_back_does_not_silence_a_schedule(hourly: Schedule) -> None:
    tick()
    ahead = clock() + LONG_AGO  # planned while the clock was a year ahead
    Schedule.objects.update(planned_at=ahead, next_at=ahead + timedelta(minutes=5))

    assert tick() == []

    hourly.refresh_from_db()
    assert hourly.next_at == cron.next_after(hourly.cron, "UTC", clock())


def test_a_paused_schedule_makes_nothing_and_catches_nothing_up(hourly: Schedule) -> None:
    assert hourly.pause(by="user:7", reason="Maintenance.")
    assert not hourly.pause(by="user:8")

    assert tick() == []
    assert (hourly.paused_by, hourly.reason, hourly.next_at) == ("user:7", "Maintenance.", None)
    assert hourly.resume(by="user:8")
    assert (tick(), hourly.paused_by, hourly.changed_by) == ([], "", "user:8")
    assert hourly.next_at > clock()
    assert not hourly.resume(by="user:9")


def test_a_paused_schedule_can_be_run_by_hand(hourly: Schedule) -> None:
    hourly.pause(by="user:7")

    asked = schedules.run(hourly, by="user:8")

    job = Job.objects.get()
    assert (asked.outcome, asked.actor, asked.job_id) == ("asked", "user:8", job.pk)
    assert (job.created_by, hourly.paused_by, hourly.last_job_id) == ("user:8", "user:7", job.pk)


def test_running_by_hand_changes_no_tick(hourly: Schedule) -> None:
    due = hourly.next_at

    schedules.run(hourly, by="user:8")

    assert hourly.next_at == due
    assert [one.outcome for one in tick()] == ["joined"]


def test_a_tick_and_its_job_are_one_transaction(hourly: Schedule) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job_tick ADD CHECK (outcome <> 'fired')")

    [failed] = tick()

    assert (failed.outcome, Job.objects.count()) == ("failed", 0)


REFUSED = {
    "no name": ({"name": "Nightly Run"}, "name", "small letters"),
    "no kind": ({"kind": "demo.nothing"}, "kind", "nobody registered it"),
    "the kind of async_task": (
        {
            "kind": "django_q.task",
            "arguments": {"id": "x", "function": "f", "args": [], "kwargs": {}},
        },
        "kind",
        "only the product makes its jobs; use one of demo.checked",
    ),
    "no such argument": ({"arguments": {"a": 1}}, "arguments", "there is no 'a'"),
    "no object": ({"arguments": [1]}, "arguments", "an object"),
    "no minute": ({"cron": "61 * * * *"}, "cron", "bad minute; give five fields"),
    "seconds": ({"cron": "* * * * * *"}, "cron", "it has 6 fields"),
    "never": ({"cron": "0 0 30 2 *"}, "cron", "day-of-month"),
    "never, on no Monday": ({"cron": "0 0 */31 * MON#5"}, "cron", "it never comes"),
    "never, in other words": ({"cron": "0 0 31 9-9 *"}, "cron", "day-of-month"),
    "no zone": ({"zone": "Mars/Base"}, "zone", "Europe/Zurich"),
    "a way out": ({"zone": "../../etc/passwd"}, "zone", "nobody knows it"),
    "no project": ({"scope": 987654}, "scope", "no such project"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_by_field(case: str) -> None:
    fields, field, said = REFUSED[case]

    with pytest.raises(BadSchedule) as refused:
        make(**fields)

    assert (refused.value.field, said in str(refused.value)) == (field, True)
    assert "\n" not in str(refused.value)


@pytest.mark.django_db
def test_a_schedule_that_is_not_the_next_is_found(hourly: Schedule) -> None:
    assert [one.name for one, _ in schedules.misplanned()] == ["nightly"]

    tick()

    assert schedules.misplanned() == []
    Schedule.objects.update(next_at=F("next_at") + timedelta(hours=1))
    [(_, said)] = schedules.misplanned()
    assert said.startswith("its next tick is")
    Schedule.objects.update(cron="now and then")
    [(_, said)] = schedules.misplanned()
    assert "3 fields" in said


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)


def test_a_time_inside_the_hour_that_is_skipped_comes_right_after_it() -> None:
    times = cron.upcoming("30 2 * * *", "Europe/Zurich", at(2026, 3, 28, 12), 2)

    assert times == [at(2026, 3, 29, 1, 0), at(2026, 3, 30, 0, 30)]


def test_a_time_inside_the_hour_that_comes_twice_comes_once() -> None:
    before = cron.upcoming("30 2 * * *", "Europe/Zurich", at(2026, 10, 24, 12), 2)
    within = cron.upcoming("30 2 * * *", "Europe/Zurich", at(2026, 10, 25, 1, 10), 1)

    assert before == [at(2026, 10, 25, 0, 30), at(2026, 10, 26, 1, 30)]
    assert within == [at(2026, 10, 26, 1, 30)]


def test_each_half_hour_goes_on_through_both_changes() -> None:
    spring = cron.upcoming("*/30 * * * *", "Europe/Zurich", at(2026, 3, 29, 0, 20), 4)
    autumn = cron.upcoming("*/30 * * * *", "Europe/Zurich", at(2026, 10, 25, 0, 20), 4)

    assert [one - two for one, two in zip(spring[1:], spring, strict=False)] == [
        timedelta(minutes=30)
    ] * 3
    assert [one - two for one, two in zip(autumn[1:], autumn, strict=False)] == [
        timedelta(minutes=30)
    ] * 3


def test_the_newest_of_very_many_missed_times_is_found() -> None:
    due = cron.due("* * * * *", "Europe/Zurich", at(2020, 1, 1), at(2026, 1, 1, 0, 0, 30))

    assert due == (at(2026, 1, 1), cron.MOST_COUNTED)


def test_concurrent_callers_fire_each_tick_once(committed: services.ScratchDatabase) -> None:
    made = [make(f"s{number}") for number in range(8)]
    for schedule in made:
        late(schedule)
    start = threading.Barrier(6)
    fired: list[Tick] = []

    def look() -> None:
        with other_connection(committed) as raw:
            start.wait(30)
            for _ in range(20):
                fired.extend(schedules.fire_due(raw))

    callers = [threading.Thread(target=look) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)

    assert sorted(one.schedule.name for one in fired) == [f"s{number}" for number in range(8)]
    assert (Job.objects.count(), Tick.objects.count()) == (8, 8)


def test_a_connection_that_broke_in_an_outage_is_not_kept(
    committed: services.ScratchDatabase,
) -> None:
    schedule = make()
    late(schedule)
    with other_connection(committed) as raw:
        schedules.fire_due(raw)

    assert connection.connection is None


@pytest.mark.django_db
def test_the_product_lays_its_schedules_and_keeps_what_people_changed() -> None:
    Schedule.objects.all().delete()
    make("mine")
    Schedule.objects.create(
        name="forgotten", kind="gone", cron="* * * * *", next_at=Now(), standing=True
    )
    before = dict(schedules._standing)
    try:
        schedules.stand("t.tidy", kind="demo.noop", cron="5 * * * *")
        schedules.lay("default")
        Schedule.objects.filter(name="t.tidy").update(cron="6 * * * *")
        schedules.lay("default")
    finally:
        schedules._standing.clear()
        schedules._standing.update(before)

    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {"mine", "t.tidy", *before}
    assert Schedule.objects.get(name="t.tidy").cron == "6 * * * *"
