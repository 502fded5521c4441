"""The faults: each strikes one part of the installation, and says whom it met."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis
from django.db import connection

from factory import configuration, embedded
from factory.chaos import stack
from factory.chaos.book import Struck
from factory.chaos.orders import Desk
from factory.chaos.plan import Strike
from factory.embedded import postgres, valkey
from factory.supervisor import kernel
from jobs.ledger import statement

_BUSY_S = 5.0
_HELD_S = 1.5
_NEARLY = 0.85
_URGENT = 100
_BUSY = (
    "SELECT r.pid, r.id FROM job j JOIN job_runner r ON r.id = j.runner_id"
    " WHERE j.state = 'running' AND r.stopped_at IS NULL AND j.id = %s"
)
_IDLE = (
    "SELECT r.pid, r.id FROM job_runner r WHERE stopped_at IS NULL"
    " ORDER BY EXISTS (SELECT FROM job j WHERE j.runner_id = r.id AND j.state = 'running'), id"
)
_SESSIONS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class Hand:
    """What strikes: it keeps count, and what it will have to take back."""

    desk: Desk
    struck: list[Struck] = field(default_factory=list)
    halted: list[Any] = field(default_factory=list)

    def strike(self, strike: Strike) -> None:
        """This method will strike once; a part that is away just now is not met."""
        size = stack.told().stat().st_size if stack.told().exists() else 0
        made = Struck(strike.fault, time.time(), "", size)
        whom = FAULTS[strike.fault](self, strike, made)
        if whom:
            made.whom = whom
            self.struck.append(made)

    def heal(self) -> None:
        """This method will take back what a fault left: everything halted goes on."""
        for timer in self.halted:
            timer.join()
        self.halted.clear()
        if stack.hand("supervisor") is None:
            stack.up()

    def kill(self, pid: int | None) -> str:
        """This method will kill one process with -9."""
        if pid is None:
            return ""
        kernel.send(pid, signal.SIGKILL)
        return f"pid {pid}"

    def halt(self, pid: int | None, seconds: float) -> str:
        """This method will halt one process for a while."""
        if pid is None:
            return ""
        self.halted.append(stack.halt([pid], seconds))
        return f"pid {pid} for {seconds:.1f} s"


def _busy(hand: Hand, made: Struck, part: float) -> tuple[int, int] | None:
    """A runner that has done such a part of a job, which is given to it for this."""
    token = f"chaos struck {len(hand.struck)} {made.at:.3f}"
    said = {"seconds": _HELD_S}
    try:
        hand.desk.enqueue(token, "chaos.effect", arguments=said, priority=_URGENT)
    except stack.AWAY:
        connection.close()
        return None
    (made.job,) = hand.desk.book.accepted[token]
    found: list[tuple[Any, ...]] = []

    def held() -> bool:
        found[:] = stack.answered(lambda: stack.rows(_BUSY, made.job)) or []
        return bool(found)

    if not stack.until(held, _BUSY_S, every=0.01):
        return None
    time.sleep(part * _HELD_S)
    made.at = time.time()
    return found[0][0], found[0][1]


def _runner_busy(hand: Hand, strike: Strike, made: Struck) -> str:
    found = _busy(hand, made, strike.draw / 2)
    return hand.kill(found[0]) if found else ""


def _runner_idle(hand: Hand, strike: Strike, made: Struck) -> str:
    found = stack.answered(lambda: stack.rows(_IDLE))
    return hand.kill(found[0][0]) if found else ""


def _halt_runner(hand: Hand, strike: Strike, made: Struck) -> str:
    found = _busy(hand, made, strike.draw / 2)
    return hand.halt(found[0], strike.lasts) if found else ""


def _duplicate(hand: Hand, strike: Strike, made: Struck) -> str:
    """Declare a runner dead that lives, as another machine does when a lease is over.

    Its job is delivered a second time while the first execution goes on to its end, which is so near
    that the runner does not hear of it before.
    """
    found = _busy(hand, made, _NEARLY + strike.draw * (1 - _NEARLY))
    if found is None:
        return ""
    said = {"runner": found[1], "proof": "chaos declared it dead", "rowless": False}

    def settle() -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute(statement("settle"), said)
            return list(cursor.fetchall())

    made.doubled = [job for job, _ in stack.answered(settle) or []]
    return f"runner {found[1]}, jobs {made.doubled}" if made.doubled else ""


def _pill(hand: Hand, strike: Strike, made: Struck) -> str:
    """A job that kills whoever executes it, among others that do nothing."""
    token = f"chaos pill {len(hand.struck)}"
    try:
        hand.desk.enqueue(token, "chaos.pill", priority=1)
    except stack.AWAY:
        connection.close()
        return ""
    (made.job,) = hand.desk.book.accepted[token]
    return f"job {made.job}"


def _postgres_stop(hand: Hand, strike: Strike, made: Struck) -> str:
    pid = postgres.running(configuration.home())
    if pid is None:
        return ""
    kernel.send(
        pid, signal.SIGQUIT
    )  # an immediate shutdown: no session is told, nothing is flushed
    return f"pid {pid}"


def _postgres_sessions(hand: Hand, strike: Strike, made: Struck) -> str:
    found = stack.answered(lambda: stack.rows(_SESSIONS))
    return f"{found[0][0]} sessions" if found else ""


def _valkey(hand: Hand, strike: Strike, made: Struck) -> str:
    return hand.kill(valkey.running(configuration.home()))


def _halt_valkey(hand: Hand, strike: Strike, made: Struck) -> str:
    return hand.halt(valkey.running(configuration.home()), strike.lasts)


def _flush_valkey(hand: Hand, strike: Strike, made: Struck) -> str:
    try:
        with redis.Redis.from_url(embedded.redis_url(), socket_timeout=2) as client:
            client.flushall()
    except redis.RedisError:
        return ""
    return "everything in it"


def _tree(hand: Hand, strike: Strike, made: Struck) -> str:
    if stack.hand("supervisor") is None:
        return ""
    stack.kill_everything()
    stack.up()
    return "supervisor, processes, services"


def _second_up(hand: Hand, strike: Strike, made: Struck) -> str:
    if stack.hand("supervisor") is None:
        return ""
    status, said = stack.manage("up", "--detach")
    if status == 1 and "already running" in said:
        return "refused"
    return f"status {status}: {said.strip()[-200:]}"


def _everything(hand: Hand, strike: Strike, made: Struck) -> str:
    """Everything at once: each part is struck in another way, within moments."""
    at_once = ("relay", "pusher", "halt-watchdog", "valkey", "runner-idle", "web", "postgres-stop")
    return ", ".join(name for name in at_once if FAULTS[name](hand, strike, made))


def _kills(find: Callable[[], int | None]) -> "Fault":
    return lambda hand, strike, made: hand.kill(find())


def _halts(find: Callable[[], int | None]) -> "Fault":
    return lambda hand, strike, made: hand.halt(find(), strike.lasts)


Fault = Callable[[Hand, Strike, Struck], str]
_PARTS: dict[str, Callable[[], int | None]] = {
    "pusher": lambda: stack.beating("pusher"),
    "monitor": stack.monitor,
    "sentinel": stack.sentinel,
    "cluster": lambda: stack.hand("qcluster"),
    "watchdog": lambda: stack.hand("watchdog"),
    "relay": lambda: stack.hand("relay"),
    "web": lambda: stack.hand("web"),
}
FAULTS: dict[str, Fault] = {
    "runner-busy": _runner_busy,
    "runner-idle": _runner_idle,
    **{name: _kills(find) for name, find in _PARTS.items()},
    "halt-runner": _halt_runner,
    **{f"halt-{name}": _halts(find) for name, find in _PARTS.items()},
    "postgres-stop": _postgres_stop,
    "postgres-sessions": _postgres_sessions,
    "valkey": _valkey,
    "valkey-flush": _flush_valkey,
    "halt-valkey": _halt_valkey,
    "pill": _pill,
    "duplicate": _duplicate,
    "second-up": _second_up,
    "tree": _tree,
    "everything": _everything,
}
