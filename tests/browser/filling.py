"""An installation with one of each thing, for pages to be walked: it runs in a shell of the product."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import RequestFactory
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
    return {"pages": pages(ids), "admin": windows(staff), "acts": acts(staff), "job": job.pk}


def pages(ids: dict[str, Any]) -> list[str]:
    """This function will give the address of each page of the product, of what stands there."""
    return [
        filled(route, ids) + ASKED.get(route, "")
        for route, case in CASES.items()
        if case.reads != NOBODY and not route.startswith(NO_PAGES) and not route.endswith(FILES)
    ]


def asking(person: User) -> HttpRequest:
    """This function will give a request of somebody, for windows that ask who looks."""
    request = RequestFactory().get("/admin/")
    request.user = person
    return request


def windows(person: User) -> list[str]:
    """This function will give the addresses of the admin: each list, what adds, and a row of each."""
    found, request = ["/admin/", "/admin/password_change/", "/admin/jobs/"], asking(person)
    for model, window in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        if window.has_add_permission(request):
            found.append(reverse(f"{name}_add"))
        if first := model._default_manager.order_by("pk").first():
            written = window.has_change_permission(request) or window.get_actions(request)
            leaves = ["change", *(["history"] if written else [])]
            leaves += ["delete"] if window.has_delete_permission(request, first) else []
            found += [reverse(f"{name}_{leaf}", args=[first.pk]) for leaf in leaves]
    return found


def acts(person: User) -> list[list[str]]:
    """This function will give each list of the admin, a row of it, and the acts offered there."""
    request, found = asking(person), []
    for model, window in admin.site._registry.items():
        if first := model._default_manager.order_by("pk").first():
            list_of = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            found.append([list_of, str(first.pk), *window.get_actions(request)])
    return [one for one in found if one[2:]]
