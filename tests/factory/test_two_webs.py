"""Two installations on one database and one Valkey, as on two machines: they behave as one."""

import http.cookiejar
import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from factory.sockets import LOGGED_OUT
from tests import services
from tests.factory.conftest import wait_for
from tests.live.stack import PEOPLE, free_port
from tests.projects.origins import Origin


@dataclass(frozen=True)
class Machine:
    """One `manage.py up`."""

    environment: dict[str, str]

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.environment['PORT']}"

    def ask(self, *words: str) -> Any:
        """This method will run a command there and read its answer."""
        return json.loads(self.run(*words, "--json").stdout)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """This method will run a command there to its end."""
        return services.manage(*words, environment=self.environment, check=False)


@dataclass(frozen=True)
class Site:
    """Both machines, and what they share."""

    one: Machine
    other: Machine
    database: services.ScratchDatabase
    ids: dict[str, int]
    origin: Origin


class Person:
    """Somebody with one browser: cookies do not know ports, so both machines get the same."""

    def __init__(self) -> None:
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def get(self, url: str) -> tuple[int, str, str]:
        """This method will open a page: status, text, and the address it ended at."""
        try:
            with self.opener.open(url, timeout=60) as page:
                return page.status, page.read().decode(), page.url
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(), url

    def post(self, machine: Machine, path: str, **fields: str) -> tuple[int, str, str]:
        """This method will send a form."""
        fields["csrfmiddlewaretoken"] = self.cookie("csrftoken")
        data = urllib.parse.urlencode(fields).encode()
        return self.get(urllib.request.Request(f"{machine.url}{path}", data))  # type: ignore[arg-type]  # noqa: S310 — http: our own address

    def cookie(self, name: str) -> str:
        """This method will give a cookie's text."""
        return next((str(each.value) for each in self.jar if each.name == name), "")

    @contextmanager
    def watches(self, machine: Machine, topic: str) -> Iterator[ClientConnection]:
        """This method will open a socket that watches one topic, and wait for its first news."""
        cookies = {"Cookie": f"sessionid={self.cookie('sessionid')}"}
        address = f"{machine.url}/ws/live".replace("http:", "ws:")
        with connect(address, origin=machine.url, additional_headers=cookies) as socket:
            socket.send(json.dumps({"watch": {topic: 0}}))
            while "html" not in json.loads(socket.recv(timeout=60)):
                pass
            yield socket


@pytest.fixture(scope="module")
def site(scratch_database: services.ScratchDatabase) -> Iterator[Site]:
    """This fixture will run two installations, as two machines would."""
    place = Path(tempfile.mkdtemp(prefix="factory-two-"))
    place.chmod(0o755)
    shared = scratch_database.environment | {
        "FACTORY_REDIS_PREFIX": f"two-{free_port()}",
        "FACTORY_SECRET_KEY": "two machines have one key that signs what both must read",
        "FACTORY_FIELD_KEY": Fernet.generate_key().decode(),
        "FACTORY_LOCAL_REPOS": str(place),
    }
    machines = [
        Machine(shared | {"FACTORY_HOME": str(place / name), "PORT": str(free_port())})
        for name in ("one", "other")
    ]
    told = services.manage("shell", "--verbosity=0", "-c", PEOPLE, environment=shared)
    ids = json.loads(told.stdout.splitlines()[-1])
    origin = Origin(place / "origin")
    origin.commit({"a.py": "import os\n"})
    try:
        with ThreadPoolExecutor(2) as both:
            starts = both.map(lambda each: each.run("up", "--detach"), machines)
            assert all(started.returncode == 0 for started in starts)
        yield Site(*machines, scratch_database, ids, origin)
    finally:
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda each: each.run("stop"), machines))
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def member(site: Site) -> Person:
    """This fixture will log a member in on the first machine."""
    person = Person()
    link = site.one.ask("login_link", "member")["url"]
    assert person.get(link)[0] == 200
    return person


def test_both_can_do_work(site: Site) -> None:
    for machine in (site.one, site.other):
        assert wait_for(lambda url=machine.url: Person().get(f"{url}/readyz")[0] == 200, 60)
    assert len({runner["pid"] for runner in site.one.ask("runners")}) == 4


def test_who_logs_in_on_one_is_known_to_the_other(site: Site, member: Person) -> None:
    status, page, address = member.get(f"{site.other.url}/")

    assert (status, address) == (200, f"{site.other.url}/")
    assert "Harbour" in page


def test_an_act_on_one_appears_live_on_the_other(site: Site, member: Person) -> None:
    job = site.ids["job"]
    with member.watches(site.other, f"job:{job}") as socket:
        status, _, _ = member.post(site.one, f"/jobs/{job}/cancellations/")

        assert status == 200
        while "cancelled" not in socket.recv(timeout=60):
            pass
    assert "cancelled" in member.get(f"{site.other.url}/jobs/{job}/")[1]


