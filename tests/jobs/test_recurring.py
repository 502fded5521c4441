"""django-q2's `schedule()`, as its users call it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection
from django.utils import timezone
from django_q.models import Schedule as Theirs
from django_q.tasks import fetch_group, schedule

from jobs import cron, recurring, schedules
from jobs.django_q import NotAllowed, NotHonoured
from jobs.models import Job, Schedule, Tick
from jobs.models.schedule import BadSchedule
from tests.jobs.conftest import serve

pytestmark = pytest.mark.usefixtures("committed", "task_modules")

PRINTABLE = "tests.jobs.tasks.printable"
NOON = datetime(2027, 3, 17, 12, 7, 30, tzinfo=UTC)  # a Wednesday


def test_the_view_has_the_columns_of_their_model() -> None:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "django_q_schedule")

    assert {column.name for column in columns} == {field.column for field in Theirs._meta.fields}


def test_once_is_the_default_and_happens_once() -> None:
    made = schedule(PRINTABLE, "a", name="soon", next_run=timezone.now() + timedelta(seconds=1))

    assert Theirs.objects.get(pk=made.pk).schedule_type == Theirs.ONCE
    with pytest.raises(IntegrityError, match="same name"):
        schedule(PRINTABLE, "a", name="soon")
    Job.objects.filter(kind=recurring.KIND).update(state="queued", run_after=None)
    serve()
    assert [task.result for task in fetch_group("soon")] == ["a"]
    assert not Theirs.objects.exists()


def test_one_that_waits_can_be_deleted() -> None:
    made = schedule(PRINTABLE, "a", next_run=timezone.now() + timedelta(hours=1))

    made.delete()

    assert (Job.objects.get().state, Theirs.objects.count()) == ("cancelled", 0)


def test_a_repetition_is_one_of_our_schedules_and_begins_at_once() -> None:
    made = schedule(PRINTABLE, "a", name="hourly", schedule_type=Theirs.HOURLY)

    ours = Schedule.objects.get(name="hourly")
    assert (made.pk, ours.kind, ours.created_by) == (ours.pk, recurring.KIND, "django_q.schedule")
    assert Theirs.objects.get(name="hourly").next_run == ours.next_at
    serve()
    assert [task.result for task in fetch_group("hourly")] == ["a"]
    schedules.run(ours, by="user:1")
    serve()
    assert len(fetch_group("hourly")) == 2


def test_a_repetition_that_begins_later_makes_nothing_now() -> None:
    later = timezone.now() + timedelta(minutes=30)

    schedule(PRINTABLE, "a", name="hourly", schedule_type=Theirs.HOURLY, next_run=later)

    assert not Job.objects.exists()
    assert Schedule.objects.get(name="hourly").next_at == later.replace(second=0, microsecond=0)


def test_cron_works_without_croniter() -> None:
    schedule(PRINTABLE, "a", name="c", schedule_type=Theirs.CRON, cron="5 4 * * *")

    assert Schedule.objects.get(name="c").cron == "5 4 * * *"
    assert not Job.objects.exists()
    with pytest.raises(ValidationError):
        schedule(PRINTABLE, "a", name="d", schedule_type=Theirs.CRON, cron="61 * * * *")


def test_a_repetition_is_deleted_with_its_ticks_and_changed_only_as_ours() -> None:
    made = schedule(PRINTABLE, "a", name="daily", schedule_type=Theirs.DAILY)
    assert Tick.objects.count() == 1

    with pytest.raises(NotHonoured, match=r"manage\.py schedules"):
        made.save()
    with pytest.raises(DatabaseError, match=r"manage\.py schedules"):
        Theirs.objects.update(repeats=3)
    with pytest.raises(DatabaseError, match=r"django_q\.tasks\.schedule"):
        Theirs.objects.bulk_create([Theirs(name="x", func=PRINTABLE, schedule_type="D")])
    made.delete()

    assert (Schedule.objects.filter(kind=recurring.KIND).count(), Tick.objects.count()) == (0, 0)


CRONS: dict[tuple[str, int | None], str] = {
    (Theirs.MINUTES, None): "* * * * *",
    (Theirs.MINUTES, 15): "7,22,37,52 * * * *",
    (Theirs.MINUTES, 60): "7 * * * *",
    (Theirs.MINUTES, 360): "7 0,6,12,18 * * *",
    (Theirs.MINUTES, 1440): "7 12 * * *",
    (Theirs.HOURLY, None): "7 * * * *",
    (Theirs.DAILY, None): "7 12 * * *",
    (Theirs.WEEKLY, None): "7 12 * * 3",
    (Theirs.MONTHLY, None): "7 12 17 * *",
    (Theirs.BIMONTHLY, None): "7 12 17 1,3,5,7,9,11 *",
    (Theirs.QUARTERLY, None): "7 12 17 3,6,9,12 *",
    (Theirs.YEARLY, None): "7 12 17 3 *",
}


@pytest.mark.parametrize("case", CRONS)
def test_each_repetition_is_a_cron_that_meets_its_first_and_second_time(
    case: tuple[str, int | None],
) -> None:
    word, minutes = case
    theirs = Theirs(schedule_type=word, minutes=minutes, next_run=NOON)

    expression = recurring._cron_of(theirs)

    first = NOON.replace(second=0)
    assert expression == CRONS[case]
    times = cron.upcoming(expression, "UTC", first - timedelta(seconds=1), 2)
    assert times == [first, theirs.calculate_next_run(first)]


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "every 7 minutes": ({"schedule_type": "I", "minutes": 7}, NotHonoured, "no cron says that"),
    "every two weeks": ({"schedule_type": "BW"}, NotHonoured, "every two weeks"),
    "three times": ({"schedule_type": "H", "repeats": 3}, NotHonoured, "not counted"),
    "another cluster": ({"cluster": "b"}, NotHonoured, "there is one"),
    "intended date": ({"intended_date_kwarg": "at"}, NotHonoured, "ask for the time"),
    "next week, daily": (
        {"schedule_type": "D", "next_run": timezone.now() + timedelta(days=7)},
        NotHonoured,
        "comes before that",
    ),
    "the 31st": (
        {"schedule_type": "M", "next_run": datetime(2027, 1, 31, tzinfo=UTC)},
        NotHonoured,
        "not every month",
    ),
    "name": ({"name": "No Good", "schedule_type": "H"}, BadSchedule, "small letters"),
    "hook": ({"hook": "os.system"}, NotAllowed, "not in the tasks of an app"),
    "tuple": ({"text": (1, 2)}, NotHonoured, "not kept as it is"),
    "object": ({"text": object()}, NotHonoured, "give plain values"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_kept_is_refused_and_nothing_is_stored(case: str) -> None:
    options, error, words = REFUSED[case]

    with pytest.raises(error, match=words):
        schedule(PRINTABLE, **options)

    assert not Job.objects.exists()
    assert not Schedule.objects.filter(kind=recurring.KIND).exists()


def test_nobody_else_may_have_its_kind_scheduled() -> None:
    schedule(PRINTABLE, "a", name="hourly", schedule_type=Theirs.HOURLY)
    ours = Schedule.objects.get(name="hourly")

    assert schedules.make(ours, by="user:1").changed_by == "user:1"  # its times, say
    ours.pause(by="user:1")
    assert ours.resume(by="user:1")
    ours.created_by = "user:1"
    with pytest.raises(BadSchedule, match="only the product makes its jobs"):
        schedules.run(ours, by="user:1")


def test_a_function_from_elsewhere_is_refused() -> None:
    with pytest.raises(NotAllowed):
        schedule("os.system", "true")
