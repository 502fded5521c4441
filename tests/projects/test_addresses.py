"""What may be registered, and in which form it is kept."""

import ipaddress

import pytest

from projects import addresses, hosts

ACCEPTED = [
    ("https://github.com/pallets/flask", "https://github.com/pallets/flask"),
    ("https://GitHub.com:443/pallets/flask.git/", "https://github.com/pallets/flask"),
    ("https://gitlab.com/a/b", "https://gitlab.com/a/b.git"),
    ("https://git.example.org//a//b.git", "https://git.example.org/a/b.git"),
    ("https://8.8.8.8/a/b", "https://8.8.8.8/a/b"),
    ("https://[2606:4700::1111]/a", "https://[2606:4700::1111]/a"),
    ("git@github.com:pallets/flask.git", "ssh://git@github.com/pallets/flask"),
    ("ssh://git@git.example.org/a.git", "ssh://git@git.example.org/a.git"),
    ("https://git.example.org/~ana/caf%C3%A9", "https://git.example.org/~ana/caf%C3%A9"),
]
REFUSED = [
    ("", "empty"),
    ("ext::sh -c touch% /tmp/x", "space"),
    ("ext::sh", "runs programs"),
    ("fd::17", "runs programs"),
    ("file:///etc", "FACTORY_LOCAL_REPOS"),
    ("file://host/etc", "relative path"),
    ("/etc", "FACTORY_LOCAL_REPOS"),
    ("../secret", "neither a URL"),
    ("http://127.0.0.1/x", "http:// is not fetched"),
    ("http://github.com/a/b", "http:// is not fetched"),
    ("git://github.com/a/b", "git:// is not fetched"),
    ("javascript://x/%0a", "is not fetched"),
    ("https://127.0.0.1/x", "not a public address"),
    ("https://10.0.0.7/x", "not a public address"),
    ("https://169.254.169.254/latest", "not a public address"),
    ("https://[::1]/x", "not a public address"),
    ("https://[::ffff:127.0.0.1]/x", "not a public address"),
    ("https://[64:ff9b::7f00:1]/x", "not a public address"),
    ("https://[2002:7f00:1::]/x", "not a public address"),
    ("https://192.0.0.8/x", "not a public address"),
    ("https://224.0.0.1/x", "not a public address"),
    ("https://0.0.0.0/x", "not a public address"),
    ("https://0177.0.0.1/x", "in disguise"),
    ("https://0x7f.1/x", "in disguise"),
    ("https://2130706433/x", "in disguise"),
    ("https://127.1/x", "in disguise"),
    ("https://localhost/x", "private"),
    ("https://db.internal/x", "private"),
    ("https://localhost./x", "private"),
    ("https://github.com:8443/a/b", "port 8443"),
    ("https://github.com:0/a/b", "no port 0"),
    ("https://github.com:99999/a/b", "no port 99999"),
    ("https://github.com:x/a/b", "cannot be read"),
    ("https://ana:secret@github.com/a/b", "password"),
    ("https://ana:se/cret@github.com/a/b", "password"),
    ("https://token@github.com/a/b", "password"),
    ("https://a@b@github.com/a/b", "password"),
    ("ssh://ana:secret@github.com/a/b", "password"),
    ("ssh://-oProxyCommand=id/x", "not a host name"),
    ("-oProxyCommand=id:x", "hyphen"),
    ("a@-oProxyCommand=id:x", "not a host name"),
    ("--upload-pack=id", "hyphen"),
    ("git@github.com:--upload-pack=id", "option"),
    ("https://github.com/-x", "option"),
    ("https://github.com/", "names no repository"),
    ("https://github.com/a/../b", "climbs"),
    ("https://github.com/a/%2e%2e/b", "climbs"),
    ("https://github.com/a%7f", "odd character"),
    ("https://github.com/a?b=c", "query"),
    ("https://github.com/a#b", "query"),
    ("https://github.com/a%00b", "odd character"),
    ("https://github.com/a%0ab", "odd character"),
    ("https://gith\u00fcb.com/a", "not a host name"),
    ("https://github.com\\@127.0.0.1/a", "backslash"),
    ("https://github.com/a\nb", "control character"),
    ("https://github.com/\x1b[31m", "control character"),
    ("https://github.com/" + "a" * 10_000, "10,019 characters"),
    ("https:///a/b", "not a host name"),
    ("https://" + "a" * 300 + ".org/b", "not a host name"),
]

