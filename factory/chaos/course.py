"""One course of chaos: the plan is performed, everything heals, and the history is judged."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from django.db.models import Exists, OuterRef

from factory import configuration
from factory.chaos import checks, stack
from factory.chaos.book import Book
from factory.chaos.faults import Hand
from factory.chaos.history import History, lost, phantom
from factory.chaos.orders import ACTOR, PAIR, Desk
from factory.chaos.plan import Plan, Strike
from factory.chaos.soak import Soak
from factory.variables import BASE_DIR
from jobs import acts, process
from jobs.models import Job, Limit
from jobs.states import LIVE, State

Say = Callable[[str], None]
_TABLE = """
CREATE TABLE chaos_effect (
  id bigserial PRIMARY KEY, job bigint NOT NULL, step text NOT NULL, fence bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp())
"""
_SAMPLE_S = 0.5
_READY_S = 90.0
_QUIET_S = 180.0
_LIVE = (
    "SELECT queue_id, state, kind, count(*) FROM job"
    " WHERE state NOT IN ('succeeded', 'failed', 'cancelled') GROUP BY 1, 2, 3"
)
_HELD_BY_DEAD = (
    "SELECT j.id, j.runner_id FROM job j LEFT JOIN job_runner r ON r.id = j.runner_id"
    " WHERE j.state IN ('running', 'verifying') AND (r.id IS NULL OR r.stopped_at IS NOT NULL)"
)


def run(plan: Plan, say: Say, *, soak: bool = False) -> dict[str, Any]:
    """This function will perform a plan on this environment's installation and give the verdict."""
    with _sink() as (address, path):
        say("starting an installation of its own")
        stack.up()
        stack.rows(_TABLE)
        Limit.objects.create(key=PAIR).limit(most=2, by=ACTOR)
        book = Book()
        hand = Hand(Desk(book, address))
        history = History(book, hand.struck, path, soak=Soak(book) if soak else None)
        began = time.monotonic()
        _perform(plan, hand, history, say)
        say("healing")
        hand.heal()
        history.restless = _rest()
        took = time.monotonic() - began
        say("judging")
        return _verdict(plan, history, took)


def _perform(plan: Plan, hand: Hand, history: History, say: Say) -> None:
    began = time.monotonic()
    for step in plan.steps:
        while (left := step.at - (time.monotonic() - began)) > 0:
            time.sleep(min(left, _SAMPLE_S))
            if left > _SAMPLE_S / 2:
                _sample(history)
            if history.soak is not None:
                history.soak.look()
        if isinstance(step, Strike):
            before = len(hand.struck)
            hand.strike(step)
            whom = hand.struck[-1].whom if len(hand.struck) > before else "nobody was there"
            say(f"{time.monotonic() - began:6.1f} s  {step.fault}: {whom}")
        else:
            hand.desk.place(step)


def _sample(history: History) -> None:
    """Look whether a job is held by a runner that is known to be dead; told if so twice."""
    found = set(stack.answered(lambda: stack.rows(_HELD_BY_DEAD)) or [])
    if found:
        time.sleep(0.05)
        found &= set(stack.answered(lambda: stack.rows(_HELD_BY_DEAD)) or [])
    history.seen += [
        f"job {job} was held by runner {runner}, which is dead" for job, runner in found
    ]


def _rest() -> str:
    """Wait until all of it is ready and no job lives; say what does not come to rest."""
    if not stack.until(stack.ready, _READY_S, every=0.2):
        return f"not ready {_READY_S:.0f} s after everything was healed: {stack.ask('/readyz')[1]}"
    left: list[Any] = []

    def quiet() -> bool:
        stack.answered(_go_on)
        found = stack.answered(lambda: stack.rows(_LIVE))
        left[:] = found or left
        return found == []

    if stack.until(quiet, _QUIET_S, every=0.2):
        return ""
    return f"jobs that still live {_QUIET_S:.0f} s after everything was healed: {left[:5]}"


def _go_on() -> None:
    """Resume what a person paused, and what is held because a parent failed."""
    paused = Job.objects.filter(state=State.PAUSED, resume_at=None)
    acts.resume(paused, by=ACTOR)
    unfinished = Job.objects.filter(state__in=LIVE, dependents__child=OuterRef("pk"))
    held = Job.objects.filter(state=State.BLOCKED).exclude(Exists(unfinished))
    acts.resume(held, by=ACTOR)


def _verdict(plan: Plan, history: History, took: float) -> dict[str, Any]:
    history.read()
    invariants = checks.judge(history)
    states = dict(stack.rows("SELECT state, count(*) FROM job GROUP BY 1"))
    keys = Counter(call["key"] for call in history.effects)
    soaked = {} if history.soak is None else {"soak": history.soak.verdict()}
    return soaked | {
        "seed": plan.seed,
        "seconds": round(took, 1),
        "jobs": states,
        "faults": dict(Counter(one.fault for one in history.struck)),
        "invariants": invariants,
        "lost": len(lost(history)),
        "phantom": len(phantom(history)),
        "effects": {"outside": keys.total(), "repeated": keys.total() - len(keys)},
        "recovery_s": _spread(history.recovery),
    }


def holds(verdict: dict[str, Any]) -> bool:
    """This function will say whether nothing is lost, nothing is phantom and all invariants held."""
    fine = all(said in ("held", "not applicable") for said in verdict["invariants"].values())
    return fine and not verdict["lost"] and not verdict["phantom"]


def _spread(seconds: list[float]) -> dict[str, float | int | None]:
    return {
        "p50": round(median(seconds), 3) if seconds else None,
        "max": max(seconds, default=None),
        "n": len(seconds),
    }


@contextmanager
def _sink() -> Iterator[tuple[str, Path]]:
    path = configuration.home() / "sink.log"
    argv = [sys.executable, "-m", "factory.chaos.sink", str(path)]
    started = process.start(argv, env=dict(os.environ) | {"PYTHONPATH": str(BASE_DIR)})
    try:
        port = int(started.stdout.readline())  # type: ignore[union-attr]
        yield f"http://127.0.0.1:{port}/", path
    finally:
        started.end()
