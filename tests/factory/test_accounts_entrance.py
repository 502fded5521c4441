"""Logging in: the throttle, the one page, and what it gives away."""

import re
import time
from statistics import median
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import global_settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from factory import entrance, first_contact

RIGHT, WRONG = "correct-horse", "wrong-battery"


@pytest.fixture(autouse=True)
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ana(db: None) -> User:
    """This fixture will give a user with a password."""
    return User.objects.create_user("ana", password=RIGHT)


def enter(password: str, username: str = "ana", path: str = "/login/", **more: Any) -> Any:
    """This function will try to log in."""
    return Client().post(path, {"username": username, "password": password}, **more)


def lock(**more: Any) -> Any:
    """This function will give as many wrong passwords as are allowed, and give the last answer."""
    for _ in range(4):
        assert enter(WRONG, **more).status_code == 200
    return enter(WRONG, **more)


def test_after_five_wrong_passwords_the_right_one_must_wait(ana: User) -> None:
    locked = lock()

    late = enter(RIGHT)

    assert (locked.status_code, late.status_code) == (429, 429)
    assert 800 <= int(late["Retry-After"]) <= 900
    assert "Too many wrong passwords" in late.content.decode()
    assert "Try again in 15 minutes" in late.content.decode()


def test_after_the_wait_the_right_password_opens_again(ana: User) -> None:
    lock()

    AccessAttempt.objects.update(attempt_time=timezone.now() - timezone.timedelta(minutes=16))

    assert enter(RIGHT).status_code == 302


def test_trying_during_the_wait_does_not_make_it_longer(ana: User) -> None:
    lock()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timezone.timedelta(minutes=14))

    assert 1 <= int(enter(WRONG)["Retry-After"]) <= 60


