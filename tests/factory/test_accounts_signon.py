"""Single sign-on against a real OpenID provider, through the whole dance of redirects."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import oidc_provider_mock
import pytest
import requests

from tests import services
from tests.live.stack import Stack, free_port, stack

NAME = "Harbour Login"
# The provider's own: it uses what authlib will do away with.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass
class Browser:
    """One person's browser at the product and at the provider."""

    product: Stack
    session: requests.Session = field(default_factory=requests.Session)

    def leave(self, after: str = "/") -> str:
        """This method will press the button and give the provider's address it leads to."""
        page = self.session.get(f"{self.product.url}/login/", params={"next": after}, timeout=20)
        token = re.search(r'action="/signon/"><input[^>]*value="(\w+)"', page.text)
        assert token is not None, page.text
        form = {"csrfmiddlewaretoken": token[1], "next": after}
        left = self.session.post(f"{self.product.url}/signon/", data=form, timeout=20)
        moved = re.search(r'content="0; url=([^"]+)"', left.text)
        assert moved is not None, left.text
        return moved[1].replace("&amp;", "&")

    def consent(self, address: str, sub: str) -> str:
        """This method will say yes at the provider and give the address it leads back to."""
        answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=20)
        return answer.headers["Location"]

    def back(self, address: str) -> requests.Response:
        """This method will follow the provider's redirect."""
        return self.session.get(address, timeout=20, allow_redirects=False)

    def enter(self, sub: str, after: str = "/") -> requests.Response:
        """This method will do the whole dance."""
        return self.back(self.consent(self.leave(after), sub))

    def is_in(self) -> bool:
        """This method will tell whether the person is logged in."""
        page = self.session.get(f"{self.product.url}/account/", timeout=20, allow_redirects=False)
        return page.status_code == 200


class Provider:
    """The provider, and whom it knows."""

    def __init__(self, port: int) -> None:
        self.url = f"http://localhost:{port}"

    def knows(self, sub: str, email: str, verified: Any = True, **more: Any) -> None:
        """This method will make somebody known to the provider."""
        claims = {"email": email, "email_verified": verified, **more}
        requests.put(f"{self.url}/users/{sub}", json=claims, timeout=20).raise_for_status()


def at(issuer: str) -> dict[str, str]:
    """This function will give the variables that switch sign-on on."""
    return {
        "FACTORY_OIDC_ISSUER": issuer,
        "FACTORY_OIDC_CLIENT": "factory",
        "FACTORY_OIDC_SECRET": "not-a-secret",
        "FACTORY_OIDC_NAME": NAME,
        "FACTORY_OIDC_DOMAINS": "harbour.example",
    }


@contextmanager
def running(database: services.ScratchDatabase, issuer: str) -> Iterator[Stack]:
    """This function will run a web server that signs on at a provider."""
    sign_on = at(issuer)
    services.manage("migrate", "--verbosity=0", environment=database.environment | sign_on)
    with stack(database, "web", **sign_on) as product:
        yield product


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """This fixture will run the provider."""
    with oidc_provider_mock.run_server_in_thread() as server:
        yield Provider(server.server_port)


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase, provider: Provider) -> Iterator[Stack]:
    """This fixture will run the product."""
    with running(scratch_database, provider.url) as product:
        yield product


@pytest.fixture
def browser(product: Stack) -> Browser:
    """This fixture will give somebody's browser."""
    return Browser(product)


def users(product: Stack, where: str = "true") -> list[str]:
    """This function will name the users that match a condition."""
    found = product.database.rows("SELECT username, email FROM auth_user ORDER BY username")
    return [name for name, email in found if where in ("true", name, email)]


def make(product: Stack, name: str, email: str, is_active: bool = True) -> None:
    """This function will make a user with an address, as staff do in the admin."""
    product.database.rows(
        "INSERT INTO auth_user (username, email, is_active, password, is_superuser, is_staff,"
        " first_name, last_name, date_joined) VALUES (%s, %s, %s, '!', false, false, '', '', now())",
        [name, email, is_active],
    )


