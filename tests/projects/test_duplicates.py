"""One repository is registered once, however its address is spelt."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from projects import maps
from projects.models import Project, Repository
from tests.projects.test_registration import FLASK, register

pytestmark = pytest.mark.django_db
SAME = [
    ("https://github.com/Pallets/Flask", "https://GITHUB.com/pallets/flask.git"),
    ("https://gitlab.com/group/Sub/shop", "https://gitlab.com/group/sub/shop.git"),
    ("https://git.example.org/a/b/c/shop", "https://git.example.org/a/b/c/shop.git/"),
    ("https://git.example.org/caf\u00e9s/%7eana", "https://git.example.org/caf\u00e9s/~ana.git"),
    ("https://git.example.org/%c3%a9", "https://git.example.org/%C3%A9"),
    ("git@git.example.org:group/shop.git", "ssh://git@git.example.org:22/group/shop"),
    ("https://git.lan:8443/a/b", "https://GIT.lan.:8443//a/b.git"),
]
OTHER = [
    ("https://git.example.org/a/shop", "https://git.example.org/a/Shop"),
    ("https://git.example.org/a/shop", "ssh://git@git.example.org/a/shop"),
    ("https://git.lan:8443/a/b", "https://git.lan/a/b"),
    ("https://git.example.org/a/shop", "https://git.example.org/a/shop.github"),
    ("https://github.com/a/b_c", "https://github.com/a/bxc"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_a_repository_is_the_same_however_its_address_is_spelt(settings, one, two):
    settings.FACTORY_GIT_HOSTS = ["git.lan", "git.lan:8443"]
    first, again, back = (register(url, project="Web")[0] for url in (one, two, one))

    assert first.repository == again.repository == back.repository
    assert not again.created
    assert register(two)[0].repository.project.slug != "web"  # the rule of unnamed projects
    assert len(register(one, two, project="Both")) == 1


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_another_repository_is_not_taken_for_the_same(settings, one, two):
    settings.FACTORY_GIT_HOSTS = ["git.lan", "git.lan:8443"]

    assert register(one, project="Web")[0].repository != register(two, project="Web")[0].repository


@pytest.mark.django_db(transaction=True)
def test_two_spellings_registered_at_once_are_one_repository():
    Project.objects.create(name="Web", slug="web")
    urls = [FLASK, FLASK.replace("pallets", "Pallets") + ".git"] * 4

    def one(url):
        try:
            return register(url, project="web")[0].repository.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(one, urls))

    assert len(found) == Repository.objects.count() == 1


@pytest.mark.parametrize(("one", "two"), SAME)
def test_a_command_finds_a_repository_by_every_spelling(settings, one, two):
    settings.FACTORY_GIT_HOSTS = ["git.lan", "git.lan:8443"]
    repository = register(one, project="Web")[0].repository

    assert maps.named(two) == maps.named(one) == repository
