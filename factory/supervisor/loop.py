"""The supervisor: services in order, then the processes, and a loop that restarts what died."""

import json
import os
import secrets
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog

from factory import configuration, embedded
from factory.embedded import place
from factory.embedded.living import CannotEnd
from factory.embedded.place import CannotStart
from factory.lasting import Lasting
from factory.supervisor import kernel, record
from factory.supervisor.child import Child, group_of
from factory.supervisor.record import GRACE_S, Record
from factory.variables import BASE_DIR
from jobs import beats, process

MARK = configuration.SUPERVISED
HURRY_S = 4.0
"""So long after the second call to end: jobs in work go back at once, and keep their attempts."""
READY_S = 15.0
_TICK_S = 0.2
_SERVICES_EVERY_S = 1.0
SILENT_S = 10.0
"""A child that is silent at every look for so long is started anew."""
STARTUP_S = 30.0
"""So long a child may take before its first beat."""
RETIRING = "qcluster.old"
"""What qcluster is called once its successor was started, until its last job ended."""
CLUSTER = ("sentinel", "pusher")
"""Which processes beat for qcluster, whose main process only waits."""
log = structlog.get_logger("factory.supervisor")


@dataclass
class Supervisor:
    """Runs until it is told to end; then it leaves no process behind."""

    web: bool = True
    workers: bool = True
    on_ready: Callable[[list[str]], None] = lambda cannot: None
    children: list[Child] = field(default_factory=list)
    ending: bool = False
    rolling: bool = False
    hurry: bool = False
    hurried: bool = False
    services_at: float = 0.0
    unwritten: bool = False
    complaint: str = ""
    silences: Lasting[str] = field(default_factory=lambda: Lasting(SILENT_S))
    services: Lasting[str] = field(default_factory=lambda: Lasting(SILENT_S))
    answers_since: float | None = None

    def run(self) -> None:
        """This method will start everything, watch it, and end it on SIGTERM, SIGINT or SIGHUP.

        The caller holds `record.only_one()` and has the services running and the database migrated.
        """
        kernel.adopt_orphans()
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, self._asked_to_end)
        signal.signal(signal.SIGUSR2, self._asked_to_roll)
        mark = f"{MARK}={secrets.token_hex(16)}"
        values = configuration.load()
        self.record = Record(
            record.this("supervisor", os.getpid()), mark, values["FACTORY_URL"], process.boot_id()
        )
        beats.end(beats.HURRY)  # of a supervisor that was killed
        self.children = crew(mark, web=self.web, workers=self.workers)
        try:
            self._watch()
        finally:
            self._end()

    def _asked_to_end(self, signum: int, frame: object) -> None:
        self.hurry = self.ending  # whoever asks twice does not want to wait
        self.ending = True

    def _asked_to_roll(self, signum: int, frame: object) -> None:
        self.rolling = True

    def _watch(self) -> None:
        # The first beat of the loop starts everything; the address is told once work can be done.
        while not self.ending:
            try:
                self._tick()
            except OSError as error:  # a disk that is full must not end what runs
                self._complain(str(error))
            if not self.record.ready:
                self._look_whether_ready()
            time.sleep(_TICK_S)

    def _look_whether_ready(self) -> None:
        """This method will tell that work can be done; after `READY_S`, what cannot be done yet."""
        cannot = unready(configuration.own_url()) if self.web else []
        if cannot is None:
            return
        self.answers_since = self.answers_since or time.monotonic()
        # Without workers here, nothing that is started here will bring runners.
        awaited = [part for part in cannot if self.workers or part != "runners"]
        if awaited and time.monotonic() - self.answers_since < READY_S:
            return
        self.record.cannot = cannot
        self.on_ready(cannot)
        self.record.ready = True
        self.record.write()

    def _tick(self) -> None:
        self.unwritten |= self._bury(kernel.reap())
        if self.rolling:
            self._roll()
        for child in self.children:
            if child.due:
                child.start()
                self.unwritten = True
                _await(child)
        if time.monotonic() >= self.services_at:
            self.services_at = time.monotonic() + _SERVICES_EVERY_S
            # First: where it cannot be written, nobody can beat, and nobody's silence counts.
            beats.beat("supervisor")
            self._mend_silent()
            self._mend_services()
            self._end_orphans()
        if self.unwritten:
            self._write()

    def _roll(self) -> None:
        """This method will start another cluster beside the one that runs, which then only ends.

        `control.roll` drains the old one and ends it. One at a time: while one retires, no other.
        """
        self.rolling = False
        old = next((child for child in self.children if child.name == "qcluster"), None)
        if old is None or old.running is None or any(child.retiring for child in self.children):
            return
        successor = Child(old.name, old.argv, old.environment)
        old.name = old.running.name = RETIRING
        old.retiring = True
        self.children.append(successor)
        self.unwritten = True

    def _complain(self, cause: str) -> None:
        if cause != self.complaint:
            log.error(
                "cannot write below FACTORY_HOME: make room, or mount it writable", cause=cause
            )
        self.complaint = cause

    def _bury(self, dead: set[int]) -> bool:
        buried = False
        for child in [child for child in self.children if child.ours & dead]:
            child.died()
            buried = True
            if child.retiring:
                self.children.remove(child)
                log.info("retired", process=child.name)
            else:
                pause = max(0.0, child.not_before - time.time())
                log.warning("process died", process=child.name, starts_in_s=round(pause, 1))
        return buried

    def _mend_silent(self) -> None:
        """This method will kill a child that no longer beats: `_bury` then starts another.

        The cluster holds jobs, so its parent is only told to go on when it was halted; what hangs
        below it is the watchdog's.
        """
        silent = {child.name: child for child in self.children if _is_silent(child)}
        for name in self.silences.over(silent, time.monotonic()):
            child = silent[name]
            log.error("process is silent", process=name, pid=child.ours)
            if name == "qcluster":
                child.wake()
            else:
                child.kill()

    def _mend_services(self) -> None:
        place.shorten(configuration.home() / "up.log")  # what `up --detach` says
        try:
            for name in embedded.mend():
                log.warning("service was gone and is started", service=name)
            self._replace_silent()
        except (CannotStart, CannotEnd) as cause:
            log.error("service does not start", cause=str(cause))
            self.services_at = time.monotonic() + 5

    def _replace_silent(self) -> None:
        # A frozen PostgreSQL is only named: somebody may have halted it on purpose.
        silent = ["valkey"] if embedded.valkey_is_silent() else []
        if self.services.over(silent, time.monotonic()):
            log.error("service is silent", service="valkey")
            embedded.replace_valkey()

    def _end_orphans(self) -> None:
        """This method will kill helpers whose process died: adopted, in no child's group."""
        kept = {pid for child in self.children for pid in child.ours} | set(
            embedded.processes().values()
        )
        for pid in kernel.children() - kept:
            if group_of(pid) in kept:
                kernel.send(pid, signal.SIGKILL)
            elif group_of(pid) != os.getpgrp():
                kernel.kill_group(pid)

    def _write(self) -> None:
        self.record.processes = [child.running for child in self.children if child.running]
        self.record.write()
        self.unwritten, self.complaint = False, ""

    def _end(self) -> None:
        for child in self.children:
            child.ask_to_end()
        until = time.monotonic() + GRACE_S
        while any(child.running for child in self.children) and time.monotonic() < until:
            if self.hurry and not self.hurried:
                self.hurried = True
                until = min(until, time.monotonic() + HURRY_S)
                with suppress(OSError):
                    beats.beat(beats.HURRY)
            self._bury_quietly()
            time.sleep(0.05)
        for child in self.children:
            child.kill()
        self._end_descendants()
        embedded.stop()
        record.forget()

    def _bury_quietly(self) -> None:
        dead = kernel.reap()
        for child in self.children:
            if child.ours & dead:
                child.died()

    def _end_descendants(self) -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            kernel.reap()
            left = (kernel.children() | kernel.marked(self.record.mark)) - set(
                embedded.processes().values()
            )
            if not left:
                return
            for pid in left:
                kernel.kill_group(pid)
            time.sleep(0.02)


