"""Jobs whose every execution and effect can be counted: at the sink, and in `chaos_effect`."""

import json
import os
import signal
import time
import urllib.request
from threading import Event
from typing import Any

from django.db import connection

from jobs import events, kinds, ports, queue
from jobs.context import Run
from jobs.failures import Anticipated, Failed, FailureClass, RateLimited

ATTEMPTS = 4
_ANSWER_S = 10
_EFFECT = "INSERT INTO chaos_effect (job, step, fence) VALUES (%s, %s, %s)"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SinkAway(Anticipated):
    """The outside world did not answer."""

    failure_class = FailureClass.TRANSIENT_NETWORK


@kinds.register("chaos.effect", max_attempts=ATTEMPTS)
def effect(run: Run, *, sink: str, seconds: float = 0.0) -> dict[str, Any]:
    """Does one thing outside and one in the database."""
    _began(run, sink)
    Event().wait(seconds)
    _outside(run, sink, "effect")
    return _once(run, "effect")


@kinds.register("chaos.steps", queue="long", max_attempts=ATTEMPTS)
def steps(run: Run, *, sink: str, total: int = 4, seconds: float = 0.1) -> dict[str, Any]:
    """Does something outside in each of its steps, and keeps how far it is."""
    _began(run, sink)
    for number in range(run.resumed or 0, total):
        run.progress(number, total, f"step {number + 1}")
        Event().wait(seconds)
        _outside(run, sink, f"step{number + 1}")
        run.log(f"step {number + 1} done")
        run.checkpoint(number + 1)
    return _once(run, "steps")


@kinds.register("chaos.items", queue="long", max_attempts=ATTEMPTS)
def many(run: Run, *, sink: str, total: int = 4) -> dict[str, Any] | Failed:
    """Does something outside for each of its items; one of them fails at first."""
    _began(run, sink)
    items = run.items([f"step{number + 1}" for number in range(total)])
    for item in items:
        with item:
            if run.attempt == 1 and item.key == "step2":
                raise SinkAway("It failed on demand.")
            _outside(run, sink, str(item.key))
    outcome = items.outcome()
    return outcome if isinstance(outcome, Failed) else _once(run, "items")


@kinds.register("chaos.flaky", max_attempts=ATTEMPTS)
def flaky(
    run: Run, *, sink: str, failures: int = 1, failure_class: str = "transient-network"
) -> dict[str, Any] | Failed:
    """Fails as often as it is told, and does its work then."""
    _began(run, sink)
    if run.attempt <= failures:
        return Failed(FailureClass(failure_class), "It failed on demand.")
    _outside(run, sink, "effect")
    return _once(run, "effect")


@kinds.register("chaos.compute", max_attempts=ATTEMPTS)
def compute(run: Run, *, sink: str, seconds: float = 0.2) -> dict[str, Any]:
    """Keeps the processor busy, then does its work."""
    _began(run, sink)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000))
    _outside(run, sink, "effect")
    return _once(run, "effect")


@kinds.register("chaos.polite", max_attempts=ATTEMPTS)
def polite(run: Run, *, sink: str) -> dict[str, Any]:
    """Is told to come back later, once."""
    _began(run, sink)
    if run.resumed is None:
        run.checkpoint("told to wait")
        raise RateLimited(1)
    _outside(run, sink, "effect")
    return _once(run, "effect")


@kinds.register("chaos.helper", max_attempts=ATTEMPTS)
def helper(run: Run, *, sink: str, seconds: float = 0.5) -> dict[str, Any]:
    """Has a program and its children do the work."""
    _began(run, sink)
    run.command(["sh", "-c", f"sleep {seconds} & sleep {seconds}; wait"]).wait()
    _outside(run, sink, "effect")
    return _once(run, "effect")


def _looked_at(run: Run, result: Any) -> str | None:
    _tell(result["sink"], {"what": "verified", "job": run.job_id, "fence": run.fence})
    return None if result["good"] else "it is not good"


@kinds.register("chaos.verified", max_attempts=ATTEMPTS, verifier=_looked_at)
def verified(run: Run, *, sink: str, good: bool = True) -> dict[str, Any]:
    """Does work that is checked before it counts."""
    _began(run, sink)
    _outside(run, sink, "effect")
    with run.completing({"sink": sink, "good": good}):
        _keep(run, "verified")
    return {}


@kinds.register("chaos.parent", max_attempts=ATTEMPTS)
def parent(run: Run, *, sink: str, children: int = 5) -> dict[str, Any]:
    """Enqueues others: all with its own end, or none."""
    _began(run, sink)
    with run.completing({"children": children}):
        _keep(run, "parent")
        queue.enqueue_many(
            "demo.noop", [{}] * children, root=run.job_id, subject=f"child of {run.job_id}"
        )
    return {}


@kinds.register("chaos.publish", max_attempts=ATTEMPTS)
def publish(run: Run, *, sink: str) -> dict[str, Any]:
    """Publishes an event to one subscriber."""
    _began(run, sink)
    with run.completing({}):
        _keep(run, "publish")
        said = {"job": run.job_id, "sink": sink}
        events.publish("chaos.happened", said, scope=None, actor=run.actor, cause=run.cause)
    return {}


@kinds.register("chaos.deliver", max_attempts=ATTEMPTS)
def deliver(run: Run, *, event: int, sink: str) -> dict[str, Any]:
    """Takes in an event."""
    _began(run, sink)
    return _once(run, f"event {event}")


@kinds.register("chaos.pill", max_attempts=ATTEMPTS)
def pill(run: Run, *, sink: str) -> None:
    """Kills its own process with -9, each time."""
    _began(run, sink)
    os.kill(os.getpid(), signal.SIGKILL)


events.register(
    "chaos.happened",
    version=1,
    fields={"job": int, "sink": str},
    meaning="A job of chaos published this.",
)
ports.subscribers.register(
    "chaos.happened",
    ports.Subscriber(
        "chaos.deliver", lambda event: {"event": event.pk, "sink": event.payload["sink"]}
    ),
)


def _began(run: Run, sink: str) -> None:
    _tell(sink, {"what": "began", "job": run.job_id, "fence": run.fence, "attempt": run.attempt})


def _outside(run: Run, sink: str, step: str) -> None:
    said = {"what": "effect", "job": run.job_id, "fence": run.fence, "key": run.key(step)}
    _tell(sink, said)


def _tell(sink: str, said: dict[str, Any]) -> None:
    said = said | {"sent": time.time()}
    asked = urllib.request.Request(  # noqa: S310 — an address of our own
        sink, json.dumps(said).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        _direct.open(asked, timeout=_ANSWER_S).close()
    except OSError as error:
        raise SinkAway(f"The sink did not answer: {error}") from error


def _once(run: Run, step: str) -> dict[str, Any]:
    """Finish, and write one row, in one transaction."""
    with run.completing({"step": step}):
        _keep(run, step)
    return {}


def _keep(run: Run, step: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_EFFECT, [run.job_id, step, run.fence])
