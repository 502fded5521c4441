"""Limits of queues and of keys: how many run at once, how many begin in a minute, whoever races."""

import threading
import time
from typing import Any

import psycopg2
import pytest
from django.db import IntegrityError, connection, transaction

from jobs import db, ledger, queue
from jobs.ledger import Claim
from jobs.models import BadLimit, Job, Limit, Queue
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import Desk, introduce, other_connection, serve, states


def noop(**options: Any) -> int:
    return queue.enqueue("demo.noop", {}, **options).pk


def finish(desk: Desk, *claims: Claim) -> None:
    desk.ledger.finish([ledger.success(claim, None) for claim in claims])


def short() -> Queue:
    return Queue.objects.get(name="short")


def age(seconds: float) -> None:
    """Let so much time pass for every bucket."""
    with connection.cursor() as cursor:
        for table in ("job_queue", "job_limit"):
            cursor.execute(
                f"UPDATE {table} SET refilled_at = refilled_at - make_interval(secs => %s)",  # noqa: S608 — names of this file
                [seconds],
            )


def claimed(desk: Desk, times: int) -> int:
    """Claim so often and count what came."""
    return sum(len(desk.claim()) for _ in range(times))


def test_a_key_with_a_limit_lets_so_many_run_each_in_its_place(desk: Desk) -> None:
    Limit.on("k", most=3, by="user:1")
    for _ in range(5):
        noop(limit_key="k")

    assert claimed(desk, 5) == 3
    assert sorted(Job.objects.filter(state="running").values_list("limit_slot", flat=True)) == [
        1,
        2,
        3,
    ]


def test_a_place_that_became_free_is_taken_again(desk: Desk) -> None:
    Limit.on("k", most=2, by="user:1")
    for _ in range(4):
        noop(limit_key="k")
    first, _ = desk.claim()[0], desk.claim()[0]

    finish(desk, first)
    again = desk.claim()

    assert Job.objects.get(pk=again[0].id).limit_slot == 1
    assert desk.claim() == []


def test_the_database_gives_no_place_twice(desk: Desk) -> None:
    Limit.on("k", most=2, by="user:1")
    for _ in range(2):
        noop(limit_key="k")
    claimed(desk, 2)

    with pytest.raises(IntegrityError, match="job_running_key_is_unique"), transaction.atomic():
        Job.objects.filter(limit_slot=2).update(limit_slot=1)


def test_a_lower_limit_waits_until_enough_have_ended(desk: Desk) -> None:
    Limit.on("k", most=3, by="user:1")
    for _ in range(5):
        noop(limit_key="k")
    claims = [desk.claim()[0] for _ in range(3)]

    Limit.on("k", most=1, by="user:1")
    finish(desk, claims[0])
    with_two = desk.claim()
    finish(desk, *claims[1:])

    assert (with_two, claimed(desk, 2)) == ([], 1)


def test_a_full_key_does_not_hold_up_the_others(desk: Desk) -> None:
    Limit.on("k", most=1, by="user:1")
    for _ in range(3):
        noop(limit_key="k", priority=5)
    free = noop()
    desk.claim()

    assert desk.claim_ids() == [free]


def test_of_the_free_keys_behind_a_crowd_the_first_job_is_taken(desk: Desk) -> None:
    queue.enqueue_many("demo.noop", [{}] * 250, limit_key="k", priority=5)
    desk.claim()
    later, low, high = noop(limit_key="a"), noop(limit_key="b"), noop(limit_key="c", priority=1)
    plain = noop()
    second = noop(limit_key="c", priority=1)

    assert [desk.claim_ids() for _ in range(5)] == [[high], [later], [low], [plain], []]
    finish(desk, *[Claim(*[high, 1, "", {}, 1, 1, None, "", "", None, None, 0])])
    assert desk.claim_ids() == [second]


def test_a_younger_job_of_a_key_does_not_overtake_one_that_is_about_to_begin(
    committed: services.ScratchDatabase,
) -> None:
    Limit.on("k", most=2, by="user:1")
    noop(limit_key="k")
    noop(limit_key="k")
    runner = introduce()
    with other_connection(committed) as one, other_connection(committed) as two:
        one.autocommit = False
        Desk(one, runner).claim(1)
        racing = Desk(two, runner)
        db.rows(two, "SET lock_timeout = '10s'")
        during = racing.claim_ids(1)
        one.rollback()

        assert (during, racing.claim_ids(1)) == ([], [1])


