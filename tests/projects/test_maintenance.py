"""What the product does by itself: fetches repositories, has histories read, forgets what is old."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Func, Value
from django.db.models.functions import Now

from jobs import queue, schedules
from jobs.models import Event, Job, Schedule
from projects import maintenance, maps, registration
from projects.mapping import EXTRACTOR
from projects.mapping.history import READER
from projects.models import BlobFacts, History, Project, Repository, SystemMap
from tests import services
from tests.jobs.conftest import committed, serve
from tests.pages.conftest import mapped

__all__ = ["committed"]


@pytest.fixture
def project(committed: services.ScratchDatabase) -> Project:
    """This fixture will lend a project in a database where commits are real."""
    return Project.objects.create(name="Harbour", slug="harbour")


def aged(repository: Repository, **fields: Any) -> Repository:
    """This function will have a repository be fetched two days ago, and change other fields."""
    two_days_ago = Now() - timedelta(days=2)
    Repository.objects.filter(pk=repository.pk).update(**({"synced_at": two_days_ago} | fields))
    return repository


def carried_out(kind: str, pool: str = "short") -> Job:
    """This function will have a job of a kind executed, and give it."""
    job = queue.enqueue(kind, {})
    serve(pool, seconds=60)
    job.refresh_from_db()
    return job


def fetches() -> list[int]:
    """This function will list the repositories that have a fetch waiting."""
    waiting = Job.objects.filter(kind="projects.sync").order_by("pk")
    return [job.arguments["repository"] for job in waiting]


def test_what_was_not_fetched_for_long_is_fetched_again_spread_over_the_hour(
    project: Project,
) -> None:
    old = [aged(mapped(project, f"quay{number}")).pk for number in range(3)]
    mapped(project, "fresh")

    job = carried_out("projects.refetch")

    assert (job.result, fetches()) == ({"repositories": 3}, old)
    first, second, third = Job.objects.filter(kind="projects.sync").order_by("pk")
    assert (first.state, second.state, first.priority) == ("queued", "scheduled", -10)
    assert abs((third.run_after - second.run_after).total_seconds() - 1100) < 60


def test_a_second_run_fetches_nothing_twice(project: Project) -> None:
    aged(mapped(project))

    assert [carried_out("projects.refetch").result for _ in range(2)] == [
        {"repositories": 1},
        {"repositories": 0},
    ]


@pytest.mark.parametrize(
    ("fields", "fetched"),
    [
        ({}, True),
        ({"failure_class": "transient-network", "failure_message": "x"}, True),
        ({"failure_class": "auth", "failure_message": "x"}, False),
        ({"failure_class": "not-found", "failure_message": "x"}, False),
        ({"synced_at": None, "head_commit": "", "current_map": None}, False),
    ],
    ids=["well", "may pass", "a person must mend it", "it is gone", "just registered"],
)
def test_what_a_person_must_mend_first_is_left_alone(
    project: Project, fields: dict[str, Any], fetched: bool
) -> None:
    aged(mapped(project), **fields)

    carried_out("projects.refetch")

    assert bool(fetches()) == fetched


def test_a_project_that_is_put_away_is_not_fetched(project: Project) -> None:
    aged(mapped(project))
    Project.objects.update(archived_at=Now())

    assert carried_out("projects.refetch").result == {"repositories": 0}


def test_it_can_be_switched_off(project: Project, settings: Any) -> None:
    settings.FACTORY_REFETCH_HOURS = 0
    aged(mapped(project))

    assert carried_out("projects.refetch").result == {"repositories": 0}


@pytest.mark.parametrize(("always", "maps_made"), [(False, 1), (True, 2)])
def test_a_fetch_nobody_asked_for_maps_only_what_is_new(
    committed: services.ScratchDatabase, origin: Any, always: bool, maps_made: int
) -> None:
    found = registration.register(
        [str(origin.path)], project=None, branch="", token="", actor="command"
    )[0].repository
    serve("long", seconds=60)
    if always:
        registration.sync(found, actor="user:1")
    else:
        registration.refetch(found, actor="upkeep", after=0)

    serve("long", seconds=60)

    assert Job.objects.exclude(state="succeeded").count() == 0
    assert Job.objects.filter(kind="projects.map").count() == maps_made
    assert Event.objects.filter(name="repository.synced").count() == maps_made


def test_a_fetch_that_brings_something_new_makes_a_map(
    committed: services.ScratchDatabase, origin: Any
) -> None:
    found = registration.register(
        [str(origin.path)], project=None, branch="", token="", actor="command"
    )[0].repository
    serve("long", seconds=60)
    origin.commit({"shop/new.py": "x = 1\n"})

    registration.refetch(found, actor="upkeep", after=0)
    serve("long", seconds=60)

    found.refresh_from_db()
    assert found.current_map.commit == origin.git("rev-parse", "HEAD")


def test_a_repository_that_was_fetched_before_there_were_histories_gets_one(
    committed: services.ScratchDatabase, origin: Any
) -> None:
    found = registration.register(
        [str(origin.path)], project=None, branch="", token="", actor="command"
    )[0].repository
    serve("long", seconds=60)
    History.objects.all().delete()
    Job.objects.filter(kind="projects.history").update(created_at=ago(2))

    job = carried_out("projects.catch_up")
    serve("long", seconds=60)

    found.refresh_from_db()
    assert job.result == {"repositories": 1}
    assert History.objects.get(repository=found).commit == found.head_commit
    assert carried_out("projects.catch_up").result == {"repositories": 0}


@pytest.mark.parametrize(
    ("changed", "job", "reads"),
    [
        ({}, None, 0),
        ({"commit": "c" * 40}, None, 1),
        ({"reader": "0"}, None, 1),
        ({"reader": "0"}, 0, 0),
        ({"reader": "0"}, 40, 0),
    ],
    ids=["it is there", "it is behind", "older rules", "tried today", "it waits"],
)
def test_only_what_is_behind_and_not_on_its_way_is_read(
    project: Project, changed: dict[str, Any], job: int | None, reads: int
) -> None:
    repository = mapped(project)
    values = {"commit": repository.head_commit, "reader": READER, "until": "2026-01-01"} | changed
    History.objects.create(
        repository=repository, **values, commits=1, with_lines=True, unnamed=0, coupled=0
    )
    if job is not None:
        made = queue.enqueue(
            "projects.history",
            {"repository": repository.pk},
            scope=project.pk,
            limit_key=repository.history_key,
        )
        Job.objects.filter(pk=made.pk).update(created_at=ago(job))
        if not job:
            made.cancel(by="command")

    assert carried_out("projects.catch_up").result == {"repositories": reads}


def test_no_history_is_read_of_what_is_put_away_or_was_never_fetched(project: Project) -> None:
    mapped(project)
    Project.objects.update(archived_at=Now())
    other = Project.objects.create(name="Mill", slug="mill")
    Repository.objects.create(project=other, address="https://example.org/x", name="x")

    assert carried_out("projects.catch_up").result == {"repositories": 0}


def ago(days: int) -> Func:
    return Func(Value(f"{days} days"), template="now() - %(expressions)s::interval")


def history(repository: Repository, count: int, days: int = 40) -> list[int]:
    """This function will make older maps of a repository."""
    made = [
        SystemMap.objects.create(
            repository=repository,
            commit=f"{number:040x}",
            extractor=EXTRACTOR,
            digest="a" * 64,
            counts={},
            languages={},
            document=b"",
        ).pk
        for number in range(count)
    ]
    SystemMap.objects.filter(pk__in=made).update(built_at=ago(days))
    return made


def test_of_old_maps_the_newest_ten_and_the_current_one_stay(project: Project) -> None:
    repository = mapped(project)
    current = repository.current_map_id
    SystemMap.objects.update(built_at=ago(50))
    older = history(repository, 14)

    job = carried_out("projects.prune", "long")

    assert (job.state, job.result["maps"]) == ("succeeded", 4)
    left = set(SystemMap.objects.values_list("pk", flat=True))
    assert left == {current, *older[-maintenance.KEEP_MAPS :]}


def test_young_maps_stay_however_many(project: Project) -> None:
    history(mapped(project), 14, days=1)

    assert carried_out("projects.prune", "long").result["maps"] == 0


def test_facts_no_current_map_shows_go_once_they_are_old(project: Project) -> None:
    mapped(project)  # shows the blob b…
    facts = [("b" * 40, EXTRACTOR), ("c" * 40, EXTRACTOR), ("b" * 40, "0")]
    for blob, extractor in facts:
        BlobFacts.objects.create(blob=blob, language="Python", extractor=extractor, facts={})
    BlobFacts.objects.create(blob="d" * 40, language="Python", extractor=EXTRACTOR, facts={})
    BlobFacts.objects.exclude(blob="d" * 40).update(created_at=ago(40))

    with transaction.atomic():
        gone = dict(maps.forget(django_settings.FACTORY_KEEP_DAYS, 10))

    assert gone["facts"] == 2
    left = set(BlobFacts.objects.values_list("blob", "extractor"))
    assert left == {("b" * 40, EXTRACTOR), ("d" * 40, EXTRACTOR)}


def test_they_are_schedules_of_the_product(committed: services.ScratchDatabase) -> None:
    Schedule.objects.all().delete()

    schedules.lay("default")

    assert {"refetch", "catch-up", "prune-projects"} <= set(
        Schedule.objects.values_list("name", flat=True)
    )
