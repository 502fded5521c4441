"""The one door to git: what git is told, and every failure with its sentence."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.failures import FailureClass
from jobs.process import Limits
from projects import addresses, hosts
from projects.git import complaints, door, environment, reading, transfer
from projects.git.door import TimedOut, Watch
from tests.projects import hosting
from tests.projects.origins import Origin, until

QUICK = Watch(deadline_s=60, idle_s=30)


def bring(text, into, branch="", token="", watch=QUICK):
    """This function will do what a sync job does."""
    source = transfer.locate(addresses.parse(str(text)), token)
    return transfer.bring(source, into, branch, watch)


def nothing_is_left(into):
    """This function will say whether a failure left no half state."""
    return not into.exists() and not list(into.parent.glob("*.part-*"))


def living(group):
    """This function will list the processes of a group that are not just waiting to be reaped."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp, *_ = path.read_text().rpartition(")")[2].split()
            if pgrp == str(group) and state != "Z":
                found.append(path.with_name("cmdline").read_text())
    return found


def test_a_clone_is_bare_and_a_fetch_brings_the_next_commit(origin, into):
    first = bring(origin.path, into)
    second = origin.commit({"shop/new.py": "import shop\n"})

    assert bring(origin.path, into) == second != first
    assert (into / "HEAD").is_file()
    assert reading.behind(into, first, second, QUICK) == 1


def test_a_rewritten_history_is_followed(origin, into):
    bring(origin.path, into)
    origin.git("commit", "--quiet", "--amend", "--message", "another")

    assert bring(origin.path, into) == origin.git("rev-parse", "HEAD")


def test_a_remote_that_renames_its_branch_is_followed(origin, into):
    bring(origin.path, into)
    origin.git("branch", "--move", "trunk")

    assert bring(origin.path, into) == origin.git("rev-parse", "HEAD")
    assert reading.branch(into, QUICK) == "trunk"


def test_a_remote_whose_head_moved_to_another_branch_is_followed_while_the_old_one_exists(
    origin, into
):
    bring(origin.path, into)
    origin.git("checkout", "--quiet", "-b", "trunk")
    newest = origin.commit({"trunk.py": ""})

    assert bring(origin.path, into) == newest
    assert reading.branch(into, QUICK) == "trunk"


def test_a_remote_whose_head_stands_for_no_branch_is_followed(origin, into):
    bring(origin.path, into)
    origin.git("checkout", "--quiet", "--detach")
    first = origin.commit({"a.py": ""})

    assert bring(origin.path, into) == first
    second = origin.commit({"b.py": ""})
    assert bring(origin.path, into) == second


def test_a_lock_that_a_killed_git_left_does_not_stop_the_next_fetch(origin, into):
    bring(origin.path, into)
    newest = origin.commit({"new.py": ""})
    locks = [into / "refs/heads/main.lock", into / "HEAD.lock", into / "packed-refs.lock"]
    for lock in locks:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()

    assert bring(origin.path, into) == newest
    assert not any(lock.exists() for lock in locks)


def test_a_broken_clone_is_cloned_again(origin, into):
    bring(origin.path, into)
    newest = origin.commit({"new.py": ""})
    for pack in (into / "objects/pack").iterdir():
        pack.unlink()

    assert bring(origin.path, into) == newest
    assert len(reading.tree(into, newest, QUICK)) == 7


def test_another_branch_is_brought_when_it_is_asked_for(origin, into):
    bring(origin.path, into)
    origin.git("checkout", "--quiet", "-b", "side")
    side = origin.commit({"side.py": ""})
    origin.git("checkout", "--quiet", "main")

    assert bring(origin.path, into, branch="side") == side


def test_git_gets_our_environment_and_nothing_of_the_servers(origin, into, monkeypatch):
    monkeypatch.setenv("FACTORY_SECRET_KEY", "hush-hush")
    seen = []

    def look(pid):
        if not seen:
            seen.extend(_when_it_is_git(pid))

    bring(origin.path, into, watch=replace(QUICK, on_start=look))

    names = {entry.partition("=")[0] for entry in seen}
    source = environment.Source(addresses.parse(str(origin.path)))
    assert names == set(environment.for_transfer(source))
    assert not any("hush" in entry for entry in seen)


@pytest.mark.parametrize(
    ("address", "pinned"),
    [
        ("https://github.com/a/b", True),
        ("https://[2606:4700::1111]/a/b", False),
        ("https://140.82.112.3/a/b", False),
    ],
)
def test_a_name_is_pinned_and_a_number_is_not(address, pinned):
    source = environment.Source(addresses.parse(address), "2606:4700:0::1111")

    variables = environment.for_transfer(source)

    assert ("http.curloptResolve" in variables.values()) == pinned


def _when_it_is_git(pid):
    """The process is `env` for its first millisecond."""
    while Path(f"/proc/{pid}/comm").read_text().strip() != "git":
        time.sleep(0.0005)
    return Path(f"/proc/{pid}/environ").read_text().split("\0")[:-1]


