"""What the policy of attempts does for a stated mix of failures, simulated.

The mix says how often each cause strikes a job, and for how long it would make every execution
fail: a network fault is over in seconds, a wrong address never. Times are virtual; delays are the
product's own, `failures.retry_delay`, and so is the number of attempts.
"""

import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from jobs.failures import FailureClass, retry_delay

FAULTY = 0.2
"""This part of all jobs meets a cause at its first execution."""
RUN_S = 2.0
"""So long an execution takes."""


@dataclass(frozen=True)
class Cause:
    """How often, relative to the others, and the mean of an exponential duration in seconds."""

    weight: float
    lasts_s: float


# A stated assumption, not a measurement: most failures are the network's and short, then come
# refusals for being too fast; one in four never goes away by itself.
MIX: dict[FailureClass, Cause] = {
    FailureClass.TRANSIENT_NETWORK: Cause(40, 3),
    FailureClass.RATE_LIMITED: Cause(12, 60),
    FailureClass.TIMEOUT: Cause(10, 15),
    FailureClass.WORKER_LOST: Cause(8, 0),
    FailureClass.UNKNOWN: Cause(5, 10),
    FailureClass.RESOURCE_EXHAUSTED: Cause(3, math.inf),
    FailureClass.AUTH: Cause(6, math.inf),
    FailureClass.NOT_FOUND: Cause(7, math.inf),
    FailureClass.INVALID_INPUT: Cause(5, math.inf),
    FailureClass.BUG: Cause(4, math.inf),
}


def run(count: int, seed: int, max_attempts: int = 3) -> dict[str, Any]:
    """This function will simulate so many jobs and give percentages that end failed.

    `without` allows one attempt; `executions` is what the policy costs, per job.
    """
    rng = random.Random(seed)  # noqa: S311 — a simulation
    struck: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    executions = 0
    for _ in range(count):
        cause = _cause(rng)
        attempts, succeeds = _course(cause, max_attempts, rng)
        executions += attempts
        if cause is not None:
            struck[cause] += 1
            failed[cause] += not succeeds
    return {
        "jobs": count,
        "seed": seed,
        "max_attempts": max_attempts,
        "failed_percent": {
            "without": _percent(struck.total(), count),
            "with": _percent(failed.total(), count),
        },
        "by_class": {
            str(name): {"without": 100.0, "with": _percent(failed[name], struck[name])}
            for name in sorted(struck)
        },
        "executions_per_job": round(executions / count, 3),
        "mix": {
            str(name): {"percent": round(FAULTY * cause.weight, 1), "lasts_s": _word(cause.lasts_s)}
            for name, cause in MIX.items()
        },
    }


def _cause(rng: random.Random) -> FailureClass | None:
    if rng.random() >= FAULTY:
        return None
    return rng.choices(list(MIX), [cause.weight for cause in MIX.values()])[0]


def _course(cause: FailureClass | None, max_attempts: int, rng: random.Random) -> tuple[int, bool]:
    """How often a job is executed, and whether it succeeds."""
    if cause is None:
        return 1, True
    lasts = MIX[cause].lasts_s
    over = lasts if lasts in (0, math.inf) else rng.expovariate(1 / lasts)
    now = 0.0
    for attempt in range(1, max_attempts + 1):
        if attempt > 1 and now >= over:
            return attempt, True
        delay = retry_delay(cause, attempt, rng=rng)
        if delay is None:
            return attempt, False
        now += RUN_S + delay
    return max_attempts, False


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _word(seconds: float) -> float | str:
    return "for ever" if seconds == math.inf else seconds
