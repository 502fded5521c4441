"""The API: the same calls, the same rights, one shape of every answer."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory import snapshot
from factory.api import api
from factory.models import ApiToken
from jobs import controls, queue
from jobs.models import Job, Progress
from projects.models import Membership, Project, Repository
from tests.pages.conftest import World, browser_of, hold, mapped, runner

OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in api.get_openapi_schema(path_prefix="/api/")["paths"].items()
    for method, operation in methods.items()
]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """This fixture will have each test read anew."""
    snapshot.forget()


def token_of(user: User, scope: str = "write") -> dict[str, str]:
    """This function will make the headers of a program that speaks for somebody."""
    _, text = ApiToken.objects.issue(user, "test", scope, 1)
    return {"Authorization": f"Bearer {text}"}


def ask(
    path: str, user: User | None = None, body: Any = None, scope: str = "write", **headers: str
) -> Any:
    """This function will call the API with a token of `user`; with a body it posts."""
    if user is not None:
        headers |= token_of(user, scope)
    if body is None:
        return Client().get(f"/api/{path}", headers=headers)
    text = body if isinstance(body, str) else json.dumps(body)
    return Client().post(f"/api/{path}", text, content_type="application/json", headers=headers)


def test_the_document_describes_every_call_and_its_errors(world: World) -> None:
    told = ask("openapi.json", world.viewer).json()

    assert told["openapi"].startswith("3.1")
    assert len(OPERATIONS) == 76 + len(controls.ALL)
    for method, path, operation in OPERATIONS:
        expected = {"400", "401", "403", "404"} | (
            {"409"} if method in ("POST", "PATCH") else set()
        )
        assert expected <= set(told["paths"][path][method.lower()]["responses"]), path
        assert operation["summary"]


@pytest.mark.parametrize("header", ["", "Bearer fct_no-such-token", "Basic YTpi", "Bearer", "\x7f"])
def test_nobody_is_told_401_and_nothing_else(header: str, world: World) -> None:
    headers = {"Authorization": header} if header else {}
    for method, path, _ in OPERATIONS:
        address = path.replace("{pk}", str(world.job.pk)).replace("{name}", "short")
        multipart = path.startswith("/api/uploads/")
        kind = MULTIPART_CONTENT if multipart else "application/json"

        answer = Client(enforce_csrf_checks=True).generic(
            method, address, "{}", content_type=kind, headers=headers
        )

        assert answer.status_code == 401, path
        assert answer.json()["error"]["code"] == "not-logged-in"
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_document_calls_empty_what_is_refused_as_empty() -> None:
    told = api.get_openapi_schema(path_prefix="/api/")["components"]["schemas"]
    says = re.compile(told["NewTask"]["properties"]["title"]["pattern"])

    taken = {sign for sign in map(chr, range(0x110000)) if says.search(sign)}

    assert taken == {sign for sign in map(chr, range(1, 0x110000)) if sign.strip()}


def test_a_bad_token_is_not_made_good_by_a_session(world: World) -> None:
    client = browser_of(world.staff)

    answer = client.get("/api/me", headers={"Authorization": "Bearer fct_no-such-token"})

    assert answer.status_code == 401


def test_an_act_with_a_session_needs_the_csrf_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.staff)

    address, kind = f"/api/jobs/{world.job.pk}/retries", "application/json"
    refused = client.post(address, {}, content_type=kind)
    client.get("/registrations/")
    token = client.cookies["csrftoken"].value
    done = client.post(address, {}, content_type=kind, headers={"X-CSRFToken": token})

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf")
    assert (done.status_code, done.json()["after"]) == (200, "queued")


def test_a_token_that_may_only_read_cannot_act(world: World) -> None:
    seen = ask(f"jobs/{world.job.pk}", world.staff, scope="read")
    refused = ask(f"jobs/{world.job.pk}/retries", world.staff, {}, scope="read")

    assert (seen.status_code, refused.status_code) == (200, 403)
    assert "may not write" in refused.json()["error"]["message"]


def test_me_says_who_asks_and_what_they_may(world: World) -> None:
    answer = ask("me", world.contributor, scope="read").json()

    assert answer["name"] == "contributor"
    assert answer["scopes"] == ["read"]
    assert answer["roles"] == [{"project": "harbour", "role": "contributor"}]


def test_a_job_is_told_with_its_progress_and_without_secrets(world: World) -> None:
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    Job.objects.filter(pk=job.pk).update(arguments={"token": "hunter2hunter2"})
    hold(job, runner())
    Progress.objects.create(job=job, fence=1, current=37, total=120, item="web-ui")

    answer = ask(f"jobs/{job.pk}", world.viewer)

    assert "hunter2" not in answer.content.decode()
    told = answer.json()
    assert (told["state"], told["shown"], told["project"]) == ("running", "running", "Harbour")
    assert (told["progress"]["percent"], told["progress"]["item"]) == (30, "web-ui")


def test_status_tells_jobs_and_how_far_they_are_in_one_call(world: World) -> None:
    queued, running = queue.enqueue_many("demo.noop", [{}] * 2, scope=world.project.pk)
    hold(Job.objects.get(pk=running), runner())
    lost = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    hold(lost, runner(lease="-1 second"))

    told = ask("status", world.viewer).json()

    assert told["jobs"] == {"lost": 1, "queued": 1, "running": 1}
    assert [one["id"] for one in told["running"]] == [running, lost.pk]
    assert told["ready"] is False
    assert "runners" in told["cannot"]
    assert queued


def test_status_is_of_what_the_asker_may_see_now(world: World) -> None:
    queue.enqueue("demo.noop", {}, scope=world.project.pk, subject="harbour's own")
    hold(queue.enqueue("demo.noop", {}, scope=world.project.pk, subject="secret"), runner())

    member = ask("status", world.contributor).json()
    stranger = ask("status", world.stranger).json()

    assert len(member["running"]) == 1
    assert (stranger["jobs"], stranger["running"]) == ({}, [])
    Membership.objects.filter(user=world.contributor).delete()
    assert ask("status", world.contributor).json()["running"] == []


def test_what_did_not_change_is_304(world: World) -> None:
    for path in ("status", "me", "projects", f"jobs/{world.job.pk}", "openapi.json"):
        etag = ask(path, world.viewer)["ETag"]
        snapshot.forget()

        same = ask(path, world.viewer, **{"If-None-Match": etag})

        assert (same.status_code, same.content) == (304, b""), path
    world.job.retry(by="user:1")
    etag = ask(f"jobs/{world.job.pk}", world.viewer)["ETag"]
    world.job.cancel(by="user:1")
    changed = ask(f"jobs/{world.job.pk}", world.viewer, **{"If-None-Match": etag})
    assert changed.status_code == 200


def test_projects_come_in_pages_without_a_gap_or_a_strangers(world: World) -> None:
    for number in range(3):
        project = Project.objects.create(name=f"P{number}", slug=f"p{number}")
        mapped(project, name=f"r{number}")
        Membership.objects.create(project=project, user=world.viewer, role="viewer")
    Project.objects.create(name="Hidden", slug="hidden")
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        told = ask(f"projects?limit=2&after={after}", world.viewer).json()
        seen += [project["slug"] for project in told["projects"]]
        after = told["next"]

    assert seen == ["harbour", "p0", "p1", "p2"]
    assert told["projects"][0]["repositories"][0]["map_status"] == "ready"


def test_projects_cost_the_same_number_of_queries_for_1_and_for_20(world: World) -> None:
    def queries() -> int:
        headers = token_of(world.staff)
        with CaptureQueriesContext(connection) as asked:
            Client().get("/api/projects", headers=headers)
        return len(asked)

    at_one = queries()
    for number in range(20):
        mapped(Project.objects.create(name=f"P{number}", slug=f"p{number}"))

    assert queries() == at_one


def test_repositories_are_registered_with_their_first_job(world: World) -> None:
    addresses = ["https://a.org/x/y", "https://a.org/x/z"]

    answer = ask("repositories", world.stranger, {"addresses": addresses, "project": "Dock"})

    assert answer.status_code == 201
    told = answer.json()
    assert [one["project"] for one in told] == ["dock", "dock"]
    assert {one["job"] for one in told} == {Job.objects.get(kind="projects.register_many").pk}
    assert Repository.objects.get(pk=told[0]["repository"]).created_by == (
        f"user:{world.stranger.pk}"
    )
    again = ask("repositories", world.stranger, {"addresses": addresses[:1], "project": "Dock"})
    assert again.json()[0]["created"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ("[]", "body"),
        ({}, "addresses"),
        ({"addresses": []}, "addresses"),
        ({"addresses": "https://a.org/x/y"}, "addresses"),
        ({"addresses": [7]}, "addresses.0"),
        ({"addresses": ["https://a.org/x/y"], "brnch": "x"}, "brnch"),
        ({"addresses": ["file:///etc"]}, "addresses"),
        ({"addresses": ["https://a.org/x/y", "ext::id"]}, "addresses"),
        ({"addresses": ["https://u:hunter2hunter2@a.org/x"]}, "addresses"),
        ({"addresses": ["https://a.org/x/y"], "branch": "--upload-pack=x"}, "branch"),
        ({"addresses": ["https://a.org/x/y"], "token": "a b"}, "token"),
        ({"addresses": ["https://a.org/x/y"], "project": "\0"}, "project"),
        ({"addresses": ["https://a.org/\0"]}, "addresses"),
    ],
)
def test_a_bad_payload_is_400_and_names_the_field(body: Any, field: str, world: World) -> None:
    before = (Project.objects.count(), Repository.objects.count(), Job.objects.count())

    answer = ask("repositories", world.staff, body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "bad-request")
    assert field in error.get("fields", {"body": ""})
    assert "hunter2" not in answer.content.decode()
    assert before == (Project.objects.count(), Repository.objects.count(), Job.objects.count())


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "after=-1", "after=x", f"after={10**30}"])
def test_a_bad_question_is_400_and_names_the_field(query: str, world: World) -> None:
    answer = ask(f"projects?{query}", world.staff)

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [query.partition("=")[0]]


def test_a_stranger_is_not_told_that_a_job_exists(world: World) -> None:
    for path, body in [("", None), ("/retries", {}), ("/cancellations", {})]:
        there = ask(f"jobs/{world.job.pk}{path}", world.stranger, body)
        nowhere = ask(f"jobs/99999999{path}", world.stranger, body)

        assert there.status_code == nowhere.status_code == 404
        assert there.json()["error"] | {"id": ""} == nowhere.json()["error"] | {"id": ""}


def test_a_viewer_may_not_act(world: World) -> None:
    answer = ask(f"jobs/{world.job.pk}/retries", world.viewer, {})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    refused = ask(
        "repositories", world.viewer, {"addresses": ["https://a.org/x"], "project": "Harbour"}
    )
    assert refused.status_code == 403


@pytest.mark.parametrize("name", ["Harbour", "harbour", " HARBOUR! "])
def test_a_taken_name_says_nothing_of_the_project_that_has_it(name: str, world: World) -> None:
    body = {"addresses": ["https://a.org/x"], "project": name}

    refused = ask("repositories", world.stranger, body)

    assert refused.status_code == 400
    assert refused.json()["error"]["message"].endswith("this name cannot be had; choose another")
    assert "arbour" not in refused.content.decode()


def test_an_act_too_late_is_409_and_says_what_is_true_now(world: World) -> None:
    answer = ask(f"jobs/{world.job.pk}/cancellations", world.contributor, {})

    assert answer.status_code == 409
    assert f"Job {world.job.pk} is failed" in answer.json()["error"]["message"]


def test_an_act_on_what_runs_is_told_as_asked(world: World) -> None:
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    hold(job, runner())

    told = ask(f"jobs/{job.pk}/cancellations", world.contributor, {"reason": "wrong"}).json()
    seen = ask(f"jobs/{job.pk}", world.viewer).json()

    by = f"user:{world.contributor.pk}"
    assert (told["before"], told["after"], told["evidence"][0]["actor"]) == (*["running"] * 2, by)
    assert (seen["state"], seen["asked"]["act"], seen["asked"]["by"]) == ("running", "cancel", by)


def test_an_act_without_a_body_is_done(world: World) -> None:
    address, headers = f"/api/jobs/{world.job.pk}/reruns", token_of(world.contributor)

    told = Client().post(address, content_type="application/json", headers=headers).json()

    assert Job.objects.get(pk=told["made"]).kind == world.job.kind
    assert told["after"] == "failed"


def test_why_a_job_waits_is_told(world: World) -> None:
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk, after=60)

    told = ask(f"jobs/{job.pk}/reasons", world.viewer).json()

    assert told["state"] == "scheduled"
    assert "due in" in told["evidence"][0]["sentence"]


def test_staff_alone_repair_and_only_with_a_reason(world: World) -> None:
    address = f"jobs/{world.job.pk}/repairs"

    assert ask(address, world.contributor, {"to": "queued", "reason": "x"}).status_code == 403
    assert ask(address, world.staff, {"to": "queued", "reason": ""}).status_code == 400
    assert ask(address, world.staff, {"to": "resting", "reason": "x"}).status_code == 400
    assert ask(address, world.staff, {"to": "succeeded", "reason": "x"}).status_code == 409
    told = ask(address, world.staff, {"to": "queued", "reason": "It was mended."}).json()
    assert (told["before"], told["after"]) == ("failed", "queued")
    assert "It was mended." in told["evidence"][0]["sentence"]


def test_a_method_that_is_none_is_405(world: World) -> None:
    answer = Client().delete("/api/me", headers=token_of(world.staff))

    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer.json()["error"]["code"] == "method-not-allowed"
    assert answer.json()["error"]["message"] == "This address takes GET and not DELETE."


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(["addresses", "project", "branch", "token", "other"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.dictionaries(names, anything, max_size=5) | anything)
def test_no_payload_is_a_defect(body: Any, world: World) -> None:
    client = browser_of(world.staff)

    answer = client.post("/api/repositories", json.dumps(body), content_type="application/json")

    assert answer.status_code in (201, 400)
    assert answer["Content-Type"].startswith("application/json")
