"""No helper process outlives its job, whenever the interruption strikes."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jobs import kinds, process
from jobs.context import Run
from jobs.execution import Execution
from jobs.interruptions import Cancelled
from jobs.ledger import Claim, Ending
from projects.git.door import Watch, start
from tests.factory.conftest import wait_for

Register = Callable[..., Any]
Strike = Callable[[], None]


@pytest.fixture(autouse=True)
def handled(settings: Any, tmp_path: Path) -> Iterator[None]:
    """This fixture will give the signals of interruptions back to whoever had them."""
    settings.FACTORY_HOME = tmp_path
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


def carried_out(kind: Register, claim: Claim, work: Callable[[Run, Strike], Any]) -> Ending | None:
    """This function will carry out `work`; what it is given cancels the job at that moment."""

    def handler(run: Run, **arguments: Any) -> Any:
        return work(run, lambda: execution.interrupt(Cancelled("user:1 cancelled it")))

    kind("t.starts")(handler)
    execution = Execution(claim, kinds.get("t.starts"), lambda: None)
    signal.signal(signal.SIGUSR1, execution.on_signal)
    return execution.carry_out()


class Striking:
    """Limits that are read between the start of a helper and its entry into care."""

    cpu_s = file_mb = None

    def __init__(self, strike: Strike) -> None:
        self._strike = strike

    @property
    def memory_mb(self) -> None:
        """What it may take; somebody cancels its job just then."""
        self._strike()


def children() -> set[int]:
    """This function will list the living children that this thread started."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return {int(pid) for pid in listed if process.started_ticks(int(pid)) is not None}


def test_a_helper_that_starts_while_its_job_is_cancelled_ends_with_it(
    kind: Register, running_job: Claim
) -> None:
    before, reached = children(), []

    def work(run: Run, strike: Strike) -> None:
        limits: Any = Striking(strike)
        run.command(["sleep", "60"], limits=limits)
        reached.append("what comes after it")

    ending = carried_out(kind, running_job, work)

    assert ending is not None
    assert (ending.state, reached) == ("cancelled", [])
    assert wait_for(lambda: children() == before)


def test_a_git_that_starts_while_its_job_is_cancelled_ends_with_it(
    kind: Register, running_job: Claim
) -> None:
    pids = []

    def work(run: Run, strike: Strike) -> None:
        def told(pid: int) -> None:
            strike()
            run.tend(pid)
            pids.append(pid)

        running = start(["cat-file", "--batch"], {}, Watch(on_start=told, starting=run.starting))
        kept.append(running)

    kept: list[Any] = []
    ending = carried_out(kind, running_job, work)

    assert ending is not None
    assert (ending.state, kept) == ("cancelled", [])
    assert wait_for(lambda: process.started_ticks(pids[0]) is None)


def test_what_a_thread_starts_after_the_job_ended_is_ended_at_once(
    kind: Register, running_job: Claim
) -> None:
    threads, children, over = [], [], threading.Event()

    def work(run: Run, strike: Strike) -> None:
        def late() -> None:
            over.wait(20)
            children.append(run.command(["sleep", "60"]))

        threads.append(threading.Thread(target=late))
        threads[0].start()

    carried_out(kind, running_job, work)
    over.set()
    threads[0].join()

    assert children[0].wait(10) == -signal.SIGKILL


def test_a_handler_that_goes_on_after_the_strike_has_its_word_refused(
    kind: Register, running_job: Claim
) -> None:
    def work(run: Run, strike: Strike) -> int:
        with suppress(Cancelled), run.starting():
            strike()
        return run.command(["true"]).wait()  # the strike is spent: nothing is raised here

    ending = carried_out(kind, running_job, work)

    assert ending is not None
    assert (ending.state, ending.result) == ("cancelled", None)
