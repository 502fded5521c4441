"""The one door to django-q2: a broker that hands out runner tokens, never jobs."""

import logging
import os
import signal
import time
from contextlib import suppress
from typing import Any, NoReturn

from django.conf import settings
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import SignedPackage
from django_q.status import Stat, Status

from jobs import beats, db, django_q, fleet, process, upkeep, version
from jobs.db import Connection
from jobs.django_q import NoCache, NotHonoured
from jobs.models import Job
from jobs.runner import TOKEN_S
from jobs.states import HELD, State

log = logging.getLogger("jobs")

PAUSE_S = 0.2
STATS_S = 2.0
"""So long the status of clusters may take; whoever asks for it must not hang."""


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
                fleet.refill_after_the_end(self._raw)
            upkeep.tick(self._raw, asks_always=True)
            tokens = [self._token(pool) for pool in self._missing(self._raw)]
        except Exception as error:
            if self._raw is not None:  # once an outage
                log.warning("broker: %s", str(error).strip())
            db.close(self._raw)
            self._raw, tokens = None, []
        if not tokens:
            time.sleep(PAUSE_S)
        return tokens or None

    def enqueue(self, task: str) -> int:
        """This method will make a job of a task, in the caller's transaction."""
        return django_q.enqueue(task)

    def delete_queue(self) -> NoReturn:
        """This method will refuse: what was accepted is not thrown away."""
        raise NotHonoured("delete_queue: jobs are not thrown away: manage.py jobs cancel N")

    purge_queue = delete_queue

    def delete(self, task_id: Any) -> NoReturn:
        """This method will refuse: what was accepted is not thrown away."""
        raise NotHonoured("delete: jobs are not thrown away: manage.py jobs cancel N")

    def ping(self) -> bool:
        """This method will say that the broker answers; it holds nothing itself.

        The sentinel calls it before it starts its children. There it makes a SIGTERM to the whole
        process group harmless: only the main process ends the cluster, in order. A sentinel that
        died of it beside the main process would leave that one waiting for ever (django-q2#346).
        """
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            # A handler, not SIG_IGN: programs that jobs start must not inherit it.
            signal.signal(signal.SIGTERM, lambda *_: None)
            version.of_this_process()  # what is forked from here on runs what is loaded here
        return True

    def info(self) -> str:
        """This method will name the broker."""
        return "PostgreSQL ledger"

    def queue_size(self) -> int:
        """This method will count the jobs that are due and wait."""
        return Job.objects.filter(state=State.QUEUED).count()

    def lock_size(self) -> int:
        """This method will count the jobs in the hands of runners."""
        return Job.objects.filter(state__in=HELD).count()

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """This method will keep nothing: runner rows are the status, and this may never block.

        The sentinel calls it each time it has looked after its children: that is its beat.
        """
        _beat("sentinel")

    def get_stat(self, key: str) -> str | None:
        """This method will give the cluster of that key, as `get_stats` does."""
        found = (each for each in _clusters() if each.key == key)
        return next((SignedPackage.dumps(each, True) for each in found), None)

    def get_stats(self, pattern: str) -> list[str]:
        """This method will give the clusters that runner rows tell of, within seconds, or none."""
        return [SignedPackage.dumps(each, True) for each in _clusters()]

    @staticmethod
    def get_cache() -> NoCache:
        """This method will use no cache: a frozen one would stop the guard loop."""
        return NoCache()

    def _say_when_it_ends(self) -> None:
        """Note the pusher's clean end, which is that of the cluster.

        Thereby runners know that they are to end soon; a pusher that was killed is replaced, and
        theirs may finish what they have in work.
        """
        if not self._says:
            self._says = True
            cluster = process.named(os.getppid())
            with suppress(OSError):  # a full disk must not end the cluster
                beats.begins_pushing(cluster)
            process.at_clean_end(lambda: beats.ends_pushing(cluster))

    def _missing(self, raw: Connection) -> list[str]:
        now, cluster = time.monotonic(), os.getppid()
        self._issued = [(at, pool) for at, pool in self._issued if now - at < TOKEN_S]
        here = db.rows(
            raw,
            "SELECT pool, id, owner, CASE WHEN stopped_at IS NULL THEN pid END,"
            " stopped_at IS NOT NULL AND cluster = %(cluster)s AND intent IN ('drain', 'stop')"
            " FROM job_runner WHERE host = %(host)s AND boot_id = %(boot_id)s AND home IN (%(home)s, '')"
            " AND (stopped_at IS NULL OR intent <> ''"
            " OR started_at > clock_timestamp() - interval '10 seconds')",
            process.here() | {"cluster": process.named(cluster)},
        )
        self._forget_redeemed([row for row in here if row[2] == _owner()])
        # A busy runner of the broker before this one fills its pool still; a second one would sit
        # in the worker of another pool. A place that a person emptied counts as taken.
        taken = [
            pool
            for pool, _, _, pid, emptied in here
            if emptied or (pid and process.parent(pid) == cluster)
        ]
        missing: list[str] = []
        for pool, size in settings.FACTORY_WORKERS.items():
            have = taken.count(pool)
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


def _clusters() -> list[Stat]:
    """The clusters of all hosts, as django-q2's monitors know them. Never raises, nor waits long."""
    try:
        found = fleet.clusters(STATS_S)
    except (db.Error, db.Silent):
        return []
    return [_stat(each) for each in found]


def _stat(cluster: fleet.Cluster) -> Stat:
    # Its own constructor asks a sentinel, which only the cluster's own process has.
    stat = Stat.__new__(Stat)
    Status.__init__(stat, cluster.sentinel, f"{cluster.host}:{cluster.name}")
    stat.broker = None
    stat.host, stat.sentinel, stat.pusher = cluster.host, cluster.sentinel, cluster.pusher
    stat.workers, stat.tob, stat.timestamp = cluster.pids, cluster.since, cluster.seen_at
    stat.status = Conf.WORKING if cluster.busy else Conf.IDLE
    return stat


def _beat(name: str) -> None:
    with suppress(OSError):  # a full disk must not end the cluster
        if not beats.is_followed(name):
            beats.beat(name)


def _owner() -> str:
    return process.named(os.getpid())
