"""What jobs hold of memory: seen while they run, bounded by their kind, named in the evidence."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs import detail, process, queue, upkeep
from jobs.context import Run
from jobs.memory import Memory
from jobs.models import Job, Progress
from jobs.upkeep import Suspect
from tests.factory.conftest import wait_for
from tests.jobs.conftest import GONE_PID, serve

MIB = 1 << 20
# Takes memory step by step, as work does, and fails as Python does when it gets no more.
EATS = (
    "import sys, time\n"
    "held = []\n"
    "for _ in range(int(sys.argv[1])): held.append(b'x' * (8 << 20)); time.sleep(0.005)\n"
    "time.sleep(float(sys.argv[2]))\n"
)


def eats(megabytes: int, seconds: float) -> list[str]:
    """This function will give the command of a helper that takes memory for a while."""
    return [sys.executable, "-S", "-c", EATS, str(megabytes // 8), str(seconds)]


@pytest.fixture
def helper() -> Iterator[Callable[..., process.Child]]:
    """This fixture will start helpers and end them."""
    started: list[process.Child] = []

    def start(*what: Any) -> process.Child:
        started.append(process.start(eats(*what), stdout=process.NOTHING))
        return started[-1]

    yield start
    for child in started:
        child.end(0)


def outcome(kind: Callable[..., Any], handler: Callable[[Run], Any], **options: Any) -> Job:
    """This function will run one job of a kind of its own, and give its row."""
    kind("t.memory", max_attempts=1, **options)(handler)
    job = queue.enqueue("t.memory", {})
    serve()
    return Job.objects.get(pk=job.pk)


def test_the_memory_of_a_group_is_that_of_all_its_processes(helper: Any) -> None:
    child = helper(160, 30)

    assert wait_for(lambda: sum(process.groups_mb([child.pid])) >= 160)
    assert process.groups_mb([]) == []
    assert process.groups_mb([GONE_PID]) == []


def test_what_helpers_hold_counts_with_their_runner(helper: Any) -> None:
    memory, child = Memory(), helper(160, 30)

    assert wait_for(lambda: memory.held([child.pid]) >= process.rss_mb() + 150)


def test_a_helper_that_was_too_quick_to_be_seen_is_measured_at_its_end(helper: Any) -> None:
    memory = Memory()
    memory.starts_helper()
    largest_so_far = process.helpers_peak_mb()

    helper(largest_so_far + 64, 0).wait(60)

    assert memory.held_before() >= process.rss_mb() + largest_so_far + 64
    assert Memory().held_before() == 0


@pytest.mark.usefixtures("committed")
def test_the_most_memory_of_a_job_is_stored_and_told(kind: Callable[..., Any]) -> None:
    before = process.rss_mb()

    def holds(run: Run) -> None:
        held = b"x" * (200 * MIB)
        time.sleep(1.0)
        del held
        run.log("done")

    job = outcome(kind, holds)

    progress = Progress.objects.get(job=job)
    assert progress.peak_mb is not None
    assert progress.peak_mb >= before + 190
    assert progress.peaks == {"1": progress.peak_mb}
    (shown,) = detail.of([job.pk])
    (attempt,) = shown.tries  # type: ignore[attr-defined]
    assert attempt.peak_mb == progress.peak_mb


@pytest.mark.usefixtures("committed")
def test_a_job_above_the_memory_of_its_kind_ends_as_resource_exhausted(
    kind: Callable[..., Any],
) -> None:
    def holds(run: Run) -> None:
        held = b"x" * (400 * MIB)
        time.sleep(60)
        del held

    job = outcome(kind, holds, memory_mb=process.rss_mb() + 200)

    assert (job.state, job.failure_class) == ("failed", "resource-exhausted")
    assert "MiB of memory; its kind may hold" in job.failure_message


@pytest.mark.usefixtures("committed")
def test_helpers_count_against_the_memory_of_a_kind(kind: Callable[..., Any]) -> None:
    def holds(run: Run) -> None:
        run.command(eats(800, 60), stdout=process.NOTHING).wait()

    job = outcome(kind, holds, memory_mb=process.rss_mb() + 200)

    assert (job.state, job.failure_class) == ("failed", "resource-exhausted")


@pytest.mark.usefixtures("committed")
def test_a_helper_that_its_limit_ended_is_resource_exhausted(kind: Callable[..., Any]) -> None:
    # More than this process, which a helper begins as, and any helper before it held.
    most = max(process.rss_mb(), process.helpers_peak_mb()) + 300
    limits = process.Limits(memory_mb=most)

    def holds(run: Run) -> None:
        status = run.command(eats(3 * most, 0), limits=limits, stdout=process.NOTHING).wait()
        raise RuntimeError(f"the helper ended with {status}")

    job = outcome(kind, holds)

    assert (job.state, job.failure_class) == ("failed", "resource-exhausted")
    assert f"of the {most} MiB it may" in job.failure_message
    assert "the helper ended with 1" in job.failure_message


@pytest.mark.usefixtures("committed")
def test_a_failure_beside_a_modest_helper_keeps_its_class(kind: Callable[..., Any]) -> None:
    def holds(run: Run) -> None:
        run.command(eats(8, 0), limits=process.Limits(memory_mb=4096)).wait()
        raise RuntimeError("it is wrong")

    assert outcome(kind, holds).failure_class == "bug"


@pytest.mark.usefixtures("committed")
def test_a_handler_that_gets_no_memory_is_resource_exhausted(kind: Callable[..., Any]) -> None:
    def holds(run: Run) -> None:
        raise MemoryError

    assert outcome(kind, holds).failure_class == "resource-exhausted"


def test_the_proof_of_death_names_the_memory_that_was_seen_last() -> None:
    gone = Suspect(1, process.host(), process.boot_id(), GONE_PID, 1, False, 1812, process.home())

    proof = upkeep.proof_of_death(gone)

    assert proof.endswith("is gone; it held 1812 MiB when last seen")
