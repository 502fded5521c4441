"""Registering: one transaction, one repository for one address, and nobody else's project."""

import os
import time
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from jobs import process
from jobs.failures import Anticipated
from jobs.models import Event, Job, Runner
from jobs.states import State
from projects import access, registration, ssh_keys
from projects.addresses import Refused
from projects.models import MapStatus, Membership, Project, Repository, Role
from projects.secrets import Unreadable, opened

pytestmark = pytest.mark.django_db
GOOD_KEY = ssh_keys.make()
FLASK = "https://github.com/pallets/flask"


def register(*urls, project=None, branch="", token="", actor="command", key=""):
    """This function will register as a command does."""
    return registration.register(
        urls, project=project, branch=branch, token=token, actor=actor, key=key
    )


@pytest.fixture
def people():
    """This fixture will make a maintainer, a contributor, a viewer and a stranger of one project."""
    project = Project.objects.create(name="Shop", slug="shop")
    made = {}
    for name in ("maintainer", "contributor", "viewer", "stranger"):
        made[name] = get_user_model().objects.create_user(name)
        if name != "stranger":
            Membership.objects.create(project=project, user=made[name], role=name)
    return project, made


def test_a_repository_its_event_and_its_job_are_one_transaction():
    found = register(FLASK)[0]

    assert found.created
    assert found.repository.project.slug == "flask"
    assert found.job.kind == "projects.sync"
    assert found.job.arguments == {"repository": found.repository.pk}
    assert found.job.scope == found.repository.project_id
    assert [event.name for event in Event.objects.order_by("pk")] == [
        "project.created",
        "repository.registered",
    ]


def test_registering_twice_gives_the_same_repository_and_the_waiting_job():
    first = register(FLASK)[0]
    second = register("https://GitHub.com/pallets/flask.git/")[0]

    assert (second.repository, second.job, second.created) == (first.repository, first.job, False)


def test_another_repository_of_the_same_name_gets_its_own_project():
    register(FLASK)

    assert register("https://github.com/other/flask")[0].repository.project.slug == "other-flask"
    assert register(FLASK)[0].repository.project.slug == "flask"


def test_one_address_in_two_projects_is_two_repositories():
    one, two = (register(FLASK, project=name)[0].repository for name in ("One", "Two"))

    assert one.pk != two.pk
    assert one.clone != two.clone


def begun(job):
    """This function will have a runner claim a job, as if it worked on it now."""
    runner = Runner.objects.create(
        pool="long",
        host=process.host(),
        boot_id=process.boot_id(),
        pid=os.getpid(),
        pid_ticks=process.started_ticks(os.getpid()),
        owner=f"{os.getpid()}:{process.started_ticks(os.getpid())}",
        lease_until=Now() + timedelta(seconds=15),
    )
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(
            state=State.RUNNING, runner=runner, started_at=Now(), fence=1, attempt=1
        )


def statuses():
    """This function will compute the map status of every repository."""
    found = Repository.objects.with_map_status().order_by("pk")
    return [one.map_status for one in found]


def test_each_project_of_several_gets_a_job_its_people_can_see():
    user = get_user_model().objects.create_user("ana")
    urls = [FLASK, "https://github.com/psf/requests"]

    found = register(*urls, actor=f"user:{user.pk}")

    assert [one.job.kind for one in found] == ["projects.sync"] * 2
    assert [one.job.scope for one in found] == [one.repository.project_id for one in found]
    assert [one.job.limit_key for one in found] == [one.repository.limit_key for one in found]
    assert set(Job.objects.visible_to(user)) == {one.job for one in found}
    assert [one.pk for one in Repository.objects.visible_to(user).order_by("pk")] == [
        one.repository.pk for one in found
    ]


def test_repositories_of_a_shared_job_are_queued_and_running_with_it():
    user = get_user_model().objects.create_user("ana")
    urls = [FLASK, "https://github.com/psf/requests"]
    found = register(*urls, project="Web", actor=f"user:{user.pk}")
    other = register(f"{FLASK}-other", project="Web")[0]
    other.job.cancel(by="command")

    assert list(Job.objects.visible_to(user).live()) == [found[0].job]
    assert statuses() == [MapStatus.QUEUED, MapStatus.QUEUED, MapStatus.NONE]
    begun(found[0].job)

    assert statuses() == [MapStatus.RUNNING, MapStatus.RUNNING, MapStatus.NONE]