def test_a_younger_job_of_a_key_does_not_take_the_place_of_one_that_came_back(
    committed: services.ScratchDatabase,
) -> None:
    Limit.on("k", most=1, by="user:1")
    older, younger = noop(limit_key="k"), noop(limit_key="k")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job_admit('short', 'k', %s), job_admit('short', 'k', %s)", [younger, older]
        )
        assert cursor.fetchone() == (None, 1)


def test_of_two_racing_runners_one_has_a_limit_key_and_the_other_goes_past(
    committed: services.ScratchDatabase,
) -> None:
    noop(limit_key="k")
    noop(limit_key="k")
    other, free = noop(limit_key="other"), noop()
    runner = introduce()
    with other_connection(committed) as one, other_connection(committed) as two:
        one.autocommit = two.autocommit = False
        Desk(one, runner).claim(1)
        racing = Desk(two, runner)
        db.rows(two, "SET lock_timeout = '10s'")
        during = racing.claim_ids(1)
        one.commit()
        two.commit()

        assert (during, racing.claim_ids(1)) == ([other], [free])


def test_the_index_lets_one_of_two_queues_have_a_limit_key(
    committed: services.ScratchDatabase,
) -> None:
    noop(limit_key="k")
    Job.objects.filter(pk=noop(limit_key="k")).update(queue="long")
    runner = introduce()
    with other_connection(committed) as one, other_connection(committed) as two:
        one.autocommit = two.autocommit = False
        Desk(one, runner).claim(1)
        racing = Desk(two, runner)
        with two.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")

        # The second waits for the first to commit, and is refused by the index then.
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            racing.claim(1, "long")


def test_a_key_begins_no_more_in_a_minute_than_its_bucket_holds(desk: Desk) -> None:
    Limit.on("k", most=99, per_minute=60, burst=3, by="user:1")
    for _ in range(9):
        noop(limit_key="k")

    found = [claimed(desk, 5)]
    age(2)
    found.append(claimed(desk, 5))
    age(3600)
    found.append(claimed(desk, 5))

    assert found == [3, 2, 3]


def test_a_queue_runs_no_more_than_its_limit_says(desk: Desk) -> None:
    short().limit(most=2, by="user:1")
    for _ in range(4):
        noop()

    taken = [desk.claim_ids() for _ in range(3)]

    assert [len(one) for one in taken] == [1, 1, 0]


def test_a_queue_begins_no_more_in_a_minute_than_its_bucket_holds(desk: Desk) -> None:
    short().limit(per_minute=120, burst=2, by="user:1")
    for _ in range(9):
        noop()

    found = [claimed(desk, 4)]
    age(0.6)
    found.append(claimed(desk, 4))

    assert found == [2, 1]


def test_a_rate_alone_leaves_one_of_a_key_at_a_time(desk: Desk) -> None:
    Limit.on("k", per_minute=60, burst=3, by="user:1")
    noop(limit_key="k")
    noop(limit_key="k")

    assert claimed(desk, 2) == 1


def test_looking_at_an_empty_queue_takes_no_token(desk: Desk) -> None:
    short().limit(per_minute=1, burst=1, by="user:1")
    claimed(desk, 3)
    noop()

    assert claimed(desk, 1) == 1


def test_a_job_counts_against_its_queue_and_its_key(desk: Desk) -> None:
    short().limit(most=1, by="user:1")
    Limit.on("k", per_minute=1, burst=1, by="user:1")
    first, second = noop(limit_key="k"), noop(limit_key="k")
    claims = desk.claim()

    finish(desk, *claims)

    assert ([claim.id for claim in claims], desk.claim(), states(second)) == (
        [first],
        [],
        ["queued"],
    )


def test_a_refusal_by_the_queue_takes_no_token_of_the_key(desk: Desk) -> None:
    Limit.on("k", per_minute=1, burst=1, by="user:1")
    short().limit(most=1, by="user:1")
    noop()
    claims = desk.claim()
    noop(limit_key="k")
    refused = desk.claim()
    finish(desk, *claims)

    assert (refused, claimed(desk, 1)) == ([], 1)


def test_a_clock_that_was_set_back_does_not_empty_a_bucket_for_long(desk: Desk) -> None:
    short().limit(per_minute=60, burst=1, by="user:1")
    noop()
    claimed(desk, 1)
    age(-3600)
    noop()

    assert claimed(desk, 1) == 1


