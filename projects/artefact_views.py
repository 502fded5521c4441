"""The files of a project: the list, uploading, keeping what a job left, fetching, removing."""

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs import downloads
from jobs.models import Artefact
from jobs.models.artefact import ANY, BadArtefact
from projects import artefact_topics, artefacts, feed, frame
from projects.models import ProjectArtefact
from projects.models.artefact import MOST_BYTES

_NAME_CHARS = 200


class UploadForm(forms.Form):
    """A file, and the name it is kept under."""

    file = forms.FileField(max_length=1000, allow_empty_file=True)
    name = forms.CharField(required=False, max_length=_NAME_CHARS)


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will list the files of a project and of its jobs, newest first."""
    return _page(request, frame.opened(request, slug, "artefacts"))


@require_POST
def uploads(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will keep a file as the next version of its name, or say what is wrong with it."""
    found = frame.opened(request, slug, "artefacts", "upload")
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, form)
    given = form.cleaned_data["file"]
    name = form.cleaned_data["name"] or given.name
    try:
        made = artefacts.keep(
            found.project,
            name,
            given.read(),
            media_type=(given.content_type or ANY).lower(),
            by=f"user:{request.user.pk}",
        )
    except BadArtefact as error:
        form.add_error("name" if str(error).startswith("name") else "file", str(error))
        return _page(request, found, form)
    messages.success(request, f"{made.name} is kept as version {made.version}.")
    return redirect(_address(made))


@require_POST
def keeps(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will keep a file that a job left, so that it outlives the job."""
    found = frame.opened(request, slug, "artefacts", "upload")
    named = request.POST.get("artefact", "")
    if not (named.isascii() and named.isdecimal() and len(named) < 19):
        raise BadRequest("artefact: give the number of a file that a job left.")
    left = get_object_or_404(Artefact, scope=found.project.pk, pk=int(named))
    made = artefacts.take(found.project, left, by=f"user:{request.user.pk}")
    messages.success(request, f"{made.name} is kept as version {made.version}.")
    return redirect(_address(made))


@require_safe
def file(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will send one version as a file; a browser neither runs nor shows it."""
    found = _one(request, slug, pk)
    data = bytes(found.content.data) if found.content else b""
    return downloads.download(found.name, found.media_type, data, found.sha256)


@require_http_methods(["GET", "HEAD", "POST"])
def removals(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will ask whether to remove one version, and remove its bytes."""
    opened = frame.opened(request, slug, "artefacts", "remove")
    found = _one(request, slug, pk)
    context = opened.context | {"file": found}
    if request.method != "POST":
        return render(request, "projects/artefact_removal.html", context)
    if request.POST.get("typed", "").strip() != found.name.strip():  # it cannot be undone
        context["wrong"] = f"typed: write {found.name}, as the file is called. Nothing was removed."
        return render(request, "projects/artefact_removal.html", context, status=400)
    if artefacts.remove(found, by=f"user:{request.user.pk}"):
        messages.success(request, f"{found} was removed.")
    return redirect(_address(found))


def _one(request: HttpRequest, slug: str, pk: int) -> ProjectArtefact:
    seen = ProjectArtefact.objects.visible_to(request.user).here()
    return get_object_or_404(seen.select_related("content", "project"), project__slug=slug, pk=pk)


def _page(
    request: HttpRequest, found: frame.Opened, form: UploadForm | None = None
) -> HttpResponse:
    name = request.GET.get("name", "").replace("\0", "")[:_NAME_CHARS]
    said = request.GET.get("page", "1")
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 1
    number = max(1, min(number, artefacts.MOST_PAGES))
    rows, further = artefacts.listed(found.project, name, number)
    context = found.context | {
        "rows": rows,
        "further": further,
        "number": number,
        "name": name,
        "form": form or UploadForm(),
        "most": MOST_BYTES,
        "may_keep": found.project.archived_at is None and "upload" in found.acts,
    }
    if not form and not name and number == 1:  # what is new belongs to the first page
        pk = found.project.pk
        context |= {"topic": f"files:{pk}", "rows_shown": artefact_topics.topics_of(rows)}
    return render(request, "projects/artefacts.html", context, status=400 if form else 200)


def _address(made: ProjectArtefact) -> str:
    return _named(made.project.slug, made.name)


def _named(slug: str, name: str) -> str:
    return f"{reverse('projects:artefacts', args=[slug])}?{urlencode({'name': name})}"


def _found(ids: feed.Ids) -> dict[int, str]:
    rows = ProjectArtefact.objects.filter(pk__in=ids).values_list("pk", "project__slug", "name")
    return {pk: _named(slug, name) for pk, slug, name in rows}


feed.about("artefact", _found)