def test_a_shared_job_that_brought_a_repository_says_nothing_more_of_it():
    found = register(FLASK, "https://github.com/psf/requests", project="Web")
    begun(found[0].job)

    Repository.objects.filter(pk=found[0].repository.pk).update(
        head_commit="a" * 40, synced_at=Now() + timedelta(seconds=1)
    )

    assert statuses() == [MapStatus.NONE, MapStatus.RUNNING]


def lost(job):
    """This function will have a job end as one whose runner died does: nothing notes it."""
    begun(job)
    Job.objects.filter(pk=job.pk).update(
        state=State.FAILED,
        runner=None,
        finished_at=Now(),
        failure_class="worker-lost",
        failure_message="Its runner died.",
    )


@pytest.mark.parametrize("urls", [[FLASK], [FLASK, "https://github.com/psf/requests"]])
def test_a_job_that_could_not_note_its_failure_is_shown_with_its_own_sentence(urls):
    found = register(*urls, project="Web")

    lost(found[0].job)

    for shown in Repository.objects.with_map_status():
        assert shown.map_status == MapStatus.FAILED
        assert (shown.failure_class, shown.failure_message) == ("worker-lost", "Its runner died.")


def test_a_noted_failure_stands_before_that_of_the_job():
    found = register(FLASK)[0]
    found.repository.record_failure(Refused("no"))

    lost(found.job)

    shown = Repository.objects.with_map_status().get()
    assert (shown.failure_class, shown.failure_message) == ("invalid-input", "address: no")


def test_several_addresses_share_one_parent_job():
    found = register(FLASK, "https://github.com/psf/requests", FLASK + "/", project="Web")

    assert len(found) == 2
    assert {one.job.pk for one in found} == {found[0].job.pk}
    assert found[0].job.kind == "projects.register_many"
    assert found[0].job.arguments == {"repositories": [one.repository.pk for one in found]}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"urls": ["ext::sh"]}, "address: "),
        ({"urls": [FLASK, "file:///etc"]}, "address 2 of 2: "),
        ({"urls": []}, "address: there is none"),
        ({"urls": [FLASK] * 201}, "address: there are 201"),
        ({"branch": "--upload-pack=x"}, "branch: "),
        ({"token": "a b"}, "token: "),
        ({"urls": ["git@github.com:a/b"], "token": "x"}, "token: tokens open https"),
        ({"urls": ["git@github.com:a/b"], "key": "x"}, "key: this is not a private key"),
        ({"key": GOOD_KEY}, "key: ssh keys open ssh"),
        ({"project": "///"}, "project: "),
        ({"project": "x" * 101}, "project: "),
    ],
)
def test_nonsense_is_refused_and_nothing_is_stored(wrong, sentence):
    given = {"urls": [FLASK], "project": None, "branch": "", "token": "", **wrong}

    with pytest.raises(Anticipated) as refusal:
        registration.register(given.pop("urls"), actor="command", **given)

    assert str(refusal.value).startswith(sentence)
    assert not Repository.objects.exists()
    assert not Project.objects.exists()
    assert not Job.objects.exists()


def test_registering_waits_for_nobody_even_when_the_host_does_not_exist():
    began = time.monotonic()
    register("https://nowhere.invalid/x")

    assert time.monotonic() - began < 5  # a second is the aim


def test_a_token_is_stored_encrypted(settings):
    repository = register(FLASK, token="hush-token")[0].repository

    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM repository")
        stored = cursor.fetchone()[0]
    assert "hush" not in stored
    assert opened(Repository.objects.get(pk=repository.pk).token) == "hush-token"


def test_a_token_survives_a_new_key_and_is_lost_with_the_old_one(settings):
    from cryptography.fernet import Fernet

    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FACTORY_FIELD_KEYS = [old]
    register(FLASK, token="hush-token")
    settings.FACTORY_FIELD_KEYS = [new, old]
    assert opened(Repository.objects.get().token) == "hush-token"

    settings.FACTORY_FIELD_KEYS = [new]
    with pytest.raises(Unreadable, match="FACTORY_FIELD_KEY") as failure:
        opened(Repository.objects.get().token)
    assert failure.value.failure_class == "auth"