def test_another_address_cannot_lock_somebody_out(ana: User) -> None:
    lock(REMOTE_ADDR="192.0.2.66")

    assert enter(RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_addresses_of_one_ipv6_network_count_together_and_others_do_not(ana: User) -> None:
    for number in range(5):
        answer = enter(WRONG, REMOTE_ADDR=f"2001:db8:0:7::{number:x}")

    assert answer.status_code == 429
    assert enter(RIGHT, REMOTE_ADDR="2001:db8:0:7:ffff::1").status_code == 429
    assert enter(RIGHT, REMOTE_ADDR="2001:db8:0:8::1").status_code == 302


def test_mapped_addresses_are_the_ones_they_map(ana: User) -> None:
    lock(REMOTE_ADDR="192.0.2.66")

    assert enter(RIGHT, REMOTE_ADDR="::ffff:192.0.2.66").status_code == 429
    assert enter(RIGHT, REMOTE_ADDR="::ffff:192.0.2.7").status_code == 302


def crowd(**more: Any) -> list[int]:
    """This function will try one password for many names, and give the statuses."""
    names = (f"name{number}" for number in range(entrance.CROWD + 1))
    return [enter(WRONG, name, **more).status_code for name in names]


def test_one_password_for_many_names_is_stopped_by_the_network(ana: User) -> None:
    statuses = crowd(REMOTE_ADDR="192.0.2.66")

    late = enter(RIGHT, REMOTE_ADDR="192.0.2.66")

    assert statuses == [200] * entrance.CROWD + [429]
    assert late.status_code == 429
    assert 240 <= int(late["Retry-After"]) <= 300
    assert "Too many wrong passwords from your network" in late.content.decode()
    assert enter(RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_the_others_of_that_network_wait_five_minutes_at_most(ana: User) -> None:
    crowd()

    AccessAttempt.objects.update(attempt_time=timezone.now() - entrance.WINDOW)

    assert enter(RIGHT).status_code == 302


def test_a_full_network_is_told_when_its_oldest_failures_are_forgotten(ana: User) -> None:
    crowd()
    oldest = AccessAttempt.objects.order_by("pk").values("pk")[:1]
    AccessAttempt.objects.filter(pk__in=oldest).update(
        attempt_time=timezone.now() - entrance.WINDOW + timezone.timedelta(seconds=30)
    )

    assert 1 <= int(enter(RIGHT)["Retry-After"]) <= 30


def test_a_link_still_lets_somebody_of_that_network_in(ana: User) -> None:
    crowd()

    assert Client().get(first_contact.link(ana, "")).status_code == 302


def test_a_header_anybody_can_send_does_not_make_another_address(ana: User) -> None:
    for number in range(5):
        answer = enter(WRONG, headers={"X-Forwarded-For": f"192.0.2.{number}"})

    assert answer.status_code == 429


def test_another_browser_name_does_not_begin_the_count_anew(ana: User) -> None:
    for number in range(5):
        answer = enter(WRONG, headers={"User-Agent": f"browser {number}"})

    assert answer.status_code == 429


def test_a_success_clears_the_count(ana: User) -> None:
    for _ in range(4):
        enter(WRONG)
    enter(RIGHT)

    assert enter(WRONG).status_code == 200
    assert enter(RIGHT).status_code == 302


def test_a_link_still_lets_in_who_is_locked_out(ana: User) -> None:
    lock()

    assert Client().get(first_contact.link(ana, "")).status_code == 302


def test_the_wait_is_also_told_to_machines(ana: User) -> None:
    lock()

    told = enter(RIGHT, headers={"Accept": "application/json"})

    assert told.json()["error"]["status"] == 429


def test_the_password_that_was_tried_is_kept_nowhere(ana: User) -> None:
    enter(WRONG)

    row = AccessAttempt.objects.values().get()
    assert WRONG not in repr(row)


def test_the_admin_has_no_log_in_of_its_own(ana: User) -> None:
    assert enter(RIGHT, path="/admin/login/").status_code == 405
    shown = Client().get("/admin/jobs/job/", follow=True)
    assert shown.redirect_chain[-1][0] == "/login/?next=/admin/jobs/job/"


def test_who_is_no_staff_is_told_so_and_not_sent_in_circles(ana: User, client: Client) -> None:
    client.force_login(ana)

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403
    assert "for staff" in answer.content.decode()


@pytest.mark.parametrize("who", ["nobody", "locked", "linked", "ana"])
def test_a_wrong_log_in_says_the_same_whoever_is_named(who: str, ana: User) -> None:
    User.objects.create_user("locked", password=RIGHT, is_active=False)
    User.objects.create_user("linked")
    page = enter(WRONG, username=who).content.decode()

    hidden = re.sub(rf'value="(?:{who}|[\w]{{64}})"', "", page)
    assert hidden == re.sub(
        r'value="(?:ana|[\w]{64})"', "", enter(WRONG, username="ana").content.decode()
    )


def test_a_wrong_log_in_takes_as_long_whoever_is_named(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    User.objects.create_user("ana", password=RIGHT)
    User.objects.create_user("linked")
    User.objects.create_user("locked", password=RIGHT, is_active=False)

    def took(username: str) -> float:
        begun = time.process_time()
        enter(WRONG, username=username)
        return time.process_time() - begun

    known = median(took("ana") for _ in range(4))
    for other in ("nobody", "linked", "locked"):
        assert median(took(other) for _ in range(4)) > known / 3, other


def test_a_deactivated_person_is_not_let_in_with_the_right_password(ana: User) -> None:
    User.objects.update(is_active=False)

    assert enter(RIGHT).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/jobs/", "/jobs/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example", "/"),
    ],
)
def test_a_log_in_leads_to_our_own_pages_only(wanted: str, leads: str, ana: User) -> None:
    form = {"username": "ana", "password": RIGHT, "next": wanted}

    assert Client().post("/login/", form)["Location"] == leads


def test_a_log_in_from_another_site_is_refused(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/login/", {"username": "ana", "password": RIGHT})

    assert answer.status_code == 403
    assert "sessionid" not in client.cookies


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(ana: User) -> None:
    cookie = enter(RIGHT).cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("username", ["a" * 300, "ad\0min"], ids=["too long", "with NUL"])
def test_a_name_nobody_can_have_is_a_wrong_name(db: None, username: str) -> None:
    answer = enter(WRONG, username=username)

    assert answer.status_code == 200
    assert "The name or the password is not right" in answer.content.decode()
