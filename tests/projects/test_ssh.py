"""Fetching by ssh: keys that are nowhere, hosts that are known, and those in between."""

import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.failures import FailureClass
from projects import addresses, ssh_keys
from projects.git import agent, complaints, environment, known_hosts, transfer
from projects.git.door import TimedOut, Watch
from tests import services
from tests.projects import hosting
from tests.projects.origins import until
from tests.projects.ssh_host import make_key, ssh_host

QUICK = Watch(deadline_s=60, idle_s=30)


@pytest.fixture
def key():
    """This fixture will make a key as the product does."""
    return ssh_keys.make()


@pytest.fixture
def host(origin, tmp_path, settings, key):
    """This fixture will serve this machine by ssh: allow-listed, known, and open for the key."""
    with ssh_host(tmp_path / "sshd") as served:
        settings.FACTORY_GIT_HOSTS = [served.address]
        served.authorise(ssh_keys.public(key))
        known(served)
        yield served


def known(served):
    """This function will accept the host's key, as an operator does who compared it."""
    found = known_hosts.scan(served.listen, served.port)
    known_hosts.accept(served.listen, served.port, found[0].fingerprint)


def bring(text, into, key="", watch=QUICK, branch=""):
    """This function will do what a sync job does."""
    source = transfer.locate(addresses.parse(str(text)), key=key)
    return transfer.bring(source, into, branch, watch)


def test_a_sealed_key_opens_a_repository_and_brings_the_next_commit(host, origin, into, key):
    first = bring(host.url(origin.path), into, key)
    second = origin.commit({"shop/new.py": "import shop\n"})

    assert bring(host.url(origin.path), into, key) == second != first


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_key_of_each_kind_that_ssh_keygen_makes_is_accepted(host, origin, into, tmp_path, kind):
    key = ssh_keys.accept(make_key(tmp_path / kind, kind).read_text())
    host.authorise((tmp_path / f"{kind}.pub").read_text())

    assert bring(host.url(origin.path), into, key) == origin.git("rev-parse", "HEAD")


def test_the_operators_own_key_is_offered_where_the_repository_has_none(
    host, origin, into, settings
):
    own = make_key(Path(settings.FACTORY_HOME) / "ssh" / "id")
    host.authorise(own.with_suffix(".pub").read_text())

    assert bring(host.url(origin.path), into)


def test_the_operators_own_key_is_not_offered_where_the_repository_has_another(
    host, origin, into, settings, key
):
    own = make_key(Path(settings.FACTORY_HOME) / "ssh" / "id")
    host.authorise(own.with_suffix(".pub").read_text())

    with pytest.raises(complaints.NotAuthorised):
        bring(host.url(origin.path), into, key)


def test_a_home_with_odd_characters_is_no_shell_and_no_pattern(
    host, origin, into, settings, tmp_path, key
):
    settings.FACTORY_HOME = tmp_path / "a home $(touch x) %h 'b"
    known(host)

    assert bring(host.url(origin.path), into, key)


def test_the_wrong_key_is_refused_with_a_sentence(host, origin, into):
    with pytest.raises(complaints.NotAuthorised, match="accepts none of our ssh keys") as failure:
        bring(host.url(origin.path), into, ssh_keys.make())

    assert failure.value.failure_class == FailureClass.AUTH
    assert not into.exists()


def test_a_host_nobody_accepted_is_refused_with_its_name(host, origin, into, settings, key):
    (Path(settings.FACTORY_HOME) / "ssh/known_hosts").unlink()

    with pytest.raises(complaints.Untrusted, match="compare and accept it") as failure:
        bring(host.url(origin.path), into, key)

    assert str(failure.value).endswith(f": manage.py ssh_host [127.0.0.1]:{host.port}")


def test_a_host_whose_key_changed_is_refused_as_somebody_in_between(host, origin, into, key):
    bring(host.url(origin.path), into, key)
    host.new_key()

    with pytest.raises(complaints.Untrusted, match="somebody may stand in between") as failure:
        bring(host.url(origin.path), into, key)

    assert failure.value.failure_class == FailureClass.AUTH
    known(host)  # its owner did change it
    assert bring(host.url(origin.path), into, key)


def test_two_hosts_on_one_name_have_a_key_each(host, origin, into, tmp_path, settings, key):
    with ssh_host(tmp_path / "other") as other:
        settings.FACTORY_GIT_HOSTS = [host.address, other.address]
        other.authorise(ssh_keys.public(key))
        with pytest.raises(complaints.Untrusted, match="not known here"):
            bring(other.url(origin.path), into, key)
        known(other)

        assert bring(other.url(origin.path), into, key)
        assert bring(host.url(origin.path), into, key)


def test_ssh_reaches_a_host_by_ipv6(origin, into, tmp_path, settings, key):
    with ssh_host(tmp_path / "sshd", "::1") as served:
        settings.FACTORY_GIT_HOSTS = [served.address]
        served.authorise(ssh_keys.public(key))
        known(served)

        assert bring(served.url(origin.path), into, key)


