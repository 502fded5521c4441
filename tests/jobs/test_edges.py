"""What people change about what a job waits for: added, changed and removed, with who did it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from jobs import dependencies
from jobs.models import Dependency, Job, Refused
from tests.jobs.conftest import Desk, moves, states
from tests.jobs.test_commands import Capture, ask, refused
from tests.jobs.test_dependencies import end_all, fail_next, noop

pytestmark = pytest.mark.django_db


def test_the_command_makes_a_job_wait_and_wait_no_longer(capsys: Capture) -> None:
    parent, child = noop(), noop()

    tied = ask(capsys, "jobs", "depend", str(child), "--on", str(parent), "--policy", "hold")
    freed = ask(capsys, "jobs", "release", str(child), "--on", str(parent))

    assert (tied["before"], tied["after"]) == ("queued", "blocked")
    assert f"demo.noop #{child} depends on #{parent}." in tied["said"]
    assert f"Blocked by #{parent} (queued)." in [one["sentence"] for one in tied["evidence"]]
    assert (freed["before"], freed["after"]) == ("blocked", "queued")
    assert f"It no longer waits for #{parent}." in freed["evidence"][0]["reason"]
    assert moves(child) == ["queued", "blocked", "queued"]


def test_who_ties_and_unties_is_on_record() -> None:
    parent, child = noop(), noop()

    dependencies.depend(child, [parent], by="user:7")
    dependencies.release(child, [parent], by="user:8")

    moved = Job.objects.get(pk=child).moves.order_by("pk").values_list("actor", flat=True)
    assert list(moved)[1:] == ["user:7", "user:8"]


def test_a_second_tie_changes_the_policy(capsys: Capture) -> None:
    parent, child = noop(), noop()

    for policy in ("cancel", "ignore"):
        ask(capsys, "jobs", "depend", str(child), "--on", str(parent), "--policy", policy)

    assert list(Dependency.objects.values_list("policy", flat=True)) == ["ignore"]


def test_a_job_freed_of_one_still_waits_for_the_other() -> None:
    first, second, child = noop(), noop(), noop()
    dependencies.depend(child, [first, second], by="user:7")

    dependencies.release(child, [first], by="user:7")

    assert states(child) == ["blocked"]
    assert dependencies.obstacles([child]) == {child: f"Blocked by #{second} (queued)"}


def test_a_job_that_was_held_by_a_failure_is_freed_of_it(desk: Desk) -> None:
    parent = noop()
    child = noop(depends=[parent], policy="hold")
    fail_next(desk)

    dependencies.release(child, [parent], by="user:7")

    assert states(child) == ["queued"]


def test_what_fell_with_its_parent_is_retried_without_it(desk: Desk) -> None:
    parent = noop()
    child = noop(depends=[parent])
    fail_next(desk)
    fallen = states(child)

    dependencies.release(child, [parent], by="user:7")
    kept = states(child)
    Job.objects.get(pk=child).retry(by="user:7")

    assert (fallen, kept, states(child)) == (["cancelled"], ["cancelled"], ["queued"])


def test_a_freed_job_keeps_its_time() -> None:
    parent, child = noop(), noop()
    dependencies.depend(child, [parent], by="user:7")
    Job.objects.filter(pk=child).update(run_after=Now() + timedelta(hours=1))

    dependencies.release(child, [parent], by="user:7")

    assert states(child) == ["scheduled"]


def test_what_runs_or_is_done_is_not_freed(desk: Desk) -> None:
    parent = noop()
    end_all(desk)
    child = noop(depends=[parent])
    Dependency.objects.update_or_create(child_id=child, parent_id=parent)
    desk.claim()

    with pytest.raises(Refused, match="is running: it waits for nothing"):
        dependencies.release(child, [parent], by="user:7")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("jobs depend {child}", "depend: other jobs are needed: jobs depend N --on ID"),
        ("jobs release {child}", "release: other jobs are needed: jobs release N --on ID"),
        ("jobs depend {child} --on {child}", "Job {child} cannot wait for itself."),
        ("jobs depend {parent} --on {child}", "Job {parent} cannot wait for #{child}: that one"),
        ("jobs depend {child} --on 999999999", "depends 999999999: there is no such job"),
        (
            "jobs depend {child} --on 99999999999999999999",
            "depends 99999999999999999999: there is no such job",
        ),
        ("jobs depend {child} --on 1 --policy maybe", "argument --policy: invalid choice"),
        ("jobs release {child} --on {other}", "Job {child} does not wait for #{other}."),
        ("jobs release {child} --on {parent} --policy hold", "--policy: it says how"),
        ("jobs cancel {child} --on {parent}", "--on: it names what a job waits for"),
        ("jobs depend --on {parent}", "N: depend needs a job's id"),
    ],
)
def test_what_cannot_be_tied_is_one_line(capsys: Capture, line: str, said: str) -> None:
    ids = {"parent": noop(), "other": noop()}
    ids["child"] = noop(depends=[ids["parent"]])

    assert said.format(**ids) in refused(capsys, *line.format(**ids).split(" "))
    assert Dependency.objects.count() == 1


def test_people_read_what_it_waits_for_now(capsys: Capture) -> None:
    parent, child = noop(), noop()

    call_command("jobs", "depend", str(child), "--on", str(parent))

    said = capsys.readouterr().out
    assert f"job {child}: queued → blocked" in said
    assert f"Blocked by #{parent} (queued)." in said


def test_a_job_is_freed_of_another_once() -> None:
    parent, child = noop(), noop()
    dependencies.depend(child, [parent], by="user:7")
    dependencies.release(child, [parent], by="user:7")

    with pytest.raises(Refused, match=f"does not wait for #{parent}"):
        dependencies.release(child, [parent], by="user:7")
