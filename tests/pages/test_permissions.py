"""Everybody at every URL of the resolver by every method, and every topic of the sockets.

A URL or topic that is not in the tables below fails the tests: say who may have it.
"""

import itertools
import re
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.test import Client

from jobs import controls, live, ports
from jobs.models import Event
from projects import artefacts
from projects.models import PlanChange
from tests.pages.addresses import filled, planned, routes, sent
from tests.pages.conftest import World, browser_of
from tests.pages.standing import ids, people, sessions, standing, world

__all__ = ["ids", "people", "sessions", "standing", "world"]

# From the least to the most. Below a role of the project is whoever is not a member.
PEOPLE = ("anonymous", "stranger", "viewer", "contributor", "maintainer", "staff")
NOBODY = "nobody"


class Case(NamedTuple):
    """The least of PEOPLE that may read (GET, HEAD) and act (POST); NOBODY: the method is not."""

    reads: str = NOBODY
    acts: str = NOBODY


CASES = {
    # For everybody who is logged in; each sees and changes only their own.
    "": Case("stranger"),
    "jobs/": Case("stranger"),
    "jobs/failures/": Case("stranger"),
    "jobs/selections/": Case("stranger", "stranger"),
    "jobs/new/": Case("staff", "staff"),
    "jobs/views/": Case(NOBODY, "stranger"),
    "jobs/views/<int:pk>/removals/": Case(NOBODY, "own"),
    "feed/": Case("stranger"),
    "legend/": Case("stranger"),
    "runbook/": Case("stranger"),
    "find/": Case("stranger"),
    "shortcuts/": Case("stranger"),
    "figures/": Case("stranger"),
    "system/metrics/": Case("stranger"),
    "deliveries/": Case("stranger"),
    "health/": Case("stranger"),
    "registrations/": Case("stranger", "stranger"),
    "theme/": Case(NOBODY, "stranger"),
    "logout/": Case(NOBODY, "stranger"),
    "account/": Case("stranger"),
    "account/passwords/": Case(NOBODY, "stranger"),
    "account/sessions/endings/": Case(NOBODY, "stranger"),
    "account/tokens/": Case(NOBODY, "stranger"),
    # The token of the maintainer: for nobody else, whatever they are.
    "account/tokens/<int:pk>/revocations/": Case(NOBODY, "own"),
    "queues/": Case("staff"),
    "queues/limits/": Case("staff", "staff"),
    **{
        f"queues/<str:name>/{noun}/": Case("staff", "staff")
        for noun in ("pauses", "resumptions", "limits")
    },
    "runners/": Case("staff"),
    **{
        f"system/{page}": Case("staff")
        for page in ("", "processes/", "storage/", "configuration/", "audit/", "messages/")
    },
    "runners/requests/": Case("staff", "staff"),
    # What belongs to a project.
    "jobs/<int:pk>/": Case("viewer"),
    "jobs/<int:pk>/graph/": Case("viewer"),
    "jobs/<int:pk>/log/": Case("viewer"),
    "jobs/<int:pk>/log.txt": Case("viewer"),
    "jobs/<int:pk>/artefacts/<int:artefact>/": Case("viewer"),
    "deliveries/<int:pk>/replays/": Case("contributor", "contributor"),
    "jobs/<int:pk>/reasons/": Case("viewer"),
    "jobs/<int:pk>/dependencies/": Case("contributor", "contributor"),
    "jobs/<int:pk>/dependencies/<int:parent>/releases/": Case("contributor", "contributor"),
    "jobs/<int:pk>/repairs/": Case("staff", "staff"),
    **{f"jobs/<int:pk>/{one.noun}/": Case("contributor", "contributor") for one in controls.ALL},
    "projects/<slug:slug>/": Case("viewer"),
    "projects/": Case("stranger"),
    "creations/": Case("stranger", "stranger"),
    "projects/<slug:slug>/feed/": Case("viewer"),
    "projects/<slug:slug>/repositories/": Case("viewer"),
    "projects/<slug:slug>/artefacts/": Case("viewer"),
    "projects/<slug:slug>/artefacts/<int:pk>/": Case("viewer"),
    "projects/<slug:slug>/artefacts/<int:pk>/removals/": Case("maintainer", "maintainer"),
    "projects/<slug:slug>/artefacts/keeps/": Case(NOBODY, "contributor"),
    "uploads/<slug:slug>/": Case(NOBODY, "contributor"),
    "projects/<slug:slug>/stages/": Case("viewer", "contributor"),
    "projects/<slug:slug>/settings/": Case("maintainer", "maintainer"),
    "projects/<slug:slug>/archivals/": Case("maintainer", "maintainer"),
    "projects/<slug:slug>/unarchivals/": Case("maintainer", "maintainer"),
    **{
        f"projects/<slug:slug>/repositories/<int:pk>/map/{page}": Case("viewer")
        for page in (
            "",
            "components/",
            "file/",
            "cycles/",
            "hotspots/",
            "owners/",
            "health/",
            "drift/",
            "impact/",
            "search/",
            "exports/",
        )
    },
    "projects/<slug:slug>/repositories/<int:pk>/map/exports/<slug:form>/": Case("viewer"),
    "projects/<slug:slug>/repositories/<int:pk>/map/makings/": Case(NOBODY, "contributor"),
    "projects/<slug:slug>/repositories/<int:pk>/syncs/": Case(NOBODY, "contributor"),
    "projects/<slug:slug>/credentials/": Case("maintainer"),
    "projects/<slug:slug>/repositories/<int:pk>/credentials/": Case(NOBODY, "maintainer"),
    "projects/<slug:slug>/members/": Case("viewer"),
    "projects/<slug:slug>/members/<int:pk>/roles/": Case(NOBODY, "maintainer"),
    "projects/<slug:slug>/members/<int:pk>/removals/": Case("maintainer", "maintainer"),
    "projects/<slug:slug>/invitations/": Case(NOBODY, "maintainer"),
    "projects/<slug:slug>/invitations/<int:pk>/revocations/": Case(NOBODY, "maintainer"),
    **{
        f"projects/<slug:slug>/{word}s/{page}": Case("viewer")
        for word in ("idea", "spec", "task")
        for page in ("", "<int:pk>/")
    },
    **{
        f"projects/<slug:slug>/{word}s/{page}": Case("contributor", "contributor")
        for word in ("idea", "spec", "task")
        for page in ("new/", "<int:pk>/edits/", "<int:pk>/moves/")
    },
    "projects/<slug:slug>/tasks/next/": Case("viewer"),
    "projects/<slug:slug>/digest/": Case("viewer"),
    **{
        f"projects/<slug:slug>/tasks/<int:pk>/{act}/": Case(NOBODY, "contributor")
        for act in (
            "items",
            "items/<int:item>/ticks",
            "items/<int:item>/removals",
            "blockers",
            "blockers/<int:blocker>/removals",
        )
    },
    # For staff alone; to everybody else it does not exist.
    "schedules/": Case("staff"),
    "schedules/<int:pk>/": Case("staff"),
    "schedules/<int:pk>/pauses/": Case("staff", "staff"),
    "schedules/<int:pk>/resumptions/": Case("staff", "staff"),
    "schedules/<int:pk>/runs/": Case("staff", "staff"),
    # For programs: 401 without session or token. tests/pages/test_api.py asks with tokens.
    "api/openapi.json": Case("stranger"),
    "api/status": Case("stranger"),
    "api/health": Case("stranger"),
    "api/me": Case("stranger"),
    "api/projects": Case("stranger", "stranger"),
    "api/feed": Case("stranger"),
    "api/artefacts/<int:pk>": Case("viewer"),
    "api/projects/<int:pk>/artefacts": Case("viewer", "contributor"),
    "api/uploads/<int:pk>": Case(NOBODY, "contributor"),
    "api/projects/<int:pk>": Case("viewer"),
    "api/projects/<int:pk>/feed": Case("viewer"),
    "api/projects/<int:pk>/stages": Case("viewer", "contributor"),
    "api/projects/<int:pk>/archivals": Case(NOBODY, "maintainer"),
    "api/projects/<int:pk>/unarchivals": Case(NOBODY, "maintainer"),
    "api/repositories": Case("stranger", "stranger"),
    "api/projects/<int:pk>/edges": Case("viewer"),
    **{
        f"api/repositories/<int:pk>/{question}": Case("viewer")
        for question in ("drift", "health", "impact", "owners", "symbols", "text")
    },
    "api/repositories/<int:pk>": Case("viewer"),
    "api/repositories/<int:pk>/syncs": Case(NOBODY, "contributor"),
    **{
        f"api/repositories/<int:pk>/{what}": Case("viewer")
        for what in ("maps", "map", "nodes", "edges", "export")
    },
    "api/projects/<int:pk>/tasks": Case("viewer", "contributor"),
    "api/projects/<int:pk>/digest": Case("viewer"),
    "api/tasks/<int:pk>": Case("viewer"),
    **{
        f"api/tasks/<int:pk>/{act}": Case(NOBODY, "contributor")
        for act in ("moves", "ticks", "blockers")
    },
    "api/jobs": Case("stranger", "staff"),
    "api/jobs/selections": Case("stranger", "stranger"),
    **{
        f"api/{place}": Case("viewer", acts)
        for word in ("idea", "spec")
        for place, acts in (
            (f"projects/<int:pk>/{word}s", "contributor"),
            (f"{word}s/<int:pk>", NOBODY),
        )
    },
    **{f"api/{word}s/<int:pk>/moves": Case(NOBODY, "contributor") for word in ("idea", "spec")},
    "api/jobs/<int:pk>": Case("viewer"),
    "api/jobs/<int:pk>/log": Case("viewer"),
    "api/deliveries": Case("stranger"),
    "api/deliveries/<int:pk>/replays": Case(NOBODY, "contributor"),
    **{f"api/{what}": Case("staff") for what in ("queues", "runners", "schedules")},
    "api/runners/requests": Case(NOBODY, "staff"),
    "api/schedules/<int:pk>": Case("staff"),
    **{
        f"api/schedules/<int:pk>/{noun}": Case(NOBODY, "staff")
        for noun in ("pauses", "resumptions", "runs")
    },
    **{
        f"api/queues/<str:name>/{noun}": Case(NOBODY, "staff")
        for noun in ("pauses", "resumptions", "limits")
    },
    "api/jobs/<int:pk>/reasons": Case("viewer"),
    "api/jobs/<int:pk>/dependencies": Case(NOBODY, "contributor"),
    "api/jobs/<int:pk>/releases": Case(NOBODY, "contributor"),
    "api/jobs/<int:pk>/repairs": Case(NOBODY, "staff"),
    **{f"api/jobs/<int:pk>/{one.noun}": Case(NOBODY, "contributor") for one in controls.ALL},
    # Without a log-in; settings.PUBLIC_URLS names them too.
    "login/": Case("anonymous", "anonymous"),
    "login/<str:text>/": Case("anonymous"),
    "invitations/<str:text>/": Case("anonymous", "anonymous"),
    "healthz": Case("anonymous", "anonymous"),
    "readyz": Case("anonymous", "anonymous"),
    "metrics": Case("anonymous"),
}
# What a topic's key is made of; `None`: it shows nothing that belongs to anybody.
TOPICS = {
    "job": "{job}",
    "jobpage": "{job}",
    "project": "{project}",
    "repository": "{repository}",
    "home": "{contributor}",
    "inbox": "{contributor}",
    "views": "{contributor}",
    "jobs": "{contributor}::",
    "repositoryrow": "{repository}",
    "projectpage": "{contributor}:{project}",
    "repositories": "{contributor}:{project}",
    "task": "{task}",
    "taskrow": "{task}",
    "tasks": "{project}",
    "digest": "{project}",
    "digestlists": "{project}",
    "plancount": "{project}-BLOCKED",
    "projecthead": "{project}",
    "thoughts": "{project}-idea--1",
    "files": "{project}",
    "file": "project-{file}",
    "planword": "task-{task}",
    "plannews": "task-{task}",
    "planchange": "{change}",
    "event": "{event}",
    "feed": "{contributor}:{project}:",
}
# What only members may read anywhere.
SECRETS = ("Harbour", "lighthouse", "quay", "boat.py", "refused the token")