def test_a_row_with_an_unreadable_token_can_be_read_and_saved(settings):
    from cryptography.fernet import Fernet

    register(FLASK, token="hush-token")
    before, settings.FACTORY_FIELD_KEYS = settings.FACTORY_FIELD_KEYS, [Fernet.generate_key()]

    repository = Repository.objects.get()
    repository.save()
    repository.refresh_from_db()

    assert "hush" not in repr(repository.token)
    settings.FACTORY_FIELD_KEYS = before
    assert opened(repository.token) == "hush-token"


def test_a_person_who_creates_a_project_maintains_it():
    user = get_user_model().objects.create_user("ana")

    found = register(FLASK, actor=f"user:{user.pk}")[0]

    assert access.allows(user, "members", found.repository.project_id)


@pytest.mark.parametrize(
    ("who", "may"),
    [("maintainer", True), ("contributor", True), ("viewer", False), ("stranger", False)],
)
def test_only_who_may_register_does(people, who, may):
    _, users = people
    actor = f"user:{users[who].pk}"

    if may:
        assert register(FLASK, project="shop", actor=actor)[0].created
        return
    refusal, sentence = {
        "viewer": (access.Denied, "ask one of its maintainers"),
        "stranger": (Refused, "^project: this name cannot be had; choose another$"),
    }[who]
    with pytest.raises(refusal, match=sentence):
        register(FLASK, project="shop", actor=actor)
    assert not Repository.objects.exists()


def test_a_contributor_may_not_replace_a_token(people):
    _, users = people
    register(FLASK, project="shop", token="first")

    with pytest.raises(access.Denied):
        register(FLASK, project="shop", token="mine", actor=f"user:{users['contributor'].pk}")

    assert opened(Repository.objects.get().token) == "first"


def test_another_branch_is_asked_for_and_stored_when_it_is_here():
    first = register(FLASK, branch="stable")[0]
    again = register(FLASK, branch="next")[0]
    third = register(FLASK, branch="next")[0]

    assert "branch" not in first.job.arguments  # it is stored: there was none before
    assert again.job.arguments == {"repository": again.repository.pk, "branch": "next"}
    assert third.job == again.job != first.job
    assert Repository.objects.get().branch == "stable"
    again.repository.record_sync("a" * 40, "next")
    assert Repository.objects.get().branch == "next"
    assert "branch" not in register(FLASK, branch="next")[0].job.arguments


def test_another_branch_of_several_is_asked_of_the_job_they_share():
    urls = [FLASK, "https://github.com/psf/requests"]
    register(*urls, project="Web")

    found = register(*urls, project="Web", branch="next")[0]

    assert found.job.arguments["branch"] == "next"
    assert set(Repository.objects.values_list("branch", flat=True)) == {""}


def test_a_new_token_writes_the_token_alone():
    register(FLASK, token="first")

    with CaptureQueriesContext(connection) as seen:
        register(FLASK, branch="stable", token="second")

    written = [one["sql"] for one in seen if one["sql"].startswith('UPDATE "repository"')]
    assert len(written) == 1
    assert '"token"' in written[0]
    assert '"branch"' not in written[0]


def test_a_key_given_with_an_address_is_sealed():
    key = ssh_keys.make()

    repository = register("git@github.com:pallets/flask.git", key=key)[0].repository

    stored = Repository.objects.get()
    assert ssh_keys.public(opened(stored.ssh_key)) == stored.ssh_public == ssh_keys.public(key)
    assert "PRIVATE" not in repr(stored.ssh_key) + repr(repository.ssh_key)


def test_who_keeps_a_credential_is_recorded_without_it(people):
    project, users = people
    actor = f"user:{users['maintainer'].pk}"

    web = register(FLASK, project="shop", token="hush-token", actor=actor)[0].repository
    ssh = register("git@github.com:a/b", project="shop", key=GOOD_KEY, actor=actor)[0].repository
    registration.open_with(web, token="hush-again", actor=actor)

    kept = Event.objects.filter(name="credential.kept").order_by("pk")
    assert [(one.actor, one.scope, one.payload) for one in kept] == [
        (actor, project.pk, {"repository": web.pk, "kind": "token"}),
        (actor, project.pk, {"repository": ssh.pk, "kind": "key"}),
        (actor, project.pk, {"repository": web.pk, "kind": "token"}),
    ]


