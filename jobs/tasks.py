"""The demo kinds: for people who want to see controls and recovery at work."""

import contextlib
import os
import signal
from threading import Event
from typing import Annotated, Any

from jobs import kinds, queue
from jobs.context import Run
from jobs.failures import Failed, FailureClass, RateLimited

Seconds = Annotated[float, kinds.Between(0, 3600)]


@kinds.register("demo.noop", batch=True)
def noop(run: Run) -> None:
    """Does nothing."""


@kinds.register("demo.sleep", timeout=3600, idle=3600)
def sleep(run: Run, *, seconds: Seconds = 1.0) -> dict[str, Any]:
    """Takes its time."""
    Event().wait(seconds)
    return {"seconds": seconds}


@kinds.register("demo.steps", timeout=3600, idle=3600)
def steps(
    run: Run, *, total: Annotated[int, kinds.Between(0, 100_000)] = 10, seconds: Seconds = 1.0
) -> dict[str, Any]:
    """Takes steps, with progress, a log and a checkpoint after each: it can be paused there; leaves a file."""
    before = int(run.resumed or 0)
    run.progress(before, total, done=[f"step {number + 1}" for number in range(before)])
    for number in range(before, total):
        run.progress(number, total, f"step {number + 1}")
        Event().wait(seconds)
        run.log(f"step {number + 1} of {total} done")
        run.progress(number + 1, total, f"step {number + 1}", done=[f"step {number + 1}"])
        run.checkpoint(number + 1)
    run.artefact("steps.txt", "".join(f"step {number + 1}\n" for number in range(total)))
    return {"steps": total}


@kinds.register("demo.fail")
def fail(run: Run, *, failure_class: str = "bug", message: str = "It failed on demand.") -> Failed:
    """Ends as not successful, with the class it is told."""
    return Failed(FailureClass(failure_class), message)


@kinds.register("demo.crash", batch=True)
def crash(run: Run, *, attempts: Annotated[int, kinds.Between(0, 32_767)] = 1000) -> None:
    """Kills its own process with -9 during its first attempts."""
    if run.attempt <= attempts:
        os.kill(os.getpid(), signal.SIGKILL)


@kinds.register("demo.hang", timeout=5, idle=5)
def hang(run: Run, *, stubborn: bool = False) -> None:
    """Never ends by itself; if stubborn, not even when it is interrupted."""
    while True:
        with contextlib.suppress(*([BaseException] if stubborn else [])):
            Event().wait()


@kinds.register("demo.memory", memory_mb=512)
def memory(
    run: Run, *, megabytes: Annotated[int, kinds.Between(1, 1 << 20)] = 64, seconds: Seconds = 1.0
) -> dict[str, Any]:
    """Holds some memory for a while; above 512 MiB with its runner it is ended."""
    held = b"\x01" * (min(megabytes, 4096) << 20)
    Event().wait(seconds)
    return {"bytes": len(held)}


@kinds.register("demo.limited")
def limited(
    run: Run, *, times: Annotated[int, kinds.Between(0, 100)] = 1, seconds: Seconds = 5.0
) -> None:
    """Is told to come back later, so many times: it pauses and resumes itself."""
    told = run.resumed or 0
    if told < times:
        run.checkpoint(told + 1)
        raise RateLimited(retry_after=seconds)


def _passes(run: Run, result: dict[str, Any]) -> str | None:
    return None if result["good"] else "it was told to be bad"


@kinds.register("demo.checked", verifier=_passes)
def checked(run: Run, *, good: bool = True) -> dict[str, Any]:
    """Has its work verified before it counts as done."""
    return {"good": good}


@kinds.register("demo.flood")
def flood(run: Run, *, count: Annotated[int, kinds.Between(0, 1_000_000)] = 1000) -> dict[str, Any]:
    """Enqueues many jobs that do nothing, all or none."""
    with run.completing({"count": count}):
        queue.enqueue_many("demo.noop", [{}] * count, scope=run.scope, root=run.job_id)
    return {"count": count}
