"""The admin of what we know."""

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.urls import reverse

from jobs.models import Job
from projects.models import Project, Repository
from projects.secrets import opened

pytestmark = pytest.mark.django_db
ADDRESS = "https://github.com/pallets/flask"


@pytest.fixture
def staff(client):
    """This fixture will log an administrator in."""
    user = get_user_model().objects.create_superuser("ana", "ana@example.org", "a long password")
    client.force_login(user)
    return user


def test_every_list_and_form_opens(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(project=project, address=ADDRESS, name="flask")

    for model in ("project", "repository", "systemmap", "node", "mapnode", "edge", "blobfacts"):
        listed = client.get(reverse(f"admin:projects_{model}_changelist"), {"q": "x"})
        assert listed.status_code == 200, model
    for name, row in (("project", project), ("repository", repository)):
        assert (
            client.get(reverse(f"admin:projects_{name}_change", args=[row.pk])).status_code == 200
        )
        assert client.get(reverse(f"admin:projects_{name}_add")).status_code == 200


def test_adding_a_repository_registers_it_and_hides_its_token(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    form = {"project": project.pk, "address": ADDRESS + ".git", "branch": "", "new_token": "hush-1"}

    client.post(reverse("admin:projects_repository_add"), form)

    repository = Repository.objects.get()
    assert (repository.address, opened(repository.token)) == (ADDRESS, "hush-1")
    job = Job.objects.get()
    assert (job.kind, job.scope, job.created_by) == (
        "projects.sync",
        project.pk,
        f"user:{staff.pk}",
    )
    page = client.get(reverse("admin:projects_repository_change", args=[repository.pk]))
    assert "hush-1" not in page.content.decode()


@pytest.mark.parametrize("address", ["ext::sh -c id", "file:///etc", "http://127.0.0.1/x"])
def test_a_refused_address_is_an_error_of_the_form_and_nothing_is_stored(client, staff, address):
    project = Project.objects.create(name="Shop", slug="shop")

    page = client.post(
        reverse("admin:projects_repository_add"),
        {"project": project.pk, "address": address, "branch": "", "new_token": ""},
    )

    assert "address: " in page.content.decode()
    assert not Repository.objects.exists()
    assert not Job.objects.exists()


def test_maps_can_be_looked_at_but_not_edited(client, staff):
    assert client.get(reverse("admin:projects_systemmap_add")).status_code == 403
    assert client.get(reverse("admin:projects_edge_add")).status_code == 403


def test_a_change_without_a_token_keeps_the_stored_one(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(
        project=project, address=ADDRESS, name="flask", token="hush-1"
    )

    client.post(
        reverse("admin:projects_repository_change", args=[repository.pk]),
        {"branch": "stable", "new_token": ""},
    )

    repository.refresh_from_db()
    assert (repository.branch, opened(repository.token)) == ("stable", "hush-1")


def test_a_token_nobody_can_read_is_replaced_where_its_row_is_shown(client, staff, settings):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(
        project=project, address=ADDRESS, name="flask", token="hush-1"
    )
    settings.FACTORY_FIELD_KEYS = [Fernet.generate_key()]
    change = reverse("admin:projects_repository_change", args=[repository.pk])

    assert client.get(reverse("admin:projects_repository_changelist")).status_code == 200
    assert client.get(change).status_code == 200
    client.post(change, {"branch": "stable", "new_token": "hush-2"})

    repository.refresh_from_db()
    assert (repository.branch, opened(repository.token)) == ("stable", "hush-2")


def test_the_sync_action_queues_one_job_for_each(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(project=project, address=ADDRESS, name="flask")

    for _ in range(2):
        client.post(
            reverse("admin:projects_repository_changelist"),
            {"action": "sync", "_selected_action": [repository.pk]},
        )

    assert Job.objects.count() == 1
