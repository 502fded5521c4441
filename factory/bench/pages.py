"""How long pages take at a size: server time and questions of each, for each kind of person."""

import logging
import time
from collections.abc import Callable, Iterator
from statistics import quantiles
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from factory import scratch, snapshot
from factory.bench import filling, machine

ROUNDS = 20
GOAL_MS = 100.0

_LISTS = (
    "/",
    "/?q=ject+0042",
    "/?page=300",
    "/jobs/",
    "/jobs/?below={middle}",
    "/jobs/?state=failed",
    "/jobs/?state=succeeded&below={middle}",
    "/jobs/?state=running",
    "/jobs/?state=stuck",
    "/jobs/?state=queued",
    "/jobs/?state=verifying",
    "/jobs/?kind={kind}",
    "/jobs/?state=failed&kind={kind}",
    "/jobs/failures/",
    "/jobs/{failed}/",
    "/jobs/{failed}/reasons/",
    "/deliveries/",
    "/health/",
    "/projects/",
    "/projects/project-1/",
    "/projects/project-1/tasks/",
    "/projects/project-1/feed/",
    "/feed/",
    "/feed/?kind=project",
    "/api/status",
    "/api/health",
    "/api/projects",
    "/api/feed",
)
_OF_MEMBERS = ("/projects/project-{projects}/", "/jobs/1/", "/jobs/1/log/")
_OF_STAFF = (
    "/queues/",
    "/runners/",
    "/schedules/",
    "/system/",
    "/system/metrics/",
    "/system/metrics/?span=day",
    "/system/metrics/?span=month",
    "/system/processes/",
    "/system/storage/",
    "/system/audit/",
    "/admin/",
    "/admin/jobs/job/",
    "/admin/jobs/job/?q={failed}",
    "/admin/jobs/job/?q=demo",
    "/admin/jobs/job/?state__exact=failed",
    "/admin/jobs/job/{failed}/change/",
    "/admin/jobs/event/",
    "/admin/jobs/delivery/",
    "/admin/projects/project/",
    "/admin/projects/project/?q=0042",
    "/admin/projects/project/1/change/",
    "/admin/projects/repository/",
    "/admin/projects/systemmap/",
)
_OF_ALL_PROJECTS = _LISTS + _OF_MEMBERS
_ASKED = {"staff": _OF_ALL_PROJECTS + _OF_STAFF, "member": _OF_ALL_PROJECTS, "few": _LISTS}
"""What each person may see: a page that answers 404 says nothing."""


def run(
    projects: int, jobs: int, only: str = "", tell: Callable[[str], None] = lambda told: None
) -> dict[str, Any]:
    """This function will time each page on a scratch database of that size, slowest first.

    `least_ms` is what a page takes when nothing else has the processors. What one process keeps for
    a second is forgotten before each request.
    """
    logging.getLogger("factory.request").disabled = True  # each request is a line there
    with scratch.database():
        people = filling.fill(projects, jobs, tell)
        found = [
            _measured(who, user, path)
            for who, user in people.items()
            for path in _paths(who, projects, jobs)
            if only in path
        ]
        described = machine.describe()
    found.sort(key=lambda page: -page["p95_ms"])
    return {
        "projects": projects,
        "jobs": jobs,
        "goal_ms": GOAL_MS,
        "slower": sum(page["p95_ms"] > GOAL_MS for page in found),
        "pages": found,
        "machine": described,
    }


def line(page: dict[str, Any]) -> str:
    """This function will write what was measured of a page in one line."""
    figures = "p50 {p50_ms:>7} ms  p95 {p95_ms:>7} ms  {queries:>3} queries  {kb:>5} KiB  {status}"
    return f"{figures.format(**page)}  {page['who']:<7} {page['path']}"


def _paths(who: str, projects: int, jobs: int) -> Iterator[str]:
    named = {"projects": projects, "middle": jobs // 2, "kind": "projects.map"}
    # Of the first, visible project, and failed: what a person of few projects may see, too.
    failed = "SELECT max(id) FROM job WHERE state = 'failed' AND scope = 1"
    with connection.cursor() as cursor:
        cursor.execute(failed)
        named["failed"] = cursor.fetchone()[0]
    for path in _ASKED[who]:
        yield path.format(**named)


def _measured(who: str, user: User, path: str) -> dict[str, Any]:
    client = Client(SERVER_NAME="localhost", raise_request_exception=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.get(path)
    seconds: list[float] = []
    queries: list[int] = []
    for _ in range(ROUNDS):
        snapshot.forget()
        count = [0]
        with connection.execute_wrapper(_counter(count)):
            began = time.perf_counter()
            response = client.get(path)
            seconds.append(time.perf_counter() - began)
        queries.append(count[0])
    parts = quantiles(seconds, n=20, method="inclusive")
    return {
        "path": path,
        "who": who,
        "status": response.status_code,
        "p50_ms": round(parts[9] * 1000, 1),
        "p95_ms": round(parts[18] * 1000, 1),
        "least_ms": round(min(seconds) * 1000, 1),
        "queries": max(queries),
        "kb": round(len(getattr(response, "content", b"")) / 1024),
    }


def _counter(count: list[int]) -> Callable[..., Any]:
    def counting(execute: Callable[..., Any], *arguments: Any) -> Any:
        count[0] += 1
        return execute(*arguments)

    return counting
