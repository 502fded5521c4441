"""An installation with one of each thing, for pages to be walked: it runs in a shell of the product."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse

from jobs import queue
from projects.models import Membership, Project, Role
from tests.pages.addresses import filled, named
from tests.pages.conftest import World, fail, hold, mapped, runner
from tests.pages.test_permissions import CASES, NOBODY

# What programs read, what is downloaded, and what only leads to another page.
NO_PAGES = ("api/", "figures/", "healthz", "readyz", "metrics", "invitations/", "login/<str:text>/")
FILES = ("log.txt", "exports/<slug:form>/", "artefacts/<int:artefact>/", "artefacts/<int:pk>/")
ASKED = {
    "jobs/selections/": "?act=retry&all=on&state=failed",
    "runners/requests/": "?act=drain&pool=short",
}


def fill() -> dict[str, Any]:
    """This function will fill the project of `tests.live.stack`, and give the pages that show it."""
    project = Project.objects.get()
    people = {name: User.objects.get(username=name) for name in ("staff", "member", "stranger")}
    viewer, maintainer = (User.objects.create_user(name) for name in ("viewer", "maintainer"))
    Membership.objects.create(project=project, user=viewer, role=Role.VIEWER)
    Membership.objects.create(project=project, user=maintainer, role=Role.MAINTAINER)
    repository = mapped(project)
    job = queue.enqueue("demo.fail", {}, scope=project.pk, subject="lighthouse", actor="user:1")
    fail(job)
    hold(queue.enqueue("demo.noop", {}, scope=project.pk, subject="held"), runner())
    staff, member, stranger = people.values()
    ids = named(World(project, repository, job, staff, member, viewer, stranger), maintainer)
    return {"pages": pages(ids), "admin": windows()}


def pages(ids: dict[str, Any]) -> list[str]:
    """This function will give the address of each page of the product, of what stands there."""
    return [
        filled(route, ids) + ASKED.get(route, "")
        for route, case in CASES.items()
        if case.reads != NOBODY and not route.startswith(NO_PAGES) and not route.endswith(FILES)
    ]


def windows() -> list[str]:
    """This function will give the addresses of the admin: each list, and a row of each."""
    found = ["/admin/", "/admin/password_change/"]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        if first := model._default_manager.order_by("pk").first():
            found.append(reverse(f"{name}_change", args=[first.pk]))
    return found
