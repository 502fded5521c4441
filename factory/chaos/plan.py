"""What is to happen, drawn from a seed: the same seed gives the same orders and strikes."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

# How often each sort of order is drawn; `orders.SORTS` says what each means.
_WEIGHTS = {
    "noops": 8,
    "effect": 6,
    "steps": 5,
    "flaky": 2,
    "items": 1,
    "hopeless": 1,
    "compute": 1,
    "parent": 2,
    "publish": 2,
    "limited": 3,
    "unique": 2,
    "later": 1,
    "undone": 2,
    "depends": 3,
    "polite": 1,
    "helper": 1,
    "verified": 2,
    "tick": 1,
    "cancel": 3,
    "pause": 2,
    "resume": 2,
    "retry": 1,
}
NOOPS = 20
"""So many jobs one order of no-ops enqueues."""
_LOADED = 0.9
"""Orders come during this part of the time."""
_FIRST_S = 2.0
_EVERY_S = (1.5, 4.5)


@dataclass(frozen=True)
class Order:
    """Something a user asks for, so many seconds after the beginning."""

    at: float
    sort: str
    number: int
    draw: float


@dataclass(frozen=True)
class Strike:
    """One fault; `lasts` matters to those that are taken back, in seconds."""

    at: float
    fault: str
    draw: float
    lasts: float


@dataclass(frozen=True)
class Plan:
    """All of it, by time."""

    seed: int
    seconds: float
    steps: Sequence[Order | Strike] = field(repr=False)


def make(seed: int, jobs: int, seconds: float, faults: Sequence[str]) -> Plan:
    """This function will draw orders for about so many jobs, and strikes from `faults`.

    Each sort of job and each fault comes once before one comes twice, if number and time allow.
    """
    rng = random.Random(seed)  # noqa: S311 — a plan that can be had again
    steps = [*_orders(rng, jobs, seconds), *_strikes(rng, seconds, faults)]
    return Plan(seed, seconds, sorted(steps, key=lambda step: step.at))


def _orders(rng: random.Random, jobs: int, seconds: float) -> list[Order]:
    made: list[Order] = []
    each = rng.sample(list(_WEIGHTS), len(_WEIGHTS))
    count = 0
    while count < jobs:
        sort = each.pop() if each else rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        at = rng.uniform(0, seconds * _LOADED)
        made.append(Order(at, sort, len(made), rng.random()))
        count += NOOPS if sort == "noops" else 1
    return made


def _strikes(rng: random.Random, seconds: float, faults: Sequence[str]) -> list[Strike]:
    made: list[Strike] = []
    bag: list[str] = []
    at = _FIRST_S
    while faults and at < seconds:
        if not bag:
            bag = rng.sample(list(faults), len(faults))
        made.append(Strike(at, bag.pop(), rng.random(), rng.uniform(1, 5)))
        at += rng.uniform(*_EVERY_S)
    return made
