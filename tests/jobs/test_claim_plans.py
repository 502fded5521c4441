"""The plans of the hot statements: with a million finished jobs and 100,000 that wait, nothing that is
done all the time reads what is finished, or sorts what waits."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from factory import snapshot
from jobs import board, lines, liveness, overall
from jobs.db import statement
from jobs.ledger import LOCK_CLASS, Ledger
from jobs.models import Queue
from tests import services
from tests.jobs.conftest import other_connection

FINISHED = 1_000_000
WAITING = 200_000
KEYS = 100
HELD = 1_000
UNFINISHED = 250_000
Plan = dict[str, Any]

_NUMBERS = {
    "finished": FINISHED,
    "waiting": WAITING,
    "half": WAITING // 2,
    "keys": KEYS,
    "held": HELD,
}
# Finished long ago: one in a hundred failed, of twenty projects and of none. Half of what waits in
# the queue `short` is of a key that is full, and stands before the other half; behind both wait jobs
# of free keys.
_FILL = """
INSERT INTO job (kind, queue_id, state, scope, attempt, fence, created_at, started_at, updated_at,
                 finished_at, failure_class)
SELECT 'demo.noop', 'short', CASE WHEN n %% 100 = 0 THEN 'failed' ELSE 'succeeded' END,
       nullif(n %% 21, 0), 1, 1, at, at, at, at, CASE WHEN n %% 100 = 0 THEN 'auth' ELSE '' END
FROM (SELECT n, clock_timestamp() - make_interval(secs => (%(finished)s - n) / 10.0) AS at
      FROM generate_series(1, %(finished)s) n) x;
INSERT INTO job (kind, queue_id, scope, limit_key, priority)
SELECT 'demo.noop', 'short', nullif(n %% 21, 0), CASE WHEN n <= %(half)s THEN 'full' ELSE '' END,
       CASE WHEN n <= %(half)s THEN 1 ELSE 0 END
