"""Invariants that the rows of the ledger alone can answer: moves, events, ticks, dependencies."""

from factory.chaos.history import MOST_SHOWN, History, lost, nothing


def legal(history: History) -> str:
    """This function will see (1) that a job's moves lead to its row, each of them legal."""
    broken = nothing(
        "SELECT job_id, from_state, to_state FROM (SELECT job_id, from_state, to_state,"
        " lag(to_state, 1, '') OVER (PARTITION BY job_id ORDER BY id) AS before FROM job_move) m"
        " WHERE from_state <> before OR NOT EXISTS (SELECT FROM job_legal_move l"
        " WHERE l.from_state = m.from_state AND l.to_state = m.to_state)",
        says="moves that do not follow: {}",
    )
    return broken or nothing(
        "SELECT j.id, j.state FROM job j WHERE j.state IS DISTINCT FROM"
        " (SELECT to_state FROM job_move m WHERE m.job_id = j.id ORDER BY m.id DESC LIMIT 1)",
        says="rows that are not where their moves lead: {}",
    )


def kept(history: History) -> str:
    """This function will see (3) that no job that was accepted is lost."""
    missing = lost(history)
    return f"{len(missing)} jobs without an end: {missing[:MOST_SHOWN]}" if missing else ""


def events(history: History) -> str:
    """This function will see (10) that an event has its effect exactly once for each subscriber."""
    return nothing(
        "SELECT e.id, e.name, count(d.id), count(x.id) FROM job_event e"
        " LEFT JOIN job d ON d.event_id = e.id AND d.kind = 'chaos.deliver'"
        " LEFT JOIN chaos_effect x ON x.step = 'event ' || e.id"
        " WHERE e.name = 'chaos.happened' GROUP BY e.id"
        " HAVING count(d.id) <> 1"
        " OR count(x.id) <> count(d.id) FILTER (WHERE d.state = 'succeeded')",
        says="events, deliveries, effects: {}",
    )


def ticks(history: History) -> str | None:
    """This function will see (16) that a schedule fires once for a tick, whoever looks."""
    if not history.book.schedules:
        return None
    return nothing(
        "SELECT s.name, count(t.id), count(j.id) FROM job_schedule s"
        " LEFT JOIN job_tick t ON t.schedule_id = s.id LEFT JOIN job j ON j.id = t.job_id"
        " WHERE s.name = ANY(%s) GROUP BY s.name HAVING count(t.id) <> 1 OR count(j.id) <> 1",
        history.book.schedules,
        says="schedules, ticks, jobs: {}",
    )


def atomic(history: History) -> str:
    """This function will see (17) that what was enqueued in a transaction is there with it, or not at all."""
    taken_back = nothing(
        "SELECT id, subject FROM job WHERE subject = ANY(%s)",
        list(history.book.undone),
        says="jobs of transactions that were taken back: {}",
    )
    return taken_back or nothing(
        "SELECT p.id, p.state, count(c.id) FROM job p"
        " LEFT JOIN job c ON c.root_id = p.id AND c.subject = 'child of ' || p.id"
        " WHERE p.kind = 'chaos.parent' GROUP BY p.id"
        " HAVING count(c.id) <> CASE WHEN p.state = 'succeeded' THEN 5 ELSE 0 END",
        says="parents whose children are not all there: {}",
    )


def verified(history: History) -> str:
    """This function will see that nothing succeeds without its check, or in spite of it."""
    return nothing(
        "SELECT id, state FROM job j WHERE kind = 'chaos.verified' AND state = 'succeeded'"
        " AND NOT ((arguments->>'good')::bool AND EXISTS (SELECT FROM job_move m"
        " WHERE m.job_id = j.id AND m.from_state = 'verifying' AND m.to_state = 'succeeded'))",
        says="succeeded without its check: {}",
    )


def dependencies(history: History) -> str:
    """This function will see that nobody begins before those it waits for have ended."""
    return nothing(
        "SELECT c.id, p.id, p.state FROM job_dependency d JOIN job c ON c.id = d.child_id"
        " JOIN job p ON p.id = d.parent_id WHERE c.state = 'succeeded' AND ("
        " (SELECT min(at) FROM job_move m WHERE m.job_id = c.id AND m.to_state = 'running')"
        " < coalesce((SELECT min(at) FROM job_move m WHERE m.job_id = p.id"
        "    AND m.to_state IN ('succeeded', 'failed', 'cancelled')), 'infinity')"
        " OR (d.policy = 'cancel' AND p.state <> 'succeeded'"
        "     AND NOT EXISTS (SELECT FROM job_move m WHERE m.job_id = c.id"
        "                     AND m.from_state <> '' AND m.actor LIKE 'user:%%')))",
        says="children that did not wait for their parents: {}",
    )


def limits(history: History) -> str:
    """This function will see that of one key no more run at a time than may."""
    return nothing(
        "SELECT ja.limit_key, a.job_id, count(b.id) FROM job_attempt a"
        " JOIN job ja ON ja.id = a.job_id AND ja.limit_key LIKE 'chaos:%%'"
        " JOIN job jb ON jb.limit_key = ja.limit_key"
        " JOIN job_attempt b ON b.job_id = jb.id AND b.id <> a.id"
        " AND b.started_at < a.started_at AND b.ended_at > a.started_at"
        " GROUP BY 1, 2, a.id HAVING count(b.id) >= coalesce("
        " (SELECT most_running FROM job_limit l WHERE l.key = ja.limit_key), 1)",
        says="jobs that began beside too many of their key: {}",
    )


def explained(history: History) -> str:
    """This function will see that what ended without success did so for a cause that is on record."""
    excused = ("worker-lost", "transient-network", "timeout")
    return nothing(
        "SELECT id, kind, failure_class, failure_message FROM job WHERE state = 'failed'"
        " AND NOT (kind = 'chaos.flaky' AND (arguments->>'failures')::int > 4)"
        " AND NOT (kind = 'chaos.verified' AND NOT (arguments->>'good')::bool)"
        " AND NOT (failure_class = ANY(%s) AND attempt >= max_attempts)",
        list(excused),
        says="failed, and should not have: {}",
    )
