"""API tokens: what opens, what does not, and what is kept of them."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from factory import tokens
from factory.models import ApiToken, Scope
from jobs.redaction import redact


@pytest.fixture
def ana(db: None) -> User:
    """This fixture will give a user."""
    return User.objects.create_user("ana")


def bearing(text: str) -> tuple[User, frozenset[str]] | None:
    """This function will authenticate a request with an Authorization header."""
    found = tokens.authenticate(RequestFactory().get("/", headers={"Authorization": text}))
    return (found.user, found.scopes) if found else None


def test_a_token_speaks_for_its_owner_within_its_scope(ana: User) -> None:
    reads = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)[1]
    writes = ApiToken.objects.issue(ana, "cd", Scope.WRITE, 1)[1]

    assert bearing(f"Bearer {reads}") == (ana, {"read"})
    assert bearing(f"bearer  {writes} ") == (ana, {"read", "write"})


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic {}", "Bearer {}x", "Bearer x{}", "{}", "Bearer a {}"]
)
def test_what_is_not_quite_a_token_opens_nothing(header: str, ana: User) -> None:
    text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)[1]

    assert bearing(header.format(text)) is None


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """This function will run api_token and give its status and what it printed."""
    status = 0
    try:
        call_command("api_token", *arguments)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, *capsys.readouterr()


def test_the_command_makes_a_token_and_prints_it_once(
    ana: User, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(run(capsys, "ana", "--scope", "write", "--days", "7", "--json")[1])
    plain = run(capsys, "ana")[1]

    row = ApiToken.objects.order_by("pk").first()
    assert row is not None
    assert bearing(f"Bearer {told['token']}") == (ana, {"read", "write"})
    assert bearing(f"Bearer {plain.strip()}") == (ana, {"read"})
    assert told == {
        "token": told["token"],
        "prefix": row.prefix,
        "expires_at": row.expires_at.isoformat(),
    }
    assert row.expires_at - timezone.now() > timedelta(days=6, hours=23)
    assert row.name.startswith("by command:")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody"], 'USER="nobody": no such user'),
        (["ana", "--days", "0"], "--days: '0' is not a number from 1 to 365"),
        (["ana", "--days", "366"], "--days: '366' is not"),
        (["ana", "--days", "x"], "--days: 'x' is not"),
        (["ana", "--scope", "all"], "--scope: invalid choice"),
        (["eva"], 'USER="eva": is not active'),
    ],
)
def test_the_command_refuses_in_one_line(
    arguments: list[str], sentence: str, ana: User, capsys: pytest.CaptureFixture[str]
) -> None:
    User.objects.create_user("eva", is_active=False)

    status, said, complaint = run(capsys, *arguments)

    assert (status, said) == (2, "")
    assert sentence in complaint
    assert complaint.count("\n") == 1
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_dead(ana: User) -> None:
    token, text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)

    token.revoke()

    assert bearing(f"Bearer {text}") is None


def test_a_token_whose_time_has_passed_is_dead(ana: User) -> None:
    token, text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert bearing(f"Bearer {text}") is None


def test_a_token_of_somebody_who_was_deactivated_is_dead(ana: User) -> None:
    text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)[1]
    User.objects.filter(pk=ana.pk).update(is_active=False)

    assert bearing(f"Bearer {text}") is None


def test_the_database_holds_nothing_that_opens(ana: User) -> None:
    text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)[1]

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM factory_api_token t")
        kept = cursor.fetchone()[0]

    assert text[:12] in kept
    assert text[12:] not in kept


def test_the_use_of_a_token_is_noted_once_a_minute(ana: User) -> None:
    token, text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)
    bearing(f"Bearer {text}")
    token.refresh_from_db()
    first = token.used_at

    bearing(f"Bearer {text}")
    token.refresh_from_db()

    assert first is not None
    assert token.used_at == first


def test_a_token_in_a_text_is_taken_out(ana: User) -> None:
    text = ApiToken.objects.issue(ana, "ci", Scope.READ, 1)[1]

    assert text not in redact(f"curl -H 'X: {text}'")