ADMIN = sorted({route for route in routes() if route.startswith("admin/")})
OURS = sorted({route for route in routes() if not route.startswith("admin/")})
METHODS = ("GET", "HEAD", "POST")


def ask(session: str, method: str, address: str, body: Any = "", kind: str = "") -> tuple[int, str]:
    """This function will ask for an address in somebody's browser, and undo what it did."""
    with transaction.atomic():
        client = Client()
        if session:
            client.cookies[settings.SESSION_COOKIE_NAME] = session
        answer = client.generic(method, address, body, content_type=kind)
        body = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, body.decode()


def without_ids(page: str) -> str:
    """This function will take out of an error its id and what merely repeats the address."""
    changing = r"<code>\w+</code>|\"id\": \"\w+|href=\"/(?:jobs|projects)/[^\"]*"
    return re.sub(changing, "", page)


def may(who: str, needed: str) -> bool:
    """This function will say whether somebody is at least what is needed."""
    if needed == "own":
        return who == "maintainer"
    return needed != NOBODY and PEOPLE.index(who) >= PEOPLE.index(needed)


def test_every_url_has_a_case() -> None:
    assert set(OURS) == set(CASES)


@pytest.mark.parametrize("route", CASES)
def test_who_may_have_an_address(route: str, sessions: dict[str, str], ids: dict[str, Any]) -> None:
    for method, (who, session) in itertools.product(METHODS, sessions.items()):
        status, body = ask(session, method, filled(route, ids), *_told(method, route, ids))

        _is_as_told(route, method, who, status)
        if who in ("anonymous", "stranger"):
            assert not any(secret in body for secret in SECRETS), (method, who)