def test_somebody_of_a_named_domain_enters_and_is_the_same_person_later(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-ana", "Ana@harbour.example", preferred_username="ana")

    first = browser.enter("sub-ana", "/legend/")
    second = Browser(product).enter("sub-ana")

    assert (first.status_code, first.headers["Location"]) == (302, "/legend/")
    assert second.status_code == 302
    assert browser.is_in()
    assert users(product, "ana@harbour.example") == ["ana"]


def test_who_changes_their_address_at_the_provider_stays_who_they_are(
    product: Stack, provider: Provider
) -> None:
    provider.knows("sub-eva", "eva@harbour.example", preferred_username="eva")
    Browser(product).enter("sub-eva")
    provider.knows("sub-eva", "eva@elsewhere.example")

    assert Browser(product).enter("sub-eva").status_code == 302
    assert not users(product, "eva@elsewhere.example")


def test_a_verified_address_opens_the_account_that_has_it(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    make(product, "jon", "Jon@other.example")
    provider.knows("sub-jon", "jon@other.example")

    browser.enter("sub-jon")

    assert "jon" in browser.session.get(f"{product.url}/account/", timeout=20).text
    assert not users(product, "jon@other.example")  # it was linked, not made anew


@pytest.mark.parametrize("verified", [False, None, "true", 0])
def test_an_address_that_was_not_verified_opens_nothing(
    verified: Any, product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-staff", "staff@harbour.example", verified)

    answer = browser.enter("sub-staff")

    assert answer.status_code == 403
    assert "does not say that your e-mail address was verified" in answer.text
    assert not browser.is_in()


def test_an_address_that_went_to_somebody_else_opens_nothing(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-old", "desk@harbour.example", preferred_username="desk")
    Browser(product).enter("sub-old")
    provider.knows("sub-new", "desk@harbour.example")

    answer = browser.enter("sub-new")

    assert (answer.status_code, browser.is_in()) == (403, False)


@pytest.mark.parametrize(
    "email", ["mia@evil.example", "mia@harbour.example.evil.example", "mia@xharbour.example"]
)
def test_somebody_of_another_domain_needs_an_invitation(
    email: str, product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-mia", email)

    answer = browser.enter("sub-mia")

    assert answer.status_code == 403
    assert "Ask a maintainer of your project for an invitation" in answer.text
    assert not users(product, email)


def shell(product: Stack, code: str) -> str:
    """This function will run code in the product and give the last word it prints."""
    arguments = ("shell", "--verbosity=0", "-c", code)
    return services.manage(*arguments, environment=product.environment).stdout.split()[-1]


def invitation(product: Stack) -> str:
    """This function will invite somebody and give the path of the link."""
    made = shell(
        product,
        "from django.contrib.auth.models import User; from projects.models import Project;"
        "from projects import membership as m;"
        "print(m.invite(Project.objects.get(), 'viewer', by=User.objects.get(username='staff'),"
        " days=1))",
    )
    return f"/invitations/{made}/"


def test_an_open_invitation_lets_in_who_signs_on_and_is_used_up(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    path = invitation(product)
    provider.knows("sub-guest", "guest@elsewhere.example")
    browser.session.get(product.url + path, timeout=20)

    answer = browser.enter("sub-guest", path)

    assert answer.headers["Location"] == "/projects/harbour/"
    page = browser.session.get(f"{product.url}/projects/harbour/", timeout=20)
    assert "You are viewer of Harbour" in page.text
    assert browser.session.get(product.url + path, timeout=20).status_code == 410


def test_of_several_who_sign_on_with_one_invitation_at_once_one_gets_an_account(
    product: Stack, provider: Provider
) -> None:
    path, names = invitation(product), [f"crowd{number}" for number in range(4)]
    ready = []
    for name in names:
        provider.knows(f"sub-{name}", f"{name}@elsewhere.example")
        browser = Browser(product)
        browser.session.get(product.url + path, timeout=20)
        ready.append((browser, browser.consent(browser.leave(), f"sub-{name}")))

    with ThreadPoolExecutor(len(ready)) as together:
        answers = list(together.map(lambda one: one[0].back(one[1]).status_code, ready))

    assert sorted(answers) == [302, 403, 403, 403]
    assert len(set(users(product)) & set(names)) == 1


@pytest.mark.parametrize(
    ("token", "userinfo", "accepted"),
    [
        ({"email": "a@x.example", "email_verified": True}, {"email": "b@x.example"}, None),
        ({"email_verified": True}, {"email": "b@x.example"}, None),
        ({"email": "a@x.example"}, {"email_verified": True}, None),
        ({"email": "a@x.example", "email_verified": True}, {"name": "A"}, "a@x.example"),
        ({}, {"email": "b@x.example", "email_verified": True}, "b@x.example"),
    ],
)
def test_the_address_and_that_it_was_verified_stand_in_one_document(
    token: dict[str, Any], userinfo: dict[str, Any], accepted: str | None, product: Stack
) -> None:
    said = {"id_token": token, "userinfo": userinfo}

    told = shell(
        product,
        "from factory import signon\n"
        f"try: print(signon._verified({said!r})['email'])\n"
        "except signon.Refused: print('refused')",
    )

    assert told == (accepted or "refused")


def test_somebody_who_was_deactivated_stays_out(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    make(product, "rex", "rex@harbour.example", is_active=False)
    provider.knows("sub-rex", "rex@harbour.example")

    answer = browser.enter("sub-rex")

    assert answer.status_code == 403
    assert "is not active" in answer.text


def test_a_name_that_is_taken_gets_a_number(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-pretender", "pretender@harbour.example", preferred_username="STAFF")

    browser.enter("sub-pretender")

    assert users(product, "pretender@harbour.example") == ["STAFF-2"]


def test_refused_consent_is_said(product: Stack, browser: Browser) -> None:
    asked = browser.leave()
    answer = requests.post(asked, data={"action": "deny"}, allow_redirects=False, timeout=20)

    back = browser.back(answer.headers["Location"])

    assert back.status_code == 403
    assert f"{NAME} was told not to" in back.text


@pytest.mark.parametrize("state", ["forged", "", None])
def test_a_forged_state_is_refused(
    state: str | None, product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-ana", "ana@harbour.example")
    returned = urlsplit(browser.consent(browser.leave(), "sub-ana"))
    query = {"code": parse_qs(returned.query)["code"][0]}
    query |= {} if state is None else {"state": state}

    answer = browser.back(urlunsplit(returned._replace(query=urlencode(query))))

    assert answer.status_code == 400
    assert "was not begun in this browser" in answer.text
    assert not browser.is_in()


def test_the_way_back_works_in_the_browser_that_left_and_once(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-ana", "ana@harbour.example")
    returned = browser.consent(browser.leave(), "sub-ana")

    assert Browser(product).back(returned).status_code == 400
    assert browser.back(returned).status_code == 302
    assert browser.back(returned).status_code == 400


def test_a_code_of_another_log_in_is_refused_by_its_nonce(
    product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-ana", "ana@harbour.example")
    thief = Browser(product)
    stolen = parse_qs(urlsplit(thief.consent(thief.leave(), "sub-ana")).query)["code"][0]
    own = urlsplit(browser.consent(browser.leave(), "sub-ana"))
    state = parse_qs(own.query)["state"][0]

    query = urlencode({"code": stolen, "state": state})
    answer = browser.back(urlunsplit(own._replace(query=query)))

    assert answer.status_code in (400, 403)
    assert not browser.is_in()


def test_a_wrong_nonce_is_refused(product: Stack, provider: Provider, browser: Browser) -> None:
    provider.knows("sub-ana", "ana@harbour.example")
    asked = urlsplit(browser.leave())
    query = parse_qs(asked.query) | {"nonce": ["of-another-log-in"]}

    changed = urlunsplit(asked._replace(query=urlencode(query, doseq=True)))
    answer = browser.back(browser.consent(changed, "sub-ana"))

    assert answer.status_code == 403
    assert "belongs to another log-in" in answer.text


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_it_leads_to_our_own_pages_only(
    after: str, product: Stack, provider: Provider, browser: Browser
) -> None:
    provider.knows("sub-ana", "ana@harbour.example")

    assert browser.enter("sub-ana", after).headers["Location"] == "/"


def test_the_admin_shows_links_and_lets_nobody_make_one(product: Stack, provider: Provider) -> None:
    provider.knows("sub-linked", "linked@harbour.example")
    Browser(product).enter("sub-linked")
    session = requests.Session()
    session.cookies.set("sessionid", product.session("staff"))
    admin = f"{product.url}/admin/socialaccount"

    assert "sub-linked" in session.get(f"{admin}/socialaccount/", timeout=20).text
    assert session.get(f"{admin}/socialaccount/add/", timeout=20).status_code == 403
    for hidden in ("socialapp", "socialtoken"):
        assert session.get(f"{admin}/{hidden}/", timeout=20).status_code == 404


def test_there_is_no_page_to_sign_up_or_to_reset_a_password(
    product: Stack, browser: Browser
) -> None:
    for path in ("/accounts/signup/", "/signup/", "/accounts/password/reset/", "/accounts/login/"):
        assert browser.session.get(product.url + path, timeout=20).status_code == 404


def test_the_page_in_between_keeps_the_policy(product: Stack, browser: Browser) -> None:
    page = browser.session.get(f"{product.url}/login/", timeout=20)
    token = re.search(r'action="/signon/"><input[^>]*value="(\w+)"', page.text)
    assert token is not None

    form = {"csrfmiddlewaretoken": token[1]}
    left = browser.session.post(f"{product.url}/signon/", data=form, timeout=20)

    assert "form-action 'self'" in left.headers["Content-Security-Policy"]
    assert "unsafe" not in left.headers["Content-Security-Policy"]
    assert "<script" not in left.text


def test_signing_on_begins_from_our_own_page_only(product: Stack, browser: Browser) -> None:
    answer = browser.session.post(f"{product.url}/signon/", timeout=20)

    assert answer.status_code == 403
    assert browser.session.get(f"{product.url}/signon/", timeout=20).url.endswith("/login/")


def test_a_provider_that_is_down_is_a_sentence() -> None:
    with oidc_provider_mock.run_server_in_thread() as server:
        port = server.server_port
    down = f"http://localhost:{port}"
    with services.scratch() as other, running(other, down) as alone:
        browser = Browser(alone)
        page = browser.session.get(f"{alone.url}/login/", timeout=20)
        token = re.search(r'action="/signon/"><input[^>]*value="(\w+)"', page.text)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1]}

        answer = browser.session.post(f"{alone.url}/signon/", data=form, timeout=20)

    assert answer.status_code == 503
    assert f"{NAME} does not answer" in answer.text


@contextmanager
def up(environment: dict[str, str]) -> Iterator[None]:
    """This function will start the product as an operator does, and stop it."""
    services.manage("up", "--detach", environment=environment)
    try:
        yield
    finally:
        services.manage("stop", environment=environment)


def test_up_switches_sign_on_on_and_off_again(provider: Provider) -> None:
    provider.knows("sub-up", "up@harbour.example", preferred_username="up")
    with services.scratch() as other:
        port = free_port()
        home = f"{other.environment['FACTORY_HOME']}-up"
        environment = other.environment | {"PORT": str(port), "FACTORY_HOME": home}
        browser = Browser(Stack(other, environment, port))

        with up(environment | at(provider.url)):
            entered = browser.enter("sub-up")
        with up(environment):
            page = browser.session.get(f"{browser.product.url}/login/", timeout=20)
            gone = browser.session.get(f"{browser.product.url}/signon/callback/", timeout=20)
            link = services.manage("login_link", "up", environment=environment).stdout.strip()
            by_link = requests.get(link, timeout=20)

    assert (entered.status_code, entered.headers["Location"]) == (302, "/")
    assert "/signon/" not in page.text
    assert (gone.status_code, by_link.status_code) == (404, 200)


def test_without_an_issuer_there_is_nothing_of_it(client: Any, db: None) -> None:
    from django.conf import settings

    assert "/signon/" not in client.get("/login/").content.decode()
    assert client.post("/signon/").status_code == 404
    assert not any("allauth" in name for name in (*settings.INSTALLED_APPS, *settings.MIDDLEWARE))
