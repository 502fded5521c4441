"""The pages of a project's own life: the list, making one, its settings, its stages, putting it away."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board as jobs_board
from jobs import receipts, sending
from jobs.models import Refused, Stale
from jobs.plain import numbered
from projects import board, feed, frame, portfolio, topics
from projects.models import Project, Stage

PAGE = 50
_LONGEST_FILTER = 100


class ProjectForm(forms.ModelForm):
    """What is said of a new project."""

    slug = forms.SlugField(
        label="Address",
        required=False,
        max_length=100,
        help_text="Small letters, digits and hyphens; it never changes. Empty: made of the name.",
    )

    class Meta:
        model = Project
        fields = ("name", "slug", "goal")


class SettingsForm(forms.ModelForm):
    """What can be changed of a project, and which version of it was seen."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    class Meta:
        model = Project
        fields = ("name", "goal")


class MoveForm(forms.Form):
    """Where to, from where, and why."""

    begin = forms.ChoiceField(choices=Stage.choices)
    to = forms.ChoiceField(choices=Stage.choices)
    reason = forms.CharField(required=False, max_length=portfolio.REASON_CHARS)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This view will list the projects one may see, also those that are put away, by name."""
    version = jobs_board.clock()
    chosen = {
        name: request.GET.get(name, "").replace("\0", "")[:_LONGEST_FILTER]
        for name in ("q", "stage", "archived")
    }
    found = Project.objects.visible_to(request.user) if chosen["archived"] else None
    found = board.in_use(request.user) if found is None else found.exclude(archived_at=None)
    if chosen["q"]:
        found = found.filter(Q(name__icontains=chosen["q"]) | Q(goal__icontains=chosen["q"]))
    if chosen["stage"]:
        found = found.filter(stage=chosen["stage"])
    page = Paginator(found.order_by("name"), PAGE).get_page(request.GET.get("page", "1"))
    context = {"v": version, "chosen": chosen, "page": page, "stages": Stage.values}
    return render(request, "projects/listing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sending.once
def creations(request: HttpRequest) -> HttpResponse:
    """This view will make a project, or show the form again with what is wrong beside its field."""
    form = ProjectForm(request.POST if request.method == "POST" else None)
    user: Any = request.user
    if form.is_bound and form.is_valid():
        try:
            made = portfolio.create(form.instance, actor=f"user:{user.pk}", maintainer=user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{made.name} was made. Add its first repository here.")
            return redirect("projects:page", slug=made.slug)
    status = 400 if form.is_bound else 200
    return render(request, "projects/creation.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will change a project's name and goal, unless somebody did since it was read."""
    found = frame.opened(request, slug, "settings", "edit")
    # A copy: what is typed and not stored must not stand above the form as the project's name.
    project, status, now = copy(found.project), 200, None
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        instance=project,
        initial={"seen": project.version},
    )
    if form.is_bound:
        status = 400
    if form.is_bound and form.is_valid():
        try:
            done = portfolio.edit(
                project, version=form.cleaned_data["seen"], actor=f"user:{request.user.pk}"
            )
        except ValidationError as error:
            form.add_error(None, error)
        except Stale:
            status, now = 409, Project.objects.get(pk=project.pk)
        else:
            messages.success(request, "Stored." if done else "Nothing was changed.")
            return redirect("projects:settings", slug=slug)
    context = found.context | {"form": form, "now": now, "version": project.version}
    return render(request, "projects/settings.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def stages(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show where a project stands and each move it made, and move it."""
    found = frame.opened(request, slug, "stages", "plan" if request.method == "POST" else "see")
    if request.method == "POST":
        return _move(request, found)
    return _stages(request, found)


def _move(request: HttpRequest, found: frame.Opened) -> HttpResponse:
    form, project = MoveForm(request.POST), found.project
    if "begin" in form.errors or "to" in form.errors:
        raise BadRequest(f"to: use one of {', '.join(Stage.values)}.")
    if not form.is_valid():
        return _stages(request, found, " ".join(form.errors["reason"]), form.data, status=400)
    given = form.cleaned_data
    try:
        if given["begin"] != project.stage:
            raise Stale(
                f"{project} is no longer at {given['begin']}: it is at {project.stage} now."
            )
        portfolio.move(
            project, Stage(given["to"]), actor=f"user:{request.user.pk}", reason=given["reason"]
        )
    except (Refused, Stale) as error:
        return _stages(request, found, str(error), given, status=409)
    messages.success(request, f"{project} stands at {project.stage} now.")
    return redirect("projects:stages", slug=project.slug)


def _stages(
    request: HttpRequest, found: frame.Opened, wrong: str = "", given: Any = None, status: int = 200
) -> HttpResponse:
    project = found.project
    chosen = feed.Filter(project.pk, "project.moved")
    moves = feed.page(request.user, chosen)
    context = found.context | {
        "stages": [(stage, stage.label.partition(": ")[2]) for stage in Stage],
        "next": Stage(project.stage).following,
        "since": portfolio.since(project),
        "moves": moves,
        "topic": f"feed:{topics.feed_key(request.user, chosen)}",
        "rows": moves.rows,
        "parts": "feed:",
        "wrong": wrong,
        "given": given or {},
        "may_move": project.archived_at is None and "plan" in found.acts,
    }
    return render(request, "projects/stages.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def archivals(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will ask whether to put a project away, and do it."""
    return _put(request, slug, portfolio.archive, "archived; {} and {} are paused")


@require_http_methods(["GET", "HEAD", "POST"])
def unarchivals(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will ask whether to take a project back, and do it."""
    return _put(request, slug, portfolio.unarchive, "in use again; {} and {} go on")


def _put(
    request: HttpRequest, slug: str, act: Callable[..., tuple[int, int]], receipt: str
) -> HttpResponse:
    found = frame.opened(request, slug, "settings", "archive")
    if request.method != "POST":
        context = found.context | {
            "away": act is portfolio.archive,
            "counts": portfolio.concerned(found.project),
        }
        return render(request, "projects/archival.html", context)
    done = act(found.project, actor=f"user:{request.user.pk}")
    back = "projects:unarchivals" if act is portfolio.archive else "projects:archivals"
    way = receipts.Way("Undo", reverse(back, args=[slug]))
    jobs, schedules = numbered(done[0], "job"), numbered(done[1], "schedule")
    receipts.tell(request, f"{found.project} is {receipt.format(jobs, schedules)}.", way=way)
    return redirect("projects:page", slug=slug)
