"""The API of lists: jobs, logs, deliveries, repositories and their maps, and what staff reads."""

from dataclasses import fields
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from factory import ledger_shapes
from jobs import board, events, queue
from jobs.models import Delivery, Event, Job, LogChunk, Runner, Schedule
from jobs.models import Queue as QueueRow
from projects.models import Edge, Node, Project
from tests.pages.conftest import COMMIT, World, fail, mapped, runner
from tests.pages.test_api import ask, token_of


def through(path: str, user: Any, name: str, by: str) -> list[Any]:
    """This function will read every page of a list."""
    found, at = [], ""
    while True:
        told = ask(f"{path}{at}", user).json()
        found += told[name]
        if told["next"] is None:
            return found
        at = f"{'&' if '?' in path else '?'}{by}={told['next']}"


def test_jobs_come_in_pages_without_a_gap_or_a_strangers(world: World) -> None:
    own = queue.enqueue_many("demo.noop", [{}] * 4, scope=world.project.pk)
    hidden = Project.objects.create(name="Hidden", slug="hidden")
    queue.enqueue("demo.noop", {}, scope=hidden.pk)

    found = through("jobs?limit=2", world.viewer, "jobs", "below")

    assert [one["id"] for one in found] == sorted([world.job.pk, *own], reverse=True)
    assert through("jobs", world.stranger, "jobs", "below") == []


def test_jobs_are_chosen_by_the_filters_of_the_page(world: World) -> None:
    queue.enqueue("demo.noop", {}, scope=world.project.pk)

    failed = ask("jobs?state=failed", world.viewer).json()["jobs"]
    noops = ask("jobs?kind=demo.noop", world.viewer).json()["jobs"]
    wrong = ask("jobs?state=resting", world.viewer)

    assert {one.name for one in fields(board.Filter)} < set(ledger_shapes.AskedJobs.model_fields)
    assert [one["id"] for one in failed] == [world.job.pk]
    assert [one["kind"] for one in noops] == ["demo.noop"]
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "bad-request")


def test_lists_of_jobs_cost_the_same_number_of_queries_for_1_and_for_40(world: World) -> None:
    def queries() -> int:
        headers = token_of(world.staff)
        with CaptureQueriesContext(connection) as asked:
            Client().get("/api/jobs?kind=demo.fail", headers=headers)
        return len(asked)

    at_one = queries()
    for pk in queue.enqueue_many("demo.fail", [{}] * 40, scope=world.project.pk):
        fail(Job.objects.get(pk=pk))

    assert queries() == at_one


def test_a_log_is_read_part_by_part_by_level_and_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factory.api.ledger.CHUNKS", 1)
    for seq, (text, levels) in enumerate([("one\ntwo\n", "ie"), ("three\n", "e")]):
        LogChunk.objects.create(
            job=world.job, fence=1, seq=seq, first_line=2 * seq + 1, text=text, levels=levels
        )
    path = f"jobs/{world.job.pk}/log?level=error"

    first = ask(path, world.viewer).json()
    then = ask(f"{path}&after={first['after']}", world.viewer).json()
    none = ask(f"{path}&grep=FOUR", world.viewer).json()

    assert [(one["number"], one["text"]) for one in first["lines"]] == [(2, "two")]
    assert [(one["number"], one["text"]) for one in then["lines"]] == [(3, "three")]
    assert (first["more"], then["more"], then["ended"]) == (True, False, True)
    assert none["lines"] == []


def dead_letter(world: World) -> Delivery:
    event = Event.objects.create(
        name="repository.synced",
        version=1,
        payload={"repository": world.repository.pk, "commit": COMMIT},
        scope=world.project.pk,
    )
    return Delivery.objects.create(event=event, kind="projects.map", stopped="It looks like a loop")


def test_a_dead_letter_is_listed_and_delivered_again(world: World) -> None:
    letter = dead_letter(world)

    (told,) = ask("deliveries?dead=true", world.viewer).json()["deliveries"]
    done = ask(f"deliveries/{letter.pk}/replays", world.contributor, {}).json()

    assert (told["id"], told["state"], told["why"]) == (letter.pk, "stopped", letter.stopped)
    assert Job.objects.get(pk=done["job"]).kind == "projects.map"
    assert ask("deliveries?dead=true", world.viewer).json()["deliveries"] == []
    again = ask(f"deliveries/{letter.pk}/replays", world.contributor, {})
    assert again.status_code == 409
    assert ask("deliveries", world.stranger).json()["deliveries"] == []
    assert events.shapes([]) == []


def test_repositories_are_told_one_by_one_and_fetched_again(world: World) -> None:
    second = mapped(world.project, name="pier")

    found = through("repositories?limit=1", world.viewer, "repositories", "after")
    one = ask(f"repositories/{second.pk}", world.viewer).json()
    done = ask(f"repositories/{second.pk}/syncs", world.contributor, {}).json()

    assert [each["name"] for each in found] == ["quay", "pier"]
    assert (one["project"], one["map"], one["map_status"]) == ("harbour", COMMIT, "ready")
    assert Job.objects.get(pk=done["job"]).kind == "projects.sync"
    assert ask("repositories", world.stranger).json() == {"repositories": [], "next": None}
    assert ask("repositories?project=other", world.viewer).json()["repositories"] == []