def test_a_log_out_on_one_holds_on_the_other_for_pages_and_open_sockets(
    site: Site, member: Person
) -> None:
    with member.watches(site.other, f"job:{site.ids['job']}") as socket:
        member.post(site.one, "/logout/")

        assert member.get(f"{site.other.url}/")[2].startswith(f"{site.other.url}/login/")
        assert wait_for(lambda: _close_code(socket) is not None, 60)
    assert socket.close_code == LOGGED_OUT


def test_a_link_opened_on_both_at_once_logs_in_once(site: Site) -> None:
    link = site.one.ask("login_link", "stranger")["url"]
    path = urllib.parse.urlsplit(link).path

    with ThreadPoolExecutor(2) as both:
        addresses = [f"{machine.url}{path}" for machine in (site.one, site.other)]
        answers = sorted(both.map(lambda url: Person().get(url)[0], addresses))

    assert answers == [200, 410]


def test_one_address_registered_on_both_at_once_is_one_repository(
    site: Site, member: Person
) -> None:
    with ThreadPoolExecutor(2) as both:
        answers = both.map(
            lambda machine: member.post(
                machine, "/registrations/", addresses=str(site.origin.path), project="harbour"
            )[0],
            (site.one, site.other),
        )

    assert set(answers) == {200}
    left = "SELECT count(*) FROM job WHERE kind LIKE 'projects.%' AND state <> 'succeeded'"
    assert wait_for(lambda: site.database.rows(left) == [(0,)], 60)
    assert site.database.rows("SELECT count(*) FROM repository") == [(1,)]
    assert site.database.rows("SELECT count(*) FROM system_map") == [(1,)]


def test_what_is_due_begins_once_whoever_looks(site: Site) -> None:
    site.one.ask("enqueue", "demo.noop", "--count", "300", "--after", "2")

    ended = "SELECT count(*) FROM job WHERE kind = 'demo.noop' AND state = 'succeeded'"
    assert wait_for(lambda: site.database.rows(ended) == [(300,)], 60)
    let_go = """SELECT count(*), count(DISTINCT j.id), max(j.attempt)
        FROM job_move m JOIN job j ON j.id = m.job_id
        WHERE j.kind = 'demo.noop' AND j.state = 'succeeded' AND m.from_state = 'scheduled'"""
    assert site.database.rows(let_go) == [(300, 300, 1)]


def test_one_machine_that_ends_leaves_the_work_to_the_other(site: Site, member: Person) -> None:
    site.other.run("stop")

    done = site.one.ask("enqueue", "demo.noop")["jobs"][0]

    state = "SELECT state FROM job WHERE id = %s"
    assert wait_for(lambda: site.database.rows(state, [done]) == [("succeeded",)], 60)
    assert member.get(f"{site.one.url}/")[0] == 200


def test_two_machines_that_migrate_at_once_wait_for_each_other(site: Site) -> None:
    name = f"{site.database.name}_empty"
    services.query("postgres", f"CREATE DATABASE {name}")
    url = site.database.url.replace(site.database.name, name)
    try:
        with ThreadPoolExecutor(3) as all_at_once:
            done = all_at_once.map(
                lambda _: services.manage(
                    "migrate", environment=site.one.environment | {"DATABASE_URL": url}, check=False
                ),
                range(3),
            )
            told = list(done)
    finally:
        services.query("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    assert [each.returncode for each in told] == [0, 0, 0], [each.stderr[-300:] for each in told]
    assert sum("No migrations to apply" in each.stdout for each in told) == 2


def test_pages_and_jobs_may_live_on_different_machines(site: Site) -> None:
    site.one.run("stop")
    with ThreadPoolExecutor(2) as both:
        pages = both.submit(site.one.run, "up", "--no-workers", "--detach")
        jobs = both.submit(site.other.run, "up", "--no-web", "--detach")
        assert (pages.result().returncode, jobs.result().returncode) == (0, 0)

    done = site.one.ask("enqueue", "demo.noop")["jobs"][0]

    state = "SELECT state FROM job WHERE id = %s"
    assert wait_for(lambda: site.database.rows(state, [done]) == [("succeeded",)], 60)
    assert wait_for(lambda: Person().get(f"{site.one.url}/readyz")[0] == 200, 60)
    assert _running(site.one) == {"supervisor", "web", "relay", "watchdog"}
    assert _running(site.other) == {"supervisor", "qcluster", "relay", "watchdog"}


def _running(machine: Machine) -> set[str]:
    return {process["name"] for process in machine.ask("status")["processes"]}


def _close_code(socket: ClientConnection) -> int | None:
    with suppress(ConnectionClosed, TimeoutError):
        socket.recv(timeout=0.2)
    return socket.close_code
