"""Inviting, joining, changing roles, leaving: who may, and what cannot happen."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from factory.logs import _clean as cleaned
from jobs.models import Event
from projects import membership
from projects.membership import Gone, LastMaintainer
from projects.models import Invitation, Membership, Project, Role
from tests.pages.conftest import World, browser_of

PASSWORD = "battery-staple-9"


@pytest.fixture(autouse=True)
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def maintainer(world: World) -> User:
    """This fixture will give the one maintainer of the project."""
    user = User.objects.create_user("maintainer")
    Membership.objects.create(project=world.project, user=user, role=Role.MAINTAINER)
    return user


def link(world: World, by: User, role: str = Role.VIEWER, days: int = 7) -> str:
    """This function will make an invitation and give the path of its link."""
    return f"/invitations/{membership.invite(world.project, role, by=by, days=days)}/"


def member(world: World, user: User) -> Membership:
    """This function will give somebody's membership."""
    return Membership.objects.get(project=world.project, user=user)


def new_person(path: str, name: str = "eva", password: str = PASSWORD) -> Any:
    """This function will accept an invitation with a new account, and give the answer."""
    client = Client()
    client.get(path)
    form = {"username": name, "password1": password, "password2": password}
    return client.post(path, form)


def test_a_maintainer_makes_a_link_that_is_shown_once(world: World, maintainer: User) -> None:
    client = browser_of(maintainer)
    address = "/projects/harbour/invitations/"

    shown = client.post(address, {"role": "contributor", "days": "3"})

    text = re.search(r'value="http://testserver(/invitations/[^"]+)"', shown.content.decode())
    assert text is not None
    assert "no-store" in shown["Cache-Control"]
    assert text[1] not in client.get("/projects/harbour/members/").content.decode()
    assert browser_of(world.stranger).get(text[1]).status_code == 200


def test_a_link_makes_a_new_person_a_member_who_is_logged_in(
    world: World, maintainer: User
) -> None:
    answer = new_person(link(world, maintainer, Role.CONTRIBUTOR))

    eva = User.objects.get(username="eva")
    assert answer["Location"] == "/projects/harbour/"
    assert answer.wsgi_request.user == eva
    assert member(world, eva).role == "contributor"
    assert (eva.is_staff, eva.is_superuser, eva.email) == (False, False, "")


def test_a_link_makes_somebody_with_an_account_a_member(world: World, maintainer: User) -> None:
    client = browser_of(world.stranger)

    assert client.post(link(world, maintainer)).status_code == 302

    assert client.get("/projects/harbour/").status_code == 200
    assert member(world, world.stranger).role == "viewer"


def test_looking_at_a_link_does_not_use_it(world: World, maintainer: User) -> None:
    path = link(world, maintainer)
    Client().get(path)
    Client().head(path)

    assert browser_of(world.stranger).post(path).status_code == 302


def test_a_link_works_once(world: World, maintainer: User) -> None:
    path = link(world, maintainer)
    browser_of(world.stranger).post(path)

    assert Client().get(path).status_code == 410
    assert new_person(path).status_code == 410
    assert not User.objects.filter(username="eva").exists()


def _expire(world: World, by: User) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _revoke(world: World, by: User) -> None:
    Invitation.objects.get().revoke()


def _demote(world: World, by: User) -> None:
    Membership.objects.filter(user=world.viewer).update(role=Role.MAINTAINER)
    Membership.objects.filter(user=by).update(role=Role.CONTRIBUTOR)


def _deactivate(world: World, by: User) -> None:
    User.objects.filter(pk=by.pk).update(is_active=False)


def _archive(world: World, by: User) -> None:
    Project.objects.update(archived_at=timezone.now())


@pytest.mark.parametrize("end", [_expire, _revoke, _demote, _deactivate, _archive])
def test_a_link_is_over(end: Callable[[World, User], None], world: World, maintainer: User) -> None:
    path = link(world, maintainer)

    end(world, maintainer)

    assert browser_of(world.stranger).post(path).status_code == 410
    assert not Membership.objects.filter(user=world.stranger).exists()


@pytest.mark.parametrize("change", [lambda text: text[:-2] + "/", lambda text: "/invitations/x/"])
def test_a_link_that_was_changed_is_over(change: Any, world: World, maintainer: User) -> None:
    assert Client().get(change(link(world, maintainer))).status_code == 410


