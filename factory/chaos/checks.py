"""The invariants of the ledger, each asked of the history that chaos leaves.

A check gives "" when it holds, a sentence when it does not, and None while its subject does not
exist in this product.
"""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.chaos import stack
from factory.chaos.book import Book, Struck
from factory.chaos.people import administrator
from factory.chaos.soak import Soak
from factory.models import ApiToken
from jobs import audit
from jobs.states import FINISHED

_ENDED = tuple(state.value for state in FINISHED)
_MOST_SHOWN = 5
_SESSIONS = 120
_FILES = 400
_RECOVERY_S = 5.0
"""Five times the aim: beside other work, a machine with two processors keeps no closer promise."""


@dataclass
class History:
    """All there is to judge by: what was asked, what the sink heard, who was struck, samples."""

    book: Book
    struck: list[Struck]
    sink: Path
    seen: list[str] = field(default_factory=list)
    restless: str = ""
    soak: Soak | None = None
    recovery: list[float] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> None:
        """This method will take in what the sink wrote down."""
        self.calls = [json.loads(line) for line in self.sink.read_text().splitlines()]
        self.recovery = [seconds for one in self.struck if (seconds := recovered(one)) is not None]

    @property
    def doubled(self) -> list[int]:
        """The jobs that were given away while their runner lived."""
        return [job for one in self.struck for job in one.doubled]

    @property
    def effects(self) -> list[dict[str, Any]]:
        """The calls that were effects, not only signs of an execution."""
        return [call for call in self.calls if call["what"] == "effect"]


def judge(history: History) -> dict[str, str]:
    """This function will ask every invariant and give its verdict by name."""
    verdicts = {}
    for name, check in INVARIANTS.items():
        # Of jobs that retention took there is nothing left to compare.
        said = check(history) if history.soak is None or name in _OF_THE_PRESENT else None
        verdicts[name] = "not applicable" if said is None else said or "held"
    return verdicts


def lost(history: History) -> list[int]:
    """This function will list the jobs that were accepted and have no row, or no end."""
    known = dict(stack.rows("SELECT id, state FROM job WHERE id = ANY(%s)", history.book.ids))
    gone = {job for job in history.book.ended if job not in known}
    return [job for job in history.book.ids if known.get(job) not in _ENDED and job not in gone]


def phantom(history: History) -> list[str]:
    """This function will list what is there though nobody asked for it, or not so often."""
    book = history.book
    counts: dict[str, int] = dict(
        stack.rows("SELECT subject, count(*) FROM job WHERE created_by = 'user:chaos' GROUP BY 1")
    )
    found = []
    for token, number in counts.items():
        wanted = {len(book.accepted[token])} if token in book.accepted else set()
        wanted |= {0, book.maybe[token]} if token in book.maybe else set()
        if token and number not in wanted and not book.ended:
            found.append(f"{token}: {number} jobs")
    known = {job for (job,) in stack.rows("SELECT id FROM job")} | book.ended
    rowless = {call["job"] for call in history.calls} - known
    return found + [f"job {job} executed without a row" for job in sorted(rowless)]


def recovered(one: Struck) -> float | None:
    """This function will give the seconds from a runner's death until its job ran again."""
    if one.fault != "runner-busy" or one.job is None:
        return None
    sql = (
        "SELECT min(extract(epoch FROM at))::float8 FROM job_move"
        " WHERE job_id = %s AND to_state = 'running' AND at > to_timestamp(%s)"
    )
    again = stack.rows(sql, one.job, one.at)[0][0]
    return None if again is None else round(again - one.at, 3)


def _none(sql: str, *values: Any, says: str = "{}") -> str:
    """Say what a question found that must find nothing."""
    found = stack.rows(sql, *values)
    if not found:
        return ""
    shown = ", ".join(" ".join(map(str, row)) for row in found[:_MOST_SHOWN])
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    return says.format(shown + more)


