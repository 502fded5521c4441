"""The pages of projects and maps, and the acts on them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs import board as jobs_board
from jobs.redaction import redact
from projects import access, board, registration, topics
from projects.addresses import Refused
from projects.models import Project, Repository

_FIELDS = ("addresses", "project", "branch", "token")


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show one project: its repositories, what runs, and its recent jobs."""
    version = jobs_board.clock()
    project = get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
    listed = board.lists(request.user, project, _page_number(request))
    context = {
        "v": version,
        "project": project,
        "card": board.cards([project])[0],
        "listed": listed,
        "rows": listed.rows,
        "may_act": access.allows(request.user, "sync", project.pk),
        "may_open": access.allows(request.user, "credentials", project.pk),
    }
    if listed.number == 1:
        context["topic"] = f"projectpage:{topics.page_key(request.user, project)}"
    return render(request, "projects/page.html", context)


@gzip_page
@require_safe
def system_map(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will show a repository's current map: treemap, edges with evidence, provenance."""
    version = jobs_board.clock()
    repository = _repository(request, slug, pk)
    under, text = request.GET.get("under", "").strip("/"), request.GET.get("q", "")
    context = {
        "v": version,
        "repository": repository,
        "map": repository.current_map,
        "under": under,
        "folders": _folders(under),
        "q": text,
        "may_act": access.allows(request.user, "sync", repository.project_id),
    }
    if repository.current_map is not None:
        context["picture"] = board.picture(repository.current_map, under.replace("\0", ""))
        context["edges"] = board.edges(
            repository.current_map, text.replace("\0", ""), _page_number(request)
        )
    return render(request, "projects/map.html", context)


@require_POST
def syncs(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will fetch a repository and map it anew."""
    repository = _repository(request, slug, pk)
    if not access.allows(request.user, "sync", repository.project_id):
        raise PermissionDenied
    job = registration.sync(repository, actor=f"user:{request.user.pk}")
    messages.success(request, f"{repository.name} will be fetched and mapped by job {job.pk}.")
    return redirect("projects:page", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
def registrations(request: HttpRequest) -> HttpResponse:
    """This view will register one or several addresses, or show the form again with the cause."""
    given = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    given["project"] = given["project"] or request.GET.get("project", "")
    if request.method != "POST":
        return render(request, "projects/register.html", {"given": given})
    try:
        done = registration.register(
            [line.strip() for line in given["addresses"].splitlines() if line.strip()],
            project=given["project"] or None,
            branch=given["branch"],
            token=given["token"],
            actor=f"user:{request.user.pk}",
        )
    except (Refused, access.Denied) as error:
        shown = given | {"token": "", "addresses": redact(given["addresses"])}
        context = {"given": shown, "wrong": _wrong(error)}
        return render(request, "projects/register.html", context, status=400)
    messages.success(request, _receipt(done))
    projects = {one.repository.project_id for one in done}
    if len(projects) == 1:
        return redirect("projects:page", slug=done[0].repository.project.slug)
    return redirect("home")


def _repository(request: HttpRequest, slug: str, pk: int) -> Repository:
    found = Repository.objects.visible_to(request.user).with_map_status()
    found = found.select_related("project", "current_map").defer(
        "current_map__document", "current_map__structure", "token"
    )
    return get_object_or_404(found, project__slug=slug, pk=pk)


def _page_number(request: HttpRequest) -> int:
    number = request.GET.get("page", "1")
    return max(1, min(int(number), 100_000)) if number.isascii() and number.isdecimal() else 1


def _wrong(error: Exception) -> dict[str, str]:
    """The form's field an error speaks of, and its sentence."""
    name, _, cause = str(error).partition(": ")
    field = name if name in _FIELDS else "addresses"
    return {field: f"{name}: {cause}" if field == "addresses" and cause else cause or name}


def _receipt(done: list[registration.Registration]) -> str:
    names = ", ".join(one.repository.name for one in done[:5])
    more = f" and {len(done) - 5} more" if len(done) > 5 else ""
    known = "" if any(one.created for one in done) else " (known already)"
    numbers = list(dict.fromkeys(str(one.job.pk) for one in done))
    if len(numbers) == 1:
        return f"Registered{known}: {names}{more}. Job {numbers[0]} fetches and maps."
    listed = f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"Registered{known}: {names}{more}. Jobs {listed} fetch and map."


def _folders(under: str) -> list[tuple[str, str]]:
    names = under.split("/") if under else []
    return [(name, "/".join(names[: depth + 1])) for depth, name in enumerate(names)]
