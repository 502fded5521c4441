"""The pages of projects, and the acts on them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs import topics as job_topics
from jobs.redaction import redact
from projects import access, between, board, digest, feed, frame, registration, topics
from projects.addresses import Refused
from projects.models import Archived

_FIELDS = ("addresses", "project", "branch", "token")


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show one project: how well it is known, its tasks, what runs and happened."""
    found = frame.opened(request, slug, "page")
    project = found.project
    jobs = board.recent(request.user, project)
    happened = feed.page(request.user, feed.Filter(project.pk), limit=board.HAPPENED)
    context = found.context | {
        "card": board.cards([project])[0],
        "digest": digest.of(project),
        "jobs": jobs,
        "feed": happened,
        "rows": f"{job_topics.rows_of(jobs)} {happened.rows}".strip(),
        "topic": f"projectpage:{topics.page_key(request.user, project)}",
    }
    return render(request, "projects/page.html", context)


@require_safe
def repositories(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will list a project's repositories, and which of them need each other."""
    found = frame.opened(request, slug, "repositories")
    listed = board.repository_page(found.project, _page_number(request))
    context = found.context | {"listed": listed, "between": between.of(found.project)}
    if listed.number == 1:
        key = topics.page_key(request.user, found.project)
        context |= {"topic": f"repositories:{key}", "rows": listed.topics}
    return render(request, "projects/repositories.html", context)


@require_POST
def syncs(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will fetch a repository and map it anew."""
    repository = get_object_or_404(board.repositories(request.user), project__slug=slug, pk=pk)
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
    except (Refused, access.Denied, Archived) as error:
        shown = given | {"token": "", "addresses": redact(given["addresses"])}
        context = {"given": shown, "wrong": _wrong(error)}
        return render(request, "projects/register.html", context, status=400)
    messages.success(request, _receipt(done))
    projects = {one.repository.project_id for one in done}
    if len(projects) == 1:
        return redirect("projects:page", slug=done[0].repository.project.slug)
    return redirect("home")


def _page_number(request: HttpRequest) -> int:
    number = request.GET.get("page", "1")
    is_number = number.isascii() and number.isdecimal() and len(number) < 7
    return max(1, int(number)) if is_number else 1


def _wrong(error: Exception) -> dict[str, str]:
    """The form's field an error speaks of, and its sentence."""
    name, _, cause = str(error).partition(": ")
    if isinstance(error, Archived):
        return {"project": str(error)}
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