def _told(method: str, route: str, ids: dict[str, Any]) -> tuple[Any, ...]:
    return sent(method, route, ids) if method == "POST" and route.startswith("api/") else ()


def _is_as_told(route: str, method: str, who: str, status: int) -> None:
    case, seen = CASES[route], (method, who, status)
    needed = case.acts if method == "POST" else case.reads
    if may(who, needed):
        no_look = (405,) if method == "HEAD" else ()  # looking must not use a link up
        assert status in (200, 201, 302, 400, 409, 410, 503, *no_look), seen
    elif who == "anonymous":
        assert status in (302, 401, 405), seen
    elif who == "stranger" or (needed in ("own", "staff") and "jobs/<int" not in route):
        assert status in (404, 405), seen
    else:
        assert status == (405 if needed == NOBODY else 403), seen


OF_SOMEBODY = [route for route in CASES if "<int:" in route or "<slug:" in route]


@pytest.mark.parametrize("route", OF_SOMEBODY)
def test_what_a_stranger_may_not_see_looks_like_what_does_not_exist(
    route: str, sessions: dict[str, str], ids: dict[str, Any]
) -> None:
    for method, who in itertools.product(METHODS, ("anonymous", "stranger")):
        told = _told(method, route, ids)
        there = ask(sessions[who], method, filled(route, ids), *told)
        nowhere = ask(sessions[who], method, filled(route, ids, exists=False), *told)

        assert there[0] == nowhere[0], (method, who)
        assert without_ids(there[1]) == without_ids(nowhere[1]), (method, who)


