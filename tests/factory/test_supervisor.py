"""`up` keeps the processes running; whatever ends it, nothing stays behind."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from factory.embedded import postgres, valkey
from factory.lasting import Lasting
from factory.supervisor import kernel, loop, record
from factory.supervisor.child import Child
from factory.supervisor.record import Recorded
from jobs import process
from tests import services
from tests.factory.conftest import wait_for
from tests.services import ROOT, ScratchDatabase, freeze, manage

EVERYTHING = {"supervisor", "web", "qcluster", "relay", "watchdog"}


class Product:
    """An installation that `up` runs, on a scratch database."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = _free_port()
        self.home = Path(environment["FACTORY_HOME"])
        self.environment = environment | {"PORT": str(self.port)}

    def manage(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return manage(*words, environment=self.environment, check=False)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        argv = [sys.executable, ROOT / "manage.py", "up", *words]
        started = subprocess.Popen(
            argv, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert wait_for(lambda: self.record.get("ready"), 180)
        return started

    def answers(self, path: str) -> int:
        """This method will give the status of a page."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as client:
            client.request("GET", path)
            return client.getresponse().status

    @property
    def record(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.home / "run/supervisor.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    @property
    def pids(self) -> dict[str, int]:
        processes = [self.record["supervisor"], *self.record["processes"]]
        return {each["name"]: each["pid"] for each in processes}

    @property
    def all_pids(self) -> set[int]:
        """The supervisor's pid, and that of every process that descends from it."""
        return kernel.marked(self.record["mark"]) | {self.pids["supervisor"]}


@pytest.fixture
def product(scratch_database: ScratchDatabase, home: Path) -> Iterator[Product]:
    """This fixture will lend an installation that is not running, and end it whatever happens."""
    made = Product(scratch_database.environment | {"FACTORY_HOME": str(home)})
    yield made
    made.manage("stop")


@pytest.fixture(scope="module")
def unended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """This fixture will run one installation without a web server, on a database of its own."""
    home = str(tmp_path_factory.mktemp("home"))
    with services.scratch() as database:
        made = Product(database.environment | {"FACTORY_HOME": home})
        with _running(made, "--no-web"):
            yield made


@pytest.fixture
def lasting(unended: Product) -> Product:
    """This fixture will lend the installation that goes on, whatever was done to its processes."""
    assert wait_for(lambda: EVERYTHING - {"web"} == set(unended.pids) == _alive(unended))
    return unended


def test_up_runs_every_process_and_stop_leaves_none(product: Product) -> None:
    up = product.manage("up", "--detach")
    shown = json.loads(product.manage("status", "--json").stdout)
    pids = product.all_pids
    alive = product.answers("/healthz")
    ready = wait_for(lambda: product.answers("/readyz") == 200)

    stopped = product.manage("stop")

    assert up.returncode == 0, up.stderr
    assert f"http://127.0.0.1:{product.port}/" in up.stdout
    assert (alive, ready) == (200, True)
    assert shown["running"] is True
    assert {each["name"] for each in shown["processes"]} == EVERYTHING
    assert all(
        set(each) == {"name", "pid", "uptime_s", "heartbeat_age_s"} for each in shown["processes"]
    )
    assert stopped.returncode == 0
    assert not _living(pids)
    assert product.manage("status").returncode == 1


@pytest.mark.parametrize(
    ("readyz", "told"),
    [
        ((200, b'{"ready": true, "cannot": []}'), []),
        ((503, b'{"ready": false, "cannot": ["runners", "relay"]}'), ["runners", "relay"]),
        ((500, b"<html>"), ["/readyz answers 500"]),
    ],
)
def test_the_address_is_told_when_ready_or_late_with_what_cannot_work(
    readyz: tuple[int, bytes], told: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeted: list[list[str]] = []
    supervisor = _supervisor_of(home, monkeypatch, greeted.append)
    monkeypatch.setattr(loop, "READY_S", 0.5)
    with _answering({"/healthz": (200, b""), "/readyz": readyz}) as url:
        monkeypatch.setattr(loop.configuration, "own_url", lambda: url)
        supervisor._look_whether_ready()
        at_once = list(greeted)
        assert wait_for(lambda: supervisor._look_whether_ready() or supervisor.record.ready)

    assert at_once == ([] if told else [[]])
    assert told in greeted
    assert record.read() == supervisor.record


def test_a_machine_without_workers_awaits_no_runners(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeted: list[list[str]] = []
    supervisor = _supervisor_of(home, monkeypatch, greeted.append)
    supervisor.workers = False
    told = (503, b'{"ready": false, "cannot": ["runners"]}')

    with _answering({"/healthz": (200, b""), "/readyz": told}) as url:
        monkeypatch.setattr(loop.configuration, "own_url", lambda: url)
        supervisor._look_whether_ready()

    assert greeted == [["runners"]]


def test_nothing_is_told_while_no_web_server_answers(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeted: list[list[str]] = []
    supervisor = _supervisor_of(home, monkeypatch, greeted.append)
    monkeypatch.setattr(loop, "READY_S", 0.0)
    monkeypatch.setattr(loop.configuration, "own_url", lambda: f"http://127.0.0.1:{_free_port()}")

    supervisor._look_whether_ready()

    assert greeted == []


def test_embedded_services_start_and_end_with_the_product(own_services: dict[str, str]) -> None:
    own = Product(own_services)

    up = own.manage("up", "--detach", "--no-web")
    names = {
        each["name"] for each in json.loads(own.manage("status", "--json").stdout)["processes"]
    }
    pids = own.all_pids | {postgres.running(own.home) or 0, valkey.running(own.home) or 0}
    own.manage("stop")

    assert up.returncode == 0, up.stderr
    assert {"postgres", "valkey", "qcluster"} <= names
    assert 0 not in pids
    assert not _living(pids)


def test_killed_services_are_started_again(own_services: dict[str, str]) -> None:
    own = Product(own_services)
    own.manage("up", "--detach", "--no-web")
    old = {service: service.running(own.home) for service in (postgres, valkey)}
    assert None not in old.values()

    for pid in old.values():
        os.kill(pid or 0, signal.SIGKILL)
    back = wait_for(
        lambda: all(service.running(own.home) not in {None, pid} for service, pid in old.items())
    )
    answered = own.manage("migrate", "--check", "-v0").returncode
    own.manage("stop")

    assert back
    assert answered == 0


def test_stop_costs_a_job_in_work_no_attempt(
    product: Product, scratch_database: ScratchDatabase
) -> None:
    sql = "SELECT state, attempt FROM job"
    product.manage("enqueue", "demo.steps", "--arg", "total=600")
    found = []
    for _ in range(2):
        product.manage("up", "--detach", "--no-web")
        assert wait_for(lambda: scratch_database.rows(sql) == [("running", 1)])
        begun = time.monotonic()
        product.manage("stop")
        found += scratch_database.rows(sql)
        assert time.monotonic() - begun < 5 * record.GRACE_S

    assert found == [("queued", 0)] * 2
    assert scratch_database.rows("SELECT count(*) FROM job_attempt") == [(0,)]


def test_who_is_ended_as_silent_again_and_again_is_started_at_once_each_time() -> None:
    child = Child("relay", [], {})
    for _ in range(9):
        begun = Recorded("relay", 99_999_999, 1, time.time() - loop.SILENT_S - 1)
        child.running = begun

        child.died()

        assert child.due


def test_a_second_up_says_already_running(lasting: Product) -> None:
    second = lasting.manage("up", "--no-web")

    assert second.returncode == 1
    assert second.stderr == f"already running (pid {lasting.pids['supervisor']})\n"


def test_a_port_in_use_is_refused_in_one_line(product: Product) -> None:
    with socket.create_server(("127.0.0.1", product.port)):
        refused = product.manage("up")

    assert refused.returncode == 2
    assert refused.stderr.startswith(f'PORT="{product.port}": another program listens')
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "text", "name"), [("--port", "http", "PORT"), ("--workers", "-1", "FACTORY_WORKERS")]
)
def test_a_malformed_option_is_refused_by_name(
    product: Product, option: str, text: str, name: str
) -> None:
    refused = product.manage("up", f"{option}={text}")

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"{name}=")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything(product: Product, signum: signal.Signals) -> None:
    with _running(product) as up:
        pids = product.all_pids

        up.send_signal(signum)

        assert up.wait(60) == 0
        assert not _living(pids)


def test_a_killed_cluster_is_replaced_with_all_its_children(lasting: Product) -> None:
    old = lasting.pids["qcluster"]
    assert wait_for(lambda: len(_group(old)) > 3)
    members = _group(old)

    os.kill(old, signal.SIGKILL)

    assert wait_for(lambda: lasting.pids.get("qcluster", old) != old)
    assert wait_for(lambda: not _living(members))


def test_after_a_kill_of_the_supervisor_nothing_runs_twice(product: Product) -> None:
    with _running(product, "--no-web") as up:
        assert wait_for(lambda: len(_group(product.pids["qcluster"])) > 3)
        old = product.all_pids

        up.kill()
        up.wait()
        again = product.manage("up", "--detach", "--no-web")

        assert again.returncode == 0, again.stderr
        assert not _living(old)
        assert not product.all_pids & old


def test_stop_cleans_up_after_a_killed_supervisor(product: Product) -> None:
    with _running(product, "--no-web") as up:
        old = product.all_pids
        up.kill()
        up.wait()

        product.manage("stop")

        assert not _living(old)


def test_status_lists_what_a_killed_supervisor_left_as_long_as_it_lives(product: Product) -> None:
    with _running(product, "--no-web") as up:
        relay = product.pids["relay"]
        freeze(relay)  # it cannot hear yet that it is to end

        up.kill()
        up.wait()
        told, status = product.manage("status"), product.manage("status", "--json")
        product.manage("stop")

        answer = json.loads(status.stdout)
        assert (status.returncode, answer["running"]) == (1, False)
        assert ("relay", relay) in {(each["name"], each["pid"]) for each in answer["processes"]}
        assert told.stdout.startswith("not running; left by a killed supervisor:\n")
        assert not _living({relay})
        assert product.manage("status").stdout.startswith("not running\n")


def test_restart_replaces_one_process(lasting: Product) -> None:
    before = lasting.pids

    done = lasting.manage("restart", "watchdog")

    assert done.returncode == 0, done.stderr
    assert lasting.pids["watchdog"] != before["watchdog"]
    assert lasting.pids["qcluster"] == before["qcluster"]
    assert done.stdout == (
        f"restarted watchdog: pid {before['watchdog']} → {lasting.pids['watchdog']}\n"
    )


def test_restart_replaces_a_frozen_process(lasting: Product) -> None:
    before = lasting.pids["relay"]
    freeze(before)

    done = lasting.manage("restart", "relay")

    assert done.stdout == f"restarted relay: pid {before} → {lasting.pids['relay']}\n"
    assert not process.is_stopped(lasting.pids["relay"])


def test_restart_names_every_process_it_replaced(lasting: Product) -> None:
    before = lasting.pids

    done = lasting.manage("restart", "--json")

    replaced = {each["name"]: each for each in json.loads(done.stdout)["restarted"]}
    assert set(replaced) == EVERYTHING - {"web", "supervisor"}
    assert {name: each["before"] for name, each in replaced.items()} | {
        "supervisor": before["supervisor"]
    } == before
    assert {name: each["after"] for name, each in replaced.items()} | {
        "supervisor": before["supervisor"]
    } == lasting.pids


def test_restart_refuses_a_name_that_does_not_run(lasting: Product) -> None:
    refused = lasting.manage("restart", "nginx")
    itself = lasting.manage("restart", "supervisor")
    retiring = lasting.manage("restart", "qcluster.old")

    assert retiring.returncode == 2
    assert "it ends with its last job" in retiring.stderr
    assert (itself.returncode, itself.stderr.count("\n")) == (2, 1)
    assert "manage.py stop, then manage.py up" in itself.stderr
    assert refused.returncode == 2
    assert refused.stderr.startswith('NAME="nginx": no such process: use ')


def test_nothing_running_is_an_answer_and_not_an_error(product: Product) -> None:
    status, stop = product.manage("status", "--json"), product.manage("stop")

    assert (status.returncode, json.loads(status.stdout)) == (
        1,
        {"running": False, "processes": []},
    )
    assert (stop.returncode, stop.stdout) == (0, "nothing was running\n")


def test_only_the_very_first_start_hands_out_a_link(own_services: dict[str, str]) -> None:
    own = Product(own_services)
    file = own.home / "login_link"

    first = own.manage("up", "--detach")
    mode, link = file.stat().st_mode & 0o777, file.read_text().strip()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(link).geturl()
    own.manage("stop")
    second = own.manage("up", "--detach")
    own.manage("stop")

    assert str(file) in first.stdout
    assert mode == 0o600
    assert page == f"http://127.0.0.1:{own.port}/"
    assert "link" not in second.stdout
    assert not file.exists()


def _supervisor_of(
    home: Path, monkeypatch: pytest.MonkeyPatch, greet: Callable[[list[str]], None]
) -> loop.Supervisor:
    (home / "run").mkdir(mode=0o700)
    monkeypatch.setattr(record.configuration, "home", lambda: home)
    made = loop.Supervisor(on_ready=greet)
    made.record = record.Record(record.this("supervisor", os.getpid()), "A=b", "", "boot")
    return made


@contextmanager
def _answering(answers: dict[str, tuple[int, bytes]]) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def _running(product: Product, *words: str) -> "Iterator[subprocess.Popen[str]]":
    started = product.start(*words)
    try:
        yield started
    finally:
        product.manage("stop")
        started.communicate(timeout=120)


def _living(pids: set[int]) -> set[int]:
    return {pid for pid in pids if process.started_ticks(pid) is not None}


def _alive(product: Product) -> set[str]:
    return {name for name, pid in product.pids.items() if _living({pid})}


def _group(leader: int) -> set[int]:
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getpgid(int(name)) == leader:
                    found.add(int(name))
            except ProcessLookupError:
                continue
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_nobody_is_ended_as_silent_where_no_beat_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FACTORY_HOME = tmp_path
    supervisor = _supervisor_of(tmp_path, monkeypatch, lambda cannot: None)
    supervisor.silences = Lasting(0.0)
    relay = Child("relay", ["sleep", "60"], dict(os.environ))
    relay.start()
    supervisor.children = [relay]
    beat = tmp_path / "run" / "relay.beat"
    beat.write_text(f"{relay.running.pid} {relay.running.ticks}")
    os.utime(beat, (0, 0))
    (tmp_path / "run" / "supervisor.beat").mkdir()

    with pytest.raises(IsADirectoryError):
        supervisor._tick()

    assert relay.running.alive
    relay.kill()
