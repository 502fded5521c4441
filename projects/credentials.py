"""The page where maintainers keep tokens and ssh keys; a secret goes in and never comes out."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from projects import access, registration, ssh_keys
from projects.addresses import Refused
from projects.models import Project, Repository


@never_cache
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show what opens each repository: public halves, and that a token is kept."""
    return _page(request, _project(request, slug))


@never_cache
@sensitive_post_parameters()
@require_POST
def replacements(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will keep a token or key, or make a key; a mistake shows the page with the cause."""
    project = _project(request, slug)
    repository = get_object_or_404(project.repositories, pk=pk)
    make = request.POST.get("make") == "key" and repository.address.startswith("ssh://")
    try:
        registration.open_with(
            repository,
            token=request.POST.get("token", "").strip(),
            key=ssh_keys.make() if make else request.POST.get("key", "").strip(),
            actor=f"user:{request.user.pk}",
        )
    except (Refused, ssh_keys.BadKey) as error:
        return _page(request, project, repository, str(error))
    messages.success(request, f"{repository.name}: kept. Sync it to use what was given.")
    return redirect("projects:credentials", slug=slug)


def _page(
    request: HttpRequest, project: Project, wrong: Repository | None = None, cause: str = ""
) -> HttpResponse:
    context = {
        "project": project,
        "repositories": project.repositories.order_by("name", "pk"),
        "wrong": wrong,
        "cause": cause,
    }
    return render(request, "projects/credentials.html", context, status=400 if wrong else 200)


def _project(request: HttpRequest, slug: str) -> Project:
    found = get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
    if not access.allows(request.user, "credentials", found.pk):
        raise PermissionDenied
    return found