def test_the_scp_form_reaches_the_default_port(settings):
    settings.FACTORY_GIT_HOSTS = ["git.lan"]
    address = addresses.parse("git@git.lan:group/sub/shop.git")

    command = environment.for_transfer(environment.Source(address, "10.0.0.7"), "/tmp/socket")

    assert (address.port, str(address)) == (22, "ssh://git@git.lan/group/sub/shop.git")
    assert "-oHostName=10.0.0.7" in command["GIT_SSH_COMMAND"]
    assert "-oHostKeyAlias=git.lan" in command["GIT_SSH_COMMAND"]


def test_a_name_is_looked_up_once_and_ssh_goes_to_that_address(host, origin, into, key):
    """The name leads nowhere any more; the pin says where it led when it was judged."""
    address = replace(addresses.parse(host.url(origin.path)), host="nowhere.invalid")
    source = environment.Source(address, "127.0.0.1", key=key)
    file = known_hosts.folder() / "known_hosts"
    file.write_text(file.read_text().replace("[127.0.0.1]", "[nowhere.invalid]"))

    assert transfer.bring(source, into, "", QUICK)


def test_a_missing_repository_behind_ssh_is_its_own_failure(host, origin, into, key):
    with pytest.raises(complaints.NoSuchRepository, match="no repository at this address"):
        bring(host.url(origin.path / "nowhere"), into, key)


def test_a_host_that_never_speaks_ssh_is_given_up_and_no_process_is_left(
    origin, into, settings, key
):
    pids = []
    with hosting.silent_host() as port:
        settings.FACTORY_GIT_HOSTS = [f"127.0.0.1:{port}"]
        with pytest.raises(TimedOut, match=r"nothing was heard for 0\.5 s"):
            bring(
                f"ssh://git@127.0.0.1:{port}/x",
                into,
                key,
                Watch(deadline_s=30, idle_s=0.5, on_start=pids.append),
            )

    until(lambda: not _living(pids[0]))
    assert not _agents()


def test_the_key_is_on_no_disk_while_git_runs(host, origin, into, tmp_path, key):
    """The secret part of an ed25519 key is 32 bytes: its base64 must be in no file and process."""
    secret = key.splitlines()[3][:40]
    seen = set()
    folders = set()

    def look(pid):
        folders.update(_agents())
        for group in _living(pid):
            seen.add((group / "environ").read_bytes() + (group / "cmdline").read_bytes())

    done = threading.Event()

    def keep_looking(pid):
        while not done.is_set():
            try:
                look(pid)
            except OSError:
                continue

    watch = replace(
        QUICK,
        on_start=lambda pid: threading.Thread(
            target=keep_looking, args=(pid,), daemon=True
        ).start(),
    )
    try:
        bring(host.url(origin.path), into, key, watch)
    finally:
        done.set()

    assert any(b"IdentityAgent" in text for text in seen)
    assert not any(secret.encode() in text for text in seen)
    assert folders
    assert not _agents()
    found = subprocess.run(
        ["grep", "-rlF", "--", secret, tmp_path], capture_output=True, text=True, check=False
    )
    assert found.stdout == ""


def _living(group):
    """The processes of a group that are not just waiting to be reaped."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state, _, pgrp, *_ = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if pgrp == str(group) and state != "Z":
            found.append(path)
    return found


def _agents():
    """The sockets of this test's agents: no other account may enter their directory."""
    found = []
    for line in Path("/proc/net/unix").read_text().splitlines():
        path = Path(line.split()[-1])
        if path.parent.name.startswith("factory-agent-") and path.exists():
            found.append(path)
    return found


def test_the_agent_signs_lists_and_refuses_all_else(tmp_path, key):
    with agent.holding(key) as path:
        environ = {"SSH_AUTH_SOCK": path, "PATH": os.environ["PATH"]}
        mode = stat.S_IMODE(os.stat(Path(path).parent).st_mode)
        listed = _run(["ssh-add", "-L"], environ)
        other = make_key(tmp_path / "other")
        added = _run(["ssh-add", other], environ)
        removed = _run(["ssh-add", "-D"], environ)
        (tmp_path / "public").write_text(ssh_keys.public(key))
        tested = _run(["ssh-add", "-T", tmp_path / "public"], environ)  # signs, and verifies

    assert mode == 0o700
    assert listed.stdout.split()[:2] == ssh_keys.public(key).split()
    assert tested.returncode == 0, tested.stderr
    assert added.returncode != 0
    assert removed.returncode != 0
    assert not Path(path).exists()


def _run(argv, environ):
    return subprocess.run(
        argv, env=environ, capture_output=True, text=True, check=False, timeout=30
    )


_HOLD = """
import sys, time, django
django.setup()
from projects.git import agent
with agent.holding(sys.stdin.read()) as path:
    print(path, flush=True)
    time.sleep(600)
"""


