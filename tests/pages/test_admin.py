"""Every window of the admin: lists, searches, filters, forms and histories, for whom they are meant.

A model of ours that has no admin, or no rows here, fails the tests.
"""

import datetime
import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from factory.models import ApiToken, Session
from jobs import models as ledger
from jobs import queue
from projects import models as knowledge
from tests.pages.conftest import COMMIT, World, browser_of, fail

OURS = ("jobs", "projects", "factory")
# The admin shows no rows with a key of several columns: those stand on the page of their file.
WITHOUT = {knowledge.FileChurn}
NOW = timezone.now()
_count = itertools.count(1000)


@pytest.fixture(autouse=True)
def _windows() -> None:
    get_resolver().url_patterns  # noqa: B018 — the windows are made with the addresses


def _file(world: World, number: int) -> Any:
    history = knowledge.History.objects.filter(repository=world.repository).first()
    if history is None:
        fields = ROWS[knowledge.History](world, 0)
        history = knowledge.History.objects.create(**fields | {"repository": world.repository})
    return knowledge.HistoryFile.objects.create(history=history, path=f"src/{number}.py")


def _node(world: World, number: int) -> Any:
    return knowledge.Node.objects.create(
        repository=world.repository, kind="file", path=f"lib/{number}.py"
    )


def _task(world: World, number: int) -> Any:
    fields = {"title": f"Task {number}", "slug": f"task-{number}", "created_by": "user:1"}
    return knowledge.Task.objects.create(project=world.project, **fields)


def _job(world: World) -> Any:
    return queue.enqueue("demo.sleep", {"seconds": 1}, scope=world.project.pk, actor="user:1")


def _project(number: int) -> Any:
    return knowledge.Project.objects.create(name=f"Pier {number}", slug=f"pier-{number}")


def _repository(number: int, project: Any) -> Any:
    fields = {"address": f"https://git.example.org/x/{number}", "name": f"x{number}"}
    return knowledge.Repository.objects.create(project=project, **fields)


def _fact(number: int) -> dict[str, Any]:
    return {"name": "map.completed", "version": 1, "payload": {}, "subject": f"fact {number}"}


