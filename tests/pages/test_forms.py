"""Registering on the board: the same call, the same refusals."""

import pytest
from django.test import Client

from jobs.models import Job
from projects.models import Project, Repository
from tests.pages.conftest import World, browser_of

SCHEDULE = {
    "name": "nightly",
    "kind": "demo.noop",
    "arguments": "{}",
    "cron": "30 4 * * *",
    "zone": "UTC",
    "catch_up": "one",
    "scope": "",
    "priority": "0",
}


def register(client: Client, addresses: str, **more: str) -> tuple[int, str]:
    """This function will send the form and give the status and the page after it."""
    response = client.post("/registrations/", {"addresses": addresses, **more}, follow=True)
    return response.status_code, response.content.decode()


def test_a_registered_repository_appears_with_its_job(world: World) -> None:
    status, page = register(browser_of(world.stranger), "https://github.com/django/django")

    assert status == 200
    assert "Registered: django" in page
    assert "projects.sync" in page
    assert Repository.objects.get(name="django").address == "https://github.com/django/django"


def test_several_addresses_share_one_job(world: World) -> None:
    before = Job.objects.count()

    urls = "https://a.org/x/y\nhttps://a.org/x/z"
    status, _ = register(browser_of(world.stranger), urls, project="Dock")

    assert status == 200
    assert Repository.objects.filter(address__startswith="https://a.org/").count() == 2
    assert Job.objects.count() == before + 1


def test_the_receipt_names_the_job_of_each_project(world: World) -> None:
    _, page = register(browser_of(world.stranger), "https://a.org/x/y\nhttps://a.org/x/z")

    first, second = Job.objects.filter(kind="projects.sync").order_by("pk")
    assert f"Registered: y, z. Jobs {first.pk} and {second.pk} fetch and map." in page


def test_a_refusal_on_a_page_speaks_of_the_page_and_not_of_the_command(world: World) -> None:
    _, page = register(browser_of(world.staff), "https://user:secret@a.org/x/y")

    assert "give the token by itself" in page
    assert "secret" not in page
    assert "--" not in page.partition('class="wrong"')[2].partition("</p>")[0]


@pytest.mark.parametrize(
    "address",
    ["ext::sh -c id", "file:///etc", "http://127.0.0.1/x", "https://u:pw@a.org/x/y", "a" * 10_000],
)
def test_a_refused_address_is_named_and_nothing_is_stored(address: str, world: World) -> None:
    before = (Project.objects.count(), Repository.objects.count(), Job.objects.count())

    status, page = register(browser_of(world.staff), address)

    assert status == 400
    assert 'class="wrong"' in page
    assert "pw@" not in page.partition('class="wrong"')[2].partition("</p>")[0]
    assert before == (Project.objects.count(), Repository.objects.count(), Job.objects.count())


def test_a_token_is_never_shown_again(world: World) -> None:
    _, page = register(
        browser_of(world.staff), "file:///etc", token="ghp_abcdefghijklmnopqrstuvwxyz"
    )

    assert "ghp_" not in page


def test_a_stranger_cannot_register_into_a_project_of_others(world: World) -> None:
    status, page = register(browser_of(world.stranger), "https://a.org/x/y", project="Harbour")

    assert status == 400
    assert "this name cannot be had; choose another" in page
    assert "may not" not in page
    assert "harbour" not in page
    assert world.project.repositories.count() == 1


def test_a_viewer_is_told_why(world: World) -> None:
    status, page = register(browser_of(world.viewer), "https://a.org/x/y", project="Harbour")

    assert status == 400
    assert "you may not register in harbour; ask one of its maintainers" in page


def test_the_form_says_where_an_ssh_key_goes(world: World) -> None:
    client = browser_of(world.stranger)
    shown = client.get("/registrations/").content.decode()
    _, refused = register(client, "git@github.com:a/b", token="x")

    assert "Credentials page, and sync" in shown
    assert "Credentials page of the project" in refused


def test_the_theme_is_kept_and_leads_back(world: World) -> None:
    client = browser_of(world.viewer)

    response = client.post("/theme/", {"theme": "dark", "next": "/jobs/"})

    assert response["Location"] == "/jobs/"
    assert 'class="theme-dark"' in client.get("/jobs/").content.decode()
    assert "theme-dark" in browser_with(client, world).get("/admin/").content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_theme_never_leads_to_another_site(back: str, world: World) -> None:
    response = browser_of(world.viewer).post("/theme/", {"theme": "dark", "next": back})

    assert response["Location"] == "/"


def browser_with(client: Client, world: World) -> Client:
    """This function will log the administrator in, in a browser with the same cookies."""
    client.force_login(world.staff)
    return client


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("arguments", "{bad", "This is no JSON: write it like"),
        ("name", "reconcile", "Another schedule has this name: choose another."),
        ("priority", "99999", "Give a whole number from -32768 to 32767."),
        ("priority", "high", "Give a whole number from -32768 to 32767."),
        ("scope", "x", "Give the id of a project, or leave it empty."),
    ],
)
def test_the_admin_says_how_a_field_of_a_schedule_is_mended(
    field: str, given: str, said: str, as_staff: Client
) -> None:
    answer = as_staff.post("/admin/jobs/schedule/add/", SCHEDULE | {field: given})

    assert said in answer.content.decode()


@pytest.mark.parametrize("given", ["abc", "1e9", "1.5"])
def test_a_limit_that_is_no_number_is_refused_with_what_is_taken(
    given: str, as_staff: Client
) -> None:
    answer = as_staff.post("/queues/short/limits/", {"most": given})

    assert answer.status_code == 400
    assert "Give a whole number from 1 on, such as 20, or leave it empty." in (
        answer.content.decode()
    )