def test_a_contributor_may_not_replace_a_key(people):
    _, users = people
    address = "git@github.com:pallets/flask.git"
    first = register(address, project="shop", key=ssh_keys.make())[0].repository.ssh_public
    actor = f"user:{users['contributor'].pk}"

    with pytest.raises(access.Denied):
        register(address, project="shop", key=ssh_keys.make(), actor=actor)

    assert Repository.objects.get().ssh_public == first


def test_a_stranger_whose_repository_has_a_taken_name_gets_a_project_of_their_own(people):
    _, users = people
    register(FLASK)

    found = register(FLASK, actor=f"user:{users['stranger'].pk}")[0]

    assert found.repository.project.slug == "pallets-flask"


TABLE = {
    "see": "maintainer contributor viewer",
    "register": "maintainer contributor",
    "cancel": "maintainer contributor",
    "members": "maintainer",
    "credentials": "maintainer",
    "archive": "maintainer",
    "queues": "",
}


@pytest.mark.parametrize("act", TABLE)
def test_the_table_of_roles_is_the_one_of_the_architecture(people, act):
    project, users = people

    allowed = {name for name, user in users.items() if access.allows(user, act, project.pk)}

    assert allowed == set(TABLE[act].split())


def test_jobs_without_a_project_are_for_staff(people):
    _, users = people
    staff = get_user_model().objects.create_user("staff", is_staff=True)

    assert access.allows(staff, "see", None)
    assert not access.allows(users["maintainer"], "see", None)


def test_another_users_project_is_invisible(people):
    project, users = people
    repository = register(FLASK, project="shop")[0].repository
    member, stranger = users["viewer"], users["stranger"]

    assert list(Project.objects.visible_to(member)) == [project]
    assert list(Repository.objects.visible_to(member)) == [repository]
    assert list(Job.objects.visible_to(member)) == [Job.objects.get()]
    for model in (Project, Repository, Job):
        assert not model.objects.visible_to(stranger).exists()


def test_an_account_that_was_closed_sees_nothing(people):
    _, users = people
    users["maintainer"].is_active = False

    assert not Project.objects.visible_to(users["maintainer"]).exists()


def test_the_map_status_is_computed_from_jobs_and_map():
    found = register(FLASK)[0]

    def status():
        return Repository.objects.with_map_status().get(pk=found.repository.pk).map_status

    assert status() == MapStatus.QUEUED
    found.job.cancel(by="user:1")
    assert status() == MapStatus.NONE
    Repository.objects.update(failure_class="auth", failure_message="No.")
    assert status() == MapStatus.FAILED


def test_the_status_of_many_repositories_is_one_query(django_assert_num_queries):
    for number in range(5):
        register(f"https://github.com/pallets/r{number}", project="Web")

    with django_assert_num_queries(1):
        statuses = [row.map_status for row in Repository.objects.with_map_status()]

    assert statuses == [MapStatus.QUEUED] * 5


def test_a_noted_failure_holds_no_secret_and_no_control_character():
    repository = register(FLASK)[0].repository

    repository.record_failure(Refused("at https://ana:hush@host/x\x1b[31m\0 " + "x" * 3000))

    repository.refresh_from_db()
    assert "hush" not in repository.failure_message
    assert "\x1b" not in repository.failure_message
    assert len(repository.failure_message) == 2000


ILLEGAL = [
    {"address": ""},
    {"head_commit": "main"},
    {"head_commit": "0" * 40},
    {"failure_class": "auth"},
    {"failure_class": "sadness", "failure_message": "No."},
    {"ssh_public": "ssh-ed25519 AAAA"},
]


@pytest.mark.parametrize("fields", ILLEGAL)
def test_the_database_refuses_what_cannot_be(fields):
    repository = register(FLASK)[0].repository

    with pytest.raises(IntegrityError), transaction.atomic():
        Repository.objects.filter(pk=repository.pk).update(**fields)


def test_a_role_nobody_knows_is_refused(people):
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.update(role="king")


def test_every_role_has_its_acts():
    assert set(access.ACTS) == set(Role)