Rows = dict[Any, Callable[[World, int], dict[str, Any]]]
JOBS: Rows = {
    ledger.Queue: lambda w, n: {"name": f"line{n}"},
    ledger.QueueDepth: lambda w, n: {
        "queue": f"q{n}", "at": NOW, "waiting": 1, "running": 0,
    },
    ledger.Limit: lambda w, n: {"key": f"key{n}", "most_running": 2},
    ledger.Runner: lambda w, n: {
        "pool": "short", "host": "dock", "boot_id": "b", "pid": n, "pid_ticks": n, "owner": "x",
    },
    ledger.Artefact: lambda w, n: {
        "job": w.job, "scope": w.project.pk, "fence": 1, "name": f"a{n}.txt", "data": b"x",
        "media_type": "text/plain", "size": 1, "sha256": "0" * 64,
    },
    ledger.Dependency: lambda w, n: {"child": w.job, "parent_id": 10**6 + n},
    ledger.Unjudged: lambda w, n: {"child": w.job},
    ledger.Event: lambda w, n: {"scope": w.project.pk, **_fact(n)},
    ledger.Delivery: lambda w, n: {
        "event": ledger.Event.objects.create(**_fact(n)), "kind": "projects.map", "stopped": "loop",
    },
    ledger.LegalMove: lambda w, n: {"from_state": "x", "to_state": f"y{n}"},
    ledger.Progress: lambda w, n: {"job": _job(w), "fence": 1},
    ledger.LogChunk: lambda w, n: {
        "job": w.job, "fence": n, "seq": 1, "first_line": 1, "text": "hello\n",
    },
    ledger.AttemptSum: lambda w, n: {"hours": 1, "since": NOW, "kind": f"k{n}", "count": n},
    ledger.JobDay: lambda w, n: {
        "kind": f"k{n}", "day": NOW.date(), "state": "failed", "count": 1, "run_counts": [1],
        "wait_counts": [1],
    },
    ledger.LateReport: lambda w, n: {
        "job": w.job, "fence": n, "runner_id": 1, "outcome": "failed", "accepted": False,
        "found": "failed",
    },
    ledger.Schedule: lambda w, n: {
        "name": f"s{n}", "kind": "demo.sleep", "cron": "5 4 * * *", "next_at": NOW,
    },
    ledger.Tick: lambda w, n: {
        "schedule": ledger.Schedule.objects.first(), "outcome": "fired",
        "due_at": NOW + datetime.timedelta(minutes=n),
    },
    ledger.SavedView: lambda w, n: {"user": w.viewer, "name": f"v{n}", "query": "state=failed"},
    ledger.Sending: lambda w, n: {"digest": f"{n}", "address": "/jobs/"},
    ledger.Verification: lambda w, n: {
        "host": "dock", "seconds": 1, "ok": True, "disagreements": [],
    },
}  # fmt: skip
PROJECTS: Rows = {
    knowledge.Project: lambda w, n: {"name": f"Dock {n}", "slug": f"dock-{n}"},
    knowledge.Membership: lambda w, n: {
        "project": w.project, "user": User.objects.create_user(f"member{n}"), "role": "viewer",
    },
    knowledge.Invitation: lambda w, n: {
        "project": w.project, "role": "viewer", "digest": f"{n}", "created_by": w.staff,
        "expires_at": NOW,
    },
    knowledge.Content: lambda w, n: {"project": w.project, "sha256": f"{n}", "data": b"x"},
    knowledge.ProjectArtefact: lambda w, n: {
        "project": w.project, "name": f"f{n}", "version": 1, "media_type": "text/plain", "size": 1,
        "sha256": f"{n}", "created_by": "user:1",
        "content": knowledge.Content.objects.create(project=w.project, sha256=f"c{n}", data=b"x"),
    },
    knowledge.SystemMap: lambda w, n: {
        "repository": w.repository, "commit": f"{n:040x}", "extractor": "1", "digest": "a" * 64,
        "counts": {}, "languages": {}, "document": zlib.compress(b"{}"),
    },
    knowledge.Node: lambda w, n: {
        "repository": w.repository, "kind": "file", "path": f"src/{n}.py",
    },
    knowledge.MapNode: lambda w, n: {
        "repository": w.repository, "node": _node(w, n), "blob": "b" * 40, "language": "Python",
        "bytes": 1, "lines": 1, "definitions": 1,
    },
    knowledge.Edge: lambda w, n: {
        "repository": w.repository, "src": _node(w, n), "dst": _node(w, -n), "kind": "import",
        "lines": [1],
    },
    knowledge.BlobFacts: lambda w, n: {
        "blob": f"{n}", "language": "Python", "extractor": "1", "facts": {},
    },
    knowledge.History: lambda w, n: {
        "repository": _repository(n, w.project), "commit": COMMIT,
        "reader": "1", "until": NOW.date(), "commits": 1, "with_lines": False, "unnamed": 0,
        "coupled": 0,
    },
    knowledge.HistoryAuthor: lambda w, n: {
        "history": _file(w, n).history, "name": f"Ana {n}", "bot": False, "commits": 1,
    },
    knowledge.HistoryFile: lambda w, n: {"history": _file(w, n).history, "path": f"other/{n}.py"},
    knowledge.Coupling: lambda w, n: {
        "history": _file(w, n).history, "one": _file(w, f"one{n}"), "other": _file(w, f"two{n}"),
        "together": 1, "of_one": 1, "of_other": 1,
    },
    knowledge.Idea: lambda w, n: {
        "project": w.project, "title": "x", "slug": f"i{n}", "created_by": "user:1",
    },
    knowledge.Spec: lambda w, n: {
        "project": w.project, "title": "x", "slug": f"s{n}", "created_by": "user:1",
    },
    knowledge.Task: lambda w, n: {
        "project": w.project, "title": "x", "slug": f"t{n}", "created_by": "user:1",
    },
    knowledge.Item: lambda w, n: {"task": _task(w, n), "kind": "CHECK", "text": "Tests pass"},
    knowledge.Blocker: lambda w, n: {
        "task": _task(w, n), "blocker": _task(w, -n), "created_by": "user:1",
    },
    knowledge.PlanChange: lambda w, n: {"task": _task(w, n), "what": "created", "actor": "user:1"},
}  # fmt: skip
OTHERS: Rows = {
    User: lambda w, n: {"username": f"u{n}"},
    Group: lambda w, n: {"name": f"g{n}"},
    Session: lambda w, n: {
        "session_key": f"k{n}", "session_data": "", "user": w.viewer,
        "expire_date": NOW + datetime.timedelta(days=1),
    },
    ApiToken: lambda w, n: {
        "user": w.viewer, "name": "ci", "prefix": f"p{n}", "digest": f"{n}", "expires_at": NOW,
    },
    AccessAttempt: lambda w, n: {
        "username": f"u{n}", "ip_address": "192.0.2.1", "user_agent": "x", "get_data": "",
        "post_data": "", "http_accept": "", "path_info": "/", "failures_since_start": 1,
    },
}  # fmt: skip
ROWS: Rows = {**JOBS, **PROJECTS, **OTHERS}
SHOWN = [
    *(ledger.Job, ledger.Move, ledger.Attempt, knowledge.Repository),
    *ROWS,
]


def made(model: Any, world: World) -> Any:
    """This function will make one more row of a model."""
    number = next(_count)
    if model in (ledger.Job, ledger.Move, ledger.Attempt):
        job = _job(world)
        if model is ledger.Attempt:
            fail(job)
        rows = {ledger.Move: job.moves, ledger.Attempt: job.attempts}
        return rows[model].first() if model in rows else job
    if model is knowledge.Repository:
        return _repository(number, _project(number))
    return model.objects.create(**ROWS[model](world, number))


