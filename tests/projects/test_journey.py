"""Registering, syncing and mapping with real commands, a real runner and a real database."""

import json
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest

from jobs import process, upkeep
from tests import services
from tests.projects.origins import PACKAGE, Origin, answer, runner, until


@pytest.fixture(scope="module")
def place(scratch_database, tmp_path_factory):
    """This fixture will give an environment whose commands and runner share one database."""
    home = tmp_path_factory.mktemp("journey")
    environment = scratch_database.environment | {
        "FACTORY_HOME": str(home / "home"),
        "FACTORY_LOCAL_REPOS": str(home),
    }
    return home, environment, scratch_database


@pytest.fixture
def working(place):
    """This fixture will keep one runner at work."""
    with runner(place[1]):
        yield place


def manage(*arguments, environment, check=False):
    """This function will run a command with a --json that is ours to ask for."""
    return services.manage(*arguments, environment=dict(environment), check=check)


def test_a_repository_is_registered_mapped_and_shown(working):
    home, environment, _ = working
    origin = Origin(home / "shop")
    commit = origin.commit(PACKAGE)

    registered = answer("register", str(origin.path), "--wait", environment=environment)
    shown = answer(
        "map", str(registered["repository"]), "--edges", "--nodes", environment=environment
    )

    assert registered["project"] == "shop"
    assert registered["state"] == "succeeded"
    assert (shown["commit"], shown["behind"]) == (commit, 0)
    assert [(edge["src"], edge["dst"], edge["line"]) for edge in shown["edges"]] == [
        ("shop/urls.py", "shop/__init__.py", 2),
        ("shop/urls.py", "shop/views.py", 1),
        ("shop/views.py", "shop/models.py", 1),
    ]
    assert len(shown["nodes"]) == shown["counts"]["nodes"] == 6
    once = answer("map", str(origin.path), "--once", environment=environment)
    assert once["digest"] == shown["digest"]


def test_a_sync_maps_the_next_commit_and_the_one_before_can_still_be_shown(working):
    home, environment, _ = working
    origin = Origin(home / "again")
    first = origin.commit(PACKAGE)
    repository = str(
        answer("register", str(origin.path), "--wait", environment=environment)["repository"]
    )
    before = answer("map", repository, "--edges", environment=environment)
    second = origin.commit({"shop/new.py": "import shop.models\n"})

    assert answer("sync", repository, "--wait", environment=environment)["state"] == "succeeded"

    assert answer("map", repository, environment=environment)["commit"] == second
    old = answer("map", repository, "--at", first[:9], "--edges", environment=environment)
    assert (old["digest"], old["edges"], old["behind"]) == (before["digest"], before["edges"], 1)


def test_a_failure_ends_the_wait_with_its_sentence_and_can_be_retried(working):
    home, environment, database = working
    origin = Origin(home / "empty")

    failed = manage("register", str(origin.path), "--wait", environment=environment)

    assert failed.returncode == 1
    assert "The repository has no commit yet" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert database.rows("SELECT failure_class FROM repository WHERE name = 'empty'") == [
        ("invalid-input",)
    ]
    origin.commit(PACKAGE)
    assert answer("sync", "empty", "--wait", environment=environment)["state"] == "succeeded"
    assert database.rows("SELECT failure_class FROM repository WHERE name = 'empty'") == [("",)]


def test_a_branch_that_is_not_there_fails_with_a_sentence_and_the_repository_keeps_working(working):
    home, environment, database = working
    origin = Origin(home / "branches")
    origin.commit(PACKAGE)
    register = ("register", str(origin.path), "--wait")
    answer(*register, "--branch", "main", environment=environment)
    origin.git("checkout", "--quiet", "-b", "next")
    newest = origin.commit({"shop/new.py": "import shop.models\n"})

    wrong = manage(*register, "--branch", "nowhere", environment=environment)
    again = answer("sync", "branches", "--wait", environment=environment)
    stored = "SELECT branch, failure_class, head_commit FROM repository WHERE name = 'branches'"
    between = database.rows(stored)[0]
    moved = answer(*register, "--branch", "next", environment=environment)

    assert wrong.returncode == 1
    assert "The repository has no such branch" in wrong.stderr
    assert again["state"] == moved["state"] == "succeeded"
    assert between[:2] == ("main", "")
    assert between[2] != newest
    assert database.rows(stored)[0] == ("next", "", newest)


def test_several_addresses_share_a_job_that_names_what_succeeded_and_what_failed(working):
    home, environment, database = working
    good = [Origin(home / name) for name in ("one", "two")]
    for origin in good:
        origin.commit(PACKAGE)
    paths = [str(origin.path) for origin in good] + [str(home / "absent")]

    found = answer("register", *paths, "--project", "Many", "--wait", environment=environment)

    assert [row["project"] for row in found] == ["many"] * 3
    assert len({row["job"] for row in found}) == 1
    parent = found[0]["job"]
    progress = database.rows(
        "SELECT current, total, items_done, items_failed FROM job_progress WHERE job_id = %s",
        [parent],
    )
    assert progress == [
        (3, 3, ["one", "two"], ["absent: There is no repository at this address; check it."])
    ]
    assert found[0]["state"] == "failed"
    assert database.rows(
        "SELECT count(*) FROM job WHERE root_id = %s AND kind = 'projects.map'"
        " AND state = 'succeeded'",
        [parent],
    ) == [(2,)]


