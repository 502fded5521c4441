"""A small world to look at: two projects, their people, a map and jobs in several states."""

import math
import zlib
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client

from factory import notices
from jobs import process, queue
from jobs.models import Job, Queue, Runner
from projects.mapping import EXTRACTOR
from projects.mapping.made import document
from projects.models import Edge, MapNode, Membership, Node, Project, Repository, Role, SystemMap

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class World:
    """What the tests of the pages look at."""

    project: Project
    repository: Repository
    job: Job
    staff: User
    contributor: User
    viewer: User
    stranger: User


@pytest.fixture(autouse=True)
def verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """This fixture will have no page ask for the last verification: now and then one costs more."""
    monkeypatch.setattr(notices, "VERIFIED_S", math.inf)


@pytest.fixture
def world(db: None) -> World:
    """This fixture will lend a world that is new for each test."""
    return made()


def made() -> World:
    """This function will make a project with a mapped repository, a failed job, and four people."""
    project = Project.objects.create(name="Harbour", slug="harbour")
    people = {
        name: User.objects.create_user(name) for name in ("contributor", "viewer", "stranger")
    }
    for name in (Role.CONTRIBUTOR, Role.VIEWER):
        Membership.objects.create(project=project, user=people[name], role=name)
    staff = User.objects.create_superuser("staff")
    repository = mapped(project)
    job = queue.enqueue("demo.fail", {}, scope=project.pk, subject="lighthouse", actor="user:1")
    fail(job)
    return World(project, repository, job, staff, **people)


def mapped(project: Project, name: str = "quay") -> Repository:
    """This function will make a repository with a map of three files and one edge."""
    repository = Repository.objects.create(
        project=project,
        address=f"https://git.example.org/team/{name}",
        name=name,
        head_commit=COMMIT,
        synced_at=Now(),
    )
    made = SystemMap.objects.create(
        repository=repository,
        commit=COMMIT,
        extractor=EXTRACTOR,
        digest="a" * 64,
        counts={"files": 3, "parsed": 2, "skipped": {"binary": 1}, "edges": 1, "unresolved": 4},
        languages={},
        document=zlib.compress(b"".join(document([], [], [], {}))),
    )
    nodes = [
        Node.objects.create(repository=repository, kind="file", path=path)
        for path in ("quay/boat.py", "quay/sail.py", "README.md")
    ]
    for node, lines in zip(nodes, (120, 40, 9), strict=True):
        MapNode.objects.create(
            repository=repository,
            node=node,
            blob="b" * 40,
            language="Python",
            bytes=1,
            lines=lines,
            definitions=1,
        )
    Edge.objects.create(
        repository=repository, src=nodes[0], dst=nodes[1], kind="import", lines=[3, 17]
    )
    Repository.objects.filter(pk=repository.pk).update(current_map=made)
    repository.refresh_from_db()
    return repository


def runner(lease: str = "1 hour") -> Runner:
    """This function will make the row of a runner whose lease ends after `lease`."""
    from django.db import connection

    made = Runner.objects.create(
        pool="short",
        host=process.host(),
        boot_id=process.boot_id(),
        pid=1,
        pid_ticks=1,
        owner="test",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job_runner SET lease_until = now() + %s::interval WHERE id = %s",
            [lease, made.pk],
        )
    return made


def hold(job: Job, by: Runner) -> None:
    """This function will have a runner hold a queued job."""
    Job.objects.filter(pk=job.pk).update(
        state="running", runner=by, started_at=Now(), attempt=1, fence=1
    )
    job.refresh_from_db()


def fail(job: Job) -> None:
    """This function will let a queued job run and fail."""
    Queue.objects.get_or_create(name=job.queue_id)
    hold(job, runner())
    Job.objects.filter(pk=job.pk).update(
        state="failed",
        runner=None,
        finished_at=Now(),
        failure_class="auth",
        failure_message="The remote refused the token.",
    )
    job.refresh_from_db()


@pytest.fixture
def as_staff(world: World) -> Client:
    """This fixture will be a browser of the administrator."""
    return browser_of(world.staff)


def browser_of(user: User) -> Client:
    """This function will give a browser that is logged in and checks CSRF as real ones are."""
    client = Client()
    client.force_login(user)
    return client
