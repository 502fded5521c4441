"""Invariants of the moment after all of it: processes, sessions, files, the board and the log."""

import re
from typing import Any

from factory.chaos import stack
from factory.chaos.history import ENDED, MOST_SHOWN, History, phantom
from factory.chaos.people import administrator
from factory.chaos.soak import open_files
from factory.models import ApiToken
from jobs import audit

_SESSIONS = 120
_FILES = 400
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


def held(history: History) -> str:
    """This function will see (2) that what is held is held by a runner that lives."""
    if history.seen:
        return "; ".join(history.seen[:MOST_SHOWN])
    present = stack.rows("SELECT id, pid FROM job_runner WHERE stopped_at IS NULL")
    ours = stack.everybody()
    dead = [runner for runner, pid in present if pid not in ours]
    return f"runners that are shown and do not live: {dead}" if dead else ""


def rowed(history: History) -> str:
    """This function will see (4) that nothing executes or is shown without a row or a parent."""
    found = phantom(history)
    if found:
        return "; ".join(found[:MOST_SHOWN])
    supervisor = stack.hand("supervisor")
    strays = stack.everybody() - stack.tree(supervisor or 0)
    return f"processes outside the supervisor's tree: {sorted(strays)}" if strays else ""


def no_stall(history: History) -> str:
    """This function will see (8) that work that is due does not wait beside idle runners."""
    return history.restless


def board(history: History) -> str:
    """This function will see (9) that after all of it the board says what the database says."""
    _, text = ApiToken.objects.issue(administrator(), "chaos", "read", 1, by="command:chaos")
    said: list[Any] = []

    def agrees() -> bool:
        status, told = stack.ask("/api/status", Authorization=f"Bearer {text}")
        said[:] = [status, told and told["jobs"]]
        sql = "SELECT state, count(*) FROM job WHERE state <> ALL(%s) GROUP BY 1"
        return status == 200 and told["jobs"] == dict(stack.rows(sql, list(ENDED)))

    return "" if stack.until(agrees, 10, every=0.2) else f"the board says {said}"


def agrees(history: History) -> str:
    """This function will see that for the product's own audit nothing disagrees with reality."""
    made = audit.verify_board()
    return "" if made.ok else f"verify_board: {made.disagreements[:MOST_SHOWN]}"


def once_up(history: History) -> str | None:
    """This function will see (18) that a second `up` starts nothing."""
    asked = [one.whom for one in history.struck if one.fault == "second-up"]
    return next((said for said in asked if said != "refused"), "") if asked else None


def bounded(history: History) -> str:
    """This function will see (19) that sessions and files stay within bounds, and flat after a soak."""
    if history.soak is not None and (grown := history.soak.verdict()["grown"]):
        return f"grown: {', '.join(grown)}"
    ((sessions,),) = stack.rows("SELECT count(*) FROM pg_stat_activity")
    if sessions > _SESSIONS:
        return f"{sessions} sessions of the database"
    files = {pid: open_files(pid) for pid in stack.everybody()}
    return next((f"process {pid}: {n} open files" for pid, n in files.items() if n > _FILES), "")


def traces(history: History) -> str:
    """This function will see (20) that a fault leaves a line which an administrator can find."""
    text = stack.told().read_bytes()
    silent = [
        f"{one.fault} ({one.whom})"
        for one in history.struck
        if (trace := _TRACES.get(one.fault)) and not re.search(trace.encode(), text[one.log_from :])
    ]
    return f"no line tells of {', '.join(silent[:MOST_SHOWN])}" if silent else ""