def test_a_push_during_a_running_map_gets_its_own_job(working):
    """The lie this prevents: a map called current that missed the push made while it was built."""
    home, environment, database = working
    origin = Origin(home / "busy")
    origin.commit({f"m{n}.py": f"import m{n - 1}\n" + "x = [1, 2, 3]\n" * 3000 for n in range(40)})
    repository = str(answer("register", str(origin.path), environment=environment)["repository"])

    with _held("projects.mapping.extract", environment):
        mapping = _maps_of(database, repository)
        second = origin.commit({"late.py": "import m1\n"})
        synced = answer("sync", repository, environment=environment)
        assert _maps_of(database, repository) == mapping
        assert mapping[0][1] == "running"
        assert synced["state"] == "queued"

    until(lambda: not database.rows("SELECT 1 FROM job WHERE state IN ('queued', 'running')"))
    assert [state for _, state in _maps_of(database, repository)] == ["succeeded"] * 2
    assert answer("map", repository, environment=environment)["commit"] == second


def test_a_map_on_a_machine_without_the_clone_brings_it_first(working):
    home, environment, database = working
    origin = Origin(home / "elsewhere")
    first = origin.commit(PACKAGE)
    repository = str(
        answer("register", str(origin.path), "--wait", environment=environment)["repository"]
    )
    clone = Path(environment["FACTORY_HOME"]) / "repositories" / f"{repository}.git"
    shutil.rmtree(clone)
    second = origin.commit({"shop/new.py": "import shop.models\n"})

    mapping = database.rows(
        "INSERT INTO job (kind, queue_id, arguments, scope, limit_key)"
        " SELECT kind, queue_id, arguments, scope, limit_key FROM job"
        " WHERE kind = 'projects.map' AND arguments->>'repository' = %s RETURNING id",
        [repository],
    )[0][0]
    until(lambda: _state(database, mapping) in ("succeeded", "failed"))

    assert _state(database, mapping) == "succeeded"
    assert (clone / "HEAD").is_file()
    shown = answer("map", repository, environment=environment)
    assert (shown["commit"], shown["behind"]) == (second, 0)
    assert second != first


def test_waiting_for_a_sync_includes_a_map_that_waited_already(place):
    home, environment, database = place
    origin = Origin(home / "waiting")
    origin.commit(PACKAGE)
    with runner(environment):
        repository = str(
            answer("register", str(origin.path), "--wait", environment=environment)["repository"]
        )
    waiting = database.rows(
        "INSERT INTO job (kind, queue_id, arguments, scope, limit_key, unique_key, priority)"
        " SELECT kind, queue_id, arguments, scope, limit_key, unique_key, -1 FROM job"
        " WHERE kind = 'projects.map' AND arguments->>'repository' = %s RETURNING id",
        [repository],
    )[0][0]
    newest = origin.commit({"shop/new.py": "import shop.models\n"})

    with ThreadPoolExecutor() as pool:
        wait = pool.submit(answer, "sync", repository, "--wait", environment=environment)
        until(lambda: database.rows("SELECT 1 FROM job WHERE kind = 'projects.sync' AND fence = 0"))
        with runner(environment):
            synced = wait.result(60)

    assert synced["state"] == "succeeded"
    assert _maps_of(database, repository)[-1] == (waiting, "succeeded")
    assert answer("map", repository, environment=environment)["commit"] == newest


@contextmanager
def _held(word, environment):
    """This function will stop the processes with a word in their command line, and let them go."""
    held = until(lambda: _processes_with(word, environment))
    for pid in held:
        services.freeze(pid)
    try:
        yield
    finally:
        for pid in held:
            os.kill(pid, signal.SIGCONT)


def _maps_of(database, repository):
    return database.rows(
        "SELECT id, state FROM job WHERE kind = 'projects.map'"
        " AND arguments->>'repository' = %s ORDER BY id",
        [repository],
    )


def _slow_to_clone(path):
    """This function will make a repository of 96 MiB of noise, in which git looks for no deltas.

    That would take it ten times as long, and nobody learns more from it.
    """
    origin = Origin(path)
    origin.git("config", "core.bigFileThreshold", "100k")
    origin.git("config", "core.compression", "0")
    origin.commit({f"noise{n}.bin": os.urandom(1 << 20) for n in range(96)})
    return origin


def test_git_killed_in_mid_clone_fails_the_attempt_and_the_next_one_succeeds(working):
    home, environment, database = working
    origin = _slow_to_clone(home / "large")
    clones = Path(environment["FACTORY_HOME"]) / "repositories"
    registered = answer("register", str(origin.path), environment=environment)

    part = until(lambda: list(clones.glob(f"{registered['repository']}.git.part-*")))
    victims = _processes_with(part[0].name, environment)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)

    assert victims
    _tended(database, lambda: _state(database, registered["job"]) == "succeeded")
    assert list(clones.glob(f"{registered['repository']}.git*.part-*")) == []
    assert database.rows(
        "SELECT outcome FROM job_attempt WHERE job_id = %s ORDER BY number", [registered["job"]]
    )[-1] == ("succeeded",)


