"""The commands of ssh: a repository's key, and the hosts we know."""

import json

import pytest
from django.core.management import call_command

from jobs.management.contract import actor
from jobs.models import Event
from projects import ssh_keys
from projects.models import Repository
from projects.secrets import opened
from tests.projects.ssh_host import make_key, ssh_host
from tests.projects.test_registration import register

pytestmark = pytest.mark.django_db
KEYED = "git@github.com:pallets/flask.git"


def run(capsys, *arguments):
    """This function will run a command and give its status, what it said and what it warned of."""
    capsys.readouterr()
    status = 0
    try:
        call_command(*arguments)
    except SystemExit as ended:
        status = int(ended.code)
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_key_is_made_once_and_shown_as_hosts_want_it(capsys):
    register(KEYED)

    none = run(capsys, "ssh_key", "flask")
    made = run(capsys, "ssh_key", "flask", "--new")
    shown = run(capsys, "ssh_key", "flask", "--json")

    assert none[0] == 1
    assert "make one with --new" in none[2]
    assert made[0] == shown[0] == 0
    assert made[1].startswith("ssh-ed25519 AAAA")
    assert json.loads(shown[1])["public"] == made[1].strip()
    assert ssh_keys.public(opened(Repository.objects.get().ssh_key)) == made[1].strip()
    assert run(capsys, "ssh_key", "flask", "--new")[1] != made[1]
    kept = Event.objects.filter(name="credential.kept")
    assert [(one.actor, one.payload["kind"]) for one in kept] == [(actor(), "key")] * 2


def test_a_key_is_taken_from_a_file_by_both_commands(capsys, tmp_path):
    path = make_key(tmp_path / "key")
    public = " ".join((tmp_path / "key.pub").read_text().split()[:2])

    assert run(capsys, "register", KEYED, "--key-file", str(path))[0] == 0
    assert run(capsys, "ssh_key", "flask")[1].strip() == public
    assert run(capsys, "ssh_key", "flask", "--file", str(path))[1].strip() == public


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ssh_key", "nowhere", "--new"], "names no repository"),
        (["ssh_key", "web", "--new"], "is not fetched by ssh"),
        (["ssh_key", "flask", "--file", "/nowhere"], "--file: '/nowhere': No such file"),
        (["ssh_key", "flask", "--file", "/etc/hostname"], "--file: '/etc/hostname': this is not"),
        (["ssh_key", "flask", "--file", "/"], "--file: '/': Is a directory"),
        (["register", KEYED, "--key-file", "/etc/hostname"], "--key-file: "),
        (["ssh_host", "10.0.0.7"], "host: 10.0.0.7 is not a public address"),
        (["ssh_host", "-oProxyCommand=id"], "host"),
        (["ssh_host", "a b"], "host: it holds a space"),
        (["ssh_host", "git.example.org:2222"], "host: port 2222 is not 22"),
        (["ssh_host", "x/../y"], "host: "),
        (["ssh_host", "nowhere.invalid"], "nowhere.invalid"),
    ],
)
def test_bad_input_is_one_line_that_names_it(capsys, arguments, sentence):
    register(KEYED, project="Keyed")
    register("https://github.com/pallets/web")

    status, out, err = run(capsys, *arguments)

    assert (status, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_a_host_is_shown_compared_and_accepted(capsys, tmp_path, settings):
    settings.FACTORY_HOME = tmp_path / "home"
    with ssh_host(tmp_path / "sshd") as served:
        settings.FACTORY_GIT_HOSTS = [served.address]
        unknown = run(capsys, "ssh_host", served.address, "--json")
        key = json.loads(unknown[1])["keys"][0]
        wrong = run(capsys, "ssh_host", served.address, "--accept", "SHA256:" + "A" * 43)
        accepted = run(capsys, "ssh_host", served.address, "--accept", key["fingerprint"])
        known = run(capsys, "ssh_host", served.address, "--json")
        served.new_key()
        changed = run(capsys, "ssh_host", served.address)

    assert (unknown[0], key["known"]) == (1, False)
    assert wrong[0] == 2
    assert "compare" in wrong[2]
    assert accepted[0] == known[0] == 0
    event = Event.objects.get(name="host.accepted")  # the wrong fingerprint left none
    assert (event.actor, event.scope) == (actor(), None)
    assert event.payload == {
        "host": served.listen,
        "port": served.port,
        "fingerprint": key["fingerprint"],
    }
    assert json.loads(known[1])["keys"][0]["known"] is True
    assert changed[0] == 1
    assert "NOT KNOWN" in changed[1]