def place(model: Any, *rest: object) -> str:
    """This function will give the address of a list, or of a page below it."""
    tail = "".join(f"{part}/" for part in rest)
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{tail}"


def asked(client: Client, address: str) -> tuple[int, str]:
    """This function will count the questions of a page that opens, and give its text."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return len(queries), answer.content.decode()


def test_every_model_of_ours_has_a_window_and_rows_here() -> None:
    ours = {one for app in OURS for one in apps.get_app_config(app).get_models()} - WITHOUT

    assert ours - set(admin.site._registry) == set()
    assert set(admin.site._registry) - {*SHOWN} <= {
        one for one in admin.site._registry if one._meta.app_label == "socialaccount"
    }


def found(window: Any, request: Any, **given: str) -> list[Any]:
    """This function will give the rows of a list without showing them: the first alone."""
    request.GET = QueryDict(urlencode(given))
    return list(window.get_changelist_instance(request).queryset[:1])


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model._meta.label_lower)
def test_a_window_is_found_in_leads_back_and_costs_the_same_for_many_rows(
    model: Any, world: World, as_staff: Client
) -> None:
    row, window = made(model, world), admin.site._registry[model]
    page_cost, page = asked(as_staff, place(model, row.pk, "change"))
    list_cost, _ = asked(as_staff, place(model))
    for _ in range(3):
        made(model, world)

    cost, listed = asked(as_staff, place(model))

    assert cost <= list_cost
    assert asked(as_staff, place(model, row.pk, "change"))[0] <= page_cost
    bare = re.sub(r"<time .*?</time>", "", page + listed)
    assert not re.findall(r".{0,80}\d\d:\d\d UTC", bare)
    board = re.search(r'<a href="([^"]+)">Open in Mission Control', page)
    assert board
    assert as_staff.get(board[1].replace("&amp;", "&")).status_code == 200
    assert (as_staff.get(place(model, row.pk, "history")).status_code == 200) is (
        model is not ledger.Job
    )
    request = RequestFactory().get(place(model))
    request.user = world.staff
    for question in ("7", "harbour", "#7", "a b", "9" * 30, "?"):
        found(window, request, q=question)
    assert window.search_fields
    if "pk" in window.numbers:
        assert found(window, request, q=str(row.pk))
    for given in _filters(listed):
        found(window, request, **given)
    assert window.get_list_filter(request) or model is Group


def _filters(page: str) -> Iterator[dict[str, str]]:
    """What each choice of a list's filters asks for, and each form of theirs, filled in."""
    side = page.partition('id="changelist-filter"')[2].replace("&amp;", "&")
    for query in re.findall(r'<a href="\?([^"]+)"', side):
        yield dict(parse_qsl(query))
    for form in re.findall(r'<form class="sieve".*?</form>', side, re.DOTALL):
        for name in re.findall(r'type="text" name="([^"]+)"', form):
            text = "harbour" if name == "project" else "2026-01-31T14:00"
            yield {name: "7" if name.endswith("_id") else text}


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model._meta.label_lower)
def test_staff_who_may_only_look_can_do_nothing(model: Any, world: World) -> None:
    row = made(model, world)
    helper = User.objects.create_user("helper", is_staff=True)
    meta, client = model._meta, browser_of(helper)
    looks = Permission.objects.get(
        codename=f"view_{meta.model_name}", content_type__app_label=meta.app_label
    )

    assert client.get(place(model)).status_code == 403
    helper.user_permissions.add(looks)
    _, page = asked(client, place(model))
    assert 'name="action"' not in page
    assert 'class="addlink"' not in page
    assert client.get(place(model, "add")).status_code == 403
    assert client.post(place(model, row.pk, "change"), {"x": "y"}).status_code == 403
    assert client.post(place(model, row.pk, "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


WRITTEN = [
    *(ledger.Queue, ledger.Limit, ledger.Schedule, User, Group, knowledge.Project),
    *(knowledge.Membership, knowledge.Repository, knowledge.Idea, knowledge.Spec, knowledge.Task),
]


@pytest.mark.parametrize("model", WRITTEN, ids=lambda model: model._meta.label_lower)
def test_forms_open_where_they_may_be_filled_in(model: Any, world: World, as_staff: Client) -> None:
    row, window = made(model, world), admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = world.staff

    may_add, may_delete = (
        window.has_add_permission(request),
        window.has_delete_permission(request, row),
    )
    assert as_staff.get(place(model, "add")).status_code == (200 if may_add else 403)
    answer = as_staff.get(place(model, row.pk, "delete"))
    assert answer.status_code == (200 if may_delete else 403)


@pytest.mark.parametrize(
    "query",
    ["state=gone", "kind=no.kind", "project=nowhere", "created_at__gte=soon", "finished_at__lt=x"],
)
def test_a_filter_that_names_nothing_is_refused_and_does_not_keep_everything(
    query: str, as_staff: Client
) -> None:
    answer = as_staff.get(f"{place(ledger.Job)}?{query}")

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.content.decode()
