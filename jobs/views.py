"""What the ledger's pages show; `jobs.acting` holds those that change something."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from jobs import (
    board,
    choosing,
    controls,
    detail,
    downloads,
    evidence,
    graph,
    groups,
    kinds,
    logbook,
    ports,
    scrollback,
    topics,
    why,
)
from jobs.levels import Level
from jobs.models import Artefact, Job, Queue, SavedView
from jobs.states import FINISHED


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This view will list jobs; filters, order and page are in the address."""
    if wrong := choosing.wrong_moments(request.GET):
        return _asked_wrongly(request, wrong)
    chosen = choosing.filter_of(request.GET)
    below = _number(request.GET.get("below", ""))
    version = board.clock()
    page = board.page(request.user, chosen, below)
    context = _offered(request, chosen) | {"v": version, "page": page, "below": below}
    context |= {"controls": controls.for_many(chosen.state), "may_act": _acts_somewhere(request)}
    if below is None and chosen.watchable:  # what is new belongs to the first page
        context["topic"] = f"jobs:{topics.list_key(request.user, chosen)}"
        context["rows"] = topics.rows_of(page.jobs)
    return render(request, "jobs/list.html", context)


def _asked_wrongly(request: HttpRequest, wrong: dict[str, str]) -> HttpResponse:
    """The form as it was sent, with what is wrong beside its fields: nothing is looked for."""
    right = {name: text for name, text in request.GET.dict().items() if name not in wrong}
    context = _offered(request, choosing.filter_of(right)) | {"wrong": wrong}
    context["typed"] = {name: request.GET[name][: choosing.LONGEST] for name in wrong}
    return render(request, "jobs/list.html", context, status=400)


def _offered(request: HttpRequest, chosen: board.Filter) -> dict[str, Any]:
    """What the form of filters offers and shows as chosen."""
    return {
        "chosen": chosen,
        "words": board.CHOICES,
        "kinds": [one.name for one in kinds.all_kinds()],
        "queues": list(Queue.objects.order_by("pk").values_list("pk", flat=True)),
        "ended": chosen.state in FINISHED,
        "views": board.VIEWS,
        "saved": SavedView.objects.filter(user=request.user.pk).order_by("name"),
        "looked": board.LOOKED,
    }


@require_safe
def failures(request: HttpRequest) -> HttpResponse:
    """This view will group the failures nobody has archived by what they have in common."""
    seen = Job.objects.visible_to(request.user)
    context = {"v": board.clock(), "groups": groups.of(seen), "newest": groups.NEWEST}
    context["may_act"] = _acts_somewhere(request)
    return render(request, "jobs/failures.html", context)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will show one job: its state, log, timeline and facts."""
    version = board.clock()
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    context = {
        "v": version,
        "job": detail.of([job.pk])[0],
        "may_act": ports.scopes.allows(request.user, "cancel", job.scope),
    }
    return render(request, "jobs/page.html", context)


@require_safe
def reasons(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will say why a job is where it is, from rows, locks and processes as they are now."""
    version = board.clock()
    job = get_object_or_404(board.shown(Job.objects.visible_to(request.user)), pk=pk)
    context = {"v": version, "job": board.labelled([job])[0], "sentences": why.why(job)}
    context["sources"] = evidence.of(job)
    context["may_act"] = ports.scopes.allows(request.user, "sync", job.scope)
    return render(request, "jobs/reasons.html", context)


@require_safe
def graphed(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will draw the jobs that hang together with one by waiting for each other."""
    version = board.clock()
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    return render(request, "jobs/graph.html", {"v": version, "job": job, "graph": graph.of(job)})


@require_safe
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will show a page of a job's log; which one, and of which lines, is in the address."""
    version, given = board.clock(), request.GET
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    level = choosing.one_of([one.value for one in Level], given.get("level", ""), "level")
    wrap = choosing.one_of(["on", "off"], given.get("wrap", ""), "wrap")
    grep, at = given.get("grep", "")[:200], scrollback.Range.of(given.get("at", ""))
    follow = bool(given.get("follow")) and at is None
    wanted = scrollback.Wanted(Level(level or Level.DEBUG), grep)
    page = scrollback.page(pk, wanted, _number(given.get("page", "")) or 1, at, end=follow)
    asked = {"level": level, "grep": grep, "wrap": wrap}
    context = {"v": version, "job": job, "log": page, "wanted": wanted, "levels": list(Level)}
    context |= {"at": at, "follow": follow, "flat": wrap == "off", **asked}
    context["asked"] = urlencode({name: value for name, value in asked.items() if value})
    context["unwrapped"] = urlencode(
        {name: asked[name] for name in ("level", "grep") if asked[name]}
    )
    return render(request, "jobs/log.html", context)


@require_safe
def log_file(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """This view will send the whole log of one job as a file, part by part."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    return StreamingHttpResponse(
        logbook.log_parts(job.pk) if request.method == "GET" else (),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="job-{job.pk}.log"'},
    )


@require_safe
def artefact(request: HttpRequest, pk: int, artefact: int) -> HttpResponse:
    """This view will send one artefact as a file; a browser neither runs nor shows it."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    found = get_object_or_404(Artefact.objects.filter(job=job), pk=artefact)
    return downloads.download(found.name, found.media_type, bytes(found.data), found.sha256)


def _acts_somewhere(request: HttpRequest) -> bool:
    """Whether there is a project whose jobs they may act on."""
    allows, where = ports.scopes.allows, ports.scopes.where
    return allows(request.user, "cancel", None) or any(True for _ in where(request.user, "cancel"))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
