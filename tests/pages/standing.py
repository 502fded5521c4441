"""One world for all tests of a module that leave it as it was: to make it takes longer than they do.

A module gets it by importing the fixtures. What a test does is taken back by its own transaction,
which stands inside the one of the module.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from projects.models import Membership, Role
from tests.pages.addresses import named
from tests.pages.conftest import World, browser_of, made


class Standing(NamedTuple):
    """A world, everybody by what they are in its project, and what names its things in addresses."""

    world: World
    people: dict[str, Any]
    ids: dict[str, Any]
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[Standing]:
    """This fixture will make the world of the module and log everybody in."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = made()
        maintainer = User.objects.create_user("maintainer")
        Membership.objects.create(project=world.project, user=maintainer, role=Role.MAINTAINER)
        known = {name: getattr(world, name) for name in ("stranger", "viewer", "contributor")}
        people = {"anonymous": None, "maintainer": maintainer, **known, "staff": world.staff}
        yield Standing(world, people, named(world, maintainer), _sessions(people))
        transaction.set_rollback(True)


def _sessions(people: dict[str, Any]) -> dict[str, str]:
    name = settings.SESSION_COOKIE_NAME
    return {
        who: browser_of(user).cookies[name].value if user else "" for who, user in people.items()
    }


@pytest.fixture
def world(standing: Standing, db: None) -> World:
    """This fixture will lend the world of the module."""
    return standing.world


@pytest.fixture
def people(standing: Standing, db: None) -> dict[str, Any]:
    """This fixture will give everybody by what they are in the project."""
    return standing.people


@pytest.fixture
def sessions(standing: Standing, db: None) -> dict[str, str]:
    """This fixture will give the session of everybody who is logged in."""
    return standing.sessions


@pytest.fixture
def ids(standing: Standing, db: None) -> dict[str, Any]:
    """This fixture will give what stands in the addresses of the project's things."""
    return standing.ids
