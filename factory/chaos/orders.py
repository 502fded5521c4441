"""What users do during chaos: they enqueue jobs of every sort, and act on some of them."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from factory.chaos.book import Book
from factory.chaos.plan import NOOPS, Order
from factory.chaos.stack import AWAY
from jobs import queue
from jobs.models import Job, Refused, Stale
from jobs.states import State

ACTOR = "user:chaos"
_KEYS = 3


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

    def act(self, rng: random.Random, states: tuple[State, ...], act: str) -> None:
        """This method will do one act on a job in one of these states."""
        ids = self.book.ids[-400:]
        found = Job.objects.filter(pk__in=ids, state__in=states).order_by("pk")[:50]
        jobs = list(found)
        if not jobs:
            return
        job = rng.choice(jobs)
        self.book.acted.add(job.pk)
        if act == "retry":
            # Before: once it is retried, what it did as a cancelled job is no promise any more.
            self.book.cancelled.pop(job.pk, None)
            self.book.retried.add(job.pk)
        try:
            getattr(job, act)(by=ACTOR)
        except (Refused, Stale):
            return
        if act == "cancel" and job.state == State.CANCELLED:
            self.book.cancelled[job.pk] = time.time()


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
    key = f"chaos:{rng.randrange(_KEYS)}"
    desk.enqueue(token, "chaos.effect", arguments={"seconds": 0.05}, limit_key=key)


def _unique(desk: Desk, token: str, rng: random.Random) -> None:
    desk.enqueue(token, "chaos.effect", unique_key=f"chaos:{rng.randrange(_KEYS)}")


UNACTED = (State.QUEUED, State.SCHEDULED, State.BLOCKED)
SORTS: dict[str, Callable[[Desk, str, random.Random], None]] = {
    "noops": lambda desk, token, rng: desk.enqueue(token, "demo.noop", NOOPS),
    "effect": _effect,
    "steps": _steps,
    "flaky": _flaky,
    "hopeless": _hopeless,
    "compute": lambda desk, token, rng: desk.enqueue(token, "chaos.compute"),
    "parent": lambda desk, token, rng: desk.enqueue(token, "chaos.parent"),
    "publish": lambda desk, token, rng: desk.enqueue(token, "chaos.publish"),
    "limited": _limited,
    "unique": _unique,
    "later": _later,
    "undone": lambda desk, token, rng: desk.undo(token, "demo.noop"),
    "cancel": lambda desk, token, rng: desk.act(rng, UNACTED, "cancel"),
    "retry": lambda desk, token, rng: desk.act(rng, (State.FAILED, State.CANCELLED), "retry"),
}
