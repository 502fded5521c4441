"""The product in production, behind the real nginx and Caddy with the files of deploy/."""

import http.client
import http.cookiejar
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import services
from tests.factory.conftest import wait_for
from tests.factory.fronts import FRONTS, Front, certify
from tests.live.stack import Stack, free_port, stack

PASSWORD = "a-harbour-in-the-fog"
WITH_PASSWORD = f"""
from django.contrib.auth.models import User
member = User.objects.get(username="member")
member.set_password("{PASSWORD}")
member.save()
"""


@dataclass(frozen=True)
class Site:
    """The product, the proxy before it, and a client that trusts its certificate."""

    product: Stack
    front: Front

    @property
    def trusting(self) -> ssl.SSLContext:
        """What accepts the made certificate and no other."""
        return ssl.create_default_context(cafile=str(self.front.certificate))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        """This method will send one request by https and give the answer with its body read."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        client = http.client.HTTPSConnection(
            "localhost", self.front.secure, timeout=60, context=self.trusting
        )
        with closing(client):
            with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                client.request(method, path, body or None, named)  # refused before it was all sent
            answer = client.getresponse()
            answer.text = answer.read().decode(errors="replace")  # type: ignore[attr-defined]
            return answer

    def browser(self) -> tuple[urllib.request.OpenerDirector, http.cookiejar.CookieJar]:
        """This method will give something that keeps cookies and follows redirects."""
        jar = http.cookiejar.CookieJar()
        secure = urllib.request.HTTPSHandler(context=self.trusting)
        cookies = urllib.request.HTTPCookieProcessor(jar)
        plain = urllib.request.ProxyHandler({})
        return urllib.request.build_opener(plain, secure, cookies), jar

    def logged_in(self) -> tuple[urllib.request.OpenerDirector, http.cookiejar.CookieJar]:
        """This method will log a member in by the form, as a browser does."""
        browser, jar = self.browser()
        page = browser.open(f"{self.front.url}/login/", timeout=60).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "username": "member", "password": PASSWORD}
        request = urllib.request.Request(  # noqa: S310 — our own address
            f"{self.front.url}/login/",
            urllib.parse.urlencode(fields).encode(),
            {"Origin": self.front.url, "Referer": f"{self.front.url}/login/"},
        )
        assert browser.open(request, timeout=60).url == f"{self.front.url}/"
        return browser, jar


@pytest.fixture(scope="module", params=list(FRONTS))
def site(
    request: Any, scratch_database: services.ScratchDatabase, tmp_path_factory: Any
) -> Iterator[Site]:
    """This fixture will run the product as production does, with one proxy before it."""
    place: Path = tmp_path_factory.mktemp(request.param)
    certify(place)
    plain, secure = free_port(), free_port()
    with services.scratch() as database:
        production = {
            "FACTORY_ENV": "prod",
            "FACTORY_URL": f"https://localhost:{secure}",
            "FACTORY_ALLOWED_HOSTS": "localhost",
            "FACTORY_PROXIES": "127.0.0.1",
        }
        with stack(database, **production) as product, open(place / "log", "w") as heard:
            for command in (["collectstatic", "--noinput"], ["shell", "-c", WITH_PASSWORD]):
                services.manage(*command, "--verbosity=0", environment=product.environment)
            product.heard = heard
            product.start("web")
            product.start("relay")
            front = Front(place, plain, secure, product.port)
            with FRONTS[request.param](front):  # type: ignore[attr-defined]
                yield Site(product, front)


def test_somebody_logs_in_and_sees_the_board(site: Site) -> None:
    browser, jar = site.logged_in()

    page = browser.open(f"{site.front.url}/", timeout=60).read().decode()

    assert "Harbour" in page
    kept = {cookie.name: cookie for cookie in jar}
    assert {"__Host-sessionid", "__Host-csrftoken"} <= set(kept)
    assert all(cookie.secure for cookie in jar)
    assert kept["__Host-sessionid"].has_nonstandard_attr("HttpOnly")


def test_a_page_carries_what_protects_it(site: Site) -> None:
    answer = site.ask("GET", "/login/")

    assert answer.status == 200
    assert answer.getheader("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"
    assert "script-src 'self'" in answer.getheader("Content-Security-Policy")
    assert answer.getheader("X-Frame-Options") == "DENY"
    assert "no-store" in answer.getheader("Cache-Control")
    assert not re.search(r"\d|uvicorn|Caddy", answer.getheader("Server") or "")


def test_the_log_has_the_clients_own_address_and_not_what_it_claims(site: Site) -> None:
    mark = f"forged-{time.monotonic_ns()}"

    answer = site.ask("GET", "/login/", X_Forwarded_For="203.0.113.9", X_Request_ID=mark)

    line = _logged(site, answer.getheader("X-Request-ID"))
    assert line["client"] == "127.0.0.1"
    assert answer.getheader("X-Request-ID") != mark


def test_a_client_beside_the_proxy_is_sent_to_https_even_if_it_claims_to_be_there(
    site: Site,
) -> None:
    # From another address of this machine than the one FACTORY_PROXIES names.
    answer = _direct(site, "127.0.0.2", X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9")

    assert answer.status == 301
    assert answer.getheader("Location").startswith("https://localhost")
    assert answer.getheader("Strict-Transport-Security") is None
    assert _logged(site, answer.getheader("X-Request-ID"))["client"] == "127.0.0.2"


def test_plain_http_is_sent_to_https(site: Site) -> None:
    client = http.client.HTTPConnection("127.0.0.1", site.front.plain, timeout=20)
    with closing(client):
        client.request("GET", "/login/", headers={"Host": "localhost"})
        answer = client.getresponse()

    assert answer.status in {301, 308}
    assert answer.getheader("Location", "").startswith("https://localhost")


@pytest.mark.parametrize("site", ["nginx"], indirect=True)  # Caddy knows no other redirect
def test_plain_http_is_not_sent_wherever_the_client_says(site: Site) -> None:
    client = http.client.HTTPConnection("127.0.0.1", site.front.plain, timeout=20)
    with closing(client):
        client.request("GET", "/login/", headers={"Host": "evil.example.org"})
        answer = client.getresponse()

    assert answer.getheader("Location") == f"{site.front.url}/login/"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_this_machine_may_ask_after_its_health_by_plain_http(site: Site, path: str) -> None:
    answer = _direct(site, "127.0.0.1", path)

    assert answer.status in {200, 503}  # no runners here: not a redirect
    assert answer.getheader("Location") is None


def test_a_live_page_gets_news_through_the_proxy(site: Site) -> None:
    _, jar = site.logged_in()
    session = next(str(cookie.value) for cookie in jar if cookie.name == "__Host-sessionid")
    topic = f"job:{site.product.ids['job']}"

    with connect(
        f"wss://localhost:{site.front.secure}/ws/live",
        ssl=site.trusting,
        origin=site.front.url,
        additional_headers={"Cookie": f"__Host-sessionid={session}"},
    ) as socket_:
        socket_.send(json.dumps({"watch": {topic: 0}}))
        site.product.change("moored")
        until = time.monotonic() + 30
        while "moored" not in socket_.recv(timeout=max(0.1, until - time.monotonic())):
            pass


def test_another_sites_page_gets_no_socket(site: Site) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"wss://localhost:{site.front.secure}/ws/live",
            ssl=site.trusting,
            origin="https://evil.example.org",
        )

    assert refused.value.response.status_code == 403


def test_a_body_of_25_megabytes_reaches_the_product(site: Site) -> None:
    answer = site.ask("POST", "/login/", b"x" * 25_000_000)

    assert answer.status in {400, 403, 413}
    assert "<center>nginx" not in answer.text
    assert site.ask("GET", "/healthz").status == 200


def test_a_larger_body_ends_at_the_proxy(site: Site) -> None:
    head = f"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {27 * 2**20}\r\n"
    with socket.create_connection(("localhost", site.front.secure), 20) as raw:
        secured = site.trusting.wrap_socket(raw, server_hostname="localhost")
        secured.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        first = secured.recv(4096).decode()

    assert re.match(r"HTTP/1.1 (413|4\d\d|100)", first)
    assert site.ask("GET", "/healthz").status == 200


def test_a_static_file_is_compressed_and_kept_for_ever(site: Site) -> None:
    page = site.ask("GET", "/login/").text
    path = re.search(r'href="(/static/factory/skin\.[0-9a-f]{12}\.css)"', page)
    assert path

    answer = site.ask("GET", path[1], Accept_Encoding="gzip")

    assert answer.status == 200
    assert answer.getheader("Cache-Control") == "max-age=31536000, public, immutable"
    assert answer.getheader("Content-Encoding") == "gzip"
    assert answer.getheader("Content-Type") == 'text/css; charset="utf-8"'


def test_an_unknown_host_is_refused(site: Site) -> None:
    answer = site.ask("GET", "/login/", Host="evil.example.org")

    assert "<form" not in answer.text
    assert answer.getheader("Set-Cookie") is None


def test_the_main_path_works_in_production_through_the_proxy(site: Site) -> None:
    for name in ("qcluster", "watchdog"):
        site.product.start(name)
    assert wait_for(lambda: _direct(site, "127.0.0.1", "/readyz").status == 200, 120)
    trusting = {"SSL_CERT_FILE": str(site.front.certificate)}

    told = services.manage("smoke", environment=site.product.environment | trusting, check=False)

    assert told.returncode == 0, told.stdout


def test_without_the_product_the_proxy_says_so_and_it_comes_back(site: Site) -> None:
    site.product.end("web")

    answer = site.ask("GET", "/login/")

    assert answer.status == 503
    assert "does not answer" in answer.text
    assert answer.getheader("Retry-After") == "5"
    site.product.start("web")
    assert wait_for(lambda: site.ask("GET", "/login/").status == 200, 60)


def _direct(site: Site, source: str, path: str = "/login/", **headers: str) -> Any:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    client = http.client.HTTPConnection(
        "127.0.0.1", site.product.port, timeout=60, source_address=(source, 0)
    )
    with closing(client):
        client.request("GET", path, headers={"Host": "localhost"} | named)
        return client.getresponse()


def _logged(site: Site, request_id: str) -> dict[str, Any]:
    log = site.front.place / "log"
    found: list[dict[str, Any]] = []

    def read() -> bool:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"]
        found[:] = [line for line in lines if line.get("request_id") == request_id]
        return bool(found)

    assert wait_for(read)
    return found[0]
