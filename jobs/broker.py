"""The one door to django-q2: a broker that hands out runner tokens, never jobs."""

import logging
import os
import signal
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django_q.brokers import Broker
from django_q.signing import SignedPackage

from jobs import beats, db, process, upkeep
from jobs.db import Connection
from jobs.runner import TOKEN_S

log = logging.getLogger("jobs")

PAUSE_S = 0.2


class ResidentBroker(Broker):  # type: ignore[misc]  # django-q2 ships no types
    """Keeps each pool of `FACTORY_WORKERS` at its size by asking workers to host runners."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._raw: Connection | None = None
        self._issued: list[tuple[float, str]] = []
        self._seen: set[int] = set()
        self._says = False

    def dequeue(self) -> list[tuple[None, str]] | None:
        """This method will give the tokens that are missing, after doing upkeep.

        django-q2 calls it for ever. It never raises: any exception would kill the pusher.
        """
        self._say_when_it_ends()
        _beat("pusher")
        try:
            if self._raw is None or self._raw.closed:
                self._raw = db.connect("factory broker")
            upkeep.tick(self._raw)
            tokens = [self._token(pool) for pool in self._missing(self._raw)]
        except Exception as error:
            if self._raw is not None:  # once an outage
                log.warning("broker: %s", str(error).strip())
            db.close(self._raw)
            self._raw, tokens = None, []
        if not tokens:
            time.sleep(PAUSE_S)
        return tokens or None

    def enqueue(self, task: Any) -> None:
        """This method will refuse django-q2's own tasks: the ledger has one entrance."""
        raise NotImplementedError("async_task: use jobs.queue.enqueue with a registered kind")

    def ping(self) -> bool:
        """This method will say that the broker answers; it holds nothing itself.

        The sentinel calls it before it starts its children. There it makes a SIGTERM to the whole
        process group harmless: only the main process ends the cluster, in order. A sentinel that
        died of it beside the main process would leave that one waiting for ever (django-q2#346).
        """
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            # A handler, not SIG_IGN: programs that jobs start must not inherit it.
            signal.signal(signal.SIGTERM, lambda *_: None)
        return True

    def info(self) -> str:
        """This method will name the broker."""
        return "PostgreSQL ledger"

    def queue_size(self) -> int:
        """This method will give 0: jobs never pass through django-q2."""
        return 0

    def lock_size(self) -> int:
        """This method will give 0: nothing is locked outside the ledger."""
        return 0

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """This method will keep nothing: runner rows are the status, and this may never block.

        The sentinel calls it each time it has looked after its children: that is its beat.
        """
        _beat("sentinel")

    def get_stat(self, key: str) -> None:
        """This method will find nothing; see `set_stat`."""

    def get_stats(self, pattern: str) -> list[Any]:
        """This method will find nothing; see `set_stat`."""
        return []

    @staticmethod
    def get_cache() -> None:
        """This method will use no cache: a frozen one would stop the guard loop."""

    def _say_when_it_ends(self) -> None:
        """Take the pusher's beat away at its clean end, which is that of the cluster.

        Thereby runners know that they are to end soon; a pusher that was killed is replaced, and
        theirs may finish what they have in work.
        """
        if not self._says:
            self._says = True
            process.at_clean_end(lambda: beats.end("pusher"))

    def _missing(self, raw: Connection) -> list[str]:
        now = time.monotonic()
        self._issued = [(at, pool) for at, pool in self._issued if now - at < TOKEN_S]
        here = db.rows(
            raw,
            "SELECT pool, id, owner, CASE WHEN stopped_at IS NULL THEN pid END FROM job_runner"
            " WHERE host = %s"
            " AND (stopped_at IS NULL OR started_at > clock_timestamp() - interval '10 seconds')",
            (process.host(),),
        )
        self._forget_redeemed([row for row in here if row[2] == _owner()])
        # A busy runner of the broker before this one fills its pool still; a second one would sit
        # in the worker of another pool.
        cluster = os.getppid()
        present = [pool for pool, _, _, pid in here if pid and process.parent(pid) == cluster]
        missing: list[str] = []
        for pool, size in settings.FACTORY_WORKERS.items():
            have = present.count(pool)
            have += sum(issued == pool for _, issued in self._issued)
            missing += [pool] * (size - have)
        return missing

    def _forget_redeemed(self, mine: list[tuple[Any, ...]]) -> None:
        """A runner that began, even one that died at once, counts no longer as a token."""
        for pool, runner, *_ in mine:
            if runner in self._seen:
                continue
            self._seen.add(runner)
            token = next((token for token in self._issued if token[1] == pool), None)
            if token:
                self._issued.remove(token)

    def _token(self, pool: str) -> tuple[None, str]:
        now = time.monotonic()
        self._issued.append((now, pool))
        package: dict[str, Any] = {
            "id": os.urandom(16).hex(),
            "name": f"runner of {pool}",
            "func": "jobs.runner.reside",
            "args": (pool, _owner(), now),
            "kwargs": {},
            "started": None,
            "save": False,
            "timeout": -1,
        }
        return None, SignedPackage.dumps(package)


def _beat(name: str) -> None:
    with suppress(OSError):  # a full disk must not end the cluster
        beats.beat(name)


def _owner() -> str:
    return f"{os.getpid()}:{process.started_ticks(os.getpid())}"
