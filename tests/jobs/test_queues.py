"""Queues as people see and bound them: by command, page and admin."""

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from jobs import lines, queue
from jobs.models import Limit, Queue
from tests.jobs.conftest import Desk
from tests.jobs.test_commands import Capture, ask, refused

pytestmark = pytest.mark.django_db


def short() -> Queue:
    return Queue.objects.get(name="short")


@pytest.fixture
def ana() -> User:
    return User.objects.create_superuser("ana")


@pytest.fixture
def page(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def test_queues_say_what_waits_runs_and_bounds_them(desk: Desk, capsys: Capture) -> None:
    for _ in range(3):
        queue.enqueue("demo.noop", {})
    ask(capsys, "queues", "limit", "short", "--most=2", "--per-minute=90")
    desk.claim()

    found = {one["name"]: one for one in ask(capsys, "queues")}

    one = found["short"]
    assert (one["queued"], one["running"], one["most_running"], one["burst"]) == (2, 1, 2, 2)
    assert 0 <= one["oldest_s"] < 60
    assert 0.9 < one["tokens"] <= 2
    assert one["limited_by"].startswith("command:")
    assert found["long"]["oldest_s"] is None


def test_a_paused_queue_says_who_paused_it(capsys: Capture) -> None:
    found = {one["name"]: one for one in ask(capsys, "queues", "pause", "short")}
    call_command("queues")

    assert found["short"]["paused_by"].startswith("command:")
    assert f"paused by {found['short']['paused_by']}" in capsys.readouterr().out


def test_the_limits_of_a_key_are_set_listed_and_taken_away(capsys: Capture) -> None:
    made = ask(capsys, "queues", "limit", "--key", "api", "--most=3", "--per-minute=60")
    call_command("queues", "keys")
    said = capsys.readouterr().out
    gone = ask(capsys, "queues", "limit", "--key", "api", "--none")

    assert (made[0]["key"], made[0]["most_running"], made[0]["running"]) == ("api", 3, 0)
    assert "limited to 3 at once; 60 a minute, 1 in a burst" in said
    assert gone == []


def test_the_limits_of_a_queue_are_taken_away(capsys: Capture) -> None:
    ask(capsys, "queues", "limit", "short", "--most=3")

    ask(capsys, "queues", "limit", "short", "--none")

    assert not short().is_limited


BAD = {
    "queues limit short": "limit: give --most or --per-minute, or --none",
    "queues limit short --per-minute 3 --none": "--none: it takes the limits away; leave it out, or leave out --per-minute",
    "queues limit short --most 0": "most 0: give 1 to 32767; to let none run, pause the queue",
    "queues limit nowhere --most 3": "NAME: there is no queue 'nowhere'",
    "queues limit --most 3": "NAME: limit needs a queue",
    "queues limit short --key k --most 3": "NAME: --key k is a limit of its own",
    "queues pause short --most 0": "--most: it belongs to a limit",
    "queues --key k": "--key: it belongs to a limit",
    "queues limit --key  --most 1": "--key '': give 1 to 128 printable characters",
    "queues limit short --burst 3": "burst 3: it belongs to a rate",
}


@pytest.mark.parametrize(("words", "said"), BAD.items())
def test_a_limit_that_cannot_be_set_is_refused_in_one_line(
    capsys: Capture, words: str, said: str
) -> None:
    assert said in refused(capsys, *words.split(" "))


def test_the_page_shows_queues_with_who_paused_and_limited_them(page: Client, ana: User) -> None:
    queue.enqueue("demo.noop", {})
    short().pause(by=f"user:{ana.pk}")
    short().limit(most=2, by=f"user:{ana.pk}")
    Limit.on("api", most=3, by="command:root")

    text = page.get("/queues/").content.decode()

    assert "by ana" in text
    assert "limited to 2 at once" in text
    assert "set by command:root" in text
    assert "/queues/short/resumptions/" in text


def test_the_page_costs_the_same_at_1_and_at_300_jobs(
    page: Client, django_assert_num_queries: Any
) -> None:
    page.get("/queues/")
    with django_assert_num_queries(11, exact=False):
        page.get("/queues/")
    queue.enqueue_many("demo.noop", [{}] * 300)

    with django_assert_num_queries(11, exact=False):
        page.get("/queues/")


def test_a_queue_is_paused_and_resumed_on_its_page(page: Client, ana: User) -> None:
    asked = page.get("/queues/short/pauses/").content.decode()
    before = short().paused
    page.post("/queues/short/pauses/")
    paused = short()
    page.post("/queues/short/resumptions/")

    assert "Nothing of it begins" in asked
    assert (before, paused.paused, paused.paused_by) == (False, True, f"user:{ana.pk}")
    assert not short().paused


def test_limits_are_set_on_their_pages(page: Client) -> None:
    page.post("/queues/short/limits/", {"most": "2", "per_minute": "60", "burst": ""})
    page.post("/queues/limits/", {"key": "api", "most": "", "per_minute": "30", "burst": "5"})

    assert short().limit_words == "2 at once; 60 a minute, 1 in a burst"
    assert Limit.objects.get().limit_words == "1 at once; 30 a minute, 5 in a burst"


def test_the_page_says_why_a_limit_cannot_be_set(page: Client) -> None:
    answer = page.post("/queues/short/limits/", {"most": "0"})

    assert (answer.status_code, "pause the queue" in answer.content.decode()) == (400, True)
    assert not short().is_limited


@pytest.mark.parametrize(
    "path",
    ["", "limits/", "short/limits/", "short/pauses/", "short/resumptions/"],
)
def test_only_staff_sees_and_acts(client: Client, path: str) -> None:
    client.force_login(User.objects.create_user("bob"))

    assert client.get(f"/queues/{path}").status_code == 404
    assert client.post(f"/queues/{path}").status_code in (404, 405)
    assert not short().paused


def test_the_admin_sets_limits_and_keeps_who_did(page: Client, ana: User) -> None:
    page.post("/admin/jobs/queue/short/change/", {"most_running": "4"})
    page.post("/admin/jobs/limit/add/", {"key": "api", "most_running": "2", "per_minute": "60"})

    assert (short().most_running, short().limited_by) == (4, f"user:{ana.pk}")
    assert (Limit.objects.get().limit_words, Limit.objects.get().limited_by) == (
        "2 at once; 60 a minute, 1 in a burst",
        f"user:{ana.pk}",
    )
    assert LogEntry.objects.count() == 2


def test_the_admin_refuses_a_limit_in_words(page: Client) -> None:
    answer = page.post("/admin/jobs/limit/add/", {"key": "api", "most_running": "0"})

    assert "most 0: give 1 to 32767" in answer.content.decode()
    assert not Limit.objects.exists()


def test_a_line_is_described_as_json_can_hold_it() -> None:
    assert json.dumps([lines.shape(line) for line in lines.of_queues()])
