"""The page where maintainers keep tokens and ssh keys."""

from html import unescape

import pytest
from django.test import Client

from projects import ssh_keys
from projects.models import Membership, Repository, Role
from projects.secrets import opened
from tests.pages.conftest import World, browser_of

PAGE = "/projects/harbour/credentials/"


@pytest.fixture
def maintainer(world: World) -> Client:
    """This fixture will log a maintainer of the project in."""
    Membership.objects.filter(user=world.contributor).update(role=Role.MAINTAINER)
    return browser_of(world.contributor)


@pytest.fixture
def keyed(world: World) -> Repository:
    """This fixture will register a repository that is fetched by ssh."""
    return Repository.objects.create(
        project=world.project, address="ssh://git@git.example.org/team/crane", name="crane"
    )


def kept_at(repository: Repository) -> str:
    """This function will give the address that keeps a secret of a repository."""
    return f"/projects/harbour/repositories/{repository.pk}/credentials/"


def test_a_maintainer_makes_a_key_and_sees_its_public_half(
    maintainer: Client, keyed: Repository
) -> None:
    page = maintainer.post(kept_at(keyed), {"make": "key", "key": ""}, follow=True)

    keyed.refresh_from_db()
    assert keyed.ssh_public == ssh_keys.public(opened(keyed.ssh_key))
    assert keyed.ssh_public in unescape(page.content.decode())
    assert "PRIVATE KEY" not in page.content.decode()


def test_a_maintainer_gives_a_key_and_a_token(
    maintainer: Client, keyed: Repository, world: World
) -> None:
    key = ssh_keys.make()
    maintainer.post(kept_at(keyed), {"key": key})
    page = maintainer.post(kept_at(world.repository), {"token": " hush-token "}, follow=True)

    keyed.refresh_from_db()
    world.repository.refresh_from_db()
    assert keyed.ssh_public == ssh_keys.public(key)
    assert opened(world.repository.token) == "hush-token"
    assert "One is kept" in page.content.decode()
    assert "hush" not in page.content.decode()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"key": "hush"}, "not a private key"),
        ({"token": "hush"}, "tokens open https addresses only"),
        ({}, "it is empty"),
    ],
)
def test_a_mistake_is_told_and_the_secret_is_not_shown_again(
    maintainer: Client, keyed: Repository, given: dict[str, str], cause: str
) -> None:
    page = maintainer.post(kept_at(keyed), given)

    assert page.status_code == 400
    assert cause in page.content.decode()
    assert "hush" not in page.content.decode()
    keyed.refresh_from_db()
    assert keyed.ssh_key == keyed.token == ""


def test_only_who_may_keep_secrets_is_shown_the_way(world: World, maintainer: Client) -> None:
    assert PAGE in maintainer.get("/projects/harbour/").content.decode()
    assert PAGE not in browser_of(world.viewer).get("/projects/harbour/").content.decode()
    assert "No repository yet" not in maintainer.get(PAGE).content.decode()
