"""A project's own life: made, edited, moved from stage to stage, put away and taken back."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from jobs import queue, schedules
from jobs.models import Event, Job, Refused, Schedule, Stale
from projects import portfolio, registration
from projects.models import Archived, Membership, Project, Role, Stage
from tests.pages.conftest import hold, runner

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """This fixture will make a project that nobody works on."""
    return portfolio.create(Project(name="Harbour"), actor="command:test")


def test_a_project_is_made_with_an_address_of_its_name_and_somebody_who_decides() -> None:
    ana = User.objects.create_user("ana")

    made = portfolio.create(Project(name=" Old Quay "), actor=f"user:{ana.pk}", maintainer=ana)

    assert (made.name, made.slug, made.stage) == ("Old Quay", "old-quay", "capture")
    assert Membership.objects.get(project=made).role == Role.MAINTAINER
    assert Event.objects.get(scope=made.pk).name == "project.created"


@pytest.mark.parametrize(
    ("name", "slug", "field"),
    [
        ("", "", "name"),
        ("!!!", "", "name"),
        ("x" * 101, "", "name"),
        ("a\x00b", "", "name"),
        ("Harbour", "other", "name"),
        ("Harbour!", "", "slug"),
        ("Other", "no spaces", "slug"),
    ],
)
def test_what_cannot_be_a_project_is_refused_beside_its_field(
    name: str, slug: str, field: str, project: Project
) -> None:
    with pytest.raises(ValidationError) as error:
        portfolio.create(Project(name=name, slug=slug), actor="command:test")

    assert field in error.value.message_dict
    assert Project.objects.count() == 1


def test_a_change_of_what_somebody_changed_meanwhile_is_refused(project: Project) -> None:
    first, second = Project.objects.get(), Project.objects.get()
    first.goal, second.goal = "A pier", "A mole"
    assert portfolio.edit(first, version=1, actor="user:1")

    with pytest.raises(Stale):
        portfolio.edit(second, version=1, actor="user:2")

    project.refresh_from_db()
    assert (project.goal, project.version) == ("A pier", 2)


def test_a_change_of_nothing_is_no_event(project: Project) -> None:
    assert not portfolio.edit(project, version=1, actor="user:1")
    assert not Event.objects.filter(name="project.edited").exists()


def test_a_project_goes_through_all_stages_each_move_on_record(project: Project) -> None:
    for stage in list(Stage)[1:]:
        portfolio.move(project, stage, actor="user:1")

    project.refresh_from_db()
    moves = Event.objects.filter(name="project.moved").order_by("pk")
    assert project.stage == Stage.SHIP
    assert [one.payload["to"] for one in moves] == ["define", "plan", "build", "verify", "ship"]


@pytest.mark.parametrize("to", [Stage.BUILD, Stage.CAPTURE])
def test_a_move_that_is_not_the_next_step_needs_a_reason(to: Stage, project: Project) -> None:
    portfolio.move(project, Stage.DEFINE, actor="user:1")

    with pytest.raises(Refused):
        portfolio.move(project, to, actor="user:1", reason="  ")
    portfolio.move(project, to, actor="user:1", reason="The pier is built already")

    assert Event.objects.order_by("-pk")[0].payload["reason"] == "The pier is built already"


def test_of_two_who_move_it_at_once_one_is_told(project: Project) -> None:
    other = Project.objects.get()
    portfolio.move(project, Stage.DEFINE, actor="user:1")

    with pytest.raises(Stale):
        portfolio.move(other, Stage.DEFINE, actor="user:2")

    assert Event.objects.filter(name="project.moved").count() == 1


def scheduled(project: Project, name: str) -> Schedule:
    """This function will make a schedule of a project."""
    made = Schedule(name=name, kind="demo.noop", cron="0 4 * * *", scope=project.pk)
    return schedules.make(made, by="user:1")


def test_archiving_pauses_what_waits_and_leaves_what_runs(project: Project) -> None:
    waiting, running, other = (
        queue.enqueue("demo.noop", {}, scope=scope) for scope in (project.pk, project.pk, None)
    )
    hold(running, runner())
    nightly = scheduled(project, "nightly")

    assert portfolio.archive(project, actor="user:1") == (1, 1)

    states = dict(Job.objects.values_list("pk", "state"))
    assert [states[job.pk] for job in (waiting, running, other)] == ["paused", "running", "queued"]
    nightly.refresh_from_db()
    assert nightly.paused_at is not None


def test_taking_it_back_resumes_what_archiving_paused_and_nothing_else(project: Project) -> None:
    waiting, aside = (queue.enqueue("demo.noop", {}, scope=project.pk) for _ in range(2))
    aside.pause(by="user:1", reason="Not today.")
    nightly, never = scheduled(project, "nightly"), scheduled(project, "never")
    never.pause(by="user:1")
    portfolio.archive(project, actor="user:1")

    assert portfolio.unarchive(project, actor="user:2") == (1, 1)

    states = dict(Job.objects.values_list("pk", "state"))
    assert [states[job.pk] for job in (waiting, aside)] == ["queued", "paused"]
    nightly.refresh_from_db()
    never.refresh_from_db()
    assert (nightly.paused_at, never.paused_at is None) == (None, False)
    assert project.archived_at is None


def test_nothing_new_begins_in_what_is_archived(project: Project) -> None:
    known = registration.register(
        ["https://git.example.org/team/quay"], project="Harbour", branch="", token="", actor=""
    )[0].repository
    portfolio.archive(project, actor="user:1")
    count = Job.objects.count()
    known.project.refresh_from_db()

    with pytest.raises(Archived):
        registration.sync(known, actor="user:1")
    with pytest.raises(Archived):
        registration.register([known.address], project="Harbour", branch="", token="", actor="")
    with pytest.raises(Archived):
        portfolio.move(project, Stage.DEFINE, actor="user:1")
    assert Job.objects.count() == count


def test_putting_away_twice_and_taking_back_twice_is_told(project: Project) -> None:
    portfolio.archive(project, actor="user:1")
    with pytest.raises(Stale):
        portfolio.archive(project, actor="user:2")
    portfolio.unarchive(project, actor="user:1")
    with pytest.raises(Stale):
        portfolio.unarchive(project, actor="user:2")