def test_the_database_holds_nothing_that_joins(world: World, maintainer: User) -> None:
    text = membership.invite(world.project, Role.VIEWER, by=maintainer, days=1)

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM project_invitation i")
        row = cursor.fetchone()[0]
    secret = membership.signing.loads(text, salt=membership._SALT)[1]
    assert secret not in row


def test_a_link_is_not_written_to_the_log() -> None:
    text = "/invitations/WzEsICJhYmMiXQ:1abc:def/"

    assert "WzEs" not in cleaned(f"GET {text}")


def test_a_member_keeps_the_higher_role(world: World, maintainer: User) -> None:
    browser_of(world.contributor).post(link(world, maintainer, Role.VIEWER))
    browser_of(world.viewer).post(link(world, maintainer, Role.CONTRIBUTOR))

    assert member(world, world.contributor).role == "contributor"
    assert member(world, world.viewer).role == "contributor"


@pytest.mark.parametrize(
    ("name", "password"), [("eva", "12345678"), ("viewer", PASSWORD), ("", PASSWORD), ("e\0", "x")]
)
def test_an_account_that_cannot_be_made_leaves_the_link_open(
    name: str, password: str, world: World, maintainer: User
) -> None:
    path = link(world, maintainer)

    assert new_person(path, name, password).status_code == 400

    assert new_person(path).status_code == 302


@pytest.mark.parametrize("role", ["", "owner", "staff"])
def test_an_invitation_as_something_else_is_refused(
    role: str, world: World, maintainer: User
) -> None:
    form = {"role": role, "days": "3"}

    assert browser_of(maintainer).post("/projects/harbour/invitations/", form).status_code == 400
    assert not Invitation.objects.exists()


def test_a_role_is_changed_and_recorded(world: World, maintainer: User) -> None:
    address = f"/projects/harbour/members/{member(world, world.viewer).pk}/roles/"

    browser_of(maintainer).post(address, {"role": "contributor"})

    event = Event.objects.get(name="member.changed")
    assert member(world, world.viewer).role == "contributor"
    assert event.actor == f"user:{maintainer.pk}"
    assert event.payload == {"user": world.viewer.pk, "role": "contributor"}


def test_the_only_maintainer_stays(world: World, maintainer: User) -> None:
    own = member(world, maintainer)

    demoted = browser_of(maintainer).post(
        f"/projects/harbour/members/{own.pk}/roles/", {"role": "viewer"}
    )
    left = browser_of(maintainer).post(f"/projects/harbour/members/{own.pk}/removals/")

    assert (demoted.status_code, left.status_code) == (409, 409)
    assert "is the only active maintainer" in left.content.decode()
    assert member(world, maintainer).role == "maintainer"


def test_a_deactivated_maintainer_does_not_let_the_only_active_one_go(
    world: World, maintainer: User
) -> None:
    Membership.objects.filter(user=world.viewer).update(role=Role.MAINTAINER)
    User.objects.filter(pk=world.viewer.pk).update(is_active=False)
    own = member(world, maintainer)

    left = browser_of(maintainer).post(f"/projects/harbour/members/{own.pk}/removals/")

    assert left.status_code == 409
    membership.remove(member(world, world.viewer), by=maintainer)  # who decides nothing may go


def test_with_another_maintainer_one_may_go(world: World, maintainer: User) -> None:
    Membership.objects.filter(user=world.viewer).update(role=Role.MAINTAINER)
    own = member(world, maintainer)

    left = browser_of(maintainer).post(f"/projects/harbour/members/{own.pk}/removals/")

    assert left["Location"] == "/"
    assert not Membership.objects.filter(user=maintainer).exists()


def test_anybody_may_leave_and_nobody_else_is_removed_by_them(
    world: World, maintainer: User
) -> None:
    client = browser_of(world.viewer)
    own, other = member(world, world.viewer), member(world, world.contributor)

    assert client.post(f"/projects/harbour/members/{other.pk}/removals/").status_code == 403
    assert client.post(f"/projects/harbour/members/{own.pk}/removals/").status_code == 302
    assert client.get("/projects/harbour/").status_code == 404


def test_a_member_of_another_project_is_not_found_in_this_one(
    world: World, maintainer: User
) -> None:
    other = Project.objects.create(name="Dock", slug="dock")
    theirs = Membership.objects.create(project=other, user=world.stranger, role=Role.VIEWER)

    address = f"/projects/harbour/members/{theirs.pk}/roles/"

    assert browser_of(maintainer).post(address, {"role": "viewer"}).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "contributor"])
