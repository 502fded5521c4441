"""Jobs that wait for others: in order, by policy, never in a circle, and never for ever."""

import json
import threading
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from jobs import acts, dependencies, kinds, ledger, queue, topics
from jobs.failures import Failed, FailureClass
from jobs.ledger import Claim
from jobs.models import Dependency, Job, Queue
from jobs.models.job import Refused
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import Desk, introduce, moves, other_connection, serve, states


def noop(**options: Any) -> int:
    return queue.enqueue("demo.noop", {}, **options).pk


def end_all(desk: Desk) -> list[int]:
    claims = desk.claim()
    desk.ledger.finish([ledger.success(claim, None) for claim in claims])
    return [claim.id for claim in claims]


def fail(desk: Desk, claim: Claim) -> None:
    desk.ledger.finish([ledger.failure(claim, Failed(FailureClass.AUTH, "No."))])


def fail_next(desk: Desk) -> int:
    claim = desk.claim(1)[0]
    fail(desk, claim)
    return claim.id


def test_a_job_waits_until_the_last_of_its_parents_has_succeeded(desk: Desk) -> None:
    first, second = noop(), noop(priority=-1)
    child = noop(depends=[first, second])
    waiting = states(child)

    desk.ledger.finish([ledger.success(desk.claim(1)[0], None)])
    half = states(child)
    desk.ledger.finish([ledger.success(desk.claim(1)[0], None)])

    assert (waiting, half, states(child)) == (["blocked"], ["blocked"], ["queued"])
    assert moves(child) == ["blocked", "queued"]


def test_a_chain_runs_in_its_order(desk: Desk) -> None:
    made = [noop()]
    for _ in range(4):
        made.append(noop(depends=[made[-1]], priority=9))

    assert [end_all(desk) for _ in made] == [[one] for one in made]


def test_both_parents_may_end_in_one_statement(desk: Desk) -> None:
    child = noop(depends=[noop(), noop()])

    end_all(desk)

    assert states(child) == ["queued"]


def test_what_depends_on_a_success_waits_for_nothing(desk: Desk) -> None:
    parent = noop()
    end_all(desk)

    assert states(noop(depends=[parent])) == ["queued"]
    assert not Job.objects.get(pk=parent).awaited


def test_a_delay_is_kept_while_a_job_waits_for_others(desk: Desk) -> None:
    child = noop(depends=[noop()], after=60.0)

    end_all(desk)

    assert states(child) == ["scheduled"]


@pytest.mark.parametrize(
    ("policy", "state"), [("cancel", "cancelled"), ("hold", "blocked"), ("ignore", "queued")]
)
def test_the_policy_says_what_a_failure_means_for_the_child(
    desk: Desk, policy: str, state: str
) -> None:
    parent = noop()
    child = noop(depends=[parent], policy=policy)

    fail_next(desk)

    assert states(child) == [state]
    assert (f"#{parent}" in Job.objects.get(pk=child).reason) == (policy != "ignore")


@pytest.mark.parametrize(
    ("policy", "state"), [("cancel", "cancelled"), ("hold", "blocked"), ("ignore", "queued")]
)
def test_a_parent_that_was_cancelled_before_is_judged_at_once(
    desk: Desk, policy: str, state: str
) -> None:
    parent = queue.enqueue("demo.noop", {})
    parent.cancel(by="user:1")

    assert states(noop(depends=[parent.pk], policy=policy)) == [state]


def test_a_child_is_cancelled_while_other_parents_still_run(desk: Desk) -> None:
    child = noop(depends=[noop(), noop()])

    fail_next(desk)

    assert states(child) == ["cancelled"]


def test_who_cancels_a_parent_is_named_at_the_child(desk: Desk) -> None:
    parent = queue.enqueue("demo.noop", {})
    child = noop(depends=[parent.pk])

    parent.cancel(by="user:7")

    assert Job.objects.get(pk=child).moves.order_by("pk").last().actor == "user:7"


