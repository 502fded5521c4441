"""The product's processes on a scratch database, and the page of jobs that somebody watches."""

import re
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth.models import User

from factory import first_contact
from factory.bench import jobs
from factory.variables import BASE_DIR
from jobs import process, queue
from jobs.models import Job
from jobs.states import FINISHED

PAGE = "/jobs/"
ROWS = 20
"""Jobs on the page that run while it is measured, and must all be seen to have ended."""
SETTLE_S = 10.0
"""So long after the last change everything must be shown; what is not then is lost."""
_DAY_S = 86_400
_TOPIC = re.compile(r'data-topic="([^"]+)" data-v="(\d+)"')


@dataclass
class Product:
    """The processes that are measured, and the page that is watched."""

    port: int
    processes: dict[str, process.Child]
    cookie: str = ""
    beat: int = 0
    rows: tuple[int, ...] = ()
    storm: tuple[int, ...] = ()
    watch: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, storm: int = 0) -> None:
        """This method will put the rows on the page and log a person in.

        So many more are there to be moved to and fro; a part of them is on the page, too.
        """
        if storm:
            self.storm = tuple(queue.enqueue_many("demo.noop", [{}] * storm, after=_DAY_S))
        self.cookie = first_contact.session(User.objects.create_superuser("bench"))
        self.rows = tuple(queue.enqueue_many("demo.noop", [{}] * ROWS, after=_DAY_S))
        self.beat = queue.enqueue("demo.noop", {}, after=_DAY_S).pk
        asked = urllib.request.Request(self.url + PAGE, headers={"Cookie": self.cookies})  # noqa: S310 — our own address
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 — as above
            found = _TOPIC.findall(answer.read().decode())
        self.watch = {topic: int(version) for topic, version in found}

    @property
    def cookies(self) -> str:
        """The header that says who asks."""
        return f"{settings.SESSION_COOKIE_NAME}={self.cookie}"

    def ticks(self) -> dict[str, float]:
        """This method will give hundredths of seconds of processor time, by process."""
        return {name: process.cpu_ticks(one.pid) for name, one in self.processes.items()}

    def settle(self) -> dict[str, str]:
        """This method will wait until the rows have ended and may have been told; gives their states."""
        watched = Job.objects.filter(pk__in=self.rows)
        jobs.until(lambda: not watched.exclude(state__in=FINISHED).exists(), 0.1)
        time.sleep(SETTLE_S)
        return {f"job:{pk}": str(state) for pk, state in watched.values_list("pk", "state")}


@contextmanager
def running(environment: dict[str, str]) -> Iterator[Product]:
    """This function will run web, relay and a cluster that use a scratch database, and end them."""
    port = _free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = environment | {
            "FACTORY_HOME": home,
            "FACTORY_ENV": "dev",
            "FACTORY_SECRET_KEY": settings.SECRET_KEY,
            "FACTORY_REDIS_PREFIX": f"bench-{port}",
            "FACTORY_URL": f"http://127.0.0.1:{port}",
            "FACTORY_BIND": "127.0.0.1",
            "REDIS_URL": settings.CACHES["default"]["LOCATION"],
            "PORT": str(port),
        }
        processes = {name: _start(name, environment) for name in ("web", "relay")}
        try:
            with jobs.cluster(environment):
                jobs.until(lambda: _answers(port), 0.1)
                yield Product(port, processes)
        finally:
            for one in processes.values():
                one.end(jobs.STOP_S)


def _start(name: str, environment: dict[str, str]) -> process.Child:
    argv = [sys.executable, str(BASE_DIR / "manage.py"), name]
    return process.start(argv, env=environment, stdout=process.NOTHING, stderr=process.NOTHING)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
