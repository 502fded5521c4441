"""What users do during chaos: they enqueue jobs of every sort, and act on some of them."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from factory.chaos.book import Book
from factory.chaos.plan import NOOPS, Order
from factory.chaos.stack import AWAY
from jobs import queue, schedules
from jobs.models import Job, Refused, Schedule, Stale
from jobs.models.dependency import Policy
from jobs.states import LIVE, State

ACTOR = "user:chaos"
_KEYS = 3
_GOOD = 0.8
PAIR = "chaos:pair"
"""A limit key of which two may run at once."""


class _TakenBack(Exception):
    """The transaction is to leave nothing."""


@dataclass
class Desk:
    """Places orders, and writes down what came of each."""

    book: Book
    sink: str

    def place(self, order: Order) -> None:
        """This method will do what an order says; what the database refuses to answer is noted."""
        token = f"chaos {order.number}"
        try:
            SORTS[order.sort](self, token, random.Random(order.draw))  # noqa: S311 — of the plan
        except AWAY:
            connection.close()

    def enqueue(self, token: str, kind: str, number: int = 1, **more: Any) -> None:
        """This method will enqueue jobs of one kind under a token."""
        arguments = more.pop("arguments", {})
        if kind.startswith("chaos."):
            arguments = arguments | {"sink": self.sink}
        self.book.maybe[token] = number
        made = queue.enqueue_many(kind, [arguments] * number, subject=token, actor=ACTOR, **more)
        self.book.accepted[token] = made
        del self.book.maybe[token]

    def undo(self, token: str, kind: str) -> None:
        """This method will enqueue and take it back in the same transaction."""
        self.book.undone.add(token)
        try:
            with transaction.atomic():
                queue.enqueue(kind, {}, subject=token, actor=ACTOR)
                raise _TakenBack
        except _TakenBack:
            return

    def schedule(self, name: str) -> None:
        """This method will make a schedule with one tick, due now."""
        arguments = {"sink": self.sink}
        made = Schedule(name=name, kind="chaos.effect", arguments=arguments, cron="0 0 1 1 *")
        with transaction.atomic():
            schedules.make(made, by=ACTOR)
            Schedule.objects.filter(pk=made.pk).update(next_at=Now())
        self.book.schedules.append(name)

    def act(self, rng: random.Random, states: tuple[State, ...], act: str) -> None:
        """This method will do one act on a job in one of these states."""
        ids = self.book.ids[-400:]
        found = Job.objects.filter(pk__in=ids, state__in=states).order_by("pk")[:50]
        jobs = list(found)
        if not jobs:
            return
        job = rng.choice(jobs)
        if act == "retry":  # before it: the answer may be lost, the retry not
            self.book.cancelled.discard(job.pk)
        try:
            getattr(job, act)(by=ACTOR)
        except (Refused, Stale):
            return
        if act == "cancel" and job.state == State.CANCELLED:
            self.book.cancelled.add(job.pk)


def _later(desk: Desk, token: str, rng: random.Random) -> None:
    desk.enqueue(token, "chaos.effect", after=rng.uniform(1, 3))


def _flaky(desk: Desk, token: str, rng: random.Random) -> None:
    desk.enqueue(token, "chaos.flaky", arguments={"failures": rng.randint(1, 2)})


def _hopeless(desk: Desk, token: str, rng: random.Random) -> None:
    said = rng.choice(["bug", "not-found", "auth", "invalid-input", "resource-exhausted"])
    desk.enqueue(token, "chaos.flaky", arguments={"failures": 9, "failure_class": said})


def _steps(desk: Desk, token: str, rng: random.Random) -> None:
    said = {"total": rng.randint(2, 6), "seconds": round(rng.uniform(0.02, 0.2), 3)}
    desk.enqueue(token, "chaos.steps", arguments=said)


def _effect(desk: Desk, token: str, rng: random.Random) -> None:
    seconds = round(rng.choice([0, 0, 0.05, 0.3]), 3)
    desk.enqueue(token, "chaos.effect", arguments={"seconds": seconds}, priority=rng.randint(-2, 2))


def _limited(desk: Desk, token: str, rng: random.Random) -> None:
    key = rng.choice([PAIR, *(f"chaos:{number}" for number in range(_KEYS))])
    desk.enqueue(token, "chaos.effect", arguments={"seconds": 0.05}, limit_key=key)


def _depends(desk: Desk, token: str, rng: random.Random) -> None:
    """A chain: the last waits for both before it."""
    failures = rng.choice([0, 0, 1, 9])
    said = {"failures": failures, "failure_class": "bug" if failures > _KEYS else "unknown"}
    first, second, third = (f"{token} {name}" for name in ("first", "second", "third"))
    desk.enqueue(first, "chaos.flaky", arguments=said)
    before = desk.book.accepted[first]
    policy = rng.choice(list(Policy.values))
    desk.enqueue(second, "chaos.effect", depends=before, policy=policy)
    before = [*before, *desk.book.accepted[second]]
    desk.enqueue(third, "chaos.effect", depends=before, policy=policy)


def _unique(desk: Desk, token: str, rng: random.Random) -> None:
    desk.enqueue(token, "chaos.effect", unique_key=f"chaos:{rng.randrange(_KEYS)}")


def _simple(kind: str) -> "Sort":
    return lambda desk, token, rng: desk.enqueue(token, kind)


def _act(act: str, *states: State) -> "Sort":
    return lambda desk, token, rng: desk.act(rng, states, act)


Sort = Callable[[Desk, str, random.Random], None]
SORTS: dict[str, Sort] = {
    "noops": lambda desk, token, rng: desk.enqueue(token, "demo.noop", NOOPS),
    "effect": _effect,
    "steps": _steps,
    "flaky": _flaky,
    "hopeless": _hopeless,
    "compute": _simple("chaos.compute"),
    "items": _simple("chaos.items"),
    "parent": _simple("chaos.parent"),
    "publish": _simple("chaos.publish"),
    "limited": _limited,
    "unique": _unique,
    "later": _later,
    "undone": lambda desk, token, rng: desk.undo(token, "demo.noop"),
    "depends": _depends,
    "polite": _simple("chaos.polite"),
    "helper": _simple("chaos.helper"),
    "verified": lambda desk, token, rng: desk.enqueue(
        token, "chaos.verified", arguments={"good": rng.random() < _GOOD}
    ),
    "tick": lambda desk, token, rng: desk.schedule(token.replace(" ", "-")),
    "cancel": _act("cancel", *LIVE),
    "pause": _act("pause", State.QUEUED, State.SCHEDULED, State.RUNNING),
    "resume": _act("resume", State.PAUSED),
    "retry": _act("retry", State.FAILED, State.CANCELLED),
}