def _await(child: Child) -> None:
    for name in CLUSTER if child.name == "qcluster" else (child.name,):
        if beats.age(name) is None:
            beats.await_first(name)


def _is_silent(child: Child) -> bool:
    if child.running is None:
        return False
    if child.name == "qcluster":
        return process.is_stopped(child.running.pid)
    begun = beats.who(child.name) == (child.running.pid, child.running.ticks)
    late = time.time() - child.running.started_at > STARTUP_S
    return (begun or late) and bool(beats.trouble(child.name))


def crew(mark: str, *, web: bool, workers: bool = True) -> list[Child]:
    """This function will describe the processes of one installation, in the order they start."""
    values = configuration.load()
    name, _, token = mark.partition("=")
    environment = dict(os.environ) | {name: token, "PORT": str(values["PORT"])}
    manage = [sys.executable, str(BASE_DIR / "manage.py")]
    argv: dict[str, Sequence[str]] = {
        "web": [*manage, "web"],
        "qcluster": [*manage, "qcluster"],
        "relay": [*manage, "relay"],
        "watchdog": [*manage, "watchdog"],
    }
    left_out = {"web"} if not web else set()
    left_out |= {"qcluster"} if not workers else set()
    return [Child(name, argv[name], environment) for name in argv if name not in left_out]


def unready(url: str) -> list[str] | None:
    """This function will ask the web server at `url` what cannot work yet; None: it is not there.

    An empty list means that it is ready.
    """
    try:
        _get(f"{url}/healthz", 1)
    except OSError:
        return None
    try:
        _get(f"{url}/readyz", 5)
    except urllib.error.HTTPError as refused:
        with suppress(ValueError, KeyError):
            return [str(name) for name in json.load(refused)["cannot"]]
        return [f"/readyz answers {refused.code}"]
    except OSError as error:
        return [f"/readyz: {error}"]
    return []


def _get(address: str, timeout_s: float) -> None:
    # Under the name people use: the server refuses hosts it does not know.
    named = {"Host": urlsplit(configuration.load()["FACTORY_URL"]).netloc}
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(address, headers=named), timeout=timeout_s):  # noqa: S310 — http: our own address
        pass