def _legal(history: History) -> str:
    """1: the replay of a job's moves is its row, and every move is a legal one."""
    broken = _none(
        "SELECT job_id, from_state, to_state FROM (SELECT job_id, from_state, to_state,"
        " lag(to_state, 1, '') OVER (PARTITION BY job_id ORDER BY id) AS before FROM job_move) m"
        " WHERE from_state <> before OR NOT EXISTS (SELECT FROM job_legal_move l"
        " WHERE l.from_state = m.from_state AND l.to_state = m.to_state)",
        says="moves that do not follow: {}",
    )
    return broken or _none(
        "SELECT j.id, j.state FROM job j WHERE j.state IS DISTINCT FROM"
        " (SELECT to_state FROM job_move m WHERE m.job_id = j.id ORDER BY m.id DESC LIMIT 1)",
        says="rows that are not where their moves lead: {}",
    )


def _held(history: History) -> str:
    """2: what is held is held by a runner that lives."""
    if history.seen:
        return "; ".join(history.seen[:_MOST_SHOWN])
    present = stack.rows("SELECT id, pid FROM job_runner WHERE stopped_at IS NULL")
    ours = stack.everybody()
    dead = [runner for runner, pid in present if pid not in ours]
    return f"runners that are shown and do not live: {dead}" if dead else ""


def _kept(history: History) -> str:
    """3: no job that was accepted is lost."""
    missing = lost(history)
    return f"{len(missing)} jobs without an end: {missing[:_MOST_SHOWN]}" if missing else ""


def _rows(history: History) -> str:
    """4: nothing executes and nothing is shown without a row, and no process is forgotten."""
    found = phantom(history)
    if found:
        return "; ".join(found[:_MOST_SHOWN])
    supervisor = stack.hand("supervisor")
    strays = stack.everybody() - stack.tree(supervisor or 0)
    return f"processes outside the supervisor's tree: {sorted(strays)}" if strays else ""


