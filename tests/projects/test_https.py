"""Fetching by https: users, authorities, pins, redirects, and a proxy."""

import base64
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.failures import FailureClass
from projects import addresses, hosts
from projects.git import authorities, complaints, environment, transfer
from tests.projects import hosting
from tests.projects.proxying import proxy
from tests.projects.test_git import QUICK, bring, nothing_is_left

NAMED = "https://git.example.org"


@pytest.fixture
def named(https, settings):
    """This fixture will have the host known by a name that no name server here knows."""
    settings.FACTORY_GIT_HOSTS = [https.address, f"git.example.org:{https.port}"]
    return f"{NAMED}:{https.port}/shop/.git"


@pytest.mark.parametrize(
    ("token", "pair"),
    [
        ("glpat-hush-token", "oauth2:glpat-hush-token"),
        ("gitlab+deploy-token-1:gldt-hush", "gitlab+deploy-token-1:gldt-hush"),
        ("ana:pass:word", "ana:pass:word"),
    ],
)
def test_a_token_is_the_password_of_any_user_or_of_the_one_it_names(https, into, token, pair):
    https.token = token.partition(":")[2] or token

    bring(f"https://{https.address}/shop/.git", into, token=token)

    assert https.pairs == {pair}


def test_github_is_told_the_user_it_documents():
    assert base64.b64decode(environment.basic("github.com", "t")) == b"x-access-token:t"


def test_our_own_authority_is_trusted_beside_those_of_the_system(https, into, certificate):
    bring(f"https://{https.address}/shop/.git", into)

    source = environment.Source(addresses.parse(f"https://{https.address}/shop"))
    config = Path(environment.for_transfer(source)["GIT_CONFIG_GLOBAL"]).read_text()
    bundle = Path(config.partition('sslCAInfo = "')[2].partition('"')[0]).read_bytes()
    assert certificate.read_bytes() in bundle
    assert Path("/etc/ssl/certs/ca-certificates.crt").read_bytes() in bundle
    assert bundle.count(b"BEGIN CERTIFICATE") > 50


def test_an_authority_that_went_away_has_a_sentence(https, into, settings, tmp_path):
    settings.FACTORY_GIT_CA = str(tmp_path / "gone.pem")

    with pytest.raises(authorities.Unreadable, match=r"FACTORY_GIT_CA: .*gone.pem: No such file"):
        bring(f"https://{https.address}/shop/.git", into)


def test_a_certificate_of_another_name_is_not_trusted(https, into):
    address = replace(addresses.parse(f"https://{https.address}/shop/.git"), host="nowhere.invalid")

    with pytest.raises(complaints.Untrusted) as failure:
        transfer.bring(environment.Source(address, "127.0.0.1"), into, "", QUICK)

    assert failure.value.failure_class == FailureClass.AUTH


def test_https_reaches_a_host_by_ipv6(origin, certificate, settings, into):
    settings.FACTORY_GIT_CA = str(certificate)
    with hosting.host(origin.path.parent, certificate, "::1") as server:
        settings.FACTORY_GIT_HOSTS = [server.address]

        assert bring(f"https://{server.address}/shop/.git", into)


def test_a_name_that_leads_elsewhere_later_does_not_lead_git_there(
    https, origin, certificate, settings, into
):
    """Rebinding: to git `localhost` is 127.0.0.1 by now; it was 127.0.0.2 when it was judged."""
    with hosting.host(origin.path.parent, certificate, "127.0.0.2", https.port) as judged:
        address = replace(addresses.parse(f"https://{https.address}/shop/.git"), host="localhost")

        transfer.bring(environment.Source(address, "127.0.0.2"), into, "", QUICK)

        assert judged.seen
        assert not https.seen


