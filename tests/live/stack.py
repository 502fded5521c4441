"""The product's processes on a scratch database, each started and ended by a test."""

import http.client
import http.cookiejar
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests import services

PEOPLE = """
import json
from django.contrib.auth.models import User
from jobs import queue
from projects.models import Membership, Project
User.objects.create_superuser("staff")
member, stranger = User.objects.create_user("member"), User.objects.create_user("stranger")
project = Project.objects.create(name="Harbour", slug="harbour")
Membership.objects.create(project=project, user=member, role="contributor")
job = queue.enqueue("demo.noop", {}, scope=project.pk, subject="first", after=86400)
print(json.dumps({"project": project.pk, "job": job.pk, "member": member.pk}))
"""


@dataclass
class Stack:
    """Processes by name, the port they listen on, and what stands in the database."""

    database: services.ScratchDatabase
    environment: dict[str, str]
    port: int
    ids: dict[str, int] = field(default_factory=dict)
    heard: Any = None  # the file that takes what the processes log; the terminal if there is none
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        """This method will start web, relay or qcluster; web is waited for."""
        self.processes[name] = subprocess.Popen(
            [sys.executable, str(services.ROOT / "manage.py"), name],
            env=self.environment,
            cwd=services.ROOT,
            stderr=self.heard,
            start_new_session=True,
        )
        if name == "web":
            self._wait()

    def end(self, name: str) -> None:
        """This method will end one process with everything below it."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            with suppress(ProcessLookupError):  # what a cluster left behind
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)

    def session(self, name: str) -> str:
        """This method will log a person in by a link and give the key of the session."""
        told = services.manage("login_link", name, "--json", environment=self.environment)
        path = json.loads(told.stdout)["url"].partition("/login/")[2]
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        opener.open(f"{self.url}/login/{path}", timeout=60).close()
        return next(str(cookie.value) for cookie in jar if cookie.name == "sessionid")

    def change(self, subject: str) -> None:
        """This method will commit a change of the job that is watched."""
        self.database.rows(
            "UPDATE job SET subject = %s, updated_at = clock_timestamp() WHERE id = %s",
            [subject, self.ids["job"]],
        )

    def _wait(self) -> None:
        until = time.monotonic() + 90
        while True:
            try:
                asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                asked.request("GET", "/healthz")
                asked.getresponse().close()
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)


@contextmanager
def stack(database: services.ScratchDatabase, *names: str, **more: str) -> Iterator[Stack]:
    """This function will run some of the product's processes, and end all of them."""
    port = free_port()
    prefix = f"stack-{port}"
    environment = database.environment | {
        "PORT": str(port),
        "FACTORY_REDIS_PREFIX": prefix,
        "FACTORY_HOME": f"{database.environment['FACTORY_HOME']}-{prefix}",
        **more,
    }
    running = Stack(database, environment, port)
    told = services.manage("shell", "--verbosity=0", "-c", PEOPLE, environment=environment)
    running.ids = json.loads(told.stdout.splitlines()[-1])
    try:
        for name in names:
            running.start(name)
        yield running
    finally:
        for name in list(running.processes):
            running.end(name)


def free_port() -> int:
    """This function will give a port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        found: Any = one.getsockname()[1]
        return int(found)