BAD_BRANCHES = (
    "|-x|--upload-pack=id|a..b|a b|a@{1}|/a|a/|a.lock|HEAD|@|refs/heads/a|a\x00|a~1|a^|a:b|a*"
    "|a//b|.a|a/.b"
)


@pytest.fixture(autouse=True)
def _nothing_is_allowed(settings):
    settings.FACTORY_LOCAL_REPOS = []
    settings.FACTORY_GIT_HOSTS = []


@pytest.mark.parametrize(("text", "canonical"), ACCEPTED)
def test_an_address_has_one_canonical_form(text, canonical):
    assert str(addresses.parse(text)) == canonical
    assert str(addresses.parse(canonical)) == canonical


@pytest.mark.parametrize(("text", "cause"), REFUSED)
def test_a_dangerous_address_is_refused_in_one_sentence(text, cause):
    with pytest.raises(addresses.Refused) as refusal:
        addresses.parse(text)

    sentence = str(refusal.value)
    assert sentence.startswith("address: ")
    assert cause in sentence
    assert "\n" not in sentence
    assert len(sentence) < 250
    assert "secret" not in sentence


def test_a_local_repository_is_accepted_only_below_the_allowed_directories(settings, tmp_path):
    inside, outside = tmp_path / "allowed" / "one", tmp_path / "other"
    inside.mkdir(parents=True)
    outside.mkdir()
    (tmp_path / "allowed" / "link").symlink_to(outside)
    settings.FACTORY_LOCAL_REPOS = [str(tmp_path / "allowed")]

    assert str(addresses.parse(f"file://{inside}")) == str(inside)
    assert addresses.parse(str(inside)).name == "one"
    for refused in (outside, tmp_path / "allowed/../other", tmp_path / "allowed/link"):
        with pytest.raises(addresses.Refused):
            addresses.parse(str(refused))


def test_a_private_host_is_accepted_when_an_administrator_listed_it(settings):
    settings.FACTORY_GIT_HOSTS = ["127.0.0.1:8443", "git.lan"]

    assert addresses.parse("https://127.0.0.1:8443/a").port == 8443
    assert addresses.parse("https://git.lan/a").host == "git.lan"
    for refused in ("https://127.0.0.1/a", "https://git.lan:8443/a"):
        with pytest.raises(addresses.Refused):
            addresses.parse(refused)


def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_resolved():
    with pytest.raises(hosts.RefusedHost, match="not a public address"):
        hosts.resolve("localhost", 443)


@pytest.mark.parametrize(
    "number",
    [
        "::127.0.0.1",
        "::10.0.0.1",
        "::ffff:10.0.0.1",
        "fec0::1",
        "fe80::1",
        "fd00::1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "ff0e::1",
    ],
)
def test_an_ipv6_address_outside_public_unicast_is_refused_however_it_is_met(number):
    with pytest.raises(addresses.Refused, match="not a public address"):
        addresses.parse(f"https://[{number}]/x")
    with pytest.raises(hosts.RefusedHost, match="not a public address"):
        hosts.resolve(number, 443)


def test_a_public_ipv6_address_is_accepted():
    assert hosts.resolve("2606:4700::1111", 443) == "2606:4700::1111"


def test_an_allow_listed_name_is_resolved_to_one_address(settings):
    settings.FACTORY_GIT_HOSTS = ["localhost"]

    assert ipaddress.ip_address(hosts.resolve("localhost", 443)).is_loopback


def test_a_name_that_does_not_exist_is_its_own_failure():
    with pytest.raises((hosts.NoSuchHost, hosts.NameServiceDown), match=r"nowhere\.invalid"):
        hosts.resolve("nowhere.invalid", 443)


@pytest.mark.parametrize("name", ["main", "feature/a-b", "release-1.2", "caf\u00e9"])
def test_a_branch_is_accepted(name):
    assert addresses.check_branch(name) == name


@pytest.mark.parametrize(
    "name",
    [*BAD_BRANCHES.split("|"), "x" * 201],
)
def test_a_branch_that_is_not_a_name_is_refused(name):
    with pytest.raises(addresses.Refused, match=r"^branch: "):
        addresses.check_branch(name)
