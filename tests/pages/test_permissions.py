"""Every URL of the resolver, anonymously and with a stranger's account."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.pages.conftest import World, browser_of

# What a stranger may open: it shows them nothing of others.
ANYBODY = {"", "jobs/", "legend/", "theme/", "logout/", "registrations/", "account/"}
# What belongs to a person, whoever that is.
OWN = {
    "account/passwords/",
    "account/sessions/endings/",
    "account/tokens/",
    "account/tokens/<int:pk>/revocations/",
}
# What belongs to a project: a stranger is told that it does not exist.
OF_A_PROJECT = {
    "jobs/<int:pk>/",
    "jobs/<int:pk>/log/",
    "jobs/<int:pk>/log.txt",
    "jobs/<int:pk>/cancellations/",
    "jobs/<int:pk>/retries/",
    "projects/<slug:slug>/",
    "projects/<slug:slug>/repositories/<int:pk>/map/",
    "projects/<slug:slug>/repositories/<int:pk>/syncs/",
    "projects/<slug:slug>/members/",
    "projects/<slug:slug>/members/<int:pk>/roles/",
    "projects/<slug:slug>/members/<int:pk>/removals/",
    "projects/<slug:slug>/invitations/",
    "projects/<slug:slug>/invitations/<int:pk>/revocations/",
}
PUBLIC = {"login/", "login/<str:text>/", "healthz", "readyz"}
POST_ONLY = OWN | {"theme/", "logout/", "projects/<slug:slug>/repositories/<int:pk>/syncs/"}


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """This function will go through every route of the product."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


ADMIN = sorted(route for route in routes() if route.startswith("admin/"))
OURS = sorted({route for route in routes() if not route.startswith("admin/")})


def filled(route: str, world: World) -> str:
    """This function will put ids of a real project into a route."""
    pk = world.repository.pk if route.startswith("projects/") else world.job.pk
    values = {"pk": pk, "slug": world.project.slug, "text": "no-such-link"}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str(values[name[1]]), route)


def ask(client: Client, route: str, world: World) -> int:
    """This function will give the status one route answers with."""
    send = client.post if route in POST_ONLY else client.get
    return send(filled(route, world)).status_code


def test_every_url_has_a_case() -> None:
    assert set(OURS) == ANYBODY | OWN | OF_A_PROJECT | PUBLIC


@pytest.mark.parametrize("route", sorted(ANYBODY | OWN | OF_A_PROJECT))
def test_without_a_log_in_a_page_leads_to_the_log_in(route: str, world: World) -> None:
    status = ask(Client(), route, world)

    assert status in (302, 403)


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_the_public_pages_are_those_the_settings_name(route: str, world: World) -> None:
    address = filled(route, world)

    assert address.startswith(settings.PUBLIC_URLS)
    assert Client().get(address).status_code in (200, 410, 503)


@pytest.mark.parametrize("route", sorted(OF_A_PROJECT))
def test_what_belongs_to_a_project_does_not_exist_for_a_stranger(route: str, world: World) -> None:
    assert ask(browser_of(world.stranger), route, world) == 404


@pytest.mark.parametrize("route", sorted(OF_A_PROJECT))
def test_what_belongs_to_a_project_opens_for_its_contributor(route: str, world: World) -> None:
    assert ask(browser_of(world.contributor), route, world) in (200, 302)


@pytest.mark.parametrize("route", ADMIN)
@pytest.mark.parametrize("who", ["anonymous", "stranger"])
def test_the_admin_opens_for_staff_only(route: str, who: str, world: World) -> None:
    client = Client() if who == "anonymous" else browser_of(world.stranger)
    address = "/" + re.sub(r"\(\?P<(\w+)>.*?\)|<(?:\w+:)?\w+>", "1", route).replace("\\", "")

    response = client.get(address)

    if route == "admin/login/":
        assert response.status_code in (302, 403)
    else:
        assert response.status_code in (302, 403, 404)
        assert "Harbour" not in response.content.decode()


@pytest.mark.parametrize("act", ["cancellations", "retries"])
def test_a_viewer_may_look_at_a_job_and_not_act_on_it(act: str, world: World) -> None:
    client = browser_of(world.viewer)

    assert client.get(f"/jobs/{world.job.pk}/").status_code == 200
    assert client.post(f"/jobs/{world.job.pk}/{act}/").status_code == 403


def test_a_viewer_may_not_sync(world: World) -> None:
    address = filled("projects/<slug:slug>/repositories/<int:pk>/syncs/", world)

    assert browser_of(world.viewer).post(address).status_code == 403


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
