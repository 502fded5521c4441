"""A planted token and a planted key appear nowhere while the whole product clones with them."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from websockets.sync.client import connect

from projects import ssh_keys
from projects.git import known_hosts
from tests import services
from tests.live.stack import stack
from tests.projects import hosting
from tests.projects.origins import PACKAGE, Origin, runner, until
from tests.projects.ssh_host import ssh_host

TOKEN = "plantedhush7Jq2vXw9"
_REGISTER = """
import json, sys, django
django.setup()
from projects import registration
given = json.load(sys.stdin)
found = registration.register(
    [given["address"]], project="Harbour", branch="", actor="command",
    token=given["token"], key=given["key"],
)
print(found[0].job.pk, found[0].repository.pk)
"""
_GIT = re.compile(rb"(^|/)(git|env|git-remote-https|git-remote-http)$")


class Watcher(threading.Thread):
    """Looks at every process of this machine, again and again."""

    def __init__(self, *secrets: str) -> None:
        super().__init__(daemon=True)
        self.secrets = [secret.encode() for secret in secrets]
        self.ended = threading.Event()
        self.found: set[tuple[str, bytes]] = set()
        self.has_seen_git = threading.Event()

    def run(self) -> None:
        """This method will look until it is told to end."""
        while not self.ended.wait(0.005):
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    self._look(process)

    def _look(self, process: Path) -> None:
        argv = (process / "cmdline").read_bytes()
        if b"git-remote-https" in argv or b"IdentityAgent" in argv:
            self.has_seen_git.set()
        self._judge("argv", argv, argv)
        # Git's own environment carries the token: the account that runs it may read that anyway.
        if not _GIT.search(argv.split(b"\0")[0]) or b"ssh" in argv:
            self._judge("environment", (process / "environ").read_bytes(), argv)

    def _judge(self, where: str, text: bytes, argv: bytes) -> None:
        if any(secret in text for secret in self.secrets):
            self.found.add((where, argv[:200]))


@pytest.fixture(scope="module")
def place(scratch_database, tmp_path_factory):
    """This fixture will run web, relay and a runner, between a host by https and one by ssh."""
    folder = tmp_path_factory.mktemp("planted")
    certificate = hosting.certificate(folder)
    origin = Origin(folder / "origins" / "shop")
    origin.commit(PACKAGE | {f"noise{n}.bin": os.urandom(1 << 20) for n in range(16)})
    with (
        hosting.host(origin.path.parent, certificate) as https,
        ssh_host(folder / "sshd") as ssh,
        stack(
            scratch_database,
            FACTORY_GIT_HOSTS=f"{https.address},{ssh.address}",
            FACTORY_GIT_CA=str(certificate),
        ) as running,
        open(folder / "log", "wb") as log,
    ):
        https.token = TOKEN
        for name in ("web", "relay"):
            with _said_to(log):
                running.start(name)
        with _said_to(log), runner(running.environment):
            yield running, origin, https, ssh, folder / "log"


@contextlib.contextmanager
def _said_to(log):
    """What processes that start now say goes to a file."""
    kept = os.dup(2), os.dup(1)
    os.dup2(log.fileno(), 2)
    os.dup2(log.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept[0], 2)
        os.dup2(kept[1], 1)
        for one in kept:
            os.close(one)


def _register(running, address, token="", key=""):
    """The secret goes in by stdin: the asking process must not be what gives it away."""
    done = subprocess.run(
        [sys.executable, "-c", _REGISTER],
        input=json.dumps({"address": address, "token": token, "key": key}),
        env=running.environment | {"PYTHONPATH": str(services.ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [int(word) for word in done.stdout.split()]


def _pages(running, session, job, repository):
    """What a member of staff sees of it."""
    opener = urllib.request.build_opener()
    opener.addheaders = [("Cookie", f"sessionid={session}")]
    paths = ["/", "/jobs/", f"/jobs/{job}/", f"/jobs/{job}/log/", "/projects/harbour/"]
    paths += [f"/admin/projects/repository/{repository}/change/", "/admin/projects/repository/"]
    paths += [f"/admin/jobs/job/{job}/change/", f"/projects/harbour/repositories/{repository}/map/"]
    text = []
    for path in paths:
        with opener.open(running.url + path, timeout=30) as page:
            text.append(page.read().decode())
    return dict(zip(paths, text, strict=True))


def _rows(database):
    """Every row of every table as text."""
    tables = database.rows(
        "SELECT quote_ident(table_name) FROM information_schema.tables"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    return {
        table: "\n".join(row[0] for row in database.rows(f"SELECT t::text FROM {table} t"))  # noqa: S608 — the catalogue names it
        for (table,) in tables
    }


def _frames(running, session, topics, seen, ended):
    with connect(
        f"ws://127.0.0.1:{running.port}/ws/live",
        additional_headers={"Cookie": f"sessionid={session}"},
        origin=running.url,
    ) as socket:
        socket.send(json.dumps({"watch": dict.fromkeys(topics, 0)}))
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                seen.append(socket.recv(timeout=0.2))


def _state(running, job):
    return running.database.rows("SELECT state FROM job WHERE id = %s", [job])[0][0]


def _planted(scheme, https, ssh, origin):
    if scheme == "https":
        return (
            f"https://{https.address}/shop/.git",
            {"token": TOKEN},
            [TOKEN, "b2F1dGgyOnBsYW50ZWRodXNo"],
        )
    key = ssh_keys.make()
    ssh.authorise(ssh_keys.public(key))
    lines = key.splitlines()
    return ssh.url(origin.path), {"key": key}, [lines[3][:40], lines[4][:40]]


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
@pytest.mark.parametrize("scheme", ["https", "ssh"])
def test_a_planted_secret_appears_nowhere(place, settings, scheme, outcome):
    running, origin, https, ssh, log = place
    settings.FACTORY_HOME = running.environment["FACTORY_HOME"]
    settings.FACTORY_GIT_HOSTS = [ssh.address]
    key = known_hosts.scan(ssh.listen, ssh.port)[0]
    known_hosts.accept(ssh.listen, ssh.port, key.fingerprint)
    address, given, secrets = _planted(scheme, https, ssh, origin)
    address += "" if outcome == "succeeded" else "/nowhere"
    session = running.session("staff")

    with _watched(Watcher(*secrets)) as watcher:
        https.before = lambda: watcher.has_seen_git.wait(30)
        job, repository = _register(running, address, **given)
        with _heard(running, session, job, repository) as frames:
            until(lambda: _state(running, job) == outcome, 120)
            until(lambda: any("html" in frame for frame in frames))
            texts = _pages(running, session, job, repository)

    # Nothing holds a refusing sshd up until the watcher has looked.
    assert watcher.has_seen_git.is_set() or (scheme, outcome) == ("ssh", "failed")
    assert watcher.found == set()
    texts |= _rows(running.database) | _files(Path(settings.FACTORY_HOME))
    texts |= {"frames": "".join(map(str, frames)), "log": log.read_text(errors="replace")}
    assert str(repository) in texts["repository"]
    assert outcome == "failed" or f"repositories/{repository}.git/config" in texts
    assert [name for name, text in texts.items() if _shows(text, secrets)] == []


@contextlib.contextmanager
def _watched(watcher):
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.ended.set()
        watcher.join(10)


@contextlib.contextmanager
def _heard(running, session, job, repository):
    """The frames of a page that watches the job, its repository and its project."""
    topics = [f"job:{job}", f"repository:{repository}", f"project:{running.ids['project']}"]
    frames, ended = [], threading.Event()
    listener = threading.Thread(
        target=_frames, args=(running, session, topics, frames, ended), daemon=True
    )
    listener.start()
    try:
        yield frames
    finally:
        ended.set()
        listener.join(10)


def _files(home):
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): path.read_bytes().decode("latin-1") for path in files}


def _shows(text, secrets):
    return any(secret in text for secret in secrets)