@pytest.fixture
def answers(monkeypatch):
    """This fixture will stand for a name server: each look-up takes the next answer."""
    given = []

    def look_up(host, port, **_):
        answer = given.pop(0)
        if isinstance(answer, Exception):
            raise answer
        family = [socket.AF_INET6 if ":" in number else socket.AF_INET for number in answer]
        return [
            (kind, socket.SOCK_STREAM, 6, "", (number, port))
            for kind, number in zip(family, answer, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return given


def test_a_name_is_looked_up_once_and_the_first_answer_holds(answers):
    answers += [["140.82.112.3"], ["127.0.0.1"]]
    address = addresses.parse("https://git.example.org/a/b")

    source = transfer.locate(address)

    assert source.pin == "140.82.112.3"
    assert "git.example.org:443:140.82.112.3" in environment.for_transfer(source).values()
    with pytest.raises(hosts.RefusedHost):
        transfer.locate(address)


@pytest.mark.parametrize("scheme", ["https", "ssh"])
def test_one_private_answer_among_public_ones_is_refused(answers, scheme):
    answers += [["140.82.112.3", "fd00::1"]]

    with pytest.raises(hosts.RefusedHost, match="fd00::1 is not a public address"):
        transfer.locate(addresses.parse(f"{scheme}://git.example.org/a/b"))


@pytest.mark.parametrize(
    ("error", "kind", "failure_class"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), hosts.NoSuchHost, "not-found"),
        (socket.gaierror(socket.EAI_NODATA, "x"), hosts.NoSuchHost, "not-found"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), hosts.NameServiceDown, "transient-network"),
        (socket.gaierror(socket.EAI_FAIL, "x"), hosts.NameServiceDown, "transient-network"),
        (socket.gaierror(socket.EAI_SYSTEM, "x"), hosts.NameServiceDown, "transient-network"),
        (OSError(24, "too many open files"), hosts.NameServiceDown, "transient-network"),
    ],
)
def test_a_name_that_is_not_there_differs_from_a_name_server_that_is_not(
    answers, error, kind, failure_class
):
    answers += [error]

    with pytest.raises(kind, match=r"git\.example\.org") as failure:
        transfer.locate(addresses.parse(NAMED + "/a"))

    assert failure.value.failure_class == failure_class


@pytest.mark.parametrize("where", ["same", "other", "plain"])
def test_no_redirect_is_followed_and_no_token_goes_along(
    https, origin, certificate, settings, into, where
):
    with hosting.host(origin.path.parent, certificate) as other:
        https.status = 302
        https.location = {
            "same": f"https://{https.address}/other/info/refs?service=git-upload-pack",
            "other": f"https://{other.address}/shop/.git/info/refs?service=git-upload-pack",
            "plain": f"http://{other.address}/shop/.git/info/refs?service=git-upload-pack",
        }[where]
        with pytest.raises(complaints.Redirected, match="register the address"):
            bring(f"https://{https.address}/shop/.git", into, token="hush-token")

        assert not other.seen
        assert not any("other" in path for path in https.seen)
        assert nothing_is_left(into)


def test_gitlabs_own_redirect_is_anticipated(https, origin, into):
    """A GitLab of one's own serves `name.git` and redirects from `name`."""
    https.suffixed = True
    origin.path.rename(origin.path.with_name("shop.git"))
    address = f"https://{https.address}/shop.git/.git"
    (origin.path.parent / "team").mkdir()
    (origin.path.parent / "team" / "shop.git").symlink_to("../shop.git/.git")

    first = bring(f"https://{https.address}/team/shop", into)

    assert bring(f"https://{https.address}/team/shop", into) == first
    assert bring(address, into) == first


def test_git_goes_through_the_named_proxy_and_the_proxy_looks_the_name_up(
    named, https, into, settings
):
    with proxy({"git.example.org": "127.0.0.1"}, "hush-pass") as between:
        settings.FACTORY_PROXY = between.url("hush-pass")
        assert bring(named, into)

    assert set(between.asked) == {f"git.example.org:{https.port}"}
    kept = list((Path(settings.FACTORY_HOME) / "git").iterdir())
    assert kept
    assert not any(b"hush-pass" in file.read_bytes() for file in kept)


@pytest.mark.parametrize(
    ("password", "names", "kind", "sentence"),
    [
        ("wrong-pass", {"git.example.org": "127.0.0.1"}, complaints.ProxyRefused, "FACTORY_PROXY"),
        ("", {"git.example.org": "127.0.0.1"}, complaints.ProxyRefused, "FACTORY_PROXY"),
        ("hush-pass", {}, complaints.Unreachable, "The proxy did not answer"),
    ],
)
def test_a_proxy_that_refuses_is_named_and_its_password_is_not(
    named, into, settings, password, names, kind, sentence
):
    with proxy(names, "hush-pass") as between:
        settings.FACTORY_PROXY = between.url(password)
        with pytest.raises(kind, match=sentence) as failure:
            bring(named, into)

    assert "-pass" not in str(failure.value)


def test_a_proxy_that_is_not_there_is_a_passing_failure(named, into, settings):
    with proxy({}) as between:
        settings.FACTORY_PROXY = between.url("hush-pass")

    with pytest.raises(complaints.Unreachable) as failure:
        bring(named, into)

    assert "hush" not in str(failure.value)


def test_a_proxy_is_no_way_to_a_name_that_is_private_here(settings, answers):
    settings.FACTORY_PROXY = "http://127.0.0.1:9"
    answers += [["10.0.0.7"], ["140.82.112.3"]]
    address = addresses.parse(NAMED + "/a")

    with pytest.raises(hosts.RefusedHost):
        transfer.locate(address)
    assert transfer.locate(address).pin == ""  # the proxy connects: a pin would be no use