def _effects(history: History) -> str:
    """5: an effect in the database exactly once, one outside at least once and under one key."""
    in_database = _none(
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
        return f"keys of another job: {wrong[:_MOST_SHOWN]}"
    done = {call["job"] for call in history.effects}
    outside = ("chaos.effect", "chaos.steps", "chaos.flaky", "chaos.compute", "chaos.helper")
    sql = "SELECT id FROM job WHERE state = 'succeeded' AND kind = ANY(%s)"
    never = [job for (job,) in stack.rows(sql, list(outside)) if job not in done]
    return f"succeeded without an effect outside: {never[:_MOST_SHOWN]}" if never else ""


def _key(call: dict[str, Any]) -> str:
    return f"job:{call['job']}:"


def _executions(history: History) -> str:
    """6: a job is not executed more often than it may be, even when it kills its runner each time.

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
    attempts = _none(
        "SELECT id, attempt FROM job WHERE attempt > max_attempts", says="attempts: {}"
    )
    return "; ".join(over[:_MOST_SHOWN]) or attempts


def _recovery(history: History) -> str | None:
    """7: the job of a runner that was killed runs again at once."""
    if not history.recovery:
        return None
    worst = max(history.recovery)
    return f"it took {worst} s" if worst > _RECOVERY_S else ""


def _no_stall(history: History) -> str:
    """8: work that is due does not wait beside idle runners."""
    return history.restless


def _board(history: History) -> str:
    """9: after all of it, the board says what the database says."""

    _, text = ApiToken.objects.issue(administrator(), "chaos", "read", 1)
    said: list[Any] = []

    def agrees() -> bool:
        status, told = stack.ask("/api/status", Authorization=f"Bearer {text}")
        said[:] = [status, told and told["jobs"]]
        sql = "SELECT state, count(*) FROM job WHERE state <> ALL(%s) GROUP BY 1"
        return status == 200 and told["jobs"] == dict(stack.rows(sql, list(_ENDED)))

    return "" if stack.until(agrees, 10, every=0.2) else f"the board says {said}"


def _events(history: History) -> str:
    """10: an event has its effect exactly once for each subscriber."""
    return _none(
        "SELECT e.id, e.name, count(d.id), count(x.id) FROM job_event e"
        " LEFT JOIN job d ON d.event_id = e.id AND d.kind = 'chaos.deliver'"
        " LEFT JOIN chaos_effect x ON x.step = 'event ' || e.id"
        " WHERE e.name = 'chaos.happened' GROUP BY e.id"
        " HAVING count(d.id) <> 1"
        " OR count(x.id) <> count(d.id) FILTER (WHERE d.state = 'succeeded')",
        says="events, deliveries, effects: {}",
    )


def _final(history: History) -> str:
    """15: after a cancellation was written, nothing more of that job begins; it stays cancelled."""
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
        return f"it went on after its cancellation: {', '.join(late[:_MOST_SHOWN])}"
    return _none(
        "SELECT id, state FROM job WHERE id = ANY(%s) AND state <> 'cancelled'",
        list(history.book.cancelled),
        says="cancelled, and not so any more: {}",
    )


def _ticks(history: History) -> str | None:
    """16: a schedule fires once for a tick, whoever looks."""
    if not history.book.schedules:
        return None
    return _none(
        "SELECT s.name, count(t.id), count(j.id) FROM job_schedule s"
        " LEFT JOIN job_tick t ON t.schedule_id = s.id LEFT JOIN job j ON j.id = t.job_id"
        " WHERE s.name = ANY(%s) GROUP BY s.name HAVING count(t.id) <> 1 OR count(j.id) <> 1",
        history.book.schedules,
        says="schedules, ticks, jobs: {}",
    )


def _checkpoints(history: History) -> str | None:
    """Checkpoints: of what was done before, an execution repeats at most the step it died in."""
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
    return f"steps that were repeated: {', '.join(over[:_MOST_SHOWN])}" if over else ""


def _pauses(history: History) -> str:
    """Pauses: nothing of a job begins while it is paused."""
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
    return f"jobs that went on while they were paused: {during[:_MOST_SHOWN]}" if during else ""


def _verified(history: History) -> str:
    """Verifying: nothing that is to be checked succeeds unchecked, or in spite of its check."""
    return _none(
        "SELECT id, state FROM job j WHERE kind = 'chaos.verified' AND state = 'succeeded'"
        " AND NOT ((arguments->>'good')::bool AND EXISTS (SELECT FROM job_move m"
        " WHERE m.job_id = j.id AND m.from_state = 'verifying' AND m.to_state = 'succeeded'))",
        says="succeeded without its check: {}",
    )


def _dependencies(history: History) -> str:
    """Dependencies: nobody begins before those it waits for have ended."""
    return _none(
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


def _agrees(history: History) -> str:
    """The product's own audit: nothing on the board disagrees with reality."""
    made = audit.verify_board()
    return "" if made.ok else f"verify_board: {made.disagreements[:_MOST_SHOWN]}"


def _atomic(history: History) -> str:
    """17: what was enqueued in a transaction is there with it, or not at all."""
    taken_back = _none(
        "SELECT id, subject FROM job WHERE subject = ANY(%s)",
        list(history.book.undone),
        says="jobs of transactions that were taken back: {}",
    )
    return taken_back or _none(
        "SELECT p.id, p.state, count(c.id) FROM job p"
        " LEFT JOIN job c ON c.root_id = p.id AND c.subject = 'child of ' || p.id"
        " WHERE p.kind = 'chaos.parent' GROUP BY p.id"
        " HAVING count(c.id) <> CASE WHEN p.state = 'succeeded' THEN 5 ELSE 0 END",
        says="parents whose children are not all there: {}",
    )


def _once_up(history: History) -> str | None:
    """18: a second `up` starts nothing."""
    asked = [one.whom for one in history.struck if one.fault == "second-up"]
    return next((said for said in asked if said != "refused"), "") if asked else None


def _bounded(history: History) -> str:
    """19: sessions and open files stay within bounds; after a soak, everything stays flat."""
    if history.soak is not None and (grown := history.soak.verdict()["grown"]):
        return f"grown: {', '.join(grown)}"
    ((sessions,),) = stack.rows("SELECT count(*) FROM pg_stat_activity")
    if sessions > _SESSIONS:
        return f"{sessions} sessions of the database"
    files = {pid: _open_files(pid) for pid in stack.everybody()}
    return next((f"process {pid}: {n} open files" for pid, n in files.items() if n > _FILES), "")


def _open_files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


_TRACES = {
    "pusher": "pusher|process died.*qcluster",
    "monitor": "monitor|process died.*qcluster",
    "sentinel": "process died.*qcluster",
    "cluster": "process died.*qcluster",
    "watchdog": "process died.*watchdog",
    "relay": "process died.*relay",
    "web": "process died.*web",
    "runner-busy": "is dead",
    "runner-idle": "is dead",
    "postgres-stop": "heartbeat of runner|broker:|service was gone.*postgres",
    "postgres-sessions": "heartbeat of runner|broker:|runner \\d+:",
    "valkey": "live updates paused|service was gone.*valkey",
}


def _traces(history: History) -> str:
    """20: a fault leaves a line that an administrator can find."""
    text = stack.told().read_bytes()
    silent = [
        f"{one.fault} ({one.whom})"
        for one in history.struck
        if (trace := _TRACES.get(one.fault)) and not re.search(trace.encode(), text[one.log_from :])
    ]
    return f"no line tells of {', '.join(silent[:_MOST_SHOWN])}" if silent else ""


def _limits(history: History) -> str:
    """Limits: of one key no more run at a time than may."""
    return _none(
        "SELECT ja.limit_key, a.job_id, count(b.id) FROM job_attempt a"
        " JOIN job ja ON ja.id = a.job_id AND ja.limit_key LIKE 'chaos:%%'"
        " JOIN job jb ON jb.limit_key = ja.limit_key"
        " JOIN job_attempt b ON b.job_id = jb.id AND b.id <> a.id"
        " AND b.started_at < a.started_at AND b.ended_at > a.started_at"
        " GROUP BY 1, 2, a.id HAVING count(b.id) >= coalesce("
        " (SELECT most_running FROM job_limit l WHERE l.key = ja.limit_key), 1)",
        says="jobs that began beside too many of their key: {}",
    )


def _explained(history: History) -> str:
    """Ends: what ended without success did so for a cause that is on record."""
    excused = ("worker-lost", "transient-network", "timeout")
    return _none(
        "SELECT id, kind, failure_class, failure_message FROM job WHERE state = 'failed'"
        " AND NOT (kind = 'chaos.flaky' AND (arguments->>'failures')::int > 4)"
        " AND NOT (kind = 'chaos.verified' AND NOT (arguments->>'good')::bool)"
        " AND NOT (failure_class = ANY(%s) AND attempt >= max_attempts)",
        list(excused),
        says="failed, and should not have: {}",
    )


Check = Callable[[History], str | None]
INVARIANTS: dict[str, Check] = {
    "1 one state, legal moves only": _legal,
    "2 held means a live runner": _held,
    "3 no accepted job is lost": _kept,
    "4 nothing without a row": _rows,
    "5 effects once, or under one key": _effects,
    "6 executions within attempts": _executions,
    "7 recovery after a worker's death": _recovery,
    "8 no silent stall": _no_stall,
    "9 the board is the database": _board,
    "10 events once per subscriber": _events,
    "11 a webhook makes one event": lambda history: None,
    "12 outbound under one id": lambda history: None,
    "13 agent loops end": lambda history: None,
    "14 session rows and terminals": lambda history: None,
    "15 cancel is final": _final,
    "16 a schedule fires once per tick": _ticks,
    "17 enqueue is atomic with its cause": _atomic,
    "18 a second up starts nothing": _once_up,
    "19 sizes stay bounded": _bounded,
    "20 every fault leaves a trace": _traces,
    "checkpoints: done steps stay done": _checkpoints,
    "pauses: nothing goes on": _pauses,
    "verifying: no path around it": _verified,
    "dependencies: parents first": _dependencies,
    "limits: no more than may run": _limits,
    "verify_board: nothing disagrees": _agrees,
    "ends: every failure has its cause": _explained,
}
_OF_THE_PRESENT = {
    name for name in INVARIANTS if name.split()[0] in ("2", "3", "4", "8", "9", "19")
}
_OF_THE_PRESENT.add("verify_board: nothing disagrees")