def test_a_held_child_goes_on_when_its_parent_succeeds_after_all(desk: Desk) -> None:
    child = noop(depends=[noop()], policy="hold")
    parent = fail_next(desk)
    said = dependencies.obstacles([child])

    Job.objects.get(pk=parent).retry(by="user:1")
    waits = dependencies.obstacles([child])
    end_all(desk)

    assert (said, waits) == (
        {child: f"Held by #{parent} (failed)"},
        {child: f"Blocked by #{parent} (queued)"},
    )
    assert states(child) == ["queued"]


def test_a_held_child_goes_on_when_a_person_resumes_it(desk: Desk) -> None:
    child = noop(depends=[noop()], policy="hold")
    parent = fail_next(desk)

    Job.objects.get(pk=child).resume(by="user:1")

    assert states(child) == ["queued"]
    assert Dependency.objects.values_list("parent", "policy").get() == (parent, "ignore")


def test_nobody_resumes_a_child_whose_other_parent_is_not_done(desk: Desk) -> None:
    other = noop(priority=-1)
    child = noop(depends=[noop(), other], policy="hold")
    fail_next(desk)

    with pytest.raises(Refused):
        Job.objects.get(pk=child).resume(by="user:1")

    assert dependencies.obstacles([child]) == {child: f"Blocked by #{other} (queued) and 1 more"}


def test_a_child_that_is_resumed_from_a_pause_still_waits(desk: Desk) -> None:
    child = queue.enqueue("demo.noop", {}, depends=[noop()])

    child.pause(by="user:1")
    paused = states(child.pk)
    child.resume(by="user:1")

    assert (paused, states(child.pk)) == (["paused"], ["blocked"])


def test_a_child_that_fell_with_its_parent_waits_for_it_when_it_is_retried(desk: Desk) -> None:
    child = noop(depends=[noop()])
    parent = fail_next(desk)

    Job.objects.get(pk=child).retry(by="user:1")
    waits, swept = states(child), dependencies.sweep(connection.connection)
    Job.objects.get(pk=parent).retry(by="user:1")
    end_all(desk)

    assert (waits, swept, states(child)) == (["blocked"], 0, ["queued"])


def test_a_chain_is_retried_as_a_whole(desk: Desk) -> None:
    child = noop(depends=[noop()])
    parent = fail_next(desk)

    acts.retry(Job.objects.all(), by="user:1")
    both = states(parent, child)
    end_all(desk)

    assert (both, states(child)) == (["queued", "blocked"], ["queued"])


def test_a_blocked_child_says_who_it_waits_for_and_how_many_there_are(desk: Desk) -> None:
    parents = [noop(), noop(), noop()]
    child = noop(depends=parents)
    desk.claim(1)

    assert dependencies.obstacles([child, parents[0]]) == {
        child: f"Blocked by #{parents[0]} (running) and 2 more"
    }


def test_a_chain_of_a_thousand_falls_with_its_first(
    committed: services.ScratchDatabase,
) -> None:
    made = queue.enqueue_many("demo.noop", [{}] * 1000)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO job_dependency (child_id, parent_id) SELECT c, c - 1"
            " FROM unnest(%s::bigint[]) c WHERE c > %s",
            [made, made[0]],
        )
        cursor.execute("UPDATE job SET state = 'blocked' WHERE id > %s", [made[0]])
        cursor.execute("UPDATE job SET awaited = true")

    Job.objects.get(pk=made[0]).cancel(by="user:1")

    assert set(states(*made[1:])) == {"cancelled"}
    assert str(made[-2]) in Job.objects.get(pk=made[-1]).reason


def test_hundreds_of_children_go_on_together(desk: Desk) -> None:
    parent = noop()
    children = queue.enqueue_many("demo.noop", [{}] * 300, depends=[parent])

    end_all(desk)

    assert set(states(*children)) == {"queued"}


