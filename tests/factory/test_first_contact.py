"""The first administrator, and links that work once."""

import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.test import Client

from factory import first_contact
from factory.first_contact import Gone
from tests.services import ScratchDatabase, manage


@pytest.fixture
def ana(db: None) -> User:
    """This fixture will give a user who has never logged in."""
    return User.objects.create_user("ana")


def test_the_administrator_is_created_once(db: None) -> None:
    first, second = first_contact.administrator(), first_contact.administrator()

    assert first is not None
    assert (first.username, first.is_superuser, first.has_usable_password()) == (
        "admin",
        True,
        False,
    )
    assert second is None


def test_an_installation_with_an_administrator_gets_no_other(db: None) -> None:
    User.objects.create_superuser("root")

    assert first_contact.administrator() is None


def test_a_link_logs_its_user_in_and_works_once(ana: User, client: Client) -> None:
    path = first_contact.link(ana, "")

    first, second = client.get(path), Client().get(path)

    assert (first.status_code, first["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(ana.pk)
    assert second.status_code == 410
    assert "login_link" in second.content.decode()


def test_a_link_that_is_too_old_is_gone(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = first_contact.token(ana)
    monkeypatch.setattr(first_contact, "LIFETIME", timedelta(0))

    with pytest.raises(Gone):
        first_contact.redeem(token)


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: "x" + text, lambda _: "x"])
def test_a_link_that_was_changed_is_gone(ana: User, client: Client, change: Any) -> None:
    assert client.get(f"/login/{change(first_contact.token(ana))}/").status_code == 410


def test_a_token_signed_for_another_purpose_is_gone(ana: User) -> None:
    other = signing.dumps([ana.pk, ""], salt="something.else")

    with pytest.raises(Gone):
        first_contact.redeem(other)


def test_a_link_of_somebody_who_was_locked_out_is_gone(ana: User) -> None:
    token = first_contact.token(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)

    with pytest.raises(Gone):
        first_contact.redeem(token)


def test_a_log_in_makes_older_links_worthless(ana: User, client: Client) -> None:
    older = first_contact.token(ana)
    client.force_login(ana)

    with pytest.raises(Gone):
        first_contact.redeem(older)


def test_looking_at_a_link_does_not_use_it(ana: User, client: Client) -> None:
    path = first_contact.link(ana, "")

    assert client.head(path).status_code == 405
    assert client.post(path).status_code == 405
    assert client.get(path).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_racing_requests_one_gets_in() -> None:
    token = first_contact.token(User.objects.create_user("bob"))
    together, answers = threading.Barrier(2), []

    def enter() -> None:
        together.wait()
        answers.append(Client().get(f"/login/{token}/").status_code)
        connection.close()

    racing = [threading.Thread(target=enter) for _ in range(2)]
    for thread in racing:
        thread.start()
    for thread in racing:
        thread.join()

    assert sorted(answers) == [302, 410]


def test_the_command_prints_a_link_for_a_user(scratch_database: ScratchDatabase) -> None:
    environment = scratch_database.environment
    manage("createsuperuser", "--noinput", "--username=eva", "--email=", environment=environment)

    said = manage("login_link", "eva", "--json", environment=environment).stdout

    assert json.loads(said)["url"].startswith("http://127.0.0.1:8000/login/")


def test_the_command_refuses_a_user_it_does_not_know(scratch_database: ScratchDatabase) -> None:
    refused = manage("login_link", "nobody", environment=scratch_database.environment, check=False)

    assert refused.returncode == 2
    assert refused.stderr.startswith('USER="nobody": no such user: ')
    assert refused.stderr.count("\n") == 1


def test_the_file_with_the_link_is_private_even_where_another_lay(
    tmp_path: Path, settings: Any
) -> None:
    settings.FACTORY_HOME = tmp_path
    (tmp_path / "login_link").write_text("old")
    os.chmod(tmp_path / "login_link", 0o644)

    path = first_contact.keep("new")

    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o600