def test_without_its_limits_a_queue_is_claimed_in_batches_again(desk: Desk) -> None:
    short().limit(most=1, by="user:1")
    short().limit(by="user:1")
    for _ in range(4):
        noop()

    assert len(desk.claim()) == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"most": 0}, "most 0: give 1 to 32767; to let none run, pause the queue"),
        ({"most": 32_768}, "most 32768"),
        ({"per_minute": 0}, "per-minute 0: give 1 to"),
        ({"burst": 5}, "burst 5: it belongs to a rate"),
        ({"per_minute": 600, "burst": 9}, "burst 9: give 10 to"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused(wanted: dict[str, int], message: str) -> None:
    with pytest.raises(BadLimit, match=message):
        Limit.on("k", **wanted, by="user:1")
    with pytest.raises(BadLimit, match=message):
        short().limit(**wanted, by="user:1")

    assert not Limit.objects.exists()
    assert not short().is_limited


@pytest.mark.django_db
@pytest.mark.parametrize(
    "assignment", ["most_running = 0", "per_minute = 600, burst = 9", "per_minute = 1", "burst = 1"]
)
def test_the_database_refuses_such_limits_too(assignment: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE job_queue SET {assignment}")  # noqa: S608 — names of this file


@pytest.mark.django_db
def test_a_queue_says_who_limited_and_who_paused_it() -> None:
    line = short()

    line.limit(most=2, per_minute=90, by="user:1")
    line.pause(by="user:2")
    line.pause(by="user:3")

    assert (line.limit_words, line.limited_by) == (
        "2 at once; 90 a minute, 2 in a burst",
        "user:1",
    )
    assert (line.paused, line.paused_by, line.paused_at is None) == (True, "user:2", False)
    line.resume()
    assert (line.paused, line.paused_by, line.paused_at) == (False, "", None)


@pytest.mark.parametrize("limited", ["queue", "key"])
def test_racing_runners_never_exceed_a_limit(
    committed: services.ScratchDatabase, limited: str
) -> None:
    if limited == "queue":
        short().limit(most=3, by="user:1")
    else:
        Limit.on("k", most=3, by="user:1")
    queue.enqueue_many("demo.noop", [{}] * 120, limit_key="k" if limited == "key" else "")
    most, over = [0], threading.Event()
    hands = (committed, introduce(), over, most)
    threads = [threading.Thread(target=_work, args=hands) for _ in range(5)]
    for thread in threads:
        thread.start()

    done = wait_for(lambda: not Job.objects.exclude(state="succeeded").exists(), 60)
    over.set()
    for thread in threads:
        thread.join(30)

    assert done
    assert 1 < max(most) <= 3
    begun = list(Job.objects.order_by("started_at").values_list("pk", flat=True))
    assert limited == "queue" or begun == sorted(begun)


@pytest.mark.parametrize("limited", ["queue", "key"])
def test_limits_that_are_set_or_lifted_wake_runners(
    committed: services.ScratchDatabase, limited: str
) -> None:
    with other_connection(committed) as listener:
        db.rows(listener, "LISTEN job_wake")
        if limited == "queue":
            short().limit(by="user:1")
        else:
            Limit.on("k", most=2, by="user:1")
        db.rows(listener, "SELECT 1")
        listener.poll()

    assert len(listener.notifies) == 1


def _work(
    database: services.ScratchDatabase, runner: Any, over: threading.Event, most: list[int]
) -> None:
    with other_connection(database) as raw:
        hand = Desk(raw, runner)
        while not over.is_set():
            try:
                for claim in hand.claim(1):
                    most.append(_running(raw))
                    finish(hand, claim)
            except db.UniqueViolation:
                continue


def _running(raw: Any) -> int:
    return int(db.rows(raw, "SELECT count(*) FROM job WHERE state = 'running'")[0][0])


def test_a_runner_keeps_a_rate(committed: services.ScratchDatabase) -> None:
    short().limit(per_minute=1200, burst=20, by="user:1")
    queue.enqueue_many("demo.noop", [{}] * 60)
    began = time.monotonic()

    serve(seconds=60)

    # 20 at once, the other 40 at 20 a second.
    assert 1.9 < time.monotonic() - began < 30
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}


def test_an_end_wakes_who_waits_for_its_key(committed: services.ScratchDatabase) -> None:
    noop(limit_key="k")
    with other_connection(committed) as raw, other_connection(committed) as listener:
        hand = Desk(raw, introduce())
        claims = hand.claim()
        db.rows(listener, "LISTEN job_wake")
        finish(hand, *claims)
        db.rows(listener, "SELECT 1")
        listener.poll()

    assert len(listener.notifies) == 1
