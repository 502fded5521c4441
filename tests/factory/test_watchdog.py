"""Whom the watchdog ends, and whom it lets live."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from factory import watchdog
from factory.watchdog import Guard
from jobs import beats, liveness, process, queue
from jobs.models import Job, Runner
from tests.factory.conftest import wait_for
from tests.jobs.conftest import committed, introduce, other_connection

__all__ = ["committed"]
BEGUN = "import time; print(flush=True)\n"
BUSY, IDLE = f"{BEGUN}while True: pass", f"{BEGUN}time.sleep(600)"


@pytest.fixture
def raw(committed: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """This fixture will lend a connection, and shorten the watchdog's patience."""
    monkeypatch.setattr(watchdog, "PATIENCE_S", 0.6)
    monkeypatch.setattr(watchdog, "STARVED_S", 0.3)
    with other_connection(committed) as connection:
        yield connection


@pytest.fixture
def begin() -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """This fixture will start Python programs that say when they have begun, and end them."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(program: str) -> "subprocess.Popen[bytes]":
        begun.append(subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE))
        assert begun[-1].stdout
        begun[-1].stdout.readline()  # from here on it computes nothing, or all the time
        return begun[-1]

    yield start
    for each in begun:
        each.kill()
        each.communicate()


def _runner(program: "subprocess.Popen[bytes]", **known: Any) -> Runner:
    ticks = process.started_ticks(program.pid)
    return introduce(pid=program.pid, pid_ticks=ticks, **known)


def _watch(raw: Any, seconds: float = 1.5) -> None:
    guard, until = Guard(), time.monotonic() + seconds
    while time.monotonic() < until:
        guard.look(raw)
        time.sleep(0.1)


def _watch_until(raw: Any, happens: Callable[[], object]) -> bool:
    guard = Guard()
    return wait_for(lambda: guard.look(raw) or happens())


def _ago(seconds: float) -> Any:
    return Now() - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "known",
    [
        {"seen_at": _ago(20)},
        {"looked_at": _ago(20)},
        {"seen_at": _ago(20), "busy_until": _ago(-600)},
        {"busy_until": _ago(20)},
    ],
    ids=["silent", "does not look", "silent and busy without computing", "beyond its limits"],
)
def test_a_runner_that_does_nothing_is_ended(raw: Any, begin: Any, known: dict[str, Any]) -> None:
    program = begin(IDLE)
    _runner(program, **known)

    assert _watch_until(raw, lambda: program.poll() is not None)
    assert program.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("program", "known"),
    [
        (IDLE, {}),
        (IDLE, {"looked_at": _ago(600), "busy_until": _ago(-600)}),
        (BUSY, {"seen_at": _ago(20), "busy_until": _ago(-600)}),
        (IDLE, {"seen_at": _ago(20), "host": "elsewhere"}),
        (IDLE, {"seen_at": _ago(20), "home": "/of/another"}),
    ],
    ids=[
        "well",
        "busy within its limits",
        "its job computes",
        "on another machine",
        "elsewhere here",
    ],
)
def test_a_runner_at_work_is_never_ended(
    raw: Any, begin: Any, program: str, known: dict[str, Any]
) -> None:
    living = begin(program)
    _runner(living, **known)

    _watch(raw)

    assert living.poll() is None


def test_a_process_that_got_the_number_of_a_runner_is_not_ended(raw: Any, begin: Any) -> None:
    program = begin(IDLE)
    introduce(pid=program.pid, pid_ticks=1, seen_at=_ago(20))

    _watch(raw)

    assert program.poll() is None


def test_a_cluster_whose_pool_somebody_emptied_is_left_alone(
    raw: Any, begin: Any, settings: Any
) -> None:
    settings.FACTORY_WORKERS = {"short": 1}
    sentinel = begin(IDLE)
    introduce(stopped_at=Now(), intent="drain")
    beats.await_first("sentinel")
    beats._file("sentinel").write_text(f"{sentinel.pid} {process.started_ticks(sentinel.pid)}")

    _watch(raw)
    beats.end("sentinel")

    assert sentinel.poll() is None


def test_the_runners_of_another_installation_serve_no_pool_here(raw: Any) -> None:
    introduce(pool="long", home="/of/another")
    introduce(busy_until=_ago(-600))

    assert liveness.serving(raw) == {"short": True}
    assert [one.pool for one in Runner.objects.here()] == ["short"]


@pytest.mark.parametrize("busy", [True, False])
def test_a_cluster_that_starts_no_runner_is_ended_unless_one_is_busy(
    raw: Any, begin: Any, settings: Any, busy: bool
) -> None:
    settings.FACTORY_WORKERS = {"short": 1, "long": 1}
    sentinel = begin(IDLE)
    introduce(busy_until=_ago(-600) if busy else None)
    file = beats._file("sentinel")
    beats.await_first("sentinel")
    file.write_text(f"{sentinel.pid} {process.started_ticks(sentinel.pid)}")

    if busy:
        _watch(raw)
        ended = sentinel.poll() is not None
    else:
        ended = _watch_until(raw, lambda: sentinel.poll() is not None)
    beats.end("sentinel")

    assert ended != busy


def test_a_job_that_waits_beside_an_idle_runner_is_told_once(
    raw: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watchdog, "STALLED_S", 0.3)
    introduce(idle_since=_ago(10))
    job = queue.enqueue("demo.noop", {})
    Job.objects.update(updated_at=_ago(10))

    guard = Guard()
    told = wait_for(lambda: guard.look(raw) or "a job is stalled" in caplog.text)
    for _ in range(8):
        time.sleep(0.1)
        guard.look(raw)

    assert told
    assert caplog.text.count("a job is stalled") == 1
    assert f"'job': {job.pk}," in caplog.text