FROM generate_series(1, %(waiting)s) n;
INSERT INTO job (kind, queue_id, limit_key)
SELECT 'demo.noop', 'short', 'key ' || n FROM generate_series(1, %(keys)s) n;
INSERT INTO job (kind, queue_id, state, runner_id, started_at, fence, attempt, limit_key)
SELECT 'demo.noop', 'short', 'running', 1, now(), 1, 1, CASE WHEN n = 1 THEN 'full' ELSE '' END
FROM generate_series(1, %(held)s) n;
INSERT INTO job (kind, queue_id, state, run_after)
SELECT 'demo.noop', 'short', 'scheduled', now() - interval '1 minute' + make_interval(secs => n)
FROM generate_series(1, 10000) n;
INSERT INTO job (kind, queue_id, state)
SELECT 'demo.noop', 'short', 'blocked' FROM generate_series(1, 10000);
INSERT INTO job (kind, queue_id, priority)
SELECT 'demo.noop', 'long', n %% 3 FROM generate_series(1, 10000) n;
INSERT INTO job_runner (pool, host, boot_id, pid, pid_ticks, owner, idle_since, seen_at)
SELECT 'short', 'here', 'now', 1, 1, '1:1', now() - interval '1 hour', now() + interval '1 hour';
INSERT INTO job_dependency (child_id, parent_id)
SELECT id, id - 20000 FROM job WHERE state = 'blocked';
"""


@pytest.fixture(scope="module")
def full(django_db_setup: None, django_db_blocker: Any) -> Iterator[services.ScratchDatabase]:
    """A database that has worked for a while; Django is connected to it."""
    with services.scratch() as database, django_db_blocker.unblock():
        settings = connection.settings_dict
        test_name = settings["NAME"]
        connection.close()
        settings["NAME"] = database.name
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE job DISABLE TRIGGER USER")
            cursor.execute(_FILL, _NUMBERS)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE job ENABLE TRIGGER USER")
            cursor.execute("VACUUM ANALYZE job")
            cursor.execute("VACUUM ANALYZE job_dependency")
        yield database
        connection.close()
        settings["NAME"] = test_name


def nodes(plan: Plan) -> list[Plan]:
    """This function will list the nodes of a plan."""
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def touched(plan: Plan) -> int:
    """This function will say how many rows of `job` a plan looked at, at the most in one node."""
    return max(
        (
            int(
                (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            )
            for node in nodes(plan)
            if node.get("Relation Name") == "job"
        ),
        default=0,
    )


def sorted_rows(plan: Plan) -> int:
    """This function will say how many rows a plan sorted, at the most in one node."""
    return max(
        (int(node["Actual Rows"]) for node in nodes(plan) if node["Node Type"] == "Sort"), default=0
    )


def explained(raw: Any, sql: str, values: Any = None) -> Plan:
    """This function will run a statement, give how it went, and take back what it did.

    "Job Rows" says how many rows of `job` it fetched, those that its functions did included.
    """
    raw.autocommit = False
    try:
        with raw.cursor() as cursor:
            before = fetched(cursor)
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
            found: Plan = cursor.fetchone()[0][0]["Plan"]
            return found | {"Job Rows": fetched(cursor) - before}
    finally:
        raw.rollback()
        raw.autocommit = True


def fetched(cursor: Any) -> int:
    """This function will count the rows of `job` that this connection fetched of late."""
    cursor.execute("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'job'")
    found = cursor.fetchone()
    return int(found[0]) if found else 0


@pytest.mark.parametrize("ends", [0, 100])
@pytest.mark.parametrize(("line", "most"), [("long", 700), ("short", 700 + 3 * KEYS)])
def test_a_claim_reads_what_it_takes_and_no_crowd_of_a_full_key(
    full: Any, ends: int, line: str, most: int
) -> None:
    Queue.objects.update(batch=100)
    with other_connection(full) as raw:
        Ledger(raw)
        ids = list(range(FINISHED + WAITING + 2, FINISHED + WAITING + 2 + ends))
        texts = [["succeeded"] * ends, [None] * ends, *[[""] * ends] * 3]
        plan = explained(
            raw,
            "EXECUTE finish_and_claim(%s::bigint[], %s::bigint[], %s::text[], %s::text[],"
            " %s::text[], %s::text[], %s::text[], %s::float8[], %s, 100, 1)",
            [ids, [1] * ends, *texts, [0.0] * ends, [line]],
        )

    assert 100 <= plan["Job Rows"] <= most
    assert sorted_rows(plan) <= max(100, KEYS)
    kinds = {node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "job"}
    assert kinds <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan", "ModifyTable"}


def test_a_look_for_what_waits_in_vain_reads_no_crowd_of_a_full_key(full: Any) -> None:
    with other_connection(full) as raw:
        plan = explained(raw, statement("pools"), {"pools": ["short"], **liveness._LIMITS})

    assert plan["Job Rows"] > 0
    assert plan["Job Rows"] <= 300 + 3 * KEYS


_RUNNER = {
    "runner": 1,
    "proof": "it is gone",
    "rowless": True,
    "known": [],
    "lock_class": LOCK_CLASS,
    "asks_always": True,
}
_SOME = list(range(FINISHED + 60_000, FINISHED + 60_100))
STATEMENTS: dict[str, tuple[str, Any, int]] = {
    "promote": ("promote", None, 1_000),
    "resume_due": ("resume_due", None, 10),
    "suspects": ("suspects", _RUNNER, HELD),
    "settle": ("settle", _RUNNER, HELD),
    "disown": ("disown", _RUNNER, HELD),
    "asked": ("asked", _RUNNER, HELD),
    "held": ("held", _RUNNER, HELD),
    "hand_back": ("hand_back", {"ids": _SOME, "fences": [0] * 100, "reason": ""}, 100),
    "sweep_blocked": ("sweep_blocked", None, 10_000),
    "judge": ("judge", None, 1_000),
    "blocked_by": ("blocked_by", {"children": _SOME}, 100),
    "lines": ("lines", None, UNFINISHED),
    "keys": ("keys", None, HELD),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_of_upkeep_reads_nothing_that_is_finished(full: Any, name: str) -> None:
    file, values, most = STATEMENTS[name]
    with other_connection(full) as raw:
        plan = explained(raw, statement(file), values)

    assert touched(plan) <= most
    assert "Seq Scan" not in {
        n["Node Type"] for n in nodes(plan) if n.get("Relation Name") == "job"
    }


STAFF = User(pk=1, is_staff=True, is_active=True)
QUESTIONS: dict[str, tuple[Callable[[], Any], int]] = {
    "the list of jobs": (lambda: board.page(STAFF, board.Filter()), 60),
    "a later page": (lambda: board.page(STAFF, board.Filter(), below=FINISHED // 2), 60),
    "what succeeded": (lambda: board.page(STAFF, board.Filter(state="succeeded")), UNFINISHED),
    "what failed": (lambda: board.page(STAFF, board.Filter(state="failed")), 60),
    "what runs": (lambda: board.active(STAFF), HELD),
    "some of each project": (lambda: board.of_scopes(range(1, 21)), WAITING),
    "the counts of the board": (lambda: snapshot.jobs(STAFF), UNFINISHED),
    "the queues": (lines.of_queues, UNFINISHED),
    "what is wrong": (lambda: list(overall.counters()), UNFINISHED),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_the_board_reads_little_that_is_finished(full: Any, name: str) -> None:
    ask, most = QUESTIONS[name]
    with CaptureQueriesContext(connection) as asked:
        ask()

    with other_connection(full) as raw:
        plans = [explained(raw, query["sql"]) for query in asked if "SELECT" in query["sql"]]

    assert max(map(touched, plans)) <= most
