"""The admin of people: nobody rises by it, and nobody is lost."""

import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from factory.models import ApiToken, Session
from tests.pages.conftest import World, browser_of

NEW = "battery-staple-9"


@pytest.fixture(autouse=True)
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def root(db: None) -> User:
    """This fixture will give the administrator."""
    return User.objects.create_superuser("root", password="correct-horse")


@pytest.fixture
def clerk(db: None) -> User:
    """This fixture will give staff who may change users, and all else there is a permission for."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def ana(db: None) -> User:
    """This fixture will give a person."""
    return User.objects.create_user("ana", email="ana@harbour.example")


def save(client: Client, user: User, **changes: str) -> Any:
    """This function will send the form of a user, with some fields changed."""
    page = client.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    joined = re.findall(r'name="(date_joined_\d|last_login_\d)"[^>]*?value="([^"]*)"', page)
    form = {"username": user.username, "email": user.email, "is_active": "on", **dict(joined)}
    for right in ("is_staff", "is_superuser"):
        if getattr(user, right):
            form[right] = "on"
    form = {name: text for name, text in (form | changes).items() if text}
    return client.post(f"/admin/auth/user/{user.pk}/change/", form)


def act(client: Client, model: str, action: str, *keys: object) -> Any:
    """This function will choose rows of a list and an action on them."""
    form = {"action": action, "_selected_action": [str(key) for key in keys], "confirmed": "yes"}
    return client.post(f"/admin/{model}/", form, follow=True)


def test_staff_cannot_make_staff_or_superusers(clerk: User, ana: User) -> None:
    answer = save(browser_of(clerk), ana, first_name="Ana", is_staff="on", is_superuser="on")

    ana.refresh_from_db()
    assert answer.status_code == 302
    assert (ana.first_name, ana.is_staff, ana.is_superuser) == ("Ana", False, False)


def test_staff_cannot_raise_themselves(clerk: User) -> None:
    answer = save(browser_of(clerk), clerk, is_superuser="on")

    clerk.refresh_from_db()
    assert (answer.status_code, clerk.is_superuser) == (403, False)


def test_staff_cannot_take_over_the_administrator(clerk: User, root: User) -> None:
    client = browser_of(clerk)
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}

    assert save(client, root, email="clerk@harbour.example").status_code == 403
    assert client.post(f"/admin/auth/user/{root.pk}/password/", form).status_code == 403
    act(client, "auth/user", "end_sessions", root.pk)
    act(client, "auth/user", "deactivate", root.pk)

    root.refresh_from_db()
    assert root.is_active
    assert root.check_password("correct-horse")


def test_staff_cannot_give_permissions_by_a_group(clerk: User) -> None:
    group = Group.objects.create(name="all")
    client = browser_of(clerk)

    assert client.post("/admin/auth/group/add/", {"name": "mine"}).status_code == 403
    assert client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "x"}).status_code == 403


def test_nobody_is_deleted(root: User, ana: User) -> None:
    client = browser_of(root)

    assert client.post(f"/admin/auth/user/{ana.pk}/delete/", {"post": "yes"}).status_code == 403
    act(client, "auth/user", "delete_selected", ana.pk)

    assert User.objects.filter(pk=ana.pk).exists()


def test_the_last_administrator_stays(root: User) -> None:
    answer = save(browser_of(root), root, is_active="")

    root.refresh_from_db()
    assert "last administrator" in answer.content.decode()
    assert root.is_active


def test_the_administrator_makes_another_and_may_go(root: User, ana: User) -> None:
    client = browser_of(root)

    save(client, ana, is_staff="on", is_superuser="on")
    save(client, root, is_superuser="")

    assert list(User.objects.filter(is_superuser=True)) == [ana]


def test_two_accounts_cannot_have_one_address(root: User, ana: User) -> None:
    eva = User.objects.create_user("eva")

    answer = save(browser_of(root), eva, email="ANA@harbour.example")

    assert "Another account has this address" in answer.content.decode()


def test_deactivating_somebody_logs_them_out(root: User, ana: User) -> None:
    browser = browser_of(ana)
    browser.get("/legend/")

    save(browser_of(root), ana, is_active="")

    assert not Session.objects.filter(user=ana).exists()
    assert browser.get("/legend/").status_code == 302


def test_a_password_set_by_the_administrator_logs_the_person_out(root: User, ana: User) -> None:
    browser_of(ana).get("/legend/")
    client = browser_of(root)
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}

    answer = client.post(f"/admin/auth/user/{ana.pk}/password/", form)

    assert answer.status_code == 302
    assert not Session.objects.filter(user=ana).exists()
    assert client.get("/admin/").status_code == 200


def test_sessions_are_listed_and_ended_without_their_keys(root: User, ana: User) -> None:
    browser = browser_of(ana)
    browser.get("/legend/", headers={"User-Agent": "Netscape"})
    client = browser_of(root)

    shown = client.get("/admin/factory/session/").content.decode()
    act(client, "factory/session", "end", Session.objects.of(ana).get().pk)

    assert "Netscape" in shown
    assert browser.cookies["sessionid"].value not in shown
    assert browser.get("/legend/").status_code == 302


def test_a_token_is_listed_and_revoked_without_its_digest(root: User, ana: User) -> None:
    token, _ = ApiToken.objects.issue(ana, "ci", "read", 1)
    client = browser_of(root)

    shown = client.get(f"/admin/factory/apitoken/{token.pk}/change/").content.decode()
    act(client, "factory/apitoken", "revoke", token.pk)

    token.refresh_from_db()
    assert token.digest not in shown
    assert token.revoked_at is not None


def test_staff_unlock_somebody(root: User, ana: User) -> None:
    for _ in range(5):
        Client().post("/login/", {"username": "ana", "password": "wrong"})
    client = browser_of(root)

    act(client, "axes/accessattempt", "unlock", AccessAttempt.objects.get().pk)

    assert Client().post("/login/", {"username": "ana", "password": "x"}).status_code == 200


@pytest.mark.parametrize(
    "model",
    ["auth/user", "auth/group", "factory/session", "factory/apitoken", "axes/accessattempt"],
)
def test_a_list_opens(model: str, root: User, ana: User) -> None:
    ApiToken.objects.issue(ana, "ci", "read", 1)
    Client().post("/login/", {"username": "ana", "password": "wrong"})

    assert browser_of(root).get(f"/admin/{model}/").status_code == 200


def test_a_list_shows_the_word_of_a_choice_and_the_form_what_it_means(
    world: World, as_staff: Client
) -> None:
    listed = as_staff.get("/admin/projects/project/").content.decode()
    form = as_staff.get(f"/admin/projects/project/{world.project.pk}/change/").content.decode()

    assert ">Capture</td>" in listed
    assert "Capture: what is wanted is being collected" in form