def test_who_is_no_maintainer_sees_the_members_and_no_invitations(
    who: str, world: World, maintainer: User
) -> None:
    link(world, maintainer)
    client = browser_of(getattr(world, who))

    shown = client.get("/projects/harbour/members/").content.decode()

    assert "maintainer" in shown
    assert "Invitations" not in shown
    form = {"role": "maintainer", "days": "3"}
    assert client.post("/projects/harbour/invitations/", form).status_code == 403


@pytest.mark.parametrize("other", ["viewer", "deactivated maintainer"])
def test_the_admin_keeps_the_only_maintainer_too(
    other: str, world: World, maintainer: User, as_staff: Client
) -> None:
    own = member(world, maintainer)
    role, kept = Role(other.split()[-1]), member(world, world.viewer)
    User.objects.filter(pk=world.viewer.pk).update(is_active=role == Role.VIEWER)
    Membership.objects.filter(pk=kept.pk).update(role=role)
    place = f"/admin/projects/membership/{own.pk}"

    refused = as_staff.post(f"{place}/change/", {"role": "viewer"})
    as_staff.post(f"{place}/delete/", {"post": "yes"})

    assert refused.status_code == 200
    assert "only active maintainer" in refused.content.decode()
    own.refresh_from_db()
    assert own.role == "maintainer"


@pytest.fixture
def dock(transactional_db: None) -> Project:
    """This fixture will give a project with two maintainers, seen by every thread."""
    project = Project.objects.create(name="Dock", slug="dock")
    for name in ("ana", "bob"):
        user = User.objects.create_user(name)
        Membership.objects.create(project=project, user=user, role=Role.MAINTAINER)
    return project


def race(*acts: Callable[[], object]) -> list[str]:
    """This function will do several things at once and tell how each ended."""
    together, ended = threading.Barrier(len(acts)), []

    def one(act: Callable[[], object]) -> None:
        together.wait()
        try:
            act()
            ended.append("done")
        except (Gone, LastMaintainer, IntegrityError) as error:
            ended.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


def test_two_maintainers_cannot_demote_each_other_at_once(dock: Project) -> None:
    ana, bob = dock.memberships.order_by("pk")

    ended = race(
        lambda: membership.change_role(ana, Role.VIEWER, by=bob.user),
        lambda: membership.change_role(bob, Role.VIEWER, by=ana.user),
    )

    assert ended == ["LastMaintainer", "done"]
    assert dock.memberships.filter(role=Role.MAINTAINER).count() == 1


def test_two_rows_deleted_at_once_by_plain_code_leave_a_maintainer(dock: Project) -> None:
    ana, bob = dock.memberships.order_by("pk")

    ended = race(ana.delete, bob.delete)

    assert ended == ["IntegrityError", "done"]
    assert dock.memberships.filter(role=Role.MAINTAINER).count() == 1


def test_plain_code_cannot_take_the_only_active_maintainer(dock: Project) -> None:
    ana, bob = dock.memberships.order_by("pk")
    User.objects.filter(pk=bob.user_id).update(is_active=False)

    with pytest.raises(IntegrityError, match="without an active maintainer"):
        ana.delete()
    with pytest.raises(IntegrityError, match="without an active maintainer"):
        dock.memberships.filter(pk=ana.pk).update(role=Role.VIEWER)
    assert Membership.objects.filter(pk=ana.pk, role=Role.MAINTAINER).exists()


def test_a_project_is_handed_over_in_any_order_and_removed_with_its_people(dock: Project) -> None:
    with transaction.atomic():
        dock.memberships.all().delete()
        eva = User.objects.create_user("eva")
        Membership.objects.create(project=dock, user=eva, role=Role.MAINTAINER)
    Project.objects.get(pk=dock.pk).delete()

    assert not Membership.objects.exists()


def test_of_two_who_accept_one_link_at_once_one_joins(dock: Project) -> None:
    text = membership.invite(dock, Role.VIEWER, by=User.objects.get(username="ana"), days=1)
    people = [User.objects.create_user(name) for name in ("eva", "jon")]

    ended = race(*(lambda one=one: membership.accept(text, one) for one in people))

    assert ended == ["Gone", "done"]
    assert dock.memberships.filter(role=Role.VIEWER).count() == 1
