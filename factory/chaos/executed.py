"""Invariants of what was executed: the ledger beside what the sink heard, with its own clock."""

import math
from collections import Counter, defaultdict
from typing import Any

from factory.chaos import stack
from factory.chaos.history import MOST_SHOWN, History, nothing

_RECOVERY_S = 5.0
"""Five times the aim: beside other work, a machine with two processors keeps no closer promise."""


def effects(history: History) -> str:
    """This function will see (5) that effects in the database are there once, those outside under one key."""
    in_database = nothing(
        "SELECT j.id, j.kind, j.state, count(e.id) FROM job j"
        " LEFT JOIN chaos_effect e ON e.job = j.id WHERE j.kind LIKE 'chaos.%%'"
        " GROUP BY j.id HAVING bool_or(e.fence <> j.fence)"
        " OR count(e.id) <> CASE WHEN j.state = 'succeeded' THEN 1 ELSE 0 END",
        says="effects in the database that are not there exactly once, by the last claim: {}",
    )
    if in_database:
        return in_database
    wrong = [call["key"] for call in history.effects if not call["key"].startswith(_key(call))]
    if wrong:
        return f"keys of another job: {wrong[:MOST_SHOWN]}"
    done = {call["job"] for call in history.effects}
    outside = ("chaos.effect", "chaos.steps", "chaos.flaky", "chaos.compute", "chaos.helper")
    sql = "SELECT id FROM job WHERE state = 'succeeded' AND kind = ANY(%s)"
    never = [job for (job,) in stack.rows(sql, list(outside)) if job not in done]
    return f"succeeded without an effect outside: {never[:MOST_SHOWN]}" if never else ""


def _key(call: dict[str, Any]) -> str:
    return f"job:{call['job']}:"


def executions(history: History) -> str:
    """This function will see (6) that no job is executed too often, even when it kills its runner each time.

    One more than its attempts, for it may die in company; and the same again after each retry.
    """
    begun = Counter(call["job"] for call in history.calls if call["what"] == "began")
    sql = (
        "SELECT j.id, j.max_attempts, (SELECT count(*) FROM job_move m WHERE m.job_id = j.id"
        " AND (m.from_state IN ('failed', 'cancelled') OR m.from_state = 'running'"
        " AND m.reason LIKE 'Handed back unfinished%%'))"
        " FROM job j WHERE j.id = ANY(%s)"
    )
    over = [
        f"job {job}: {begun[job]} of {most}"
        for job, most, back in stack.rows(sql, list(begun))
        if begun[job] > most + 1 + back
    ]
    attempts = nothing(
        "SELECT id, attempt FROM job WHERE attempt > max_attempts", says="attempts: {}"
    )
    return "; ".join(over[:MOST_SHOWN]) or attempts


def recovery(history: History) -> str | None:
    """This function will see (7) that the job of a runner that was killed runs again at once."""
    if not history.recovery:
        return None
    worst = max(history.recovery)
    return f"it took {worst} s" if worst > _RECOVERY_S else ""


def final(history: History) -> str:
    """This function will see (15) that nothing of a job begins after its cancellation, which stays."""
    ends = dict(
        stack.rows(
            "SELECT j.id, (SELECT max(extract(epoch FROM m.at))::float8 FROM job_move m"
            " WHERE m.job_id = j.id AND m.to_state = 'cancelled')"
            " FROM job j WHERE j.state = 'cancelled' AND j.id <> ALL(%s)",
            history.doubled,
        )
    )
    late = [
        f"job {call['job']} after {call['sent'] - ends[call['job']]:.3f} s"
        for call in history.calls
        if call["sent"] > ends.get(call["job"], math.inf)
    ]
    if late:
        return f"it went on after its cancellation: {', '.join(late[:MOST_SHOWN])}"
    return nothing(
        "SELECT id, state FROM job WHERE id = ANY(%s) AND state <> 'cancelled'",
        list(history.book.cancelled),
        says="cancelled, and not so any more: {}",
    )


def checkpoints(history: History) -> str | None:
    """This function will see that an execution repeats at most the step in which the one before died."""
    begun: Counter[int] = Counter()
    steps: dict[int, list[str]] = defaultdict(list)
    for call in history.calls:
        begun[call["job"]] += call["what"] == "began"
        if ":step" in call.get("key", ""):
            steps[call["job"]].append(call["key"])
    over = [
        f"job {job}: {len(keys) - len(set(keys))} in {begun[job]} executions"
        for job, keys in steps.items()
        if len(keys) - len(set(keys)) > begun[job] - 1
    ]
    return f"steps that were repeated: {', '.join(over[:MOST_SHOWN])}" if over else ""


def pauses(history: History) -> str:
    """This function will see that nothing of a job begins while it is paused."""
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    sql = (
        "SELECT job_id, began, coalesce(ended, 'infinity'::float8) FROM (SELECT job_id, to_state,"
        " extract(epoch FROM at)::float8 AS began,"
        " lead(extract(epoch FROM at)::float8) OVER (PARTITION BY job_id ORDER BY id) AS ended"
        " FROM job_move) m WHERE to_state = 'paused' AND job_id <> ALL(%s)"
    )
    for job, began, ended in stack.rows(sql, history.doubled):
        spans[job].append((began, ended))
    during = [
        call["job"]
        for call in history.calls
        if any(began < call["sent"] < ended for began, ended in spans.get(call["job"], ()))
    ]
    return f"jobs that went on while they were paused: {during[:MOST_SHOWN]}" if during else ""
