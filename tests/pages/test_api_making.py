"""Ideas and specs, many jobs at once, jobs that are made, and repositories that go, by the API."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs import queue
from jobs.models import Job
from projects.models import Idea, PlanChange, Repository
from tests.pages.conftest import World, hold, runner
from tests.pages.test_api import ask, token_of


def send(method: str, path: str, user: User, body: Any) -> Any:
    """This function will send something else than POST."""
    return Client().generic(
        method, f"/api/{path}", body, content_type="application/json", headers=token_of(user)
    )


@pytest.mark.parametrize(("word", "to"), [("idea", "ACCEPTED"), ("spec", "READY")])
def test_an_idea_or_a_spec_is_written_listed_edited_and_moved(
    word: str, to: str, world: World
) -> None:
    place, by = f"projects/{world.project.pk}/{word}s", world.contributor
    made = ask(place, by, {"title": "A lighthouse"})
    one = f"{word}s/{made.json()['id']}"

    edited = send("PATCH", one, by, '{"version": 1, "body": "It turns."}').json()
    late = send("PATCH", one, by, '{"version": 1, "body": "It stands."}')
    moved = ask(f"{one}/moves", by, {"to": to}).json()
    twice = ask(f"{one}/moves", by, {"to": to, "seen": edited["state"]})
    listed = ask(f"{place}?q=light&state={to}", by).json()

    assert (made.status_code, made.json()["slug"]) == (201, "a-lighthouse")
    assert (edited["body"], edited["version"], late.status_code) == ("It turns.", 2, 409)
    assert (moved["state"], twice.status_code) == (to, 409)
    assert [row["what"] for row in moved["changes"]] == ["moved", "edited", "created"]
    assert [row["id"] for row in listed[f"{word}s"]] == [made.json()["id"]]
    assert ask(f"{place}?q=boat", by).json()[f"{word}s"] == []


def test_a_spec_of_anothers_idea_is_refused_by_field(world: World) -> None:
    answer = ask(
        f"projects/{world.project.pk}/specs", world.contributor, {"title": "x", "idea": 999}
    )

    assert (answer.status_code, set(answer.json()["error"]["fields"])) == (400, {"idea"})


def test_lists_of_ideas_go_on_by_their_id(world: World) -> None:
    place = f"projects/{world.project.pk}/ideas"
    for title in ("a", "b", "c"):
        ask(place, world.contributor, {"title": title})

    first = ask(f"{place}?limit=2", world.viewer).json()
    rest = ask(f"{place}?limit=2&after={first['next']}", world.viewer).json()

    assert [row["title"] for row in first["ideas"] + rest["ideas"]] == ["a", "b", "c"]
    assert rest["next"] is None
    assert Idea.objects.count() == 3 == PlanChange.objects.count()


def test_many_jobs_are_counted_and_then_acted_on_as_counted(world: World) -> None:
    ids = [queue.enqueue("demo.noop", {}, scope=world.project.pk).pk for _ in range(3)]
    asked = ask("jobs/selections?act=cancel&state=queued", world.contributor).json()
    later = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    body = {"act": "cancel", "where": {"state": "queued"}, "end": asked["end"]}

    wrong = ask("jobs/selections", world.contributor, body | {"count": 2})
    done = ask("jobs/selections", world.contributor, body | {"count": asked["count"]}).json()

    assert (asked["count"], asked["first"]) == (3, ids)
    assert (wrong.status_code, "Count them again" in wrong.json()["error"]["message"]) == (
        409,
        True,
    )
    assert (done["done"], done["said"]) == (3, "3 cancelled.")
    later.refresh_from_db()
    assert later.state == "queued"  # it was not counted


def test_what_one_only_sees_is_counted_apart_and_stays(world: World) -> None:
    one = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    body = {"act": "cancel", "job": [one.pk], "count": 0}

    asked = ask(f"jobs/selections?act=cancel&job={one.pk}", world.viewer).json()
    hidden = ask(f"jobs/selections?act=cancel&job={one.pk}", world.stranger).json()
    done = ask("jobs/selections", world.viewer, body).json()

    assert (asked["count"], asked["unable"]) == (0, 1)
    assert (hidden["count"], hidden["unable"]) == (0, 0)
    assert done["done"] == 0
    assert Job.objects.get(pk=one.pk).state == "queued"


def test_a_filter_nobody_knows_means_nothing(world: World) -> None:
    wrong = [{"sate": "queued"}, {"state": "quued"}, {"project": 7}]

    for where in wrong:
        body = {"act": "cancel", "count": 1, "where": where}
        assert ask("jobs/selections", world.staff, body).status_code == 400
    assert ask("jobs/selections?act=explode", world.staff).status_code == 400


def test_staff_make_a_job_of_a_kind_and_others_do_not(world: World) -> None:
    given = {"kind": "demo.noop", "project": "harbour", "subject": "pier", "priority": 3}

    made = ask("jobs", world.staff, given).json()
    hidden = ask("jobs", world.contributor, given)

    job = Job.objects.get(pk=made["id"])
    assert (job.scope, job.subject, job.priority) == (world.project.pk, "pier", 3)
    assert (made["state"], made["project"], hidden.status_code) == ("queued", "Harbour", 404)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "no.such"}, "no.such"),
        ({"kind": "demo.noop", "arguments": {"boat": 1}}, "boat"),
        ({"kind": "demo.noop", "project": "nowhere"}, "no project nowhere"),
        ({"kind": "django_q.task"}, "django_q.task"),
    ],
)
def test_a_job_that_cannot_be_made_says_why(given: Any, said: str, world: World) -> None:
    answer = ask("jobs", world.staff, given)

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_a_repository_goes_with_its_jobs_unless_one_works_on_it(world: World) -> None:
    one = f"repositories/{world.repository.pk}"
    key = world.repository.limit_key
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk, limit_key=key)
    hold(job, runner())

    held = send("DELETE", one, world.staff, "")
    refused = send("DELETE", one, world.contributor, "")
    Job.objects.filter(pk=job.pk).update(state="queued", runner=None)
    gone = send("DELETE", one, world.staff, "")

    assert (held.status_code, str(job.pk) in held.json()["error"]["message"]) == (409, True)
    assert (refused.status_code, gone.status_code) == (403, 204)
    assert not Repository.objects.filter(pk=world.repository.pk).exists()
    assert Job.objects.get(pk=job.pk).state == "cancelled"