def test_the_public_pages_are_those_the_settings_name() -> None:
    public = {route for route, case in CASES.items() if "anonymous" in case}

    assert public == {route for route in OURS if f"/{route}".startswith(settings.PUBLIC_URLS)}


@pytest.mark.parametrize("route", ADMIN)
def test_the_admin_opens_for_staff_only(route: str, sessions: dict[str, str]) -> None:
    address = "/" + re.sub(r"\(\?P<(\w+)>.*?\)|<(?:\w+:)?\w+>", "1", route).replace("\\", "")

    for method, who in itertools.product(("GET", "POST"), ("anonymous", "stranger", "maintainer")):
        status, body = ask(sessions[who], method, address)

        led_away = (302, 403, 404, 405) if route == "admin/password_change/" else (302, 403, 404)
        assert status in (led_away if route != "admin/login/" else (302, 403, 405))
        assert not any(secret in body for secret in SECRETS)


def test_every_topic_has_a_case() -> None:
    assert set(ports.topics) == set(TOPICS)


@pytest.mark.parametrize("name", [name for name, key in TOPICS.items() if key])
def test_a_topic_is_for_those_who_may_see_what_it_shows(
    name: str, world: World, people: dict[str, Any]
) -> None:
    event = Event.objects.create(
        name="repository.synced", version=1, payload={}, scope=world.project.pk
    )
    planned(world.project)
    change = PlanChange.objects.filter(task__isnull=False).latest("pk")
    file = artefacts.keep(world.project, "boat.py", b"quay", by="user:1")
    key = TOPICS[name].format(
        change=change.pk,
        task=change.task_id,
        event=event.pk,
        file=file.pk,
        job=world.job.pk,
        project=world.project.pk,
        repository=world.repository.pk,
        contributor=world.contributor.pk,
    )
    topic = f"{name}:{key}"
    gone = User(pk=world.contributor.pk, is_active=False)

    own = name in (
        "home",
        "inbox",
        "views",
        "jobs",
        "projectpage",
        "repositories",
        "feed",
    )  # whoever is gone has no page to show it
    for nobody in (AnonymousUser(), world.stranger, *([] if own else [gone])):
        assert live.permitted(nobody, [topic]) == set()
    assert live.permitted(world.contributor, [topic]) == {topic}


def test_lists_show_a_stranger_nothing_of_others(world: World) -> None:
    client = browser_of(world.stranger)

    seen = client.get("/").content.decode() + client.get("/jobs/").content.decode()

    assert "Harbour" not in seen
    assert "lighthouse" not in seen


def test_a_form_without_its_token_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.staff)

    response = client.post(f"/jobs/{world.job.pk}/retries/")

    assert response.status_code == 403
    world.job.refresh_from_db()
    assert world.job.state == "failed"