def test_a_child_of_hundreds_goes_on_with_the_last(desk: Desk) -> None:
    parents = queue.enqueue_many("demo.noop", [{}] * 300)
    child = noop(depends=parents)
    Queue.objects.update(batch=299)

    first, second = desk.claim(299), desk.claim(1)
    desk.ledger.finish([ledger.success(claim, None) for claim in first])
    early = states(child)
    desk.ledger.finish([ledger.success(claim, None) for claim in second])

    assert (early, states(child)) == (["blocked"], ["queued"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depends": [999_999]}, "depends 999999: there is no such job"),
        ({"depends": [1], "policy": "maybe"}, "policy 'maybe': give one of cancel, hold, ignore"),
        ({"depends": range(10_001)}, "depends: 10001 jobs; give at most 10000"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(kinds.BadArguments, match=message):
        noop(**options)

    assert not Job.objects.exists()


def test_a_job_that_waits_in_line_is_made_to_wait_for_others(desk: Desk) -> None:
    child, parent = noop(), noop()

    dependencies.depend(child, [parent], by="user:1")
    taken = end_all(desk)

    assert (taken, states(child)) == ([parent], ["queued"])
    assert list(Job.objects.get(pk=child).moves.order_by("pk").values_list("actor", flat=True))[
        1
    ] == ("user:1")


def test_a_parent_that_failed_before_cancels_a_job_that_is_made_to_wait_for_it(desk: Desk) -> None:
    parent = noop()
    fail_next(desk)

    assert dependencies.depend(noop(), [parent], by="user:1").state == "cancelled"


def test_a_running_job_is_not_made_to_wait(desk: Desk, running_job: Claim) -> None:
    with pytest.raises(Refused, match="only a job that waits"):
        dependencies.depend(running_job.id, [noop()], by="user:1")


@pytest.mark.django_db
def test_a_circle_is_refused_however_long() -> None:
    first = noop()
    middle = noop(depends=[first])
    last = noop(depends=[middle])

    for parent in (first, middle, last):
        whom = "itself" if parent == first else f"#{parent}: that one waits for #{first}"
        with pytest.raises(Refused, match=f"Job {first} cannot wait for {whom}."):
            dependencies.depend(first, [parent], by="user:1")
    assert Dependency.objects.count() == 2


@pytest.mark.django_db
def test_the_database_lets_no_job_wait_for_itself() -> None:
    job = noop()

    with pytest.raises(IntegrityError, match="dependency_is_on_another"), transaction.atomic():
        Dependency.objects.create(child_id=job, parent_id=job)


def test_of_edges_that_would_close_a_circle_together_one_is_refused(
    committed: services.ScratchDatabase,
) -> None:
    jobs = [noop() for _ in range(4)]
    refused: list[str] = []

    def tie(child: int, parent: int) -> None:
        try:
            dependencies.depend(child, [parent], by="user:1")
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    edges = list(zip(jobs, [*jobs[1:], jobs[0]], strict=True))
    threads = [threading.Thread(target=tie, args=edge) for edge in edges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(refused) == 1
    assert Dependency.objects.count() == 3


def test_an_end_does_not_slip_past_a_child_that_is_not_committed_yet(
    committed: services.ScratchDatabase,
) -> None:
    parent = noop()
    with other_connection(committed) as raw:
        hand = Desk(raw, introduce())
        claim = hand.claim()[0]
        ending = threading.Thread(
            target=hand.ledger.finish, args=([ledger.success(claim, None)],), daemon=True
        )
        with transaction.atomic():
            child = noop(depends=[parent])
            ending.start()
            assert wait_for(lambda: _waits_for_a_lock(committed))
        ending.join(30)

    assert states(parent, child) == ["succeeded", "queued"]


def test_the_second_of_two_ends_at_once_sees_the_first(
    committed: services.ScratchDatabase,
) -> None:
    child = noop(depends=[noop(), noop()])
    runner = introduce()
    with other_connection(committed) as one, other_connection(committed) as two:
        hands = [Desk(one, runner), Desk(two, runner)]
        claims = [hand.claim(1)[0] for hand in hands]
        one.autocommit = False
        hands[0].ledger.finish([ledger.success(claims[0], None)])
        second = threading.Thread(
            target=hands[1].ledger.finish, args=([ledger.success(claims[1], None)],), daemon=True
        )
        second.start()
        assert wait_for(lambda: _waits_for_a_lock(committed))
        one.commit()
        second.join(30)

    assert states(child) == ["queued"]


def _waits_for_a_lock(database: services.ScratchDatabase) -> bool:
    sql = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    return bool(database.rows(sql, [database.name]))


def test_a_runner_executes_a_diamond_in_its_order(
    committed: services.ScratchDatabase, kind: Callable[..., Any]
) -> None:
    seen: list[str] = []
    kind("t.step")(lambda run, *, name: seen.append(name))
    top = queue.enqueue("t.step", {"name": "top"}).pk
    sides = queue.enqueue_many("t.step", [{"name": "side"}] * 2, depends=[top], priority=5)
    last = queue.enqueue("t.step", {"name": "last"}, depends=sides, priority=9).pk

    serve()

    assert seen == ["top", "side", "side", "last"]
    assert states(last) == ["succeeded"]


def test_going_on_wakes_who_listens(committed: services.ScratchDatabase) -> None:
    parent = queue.enqueue("demo.noop", {})
    noop(depends=[parent.pk], policy="ignore")
    with other_connection(committed) as listener:
        listener.cursor().execute("LISTEN job_wake")
        parent.cancel(by="user:1")
        listener.cursor().execute("SELECT 1")
        listener.poll()

    assert len(listener.notifies) == 1


@pytest.mark.parametrize("policy", ["cancel", "hold", "ignore"])
def test_the_sweep_moves_what_was_forgotten_and_nothing_else(desk: Desk, policy: str) -> None:
    parent = noop()
    child, other = noop(depends=[parent], policy=policy), noop(depends=[noop()])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE job DISABLE TRIGGER USER")
        Job.objects.filter(pk=parent).update(
            state="failed", failure_class="bug", finished_at="2020-01-01T00:00Z"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE job ENABLE TRIGGER USER")

    swept = [dependencies.sweep(connection.connection) for _ in range(2)]

    expected = {"cancel": "cancelled", "hold": "blocked", "ignore": "queued"}[policy]
    assert states(child, other) == [expected, "blocked"]
    assert swept == [0 if policy == "hold" else 1, 0]


def test_a_failed_parent_stays_while_somebody_waits_for_its_success(desk: Desk) -> None:
    child = noop(depends=[noop()], policy="hold")
    parent = fail_next(desk)

    with (
        pytest.raises(IntegrityError, match=f"job {child} depends on it"),
        transaction.atomic(),
    ):
        Job.objects.filter(pk=parent).delete()

    assert Job.objects.filter(pk=parent).exists()


def test_jobs_take_their_edges_along(desk: Desk) -> None:
    noop(depends=[noop()])
    end_all(desk)
    end_all(desk)

    Job.objects.all().delete()

    assert not Dependency.objects.exists()


def test_a_deadlock_over_dependencies_is_no_loss_of_the_runner() -> None:
    from jobs import db

    assert issubclass(psycopg2.errors.DeadlockDetected, db.LostConnection)


def test_the_command_makes_jobs_that_depend_on_others(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = noop()

    call_command("enqueue", "demo.noop", "--depends", str(parent), "--policy", "hold", "--json")

    made = json.loads(capsys.readouterr().out)["jobs"]
    assert Dependency.objects.values_list("child", "parent", "policy").get() == (
        made[0],
        parent,
        "hold",
    )
    assert states(made[0]) == ["blocked"]


def test_a_blocked_row_shows_its_parent_as_it_is_now(desk: Desk) -> None:
    parent = noop()
    child = str(noop(depends=[parent]))
    before = topics.row_fingerprints([child])

    desk.claim()
    row = topics.render_rows([child])[child]

    assert f"Blocked by #{parent} (running)" in row
    assert topics.row_fingerprints([child]) != before
