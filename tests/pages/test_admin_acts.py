"""What is done in the admin: pins, maps made again, members, keys; who did it stands in the log."""

import re
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from jobs.models import Event, Job
from projects import access, maps
from projects.models import Membership, Project, SystemMap
from tests.pages.conftest import COMMIT, World, browser_of

MAPS = "/admin/projects/systemmap/"


def act(client: Client, address: str, action: str, *keys: int) -> tuple[str, str]:
    """This function will choose rows of a list and an act: what is asked, and what is told then."""
    form = {"action": action, "_selected_action": [str(key) for key in keys]}
    asked = client.post(address, form).content.decode()
    told = client.post(address, form | {"confirmed": "yes"}, follow=True)
    return asked, told.content.decode()


def older(world: World, number: int) -> SystemMap:
    """This function will keep a map of a year ago beside the current one."""
    made = SystemMap.objects.create(
        repository=world.repository,
        commit=f"{number:040x}",
        extractor="1",
        digest="a" * 64,
        counts={},
        languages={},
        document=b"",
    )
    SystemMap.objects.filter(pk=made.pk).update(built_at="2020-01-01T00:00Z")
    return made


def test_a_pinned_map_is_kept_however_old_until_its_pin_is_taken(
    world: World, as_staff: Client
) -> None:
    kept, gone = older(world, 1), older(world, 2)

    asked, told = act(as_staff, MAPS, "pin", kept.pk)
    [*maps.forget(30, 0)]

    assert "Pin 1 system map?" in asked
    assert "1 pinned" in told
    left = set(SystemMap.objects.values_list("pk", flat=True))
    assert left == {kept.pk, world.repository.current_map_id}
    assert gone.pk not in left
    event = Event.objects.get(name="map.pinned")
    assert (event.actor, event.scope) == (f"user:{world.staff.pk}", world.project.pk)
    act(as_staff, MAPS, "unpin", kept.pk)
    [*maps.forget(30, 0)]
    assert not SystemMap.objects.filter(pk=kept.pk).exists()


def test_maps_are_made_again_of_their_own_commits(world: World, as_staff: Client) -> None:
    past, current = older(world, 1), world.repository.current_map_id

    act(as_staff, MAPS, "rebuild", past.pk, current)

    made = dict(Job.objects.filter(kind__startswith="projects.").values_list("kind", "arguments"))
    assert made == {
        "projects.sync": {"repository": world.repository.pk},
        "projects.map_commit": {"repository": world.repository.pk, "commit": past.commit},
    }
    assert past.commit != COMMIT


def test_a_member_is_added_changed_and_ended_as_on_the_pages(
    world: World, as_staff: Client
) -> None:
    place, people = "/admin/projects/membership/", world.project.memberships
    given = {"project": world.project.pk, "user": world.stranger.pk, "role": "viewer"}

    as_staff.post(f"{place}add/", given)
    member = people.get(user=world.stranger)
    as_staff.post(f"{place}{member.pk}/change/", {"role": "maintainer"})
    Membership.objects.filter(user=world.viewer).update(role="maintainer")
    as_staff.post(f"{place}{member.pk}/delete/", {"post": "yes"})

    assert not people.filter(user=world.stranger).exists()
    names = [event.name for event in Event.objects.filter(name__startswith="member.")]
    assert sorted(names) == ["member.added", "member.changed", "member.left"]


def test_keys_and_passwords_stand_in_the_audit_log(world: World, as_staff: Client) -> None:
    client = browser_of(world.viewer)
    client.post("/account/tokens/", {"name": "ci", "scope": "read", "days": "7"})
    token = world.viewer.api_tokens.get()
    act(as_staff, "/admin/factory/apitoken/", "revoke", token.pk)
    new = {"new_password1": "battery-staple-9", "new_password2": "battery-staple-9"}
    client.post("/account/passwords/", new)

    told = as_staff.get("/system/audit/?book=events").content.decode()

    assert "The token ci was made" in told
    assert "The token ci of viewer was revoked" in told
    assert token.digest not in told
    assert Event.objects.get(name="token.revoked").actor == f"user:{world.staff.pk}"
    assert Event.objects.filter(name="password.changed").exists()
    assert "viewer chose a new password" in told


def scripts(page: str) -> list[str]:
    """This function will name the scripts of a page."""
    return re.findall(r'<script[^>]*src="[^"]*?([a-z0-9_.]+?)(?:\.[0-9a-f]{12})?\.js"', page)


def test_forms_list_no_other_table_and_load_few_scripts(world: World, as_staff: Client) -> None:
    for number in range(30):
        Project.objects.create(name=f"Pier {number}", slug=f"pier-{number}")

    page = as_staff.get("/admin/projects/repository/add/").content.decode()
    listed = as_staff.get("/admin/projects/repository/").content.decode()
    offered: Any = as_staff.get(
        "/admin/autocomplete/?app_label=projects&model_name=repository&field_name=project&term=pier-7"
    ).json()

    assert "Pier 7" not in page + listed
    assert [one["text"] for one in offered["results"]] == ["Pier 7"]
    assert "chooser" in scripts(page)
    assert not {"jquery", "jquery.min", "select2.full", "xregexp"} & {
        *scripts(page),
        *scripts(listed),
    }


def test_staff_act_by_their_role_while_the_admin_asks_for_a_right_besides(
    world: World, as_staff: Client
) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    browser, place = browser_of(clerk), f"/jobs/{world.job.pk}/retries/"

    assert browser.get("/admin/jobs/job/").status_code == 403
    assert browser.post("/admin/jobs/job/", {"action": "retry"}).status_code == 403
    assert browser.post(place).status_code == 302
    world.job.refresh_from_db()
    assert (world.job.state, world.job.moves.latest("pk").actor) == ("queued", f"user:{clerk.pk}")
    assert browser.get("/jobs/new/").status_code == 200
    assert browser.get("/system/").status_code == 200
    told = as_staff.get(f"/admin/auth/user/{clerk.pk}/change/").content.decode()
    assert "Staff see and do everything on the pages" in told


def test_an_act_that_the_table_does_not_name_is_nobodys(world: World) -> None:
    assert access.allows(world.staff, "repair", None)
    assert not access.allows(world.staff, "repiar", None)
    assert not access.allows(world.contributor, "repair", world.project.pk)


def test_staff_get_from_the_pages_to_the_admin_and_nobody_else(
    world: World, as_staff: Client
) -> None:
    mapped = f"/projects/harbour/repositories/{world.repository.pk}/map/"
    for address in ("/queues/", "/runners/", "/deliveries/", "/projects/harbour/", mapped):
        assert "Open in the admin" in as_staff.get(address).content.decode(), address

    page = browser_of(world.viewer).get("/projects/harbour/").content.decode()
    assert "Open in the admin" not in page
