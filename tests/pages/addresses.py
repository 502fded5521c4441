"""Every address of the product, and what stands in those of one thing."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver

from factory.models import ApiToken
from jobs import queue
from jobs.models import Artefact, Delivery, Dependency, Event, Job, SavedView, Schedule
from projects import artefacts, planning
from projects.models import Idea, Invitation, Membership, Project, Role, Spec, Task
from tests.pages.conftest import COMMIT, World

# A word in brackets is that of the ids.
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "api/jobs"): {"kind": "demo.noop"},
    ("POST", "api/jobs/selections"): {"act": "cancel", "count": 1, "job": ["<parent>"]},
    ("POST", "api/projects/<int:pk>/ideas"): {"title": "Boats"},
    ("POST", "api/projects/<int:pk>/specs"): {"title": "Boats"},
    ("PATCH", "api/ideas/<int:pk>"): {"version": 1, "title": "Boats"},
    ("PATCH", "api/specs/<int:pk>"): {"version": 1, "title": "Boats"},
    ("POST", "api/ideas/<int:pk>/moves"): {"to": "ACCEPTED"},
    ("POST", "api/specs/<int:pk>/moves"): {"to": "READY"},
    ("POST", "api/projects/<int:pk>/artefacts"): {"artefact": "<artefact>"},
    ("POST", "api/tasks/<int:pk>/ticks"): {"item": "<item>"},
    ("POST", "api/tasks/<int:pk>/blockers"): {"blocker": "<blocker>"},
    ("POST", "api/jobs/<int:pk>/dependencies"): {"on": ["<parent>"]},
    ("POST", "api/jobs/<int:pk>/releases"): {"on": ["<parent>"]},
    ("PATCH", "api/projects/<int:pk>"): {"version": 1, "goal": "Boats"},
    ("PATCH", "api/tasks/<int:pk>"): {"version": 1, "title": "Boats"},
    ("POST", "api/projects"): {"name": "Boats"},
    ("POST", "api/repositories"): {"addresses": ["https://a.org/x/y"]},
    ("POST", "api/projects/<int:pk>/tasks"): {"title": "Boats"},
    ("POST", "api/projects/<int:pk>/stages"): {"to": "define"},
    ("POST", "api/jobs/<int:pk>/repairs"): {"to": "queued", "reason": "It was mended."},
    ("POST", "api/runners/requests"): {"act": "drain", "pool": "short"},
    ("POST", "api/tasks/<int:pk>/moves"): {"to": "IN_PROGRESS"},
}
# What an operation of the API has to be asked with.
ASKED = {
    "selections": "?act=cancel",
    "drift": f"?old={COMMIT}",
    "impact": "?path=quay/sail.py",
    "symbols": "?q=boat",
}


def named(world: World, maintainer: User) -> dict[str, Any]:
    """This function will make one of each thing, and give what names it in addresses."""
    invitation, _ = Invitation.objects.make(world.project, Role.VIEWER, by=maintainer, days=1)
    member = Membership.objects.create(
        project=world.project, user=User.objects.create_user("another"), role=Role.VIEWER
    )
    event = Event.objects.create(
        name="repository.synced",
        version=1,
        payload={"repository": world.repository.pk, "commit": "c"},
        scope=world.project.pk,
        subject="lighthouse",
    )
    delivery = Delivery.objects.create(event=event, kind="projects.map", stopped="A loop.")
    file = artefacts.keep(world.project, "boat.py", b"quay", by="user:1")
    token, _ = ApiToken.objects.issue(maintainer, "ci", "read", 1)
    return {
        "artefact": left_by(world.job),
        "projects/<slug:slug>/artefacts/": file.pk,
        "api/artefacts/": file.pk,
        "api/uploads/": world.project.pk,
        **planned(world.project),
        "parent": awaited_by(world.job),
        "jobs/views/": SavedView.objects.create(
            user=maintainer, name="mine", query="state=failed"
        ).pk,
        "jobs/": world.job.pk,
        "api/jobs/": world.job.pk,
        "api/projects/": world.project.pk,
        "api/repositories/": world.repository.pk,
        "projects/<slug:slug>/repositories/": world.repository.pk,
        "projects/<slug:slug>/members/": member.pk,
        "projects/<slug:slug>/invitations/": invitation.pk,
        "account/tokens/": token.pk,
        "deliveries/": delivery.pk,
        "api/deliveries/": delivery.pk,
        "schedules/": Schedule.objects.values_list("pk", flat=True)[0],
        "api/schedules/": Schedule.objects.values_list("pk", flat=True)[0],
    }


def planned(project: Project) -> dict[str, int]:
    """This function will write down an idea, a spec and a task, and give what addresses name."""
    rows = {
        word: planning.create(model, project, {"title": "lighthouse", **more}, by="user:1")
        for word, model, more in (
            ("idea", Idea, {}),
            ("spec", Spec, {}),
            ("task", Task, {"CHECK": ["quay"]}),
        )
    }
    first = planning.create(Task, project, {"title": "boat.py"}, by="user:1")
    planning.block(rows["task"], first, by="user:1")
    found = {f"projects/<slug:slug>/{word}s/": row.pk for word, row in rows.items()}
    found |= {f"api/{word}s/": row.pk for word, row in rows.items()}
    return found | {"item": rows["task"].items.get().pk, "blocker": first.pk}


def left_by(job: Job) -> int:
    """This function will have a job leave an artefact, and give its id."""
    Artefact.objects.create(
        job=job,
        scope=job.scope,
        fence=1,
        name="lighthouse.txt",
        media_type="text/plain",
        size=4,
        data=b"quay",
    )
    return Artefact.objects.get(job=job).pk


def awaited_by(job: Job) -> int:
    """This function will make a job that another waits for, and give its id."""
    parent = queue.enqueue("demo.noop", {}, scope=job.scope)
    Dependency.objects.create(child=job, parent=parent)
    return parent.pk


def sent(method: str, route: str, ids: dict[str, Any]) -> tuple[Any, str]:
    """This function will give a body that an operation of the API can take, and its type."""
    if route.startswith("api/uploads/"):
        file = {"file": SimpleUploadedFile("a.txt", b"a")}
        return encode_multipart("BoUnDaRyStRiNg", file), MULTIPART_CONTENT
    text = json.dumps(BODIES.get((method, route), {})) if method != "GET" else ""
    return re.sub('"<([^">]+)>"', lambda name: str(ids[name[1]]), text), "application/json"


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """This function will go through every route of the product."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


def filled(route: str, ids: dict[str, Any], exists: bool = True) -> str:
    """This function will put ids into a route: of the project's things, or of nothing."""
    found = [pk for begin, pk in ids.items() if route.startswith(begin)]
    values = {"pk": found[0] if found and exists else 10**9, "text": "no-such-link"}
    values["name"] = "short" if exists else "nowhere"
    values["parent"] = ids["parent"] if exists else 10**9
    for name in ("artefact", "item", "blocker"):
        values[name] = ids[name] if exists else 10**9
    values["slug"] = "harbour" if exists else "nowhere"
    values["form"] = "dot"
    asked = ASKED.get(route.rpartition("/")[2], "") if route.startswith("api/") else ""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str(values[name[1]]), route) + asked
