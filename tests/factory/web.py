"""A web server of its own process, started as the supervisor starts it, and raw clients for it."""

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.factory.conftest import wait_for
from tests.services import ROOT, ScratchDatabase, manage


@dataclass
class Web:
    """A running web server."""

    port: int
    process: "subprocess.Popen[bytes]"
    database: ScratchDatabase
    log: Path
    cookie: str = ""

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """This method will send one request and give the answer, its body read into `.text`."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent.setdefault("Cookie", self.cookie)
        client.request(method, path, body, sent)
        answer = client.getresponse()
        answer.text = answer.read()  # type: ignore[attr-defined]
        client.close()
        return answer

    def raw(self, data: bytes, *, seconds: float = 10) -> bytes:
        """This method will send bytes as they are and give what comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as client:
            client.sendall(data)
            return everything(client)

    def connect(self) -> socket.socket:
        """This method will open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=120)

    def logged(self) -> str:
        """This method will give what the server has logged."""
        return self.log.read_text()

    def answers_within(self, seconds: float) -> bool:
        """This method will tell whether a page of Django comes in time."""
        began = time.monotonic()
        assert self.ask("/login/").status in (200, 302)  # to the board, when logged in
        return time.monotonic() - began < seconds

    def connections(self) -> int:
        """This method will count the connections to the database."""
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        return int(self.database.rows(sql, (self.database.name,))[0][0])


def everything(client: socket.socket) -> bytes:
    """This function will read until the other side closes."""
    found = b""
    while part := client.recv(65536):
        found += part
    return found


@contextmanager
def web_server(database: ScratchDatabase, **more: str) -> Iterator[Web]:
    """This function will run a web server and end it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    argv = [sys.executable, str(ROOT / "manage.py"), "web"]
    environment = database.environment | {"PORT": str(port), "FACTORY_LOG": "json", **more}
    with tempfile.NamedTemporaryFile(prefix="factory-web-", suffix=".log") as log:
        started = subprocess.Popen(argv, cwd=ROOT, env=environment, stderr=log, stdout=log)
        web = Web(port, started, database, Path(log.name))
        try:
            assert wait_for(lambda: _listens(port), 180), web.logged()
            yield web
        finally:
            started.kill()
            started.wait()


def log_in(web: Web, name: str) -> None:
    """This function will create an administrator and log the web's client in."""
    create = f"from django.contrib.auth.models import User; User.objects.create_superuser('{name}')"
    manage("shell", "--verbosity=0", "-c", create, environment=web.database.environment)
    made = manage("login_link", name, environment=web.database.environment).stdout.strip()
    answer = web.ask("/login/" + made.partition("/login/")[2])
    cookies = answer.headers.get_all("Set-Cookie") or []
    web.cookie = "; ".join(cookie.partition(";")[0] for cookie in cookies)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
