"""Your account: everybody acts on their own, and what was shown once is not shown again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from factory.models import ApiToken, Session
from tests.pages.conftest import browser_of

OLD, NEW = "correct-horse", "battery-staple-9"


@pytest.fixture(autouse=True)
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ana(db: None) -> User:
    """This fixture will give a user with a password."""
    return User.objects.create_user("ana", password=OLD)


@pytest.fixture
def bob(db: None) -> User:
    """This fixture will give another user."""
    return User.objects.create_user("bob", password=OLD)


def page(client: Client) -> str:
    """This function will read one's account page."""
    return client.get("/account/").content.decode()


def change(client: Client, old: str = OLD, new: str = NEW, again: str = NEW) -> int:
    """This function will change one's password and give the status."""
    form = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post("/account/passwords/", form).status_code


def test_the_page_marks_this_session_and_offers_to_end_the_other(ana: User) -> None:
    here, _ = browser_of(ana), browser_of(ana)

    shown = page(here)

    assert shown.count("this one") == 1
    assert shown.count('name="session"') == 1
    assert here.cookies["sessionid"].value not in shown


def test_ending_one_session_ends_that_one(ana: User) -> None:
    here, there, third = (browser_of(ana) for _ in range(3))
    page(there)
    other = re.findall(r'name="session" value="(\w+)"', page(here))

    here.post("/account/sessions/endings/", {"session": other[0]})

    assert page(here).count('name="session"') == 1
    assert sorted(client.get("/account/").status_code for client in (there, third)) == [200, 302]


def test_ending_all_others_keeps_this_one(ana: User, bob: User) -> None:
    here, there, bobs = browser_of(ana), browser_of(ana), browser_of(bob)

    here.post("/account/sessions/endings/")

    assert [client.get("/account/").status_code for client in (here, there, bobs)] == [
        200,
        302,
        200,
    ]


def test_nobody_ends_the_session_of_another(ana: User, bob: User) -> None:
    here, bobs = browser_of(ana), browser_of(bob)
    page(bobs)

    here.post("/account/sessions/endings/", {"session": Session.objects.of(bob).get().pk})

    assert bobs.get("/account/").status_code == 200


def test_a_new_password_ends_the_other_sessions(ana: User) -> None:
    here, there = browser_of(ana), browser_of(ana)

    assert change(here) == 302

    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert Session.objects.of(ana).count() == 1


@pytest.mark.parametrize(
    ("old", "new", "again"), [("x", NEW, NEW), (OLD, NEW, "y"), (OLD, "ana", "ana"), (OLD, "", "")]
)
def test_a_password_that_cannot_be_set_leaves_everything(
    old: str, new: str, again: str, ana: User
) -> None:
    client, other = browser_of(ana), browser_of(ana)

    assert change(client, old, new, again) == 400

    ana.refresh_from_db()
    assert ana.check_password(OLD)
    assert other.get("/account/").status_code == 200


def test_who_has_no_password_sets_one_without_naming_an_old(db: None) -> None:
    eva = User.objects.create_user("eva")
    client = browser_of(eva)

    assert "Choose a password" in page(client)
    assert change(client) == 302

    eva.refresh_from_db()
    assert eva.check_password(NEW)


def test_a_token_is_shown_once(ana: User) -> None:
    client = browser_of(ana)
    form = {"name": "ci", "scope": "read", "days": "7"}

    made = client.post("/account/tokens/", form)
    text = re.search(r'value="(fct_[\w-]{43})"', made.content.decode())

    assert text is not None
    assert "no-store" in made["Cache-Control"]
    assert text[1] not in page(client)
    assert text[1][:12] in page(client)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": "0"}, {"days": "999"}, {"scope": "root"}])
def test_a_token_that_cannot_be_is_not_made(wrong: dict[str, str], ana: User) -> None:
    form = {"name": "ci", "scope": "read", "days": "7"} | wrong

    answer = browser_of(ana).post("/account/tokens/", form)

    assert answer.status_code == 400
    assert 'class="wrong"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_nobody_revokes_the_token_of_another(ana: User, bob: User) -> None:
    token, _ = ApiToken.objects.issue(ana, "ci", "read", 1)

    assert browser_of(bob).post(f"/account/tokens/{token.pk}/revocations/").status_code == 404
    assert browser_of(ana).post(f"/account/tokens/{token.pk}/revocations/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_name_with_markup_is_shown_as_it_is(ana: User) -> None:
    ApiToken.objects.issue(ana, "<script>alert(1)</script>", "read", 1)

    assert "<script>alert" not in page(browser_of(ana))