def test_a_put_away_project_is_not_fetched(world: World) -> None:
    Project.objects.filter(pk=world.project.pk).update(archived_at="2026-01-01T00:00Z")

    refused = ask(f"repositories/{world.repository.pk}/syncs", world.contributor, {})

    assert refused.status_code == 409


def test_a_map_is_told_with_its_nodes_and_edges_in_pages(world: World) -> None:
    at = f"repositories/{world.repository.pk}"

    nodes = through(f"{at}/nodes?limit=2", world.viewer, "nodes", "after")
    edges = through(f"{at}/edges?limit=1", world.viewer, "edges", "after")
    (kept,) = ask(f"{at}/maps", world.viewer).json()["maps"]

    assert len({one["path"] for one in nodes}) == len(nodes) == 3
    ids = {one["id"]: one["path"] for one in nodes}
    assert [(ids[one["src"]], ids[one["dst"]], one["lines"]) for one in edges] == [
        (edges[0]["src_path"], edges[0]["dst_path"], [3, 17])
    ]
    assert kept == ask(f"{at}/map", world.viewer).json()
    assert (kept["commit"], kept["current"]) == (COMMIT, True)


def test_edges_are_paged_by_the_files_that_need_whatever_their_ids_are(world: World) -> None:
    nodes = list(Node.objects.filter(repository=world.repository).order_by("-pk"))
    for src in nodes:
        for dst in nodes:
            if src != dst:
                given = {"kind": "import", "defaults": {"lines": [1]}}
                Edge.objects.get_or_create(repository=world.repository, src=src, dst=dst, **given)
    at = f"repositories/{world.repository.pk}/edges"

    told = through(f"{at}?limit=2", world.viewer, "edges", "after")

    ends = [(one["src"], one["dst"]) for one in told]
    assert ends == sorted(ends)
    assert len(ends) == len(set(ends)) == Edge.objects.count()
    assert ask(f"{at}?after=999999999", world.viewer).status_code == 404


@pytest.mark.parametrize(
    ("form", "begin"),
    [("json", '{"directed"'), ("graphml", "<?xml"), ("dot", "//"), ("mermaid", "flowchart")],
)
def test_a_map_is_exported_in_every_format(form: str, begin: str, world: World) -> None:
    path = f"repositories/{world.repository.pk}/export?form={form}"

    assert ask(path, world.viewer).json()["text"].startswith(begin)
    assert ask(f"{path}&level=atoms", world.viewer).status_code == 400


def test_staff_pauses_resumes_and_limits_a_queue(world: World) -> None:
    paused = ask("queues/short/pauses", world.staff, {}).json()
    limited = ask("queues/short/limits", world.staff, {"most": 3}).json()
    open_again = ask("queues/short/resumptions", world.staff, {}).json()
    wrong = ask("queues/short/limits", world.staff, {"burst": 3})

    assert (paused["paused"], paused["paused_by"]) == (True, f"user:{world.staff.pk}")
    assert (limited["most_running"], open_again["paused"]) == (3, False)
    assert (wrong.status_code, QueueRow.objects.get(pk="short").most_running) == (400, 3)
    assert ask("queues/%00/pauses", world.staff, {}).status_code == 404
    assert "short" in [one["name"] for one in ask("queues", world.staff).json()["queues"]]


def test_staff_asks_a_runner_to_end(world: World) -> None:
    one = runner()
    request = {"act": "drain", "runner": one.pk}

    told = ask("runners", world.staff).json()["runners"][-1]
    done = ask("runners/requests", world.staff, request).json()

    assert (told["id"], told["queues"], told["state"]) == (one.pk, ["short"], "idle")
    assert (done, Runner.objects.get(pk=one.pk).intent) == ({"done": 1}, "drain")
    assert ask("runners/requests", world.staff, {"act": "drain"}).status_code == 400


def test_staff_pauses_runs_and_resumes_a_schedule(world: World) -> None:
    one = Schedule.objects.get(name=ask("schedules", world.staff).json()["schedules"][0]["name"])

    paused = ask(f"schedules/{one.pk}/pauses", world.staff, {}).json()
    ran = ask(f"schedules/{one.pk}/runs", world.staff, {}).json()
    going = ask(f"schedules/{one.pk}/resumptions", world.staff, {}).json()

    assert (paused["paused"], paused["next_at"], paused["upcoming"]) == (True, None, [])
    assert Job.objects.get(pk=ran["job"]).kind == one.kind
    assert (going["paused"], going["last_job"], len(going["upcoming"])) == (False, ran["job"], 5)
    Schedule.objects.filter(pk=one.pk).update(kind="no.such")
    assert ask(f"schedules/{one.pk}/runs", world.staff, {}).status_code == 409


def test_schedules_cost_the_same_number_of_queries_for_some_and_for_many(world: World) -> None:
    def queries() -> int:
        headers = token_of(world.staff)
        with CaptureQueriesContext(connection) as asked:
            Client().get("/api/schedules", headers=headers)
        return len(asked)

    at_first = queries()
    for number in range(10):
        Schedule.objects.create(
            name=f"s{number}", kind="demo.noop", cron="0 4 * * *", next_at="2030-01-01T00:00Z"
        )

    assert queries() == at_first
