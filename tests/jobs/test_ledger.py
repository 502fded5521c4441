"""The statements of the ledger: order, fence, limits, refunds, retries, and their plans."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from jobs import acts, kinds, ledger, queue, upkeep
from jobs.failures import POLICY, Failed, FailureClass, RateLimited
from jobs.ledger import Claim, Ledger
from jobs.models import Attempt, Job, Queue
from jobs.models.job import Refused, Stale
from tests import services
from tests.jobs.conftest import Desk, moves, other_connection, states


def noop(**options: Any) -> int:
    return queue.enqueue("demo.noop", {}, **options).pk


def lose(claim: Claim, failure_class: str = "worker-lost") -> ledger.Ending:
    return ledger.failure(claim, Failed(FailureClass(failure_class), "It broke."))


def test_the_highest_priority_comes_first_and_then_the_oldest(desk: Desk) -> None:
    old, urgent, young = noop(), noop(priority=5), noop()

    assert desk.claim_ids() == [urgent, old, young]


def test_a_small_claim_takes_the_most_urgent(desk: Desk) -> None:
    noop()
    urgent = noop(priority=1)

    assert desk.claim_ids(most=1) == [urgent]


def test_nothing_is_claimed_from_a_paused_queue(desk: Desk) -> None:
    job, short = noop(), Queue.objects.get(name="short")

    short.pause()
    while_paused = desk.claim_ids()
    short.resume()

    assert (while_paused, desk.claim_ids()) == ([], [job])


def test_a_queue_says_how_many_one_claim_may_take(desk: Desk) -> None:
    Queue.objects.filter(name="short").update(batch=2)
    made = [noop() for _ in range(3)]

    assert desk.claim_ids() == made[:2]


def test_a_claim_takes_only_jobs_of_its_queue(desk: Desk) -> None:
    noop()

    assert desk.claim_ids(pool="long") == []


def test_a_claim_says_all_that_a_handler_needs(desk: Desk) -> None:
    job = queue.enqueue("demo.steps", {"total": 2}, scope=7, subject="s", actor="user:1", root=3)

    claim = desk.claim()[0]

    assert claim == Claim(job.pk, 1, "demo.steps", {"total": 2}, 1, 3, 7, "s", "user:1", 3, None, 0)


def test_the_fence_grows_with_every_claim(desk: Desk) -> None:
    noop()
    fences = []

    for _ in range(3):
        claims = desk.claim()
        fences.append(claims[0].fence)
        desk.ledger.hand_back(claims, "")

    assert fences == [1, 2, 3]


def test_a_success_is_written_with_its_result_and_attempt(desk: Desk, running_job: Claim) -> None:
    refused = desk.ledger.finish([ledger.success(running_job, '{"n": 1}')])

    job = Job.objects.get(pk=running_job.id)
    assert (refused, job.state, job.result, job.runner_id) == ([], "succeeded", {"n": 1}, None)
    assert Attempt.objects.values_list("number", "fence", "outcome").get() == (1, 1, "succeeded")


def test_a_worker_that_lost_its_job_cannot_finish_it(desk: Desk, running_job: Claim) -> None:
    desk.ledger.hand_back([running_job], "")
    desk.claim()

    refused = desk.ledger.finish([ledger.success(running_job, None)])

    assert refused == [running_job.id]
    assert states(running_job.id) == ["running"]


def test_an_end_is_written_once(desk: Desk, running_job: Claim) -> None:
    end = ledger.success(running_job, None)
    desk.ledger.finish([end])

    assert desk.ledger.finish([end]) == [running_job.id]


def test_one_statement_finishes_a_batch_and_claims_the_next(desk: Desk) -> None:
    first = [noop() for _ in range(3)]
    ends = [ledger.success(claim, None) for claim in desk.claim()]
    second = noop()

    claims, refused = desk.ledger.finish_and_claim(ends, "short", 10, desk.runner.pk)

    assert ([claim.id for claim in claims], refused) == ([second], [])
    assert states(*first) == ["succeeded"] * 3


def test_a_job_that_must_run_solo_is_claimed_alone(desk: Desk) -> None:
    first, solo, last = noop(), noop(), noop()
    Job.objects.filter(pk=solo).update(solo=True)

    found = [desk.claim_ids(), desk.claim_ids(), desk.claim_ids()]

    assert found == [[first], [solo], [last]]


def test_a_job_with_a_limit_key_is_claimed_alone(desk: Desk) -> None:
    limited, free = noop(limit_key="repository:1"), noop()

    assert [desk.claim_ids(), desk.claim_ids()] == [[limited], [free]]


def test_one_job_of_a_limit_key_runs_at_a_time(desk: Desk) -> None:
    first, second = noop(limit_key="k"), noop(limit_key="k")
    claims = desk.claim()

    while_running = desk.claim_ids()
    desk.ledger.finish([ledger.success(claims[0], None)])

    assert (claims[0].id, while_running) == (first, [])
    assert desk.claim_ids() == [second]


def test_a_busy_limit_key_does_not_hold_up_the_others(desk: Desk) -> None:
    noop(limit_key="k", priority=9)
    desk.claim()
    noop(limit_key="k", priority=9)
    free = noop()

    assert desk.claim_ids() == [free]


def test_handing_back_refunds_the_attempt_and_leaves_no_attempt_row(
    desk: Desk, running_job: Claim
) -> None:
    desk.ledger.hand_back([running_job], "Handed back.")

    job = Job.objects.get(pk=running_job.id)
    assert (job.state, job.attempt, job.reason) == ("queued", 0, "Handed back.")
    assert not Attempt.objects.exists()
    assert moves(job.pk) == ["queued", "running", "queued"]


def test_a_late_hand_back_changes_nothing(desk: Desk, running_job: Claim) -> None:
    desk.ledger.hand_back([running_job], "")
    again = desk.claim()[0]

    desk.ledger.hand_back([running_job], "")

    assert desk.ledger.holds(again.id, again.fence)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("priority", value) for value in (99_999, "1", 1.5)),
        *(("max_attempts", value) for value in (0, 99_999)),
        *(("scope", 2**70), ("event", "7"), ("actor", "x" * 500)),
        *(("limit_key", "x" * 500), ("unique_key", "a\0b"), ("unique_key", "\ud800")),
        *(("depends", ["a"]), ("depends", [2**70])),
    ],
)
def test_an_option_the_database_would_refuse_is_refused_by_name(
    desk: Desk, option: str, value: Any
) -> None:
    with pytest.raises(kinds.BadArguments, match=f"^{option} "):
        queue.enqueue("demo.noop", {}, **{option: value})

    assert not Job.objects.exists()  # and the transaction goes on


def test_disowning_queues_what_the_runner_does_not_know(desk: Desk) -> None:
    known, unknown = noop(), noop()
    desk.claim()

    desk.ledger.disown(desk.runner.pk, [known])

    assert states(known, unknown) == ["running", "queued"]
    assert Job.objects.get(pk=unknown).attempt == 0


def test_a_claim_is_held_under_its_own_fence_only(desk: Desk, running_job: Claim) -> None:
    assert desk.ledger.holds(running_job.id, running_job.fence)
    assert not desk.ledger.holds(running_job.id, running_job.fence + 1)


NEVER = sorted(set(FailureClass) - set(POLICY))


@pytest.mark.parametrize("failure_class", NEVER)
def test_a_failure_that_would_repeat_itself_is_final(
    desk: Desk, running_job: Claim, failure_class: str
) -> None:
    desk.ledger.finish([lose(running_job, failure_class)])

    job = Job.objects.get(pk=running_job.id)
    assert (job.state, job.failure_class) == ("failed", failure_class)
    assert job.failure_message == "It broke."
    assert job.reason == "Attempt 1 is not tried again: It broke."


@pytest.mark.parametrize("failure_class", sorted(POLICY))
def test_a_failure_that_may_pass_is_tried_again(
    desk: Desk, running_job: Claim, failure_class: str
) -> None:
    desk.ledger.finish([lose(running_job, failure_class)])

    job = Job.objects.get(pk=running_job.id)
    assert job.state in ("scheduled", "queued")
    assert job.reason == "Attempt 1 of 3: It broke."
    assert job.attempts.values_list("outcome", "failure_class").get() == (job.state, failure_class)


def test_a_delayed_attempt_is_promoted_when_it_is_due(desk: Desk, running_job: Claim) -> None:
    end = lose(running_job)._replace(state="scheduled", delay=60.0)
    desk.ledger.finish([end])
    early = upkeep.tick(connection.connection).promoted

    Job.objects.filter(pk=running_job.id).update(run_after="2020-01-01T00:00Z")
    due = upkeep.tick(connection.connection).promoted

    assert (early, due, states(running_job.id)) == (0, 1, ["queued"])


def test_the_last_attempt_is_final(desk: Desk) -> None:
    job = noop(max_attempts=2)

    for _ in range(2):
        desk.ledger.finish([lose(desk.claim()[0])])

    assert states(job) == ["failed"]
    assert list(Attempt.objects.order_by("pk").values_list("number", flat=True)) == [1, 2]


def test_a_job_begun_as_often_as_can_be_counted_holds_up_nobody(desk: Desk) -> None:
    worn, fresh = noop(priority=1), noop()
    Job.objects.filter(pk=worn).update(attempt=32_767, max_attempts=32_767)

    claims = desk.claim()

    assert [claim.id for claim in claims] == [worn, fresh]
    desk.ledger.finish([ledger.stopped(claims[0]), lose(claims[1], "bug")])
    assert desk.ledger.finish([lose(desk.claim()[0])]) == []
    assert Job.objects.get(pk=worn).state == "failed"
    assert acts.retry(Job.objects.filter(pk__in=[worn, fresh]), by="user:1").done == 2
    assert desk.claim_ids() == [worn, fresh]


def test_pauses_cost_nothing_only_so_often(desk: Desk) -> None:
    job = noop()
    Job.objects.update(attempt=ledger.MOST_FREE - 2, max_attempts=ledger.MOST_FREE)

    for _ in range(3):
        [claim] = desk.claim()
        desk.ledger.finish([ledger.rate_limited(claim, RateLimited(1), advanced=True)])
        Job.objects.filter(state="paused").update(state="queued", resume_at=None)

    ended = Job.objects.get(pk=job)
    assert (ended.state, ended.failure_class) == ("failed", "rate-limited")
    assert ended.attempt == ended.max_attempts == ledger.MOST_FREE + 1


def test_a_person_may_retry_what_failed(desk: Desk, running_job: Claim) -> None:
    desk.ledger.finish([lose(running_job, "auth")])

    Job.objects.get(pk=running_job.id).retry(by="user:1")

    assert desk.claim()[0].attempt == 2
    assert Job.objects.get(pk=running_job.id).max_attempts == 4


@pytest.mark.django_db
def test_a_finished_job_cannot_be_cancelled() -> None:
    job = queue.enqueue("demo.noop", {})
    job.cancel(by="user:1")

    with pytest.raises(Refused, match="is cancelled"):
        job.cancel(by="user:1")


def test_a_job_that_was_claimed_meanwhile_is_not_cancelled(desk: Desk) -> None:
    job = queue.enqueue("demo.noop", {})
    desk.claim()

    with pytest.raises(Stale):
        job.cancel(by="user:1")


def test_a_running_job_cannot_be_retried(running_job: Claim) -> None:
    with pytest.raises(Refused, match="only an ended job"):
        Job.objects.get(pk=running_job.id).retry(by="user:1")


@pytest.mark.django_db
def test_a_unique_key_gives_the_job_that_waits() -> None:
    assert noop(unique_key="k") == noop(unique_key="k", after=5.0)


def test_a_push_during_a_running_map_makes_its_own_job(desk: Desk) -> None:
    running = noop(unique_key="k")
    desk.claim()

    assert noop(unique_key="k") != running


def test_a_job_that_comes_back_does_not_collide_with_its_successor(desk: Desk) -> None:
    noop(unique_key="k")
    claim = desk.claim()[0]
    successor = noop(unique_key="k")

    desk.ledger.finish([lose(claim)])

    assert states(claim.id, successor) == ["queued", "queued"]


def test_a_job_that_was_handed_back_unstarted_does_not_collide_with_its_successor(
    desk: Desk,
) -> None:
    noop(unique_key="k")
    claim = desk.claim()[0]
    desk.ledger.hand_back([claim], "")

    successor = noop(unique_key="k")

    assert states(claim.id, successor) == ["queued", "queued"]


@pytest.mark.django_db
def test_a_cancelled_job_whose_successor_waits_is_not_retried() -> None:
    job = queue.enqueue("demo.noop", {}, unique_key="k")
    job.cancel(by="user:1")
    noop(unique_key="k")

    with pytest.raises(Refused, match="another one waits to do the same"):
        job.retry(by="user:1")


@pytest.mark.django_db
def test_many_jobs_are_one_statement(django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(1):
        made = queue.enqueue_many("demo.noop", [{}] * 1000)

    assert len(set(made)) == 1000


@pytest.mark.django_db
def test_enqueueing_is_undone_with_its_cause() -> None:
    with transaction.atomic():
        noop()
        transaction.set_rollback(True)

    assert not Job.objects.exists()


@pytest.mark.django_db
def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(kinds.UnknownKind, match=r"demo\.crash, demo\.fail"):
        queue.enqueue("demo.nope", {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        {"seconds": "\x00"},
        {"seconds": "\ud800"},
        {"seconds": float("nan")},
        {"seconds": object()},
        {"seconds": "x" * (1 << 20)},
        {"minutes": 1},
        ["seconds"],
    ],
    ids=["nul", "surrogate", "nan", "object", "huge", "unknown name", "no object"],
)
def test_arguments_that_cannot_be_kept_are_refused(arguments: Any) -> None:
    with pytest.raises(kinds.BadArguments, match=r"^arguments of demo\.sleep: "):
        queue.enqueue("demo.sleep", arguments)

    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("after", [-1.0, float("nan"), float("inf"), 1e300])
def test_a_delay_that_is_no_delay_is_refused(after: float) -> None:
    with pytest.raises(kinds.BadArguments, match="after"):
        queue.enqueue("demo.noop", {}, after=after)


@pytest.mark.django_db
def test_a_subject_loses_its_control_characters() -> None:
    assert queue.enqueue("demo.noop", {}, subject="a\x00b" * 100).subject == "a�b" * 66 + "a�"


@pytest.mark.django_db
def test_an_unknown_queue_is_refused_by_the_database(kind: Callable[..., Any]) -> None:
    kind("t.lost", queue="nowhere")(lambda run: None)

    queue.enqueue("t.lost", {})

    with pytest.raises(IntegrityError):
        connection.check_constraints()


def test_enqueueing_wakes_who_listens_at_commit(committed: services.ScratchDatabase) -> None:
    with other_connection(committed) as listener:
        listener.cursor().execute("LISTEN job_wake")
        with transaction.atomic():
            noop()
            listener.poll()
            before = len(listener.notifies)

        listener.cursor().execute("SELECT 1")
        listener.poll()

    assert (before, len(listener.notifies)) == (0, 1)


@pytest.fixture(scope="module")
def crowded() -> Any:
    """100,000 queued jobs and 1,000 running ones, in a database whose statistics are fresh."""
    with services.scratch() as database:
        database.rows(
            "INSERT INTO job (kind, queue_id) SELECT 'demo.noop', 'short' FROM generate_series(1, 101000)"
        )
        database.rows(
            "UPDATE job SET state = 'running', runner_id = 1, started_at = now(), fence = 1"
            " WHERE id <= 1000"
        )
        runner = "(pool, host, boot_id, pid, pid_ticks, owner) VALUES ('short', '', '', 1, 1, '')"
        database.rows(f"INSERT INTO job_runner {runner}")
        database.rows("VACUUM ANALYZE job")
        yield database


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


@pytest.mark.parametrize("ends", [0, 1, 100])
def test_the_claim_walks_its_index_at_100000_queued_jobs(crowded: Any, ends: int) -> None:
    with other_connection(crowded) as raw:
        prepared = Ledger(raw)
        raw.autocommit = False
        ids = list(range(1, ends + 1))
        texts = [["succeeded"] * ends, [None] * ends, *[[""] * ends] * 3]
        with prepared.raw.cursor() as cursor:
            cursor.execute(
                "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE finish_and_claim(%s::bigint[], %s::bigint[],"
                " %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s, 100, 1)",
                [ids, [1] * ends, *texts, [0.0] * ends, ["short"]],
            )
            plan = cursor.fetchone()[0][0]["Plan"]
        prepared.raw.rollback()

    over_job = [node for node in nodes(plan) if node.get("Relation Name") == "job"]
    assert {node["Node Type"] for node in over_job} <= {
        "Index Scan",
        "ModifyTable",
        "Index Only Scan",
    }
    used = {node["Index Name"] for node in over_job if "Index Name" in node}
    assert {"job_claim", "job_pkey"} <= used
    assert "job_held" not in used
    read = [node["Actual Rows"] * node["Actual Loops"] for node in over_job]
    assert 100 <= max(read) <= 200


def test_the_claim_sorts_no_more_than_it_takes(crowded: Any) -> None:
    with other_connection(crowded) as raw:
        Ledger(raw)
        with raw.cursor() as cursor:
            cursor.execute(
                "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE finish_and_claim('{}', '{}', '{}', '{}',"
                " '{}', '{}', '{}', '{}', '{short}', 100, 1)"
            )
            plan = cursor.fetchone()[0][0]["Plan"]

    sorts = [node for node in nodes(plan) if "Sort" in node["Node Type"]]
    assert all(node["Actual Rows"] <= 100 for node in sorts), json.dumps(sorts)
