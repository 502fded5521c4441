"""Sessions: whose they are, where from, and that ending one ends it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from factory.models import Session
from factory.sessions import kept
from jobs.models import Event


@pytest.fixture(autouse=True)
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ana(db: None) -> User:
    """This fixture will give a user with a password."""
    return User.objects.create_user("ana", password="correct-horse")


def log_in(agent: str = "", **options: str) -> Client:
    """This function will give a browser in which ana has logged in."""
    client = Client(headers={"User-Agent": agent}, **options)
    answer = client.post("/login/", {"username": "ana", "password": "correct-horse"})
    assert answer.status_code == 302
    return client


def key(client: Client) -> str:
    """This function will give what a browser's session cookie holds."""
    return client.cookies["sessionid"].value


def test_a_log_in_is_listed_with_where_it_came_from(ana: User) -> None:
    log_in("Firefox\x1b[31m", REMOTE_ADDR="192.0.2.7")

    session = Session.objects.of(ana).get()

    assert (session.address, session.agent) == ("192.0.2.7", "Firefox�[31m")
    assert session.seen_at - session.created_at < timedelta(seconds=20)


def test_a_request_whose_address_is_none_is_answered(ana: User) -> None:
    client = log_in(REMOTE_ADDR="")

    assert client.get("/").status_code == 200
    assert Session.objects.of(ana).get().address is None


def test_the_key_changes_when_somebody_logs_in(ana: User) -> None:
    client = log_in()
    first = key(client)

    client.post("/logout/")
    client.post("/login/", {"username": "ana", "password": "correct-horse"})

    assert key(client) != first
    assert list(Session.objects.values_list("pk", flat=True)) == [kept(key(client))]


def test_what_the_table_holds_opens_no_session(ana: User) -> None:
    log_in()
    thief = Client()
    thief.cookies["sessionid"] = Session.objects.get().pk

    assert thief.get("/")["Location"] == "/login/?next=/"


def test_a_session_that_was_ended_is_over_at_once(ana: User) -> None:
    client = log_in()

    Session.objects.of(ana).delete()

    assert client.get("/").status_code == 302


def test_a_request_that_changes_a_session_keeps_when_it_began(ana: User) -> None:
    client = log_in(REMOTE_ADDR="192.0.2.7")
    before = Session.objects.get()

    session = client.session
    session["more"] = 1
    session.save()

    after = Session.objects.get()
    assert (after.created_at, after.address) == (before.created_at, "192.0.2.7")
    assert after.session_data != before.session_data


def test_being_seen_is_noted_once_a_minute(ana: User) -> None:
    client = log_in()
    long_ago = timezone.now() - timedelta(minutes=5)
    Session.objects.update(seen_at=long_ago)

    client.get("/legend/")
    noted = Session.objects.get().seen_at
    client.get("/legend/")

    assert noted > long_ago
    assert Session.objects.get().seen_at == noted


def test_a_log_in_sweeps_away_what_is_over(ana: User) -> None:
    log_in()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    client = log_in()

    assert Session.objects.get().pk == kept(key(client))


def test_an_anonymous_visit_leaves_no_session(db: None) -> None:
    Client().get("/login/")

    assert not Session.objects.exists()


def test_who_comes_and_goes_is_written_down_once(ana: User) -> None:
    client = log_in(REMOTE_ADDR="192.0.2.7")
    client.get("/legend/")
    client.get("/legend/")
    client.post("/logout/")
    client.get("/login/")

    told = Event.objects.order_by("pk").values_list("name", "actor", "scope", "payload__address")
    assert list(told) == [
        ("person.entered", f"user:{ana.pk}", None, "192.0.2.7"),
        ("person.left", f"user:{ana.pk}", None, "192.0.2.7"),
    ]


def test_a_wrong_password_enters_nobody(ana: User) -> None:
    Client().post("/login/", {"username": "ana", "password": "wrong"})

    assert not Event.objects.exists()
