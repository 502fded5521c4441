"""The digest of a project: what is worked on, held up and next, and how much is done."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from projects import digest
from projects.plan_views import frame


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show where the tasks of a project stand."""
    found = frame.opened(request, slug, "digest")
    context = found.context | {"digest": digest.of(found.project)}
    return render(request, "projects/plan/digest.html", context)