def test_a_sync_whose_repository_is_removed_meanwhile_fails_and_publishes_nothing(working):
    home, environment, database = working
    origin = _slow_to_clone(home / "removed")
    registered = answer("register", str(origin.path), environment=environment)

    with _held(f"{registered['repository']}.git.part-", environment):
        database.rows(  # the guard that forbids this is asleep
            "SET session_replication_role = replica;"
            " DELETE FROM repository WHERE name = 'removed' RETURNING id"
        )

    until(lambda: _state(database, registered["job"]) == "failed")
    assert database.rows(
        "SELECT failure_class, failure_message FROM job WHERE id = %s", [registered["job"]]
    ) == [("not-found", f"Repository {registered['repository']} was removed meanwhile.")]
    assert not database.rows("SELECT 1 FROM job WHERE root_id = %s", [registered["job"]])


def test_a_runner_killed_in_mid_clone_leaves_nothing_the_next_one_keeps(place):
    home, environment, database = place
    origin = _slow_to_clone(home / "larger")
    clones = Path(environment["FACTORY_HOME"]) / "repositories"
    registered = answer("register", str(origin.path), environment=environment)
    with runner(environment) as child:
        until(lambda: list(clones.glob(f"{registered['repository']}.git.part-*")))
        child.kill()
        child.wait()

    assert not (clones / f"{registered['repository']}.git").exists()
    _tended(database, lambda: _state(database, registered["job"]) != "running")
    with runner(environment):
        until(lambda: _state(database, registered["job"]) == "succeeded")
    assert list(clones.glob("*.part-*")) == []


def _tended(database, truth):
    """This function will do what every host does all the time, until something is true."""
    with closing(psycopg2.connect(database.url)) as raw:
        raw.autocommit = True
        until(lambda: upkeep.tick(raw) and truth(), pause=0.3)


def _state(database, job):
    return database.rows("SELECT state FROM job WHERE id = %s", [job])[0][0]


def _processes_with(word, environment):
    """This function will find the processes of this installation with a word in their command line.

    Others beside it map as well.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word.encode() in path.read_bytes() and _belongs(int(path.parent.name), environment):
                found.append(int(path.parent.name))
    return found


def _belongs(pid, environment):
    mark = f"FACTORY_HOME={environment['FACTORY_HOME']}\0".encode()
    while pid:
        if mark in Path(f"/proc/{pid}/environ").read_bytes():
            return True
        pid = process.parent(pid)
    return False


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% factory-was-here",
        "file:///etc",
        "http://127.0.0.1/x",
        "https://ana:hush@github.com/a/b",
        "https://github.com/" + "a" * 10_000,
    ],
)
def test_a_dangerous_address_is_one_line_status_two_and_nothing_stored(place, address):
    _, environment, database = place
    before = database.rows("SELECT count(*) FROM repository, job")

    done = manage("register", address, "--json", environment=environment)

    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "address: " in done.stderr
    assert "hush" not in done.stderr
    assert database.rows("SELECT count(*) FROM repository, job") == before


@pytest.mark.parametrize(
    "command",
    [
        ("map", "nowhere"),
        ("map", "/nowhere", "--once"),
        ("map", "999999"),
        ("map", "9" * 5000),
        ("map", "\u00b2"),
        ("sync", "\u00b2"),
        ("sync", "nowhere"),
        ("register", "https://github.com/a/b", "--token-env", "NOT_SET"),
        ("register", "https://github.com/a/b", "--branch", "a b"),
    ],
)
def test_bad_input_is_one_line_and_status_two(place, command):
    done = manage(*command, environment=place[1])

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr


def test_mapping_a_path_needs_no_database_and_says_what_people_can_read(tmp_path):
    origin = Origin(tmp_path / "shop")
    origin.commit(PACKAGE)
    environment = dict(os.environ) | {
        "DATABASE_URL": "postgresql://nobody:none@127.0.0.1:1/none",
        "FACTORY_HOME": str(tmp_path / "home"),
    }

    done = manage("map", str(origin.path), "--once", "--edges", environment=environment)

    assert done.returncode == 0, done.stderr
    assert "6 files, 4 parsed" in done.stdout
    assert "shop/urls.py:1 imports shop/views.py" in done.stdout
    document = manage("map", str(origin.path), "--once", "--json", environment=environment)
    assert json.loads(document.stdout)["counts"]["edges"] == 3


def test_the_benchmark_names_its_phases_and_its_peer(origin, tmp_path):
    from projects.mapping import bench

    found = bench.run(str(origin.path))

    assert {"listing files", "reading files", "resolving imports", "total"} <= set(found["phases"])
    assert found["files"] == 6
    assert {"grimp", "pytokei"} <= set(found["peers"])
    assert found["sum_mb"] > 0