def test_a_token_opens_an_https_repository_and_stands_in_no_argv(https, into):
    https.token = "hush-token"
    argvs = []
    watching = threading.Event()

    def on_start(pid):
        def again():
            while not watching.is_set():
                argvs.extend(living(pid))

        threading.Thread(target=again, daemon=True).start()

    # The host does not answer before the process that asks it was seen.
    https.before = lambda: until(lambda: any("remote-https" in argv for argv in list(argvs)))
    try:
        bring(
            f"https://{https.address}/shop/.git",
            into,
            "",
            "hush-token",
            replace(QUICK, on_start=on_start),
        )
    finally:
        watching.set()

    assert into.exists()
    assert any("remote-https" in argv for argv in argvs)
    assert not any("hush" in argv or "eC1hY2Nlc3" in argv for argv in argvs)
    assert "hush" not in (into / "config").read_text()


def test_the_configuration_is_readable_by_its_owner_alone(origin, into, settings):
    bring(origin.path, into)

    files = list((Path(settings.FACTORY_HOME) / "git").iterdir())
    assert files
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_no_hook_template_or_work_tree_comes_along(origin, into):
    hook = origin.path / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch /tmp/factory-was-here\n")
    hook.chmod(0o755)

    bring(origin.path, into)

    assert not (into / "hooks").exists()
    assert not Path("/tmp/factory-was-here").exists()


def test_an_empty_repository_is_its_own_failure(tmp_path, into):
    empty = Origin(tmp_path / "empty")

    with pytest.raises(complaints.Empty, match="no commit yet"):
        bring(empty.path, into)

    assert nothing_is_left(into)


def test_a_missing_branch_is_its_own_failure(origin, into):
    with pytest.raises(complaints.NoSuchBranch, match="no such branch"):
        bring(origin.path, into, branch="nowhere")

    assert nothing_is_left(into)


def test_a_missing_local_repository_is_its_own_failure(origin, into):
    with pytest.raises(complaints.NoSuchRepository, match="no repository at this address"):
        bring(origin.path.parent / "nowhere", into)


def test_a_missing_remote_repository_is_its_own_failure(https, into):
    with pytest.raises(complaints.NoSuchRepository, match="no repository at this address"):
        bring(f"https://{https.address}/nowhere", into)

    assert nothing_is_left(into)


def test_a_private_repository_without_a_token_is_its_own_failure(https, into):
    https.token = "hush-token"

    for token in ("", "wrong"):
        with pytest.raises(complaints.NotAuthorised, match="give a valid token") as failure:
            bring(f"https://{https.address}/shop/.git", into, token=token)
        assert failure.value.failure_class == FailureClass.AUTH


@pytest.mark.parametrize(
    ("status", "kind", "failure_class"),
    [
        (403, complaints.NotAuthorised, FailureClass.AUTH),
        (429, complaints.RateLimited, FailureClass.RATE_LIMITED),
        (503, complaints.Unreachable, FailureClass.TRANSIENT_NETWORK),
    ],
)
def test_what_a_host_answers_decides_whether_it_is_tried_again(
    https, into, status, kind, failure_class
):
    https.status = status

    with pytest.raises(kind) as failure:
        bring(f"https://{https.address}/shop/.git", into)

    assert failure.value.failure_class == failure_class


def test_a_redirect_is_not_followed(https, into, certificate):
    https.status, https.location = 302, f"https://{https.address}/other/info/refs"

    with pytest.raises(complaints.Redirected, match="register the address"):
        bring(f"https://{https.address}/shop/.git", into)

    assert not any("other" in path for path in https.seen)


def test_an_unknown_certificate_is_its_own_failure(https, into, settings):
    settings.FACTORY_GIT_CA = ""

    with pytest.raises(complaints.Untrusted, match="FACTORY_GIT_CA"):
        bring(f"https://{https.address}/shop/.git", into)


def test_a_refused_connection_is_a_passing_failure(origin, into, settings):
    with hosting.silent_host() as port:
        pass
    settings.FACTORY_GIT_HOSTS = [f"127.0.0.1:{port}"]

    with pytest.raises(complaints.Unreachable, match="did not answer"):
        bring(f"https://127.0.0.1:{port}/x", into)


def test_a_silent_host_is_given_up_and_no_process_is_left(origin, into, settings):
    pids = []
    with hosting.silent_host() as port:
        settings.FACTORY_GIT_HOSTS = [f"127.0.0.1:{port}"]
        with pytest.raises(TimedOut, match=r"nothing was heard for 0\.5 s"):
            bring(
                f"https://127.0.0.1:{port}/x",
                into,
                watch=Watch(deadline_s=30, idle_s=0.5, on_start=pids.append),
            )

    until(lambda: not living(pids[0]))
    assert nothing_is_left(into)


def test_a_deadline_ends_a_transfer_that_keeps_talking(origin, into, settings):
    with hosting.silent_host() as port:
        settings.FACTORY_GIT_HOSTS = [f"127.0.0.1:{port}"]
        with pytest.raises(TimedOut, match="took longer than 1 s"):
            bring(f"https://127.0.0.1:{port}/x", into, watch=Watch(deadline_s=1, idle_s=30))