def test_a_runner_killed_with_9_leaves_a_dead_socket_that_is_swept(key):
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        env=os.environ | {"PYTHONPATH": str(services.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child.stdin.write(key)
    child.stdin.close()
    left = Path(child.stdout.readline().strip())
    child.kill()
    child.wait()
    child.stdout.close()

    assert [path.name for path in left.parent.iterdir()] == ["socket"]
    assert left.is_socket()
    agent.sweep()
    assert left.exists()  # it might be another's that does not listen yet
    os.utime(left.parent, (0, 0))
    with agent.holding(key) as living:
        os.utime(Path(living).parent, (0, 0))
        agent.sweep()
        assert Path(living).exists()
    assert not left.parent.exists()


@pytest.mark.parametrize(
    "sent", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\5\x0d\xff\xff\xff\xff", b"x"]
)
def test_garbage_does_not_end_the_agent(key, sent):
    import socket

    with agent.holding(key) as path:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
            one.sendall(sent)
        listed = _run(["ssh-add", "-L"], {"SSH_AUTH_SOCK": path, "PATH": os.environ["PATH"]})

    assert listed.returncode == 0


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "not a private key"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "not a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "not a"),
        ("x" * 30_000, "too long"),
    ],
)
def test_what_is_no_key_is_refused_in_one_sentence(text, cause):
    with pytest.raises(ssh_keys.BadKey, match=cause) as refusal:
        ssh_keys.accept(text)

    assert str(refusal.value).startswith("key: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (["-t", "ed25519", "-N", "a phrase"], "passphrase"),
        (["-t", "ed25519", "-N", "a phrase", "-m", "PEM"], "passphrase"),
        (["-t", "rsa", "-b", "1024", "-N", ""], "too few"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, options, cause):
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", *options, "-f", path], check=True)

    with pytest.raises(ssh_keys.BadKey, match=cause):
        ssh_keys.accept(path.read_text())


def test_a_key_pasted_by_windows_is_the_same_key(key):
    pasted = ssh_keys.accept("\r\n" + key.replace("\n", "\r\n") + "\r\n\r\n")

    assert ssh_keys.public(pasted) == ssh_keys.public(key)


def test_the_shown_fingerprint_is_the_one_of_the_host(host):
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", host.folder / "host_key.pub"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1]

    found = known_hosts.scan(host.listen, host.port)

    assert [(one.kind, one.fingerprint, one.known) for one in found] == [
        ("ssh-ed25519", shown, True)
    ]


def test_a_fingerprint_the_host_does_not_show_is_not_accepted(host):
    file = known_hosts.folder() / "known_hosts"
    before = file.read_text()

    with pytest.raises(known_hosts.NotItsKey, match="shows no key"):
        known_hosts.accept(host.listen, host.port, "SHA256:" + "A" * 43)

    assert file.read_text() == before


def test_accepting_keeps_what_an_operator_wrote(host):
    file = known_hosts.folder() / "known_hosts"
    theirs = b"# ours\n|1|x=|y= ssh-rsa AAAA\ngit.lan,10.0.0.7 ssh-rsa AAAA caf\xe9\n"
    file.write_bytes(theirs)

    known(host)

    assert file.read_bytes().startswith(theirs)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def hashed(line, folder):
    """This function will hide the host's name in a line, as HashKnownHosts does."""
    (folder / "one").write_text(line)
    subprocess.run(["ssh-keygen", "-H", "-f", folder / "one"], capture_output=True, check=True)
    return (folder / "one").read_text()


@pytest.mark.parametrize(
    "form", ["HOST KEY", "HOST,192.0.2.9 KEY", "192.0.2.9,HOST KEY", "[127.0.0.*]:* KEY", "hashed"]
)
def test_accepting_drops_every_line_that_trusts_the_host(form, host, tmp_path):
    file = known_hosts.folder() / "known_hosts"
    name, (_, old) = known_hosts.name(host.listen, host.port), file.read_text().split(" ", 1)
    old = f"{name} {old}"
    line = form.replace("HOST", name).replace("KEY", old.split(" ", 1)[1])
    others = f"other.example {old.split(' ', 1)[1]}@revoked {old}"
    file.write_text((hashed(old, tmp_path) if form == "hashed" else line) + others)
    before = known_hosts.scan(host.listen, host.port)[0].known
    host.new_key()

    known(host)

    shown = known_hosts.scan(host.listen, host.port)
    assert before
    assert file.read_text() == f"{others}{name} {shown[0].kind} {shown[0].blob}\n"


def test_a_host_without_ssh_shows_no_key(settings):
    with hosting.silent_host() as port:
        pass
    settings.FACTORY_GIT_HOSTS = [f"127.0.0.1:{port}"]

    with pytest.raises(known_hosts.NoKeys, match="showed no ssh key"):
        known_hosts.scan("127.0.0.1", port)
