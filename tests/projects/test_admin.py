"""The admin of what we know."""

from html import unescape

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from jobs.models import Job
from jobs.states import State
from projects import registration, removal, ssh_keys
from projects.models import Project, Repository
from projects.secrets import opened
from tests.projects.test_registration import begun

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
    assert (repository.branch, opened(repository.token)) == ("", "hush-1")
    assert Job.objects.get().arguments == {"repository": repository.pk, "branch": "stable"}


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
    assert opened(repository.token) == "hush-2"


KEYED = "ssh://git@github.com/pallets/flask"


def test_a_key_is_made_sealed_and_only_its_public_half_is_shown(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(project=project, address=KEYED, name="flask")
    other = Repository.objects.create(project=project, address=ADDRESS, name="web")

    client.post(
        reverse("admin:projects_repository_changelist"),
        {
            "action": "make_keys",
            "_selected_action": [repository.pk, other.pk],
            "confirmed": "yes",
        },
    )

    repository.refresh_from_db()
    private = opened(repository.ssh_key)
    assert ssh_keys.public(private) == repository.ssh_public
    page = client.get(reverse("admin:projects_repository_change", args=[repository.pk]))
    assert repository.ssh_public in unescape(page.content.decode())
    assert "PRIVATE KEY" not in page.content.decode()
    other.refresh_from_db()
    assert other.ssh_key == other.ssh_public == ""


def test_a_given_key_replaces_the_stored_one(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(project=project, address=KEYED, name="flask")
    given = ssh_keys.make()

    client.post(
        reverse("admin:projects_repository_change", args=[repository.pk]),
        {"branch": "", "new_token": "", "new_key": given},
    )

    repository.refresh_from_db()
    assert repository.ssh_public == ssh_keys.public(given)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssh_key FROM repository")
        assert "PRIVATE KEY" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("address", "given", "cause"),
    [
        (KEYED, {"new_key": "hush-no-key"}, "not a private key"),
        (KEYED, {"new_token": "hush-token"}, "opens https addresses only"),
        (ADDRESS, {"new_key": "valid"}, "opens ssh addresses only"),
    ],
)
def test_a_credential_of_no_use_is_refused_and_not_shown_again(
    client, staff, address, given, cause
):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(project=project, address=address, name="flask")
    given = {name: ssh_keys.make() if text == "valid" else text for name, text in given.items()}

    page = client.post(
        reverse("admin:projects_repository_change", args=[repository.pk]), {"branch": "", **given}
    )

    shown = page.content.decode()
    assert cause in shown
    assert "hush" not in shown
    assert "PRIVATE KEY-" not in shown
    repository.refresh_from_db()
    assert repository.token == repository.ssh_key == ""


def test_the_sync_action_queues_one_job_for_each(client, staff):
    project = Project.objects.create(name="Shop", slug="shop")
    repository = Repository.objects.create(project=project, address=ADDRESS, name="flask")

    for _ in range(2):
        client.post(
            reverse("admin:projects_repository_changelist"),
            {"action": "sync", "_selected_action": [repository.pk], "confirmed": "yes"},
        )

    assert Job.objects.count() == 1


def delete(client, row, typed=None):
    """This function will confirm that a row shall go, and give the page that answers."""
    change = f"admin:projects_{row._meta.model_name}_delete"
    sent = {"post": "yes", "typed": row.name if typed is None else typed}
    return client.post(reverse(change, args=[row.pk]), sent)


@pytest.fixture
def flask(settings, tmp_path):
    """This fixture will register a repository, with a job that waits and a clone."""
    settings.FACTORY_HOME = tmp_path
    made = registration.register([ADDRESS], project="Shop", branch="", token="", actor="command")[0]
    (made.repository.clone / "refs").mkdir(parents=True)
    return made


@pytest.mark.parametrize("what", ["repository", "project"])
def test_what_is_deleted_takes_its_waiting_jobs_and_its_clone_along(
    client, staff, flask, what, django_capture_on_commit_callbacks
):
    row = flask.repository if what == "repository" else flask.repository.project

    with django_capture_on_commit_callbacks(execute=True):
        assert delete(client, row).status_code == 302
        assert flask.repository.clone.exists()

    assert not Repository.objects.exists()
    assert not flask.repository.clone.exists()
    flask.job.refresh_from_db()
    assert flask.job.state == State.CANCELLED
    assert flask.job.moves.filter(actor=f"user:{staff.pk}", to_state="cancelled").exists()


@pytest.mark.parametrize("what", ["repository", "project"])
def test_what_a_runner_works_on_is_not_deleted(client, staff, flask, what):
    row = flask.repository if what == "repository" else flask.repository.project
    begun(flask.job)

    page = delete(client, row)

    assert f"Job {flask.job.pk} (projects.sync) works on flask" in page.content.decode()
    with pytest.raises(removal.Held, match="delete when it has ended"):
        removal.remove([row], by="command")
    assert Repository.objects.exists()
    assert flask.repository.clone.exists()


@pytest.mark.parametrize("what", ["repository", "project"])
def test_whoever_deletes_types_the_name_of_what_goes(client, staff, flask, what):
    row = flask.repository if what == "repository" else flask.repository.project

    page = delete(client, row, typed="flsk")

    assert f"typed: write {row.name}. Nothing was deleted." in page.content.decode()
    assert Repository.objects.exists()
    assert Job.objects.live().exists()


def test_several_repositories_are_deleted_at_once_with_their_jobs(client, staff, flask):
    place = reverse("admin:projects_repository_changelist")
    sent = {"action": "delete_selected", "_selected_action": [flask.repository.pk], "post": "yes"}

    asked = client.post(place, sent | {"typed": "2"})

    assert "typed: write 1. Nothing was deleted." in asked.content.decode()
    assert Repository.objects.exists()
    client.post(place, sent | {"typed": "1"})
    assert not Repository.objects.exists()
    assert not Job.objects.live().exists()


def test_a_repository_of_a_running_shared_job_is_not_deleted(flask):
    found = registration.register(
        [ADDRESS, ADDRESS + "-2"], project="Web", branch="", token="", actor="command"
    )
    begun(found[0].job)

    assert len(removal.hindrances([found[1].repository])) == 1
    assert removal.hindrances([flask.repository]) == []


def test_a_shared_job_that_waits_goes_on_for_the_others_and_ends_with_the_last(flask):
    found = registration.register(
        [ADDRESS, ADDRESS + "-2"], project="Web", branch="", token="", actor="command"
    )
    job = found[0].job

    removal.remove([found[0].repository], by="command")
    job.refresh_from_db()
    assert job.state == State.QUEUED

    removal.remove([found[1].repository], by="command")
    job.refresh_from_db()
    assert job.state == State.CANCELLED


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("what", ["repository", "project", "queryset", "sql"])
def test_nothing_that_has_a_job_can_be_deleted_past_the_rule(flask, what, begins):
    repository = flask.repository
    if begins:
        begun(flask.job)
    deletes = {
        "repository": repository.delete,
        "project": repository.project.delete,
        "queryset": Repository.objects.filter(pk=repository.pk).delete,
        "sql": lambda: connection.cursor().execute("DELETE FROM repository"),
    }

    with pytest.raises(IntegrityError, match="remove it with"), transaction.atomic():
        deletes[what]()

    assert Repository.objects.filter(pk=repository.pk).exists()


def test_a_job_that_is_queued_during_a_removal_takes_it_back(flask, monkeypatch):
    """What the guard refuses at the last moment is a sentence, not a traceback."""
    monkeypatch.setattr(removal, "_live", lambda rows: Job.objects.none())

    with pytest.raises(removal.Held, match="queued meanwhile"), transaction.atomic():
        removal.remove([flask.repository], by="command")

    assert flask.repository.clone.exists()