def test_a_host_that_resolves_to_this_machine_is_refused_in_the_job(settings):
    settings.FACTORY_GIT_HOSTS = ["git.lan"]
    address = replace(addresses.parse("https://git.lan/x"), host="localhost")

    with pytest.raises(hosts.RefusedHost, match="not a public address"):
        transfer.locate(address)


def test_a_malformed_object_is_refused(origin, into):
    content = b"100644 ../up\0" + bytes.fromhex(origin.blob(b"x"))
    tree = origin.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=content)
    origin.git("update-ref", "HEAD", origin.git("commit-tree", tree, "-m", "bad"))

    with pytest.raises(complaints.Malformed, match="malformed objects"):
        bring(origin.path, into)

    assert nothing_is_left(into)


def test_a_repository_beyond_the_size_limit_is_refused(origin, into):
    origin.commit({"noise.bin": os.urandom(3 << 20)})

    with pytest.raises(complaints.TooLarge, match="larger than one clone may be"):
        bring(origin.path, into, watch=replace(QUICK, limits=Limits(file_mb=1)))

    assert nothing_is_left(into)


def test_a_full_disk_is_its_own_failure(origin, into):
    origin.commit({"noise.bin": os.urandom(3 << 20)})
    into.parent.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", into.parent],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may mount the small disk this test fills")

    try:
        with pytest.raises(complaints.DiskFull, match="make room"):
            bring(origin.path, into)
        assert nothing_is_left(into)
    finally:
        subprocess.run(["umount", into.parent], check=True)


def test_a_clone_killed_half_way_leaves_nothing_the_next_run_keeps(origin, into):
    """kill -9 of everything: what is left on the disk is what a crash leaves."""
    origin.commit({f"noise{n}.bin": os.urandom(1 << 20) for n in range(8)})
    half = into.with_name(into.name + ".part-dead")
    pids = []

    def kill(phase, current, total):
        os.killpg(pids[0], signal.SIGKILL)

    with pytest.raises(complaints.GitFailed):
        bring(origin.path, into, watch=replace(QUICK, on_start=pids.append, on_progress=kill))
    (half / "objects").mkdir(parents=True)

    assert not into.exists()
    assert bring(origin.path, into) == origin.git("rev-parse", "HEAD")
    assert not half.exists()


def test_two_fetches_of_one_clone_take_turns(origin, into):
    heads = []
    pair = [
        threading.Thread(target=lambda: heads.append(bring(origin.path, into))) for _ in range(2)
    ]

    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()

    assert heads == [origin.git("rev-parse", "HEAD")] * 2


def test_a_tree_with_too_many_paths_is_stopped_long_before_its_end(tmp_path):
    """A git bomb: nine levels of ten equal folders are a thousand million files in 1 KB."""
    bomb = Origin(tmp_path / "bomb")
    inner = f"100644 blob {bomb.blob(b'x')}"
    for _ in range(9):
        listing = "".join(f"{inner}\tf{n}\0" for n in range(10)).encode()
        tree = bomb.git("mktree", "-z", stdin=listing)
        inner = f"040000 tree {tree}"
    commit = bomb.git("commit-tree", tree, "-m", "bomb")
    began = time.monotonic()

    assert len(reading.tree(bomb.path / ".git", commit, QUICK, budget=1000)) == 1001
    assert time.monotonic() - began < 30


def test_a_commit_is_found_by_its_beginning_and_nothing_else_is(origin, into):
    commit = bring(origin.path, into)

    assert reading.commit(into, commit[:8], QUICK) == commit
    for text in ("HEAD", "main", "--all", "0" * 40, "x", f"{commit}^"):
        with pytest.raises(complaints.NoSuchCommit):
            reading.commit(into, text, QUICK)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: write error: No space left on device", complaints.DiskFull),
        ("error: index-pack died of signal 25", complaints.TooLarge),
        ("error: index-pack died of signal 24", TimedOut),
        ("fatal: unable to access: Could not resolve host: x", complaints.Unreachable),
        ("ssh: connect to host x port 22: Connection refused", complaints.Unreachable),
        ("git@x: Permission denied (publickey).", complaints.NotAuthorised),
        ("Host key verification failed.", complaints.Untrusted),
        ("fatal: fsck error in packed object", complaints.Malformed),
        ("fatal: early EOF", complaints.Unreachable),
        ("fatal: something new\x1b[31m", complaints.GitFailed),
    ],
)
def test_what_git_says_is_put_into_a_class(said, kind):
    failure = complaints.failure("clone", 128, said + "\n")

    assert type(failure) is kind
    assert str(failure).isprintable()


def test_door_finds_work_trees_bare_clones_and_nothing_else(origin, into, tmp_path):
    bring(origin.path, into)
    origin.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "tree")

    assert door.git_dir(origin.path) == origin.path / ".git"
    assert door.git_dir(into) == into
    assert door.git_dir(tmp_path / "tree") == origin.path / ".git/worktrees/tree"
    assert door.git_dir(tmp_path) is None
