"""The ledger's pages, and the acts on one job."""

from collections.abc import Callable, Collection

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board, kinds, ports, topics
from jobs.levels import Level
from jobs.models import Job


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This view will list jobs, newest first; state, kind and page are in the address."""
    known = [one.name for one in kinds.all_kinds()]
    chosen = {
        "state": _one_of(board.WORDS, request.GET.get("state", ""), "state"),
        "kind": _one_of(known, request.GET.get("kind", ""), "kind"),
    }
    below = _number(request.GET.get("below", ""))
    version = board.clock()
    page = board.page(request.user, below=below, **chosen)
    context = {"v": version, "page": page, "below": below, "words": board.WORDS, "kinds": known}
    if below is None:  # what is new belongs to the first page
        context["topic"] = f"jobs:{topics.list_key(request.user, **chosen)}"
        context["rows"] = topics.rows_of(page.jobs)
    return render(request, "jobs/list.html", context | chosen)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will show one job: its state, log, timeline and facts."""
    version = board.clock()
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    context = {
        "v": version,
        "job": board.detail([job.pk])[0],
        "may_act": ports.scopes.allows(request.user, "retry", job.scope),
    }
    return render(request, "jobs/page.html", context)


@require_safe
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will show the log of one job; level and text filter are in the address."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    level = _one_of([one.value for one in Level], request.GET.get("level", ""), "level")
    grep = request.GET.get("grep", "")[:200]
    context = {
        "job": job,
        "log": board.whole_log(job.pk, Level(level or Level.DEBUG), grep),
        "levels": list(Level),
        "level": level,
        "grep": grep,
    }
    return render(request, "jobs/log.html", context)


@require_safe
def log_file(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """This view will send the whole log of one job as a file, part by part."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    return StreamingHttpResponse(
        board.log_parts(job.pk) if request.method == "GET" else (),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="job-{job.pk}.log"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def cancellations(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask whether to cancel a job, and cancel it."""
    job = _permitted(request, pk, "cancel")
    if request.method == "POST":
        return _act(request, job, Job.objects.cancellable(), Job.cancel, "was cancelled")
    question = {
        "verb": "Cancel",
        "style": "danger",
        "consequence": "It will not begin. What it would have started does not happen either. "
        "It can be retried later.",
    }
    return render(request, "jobs/confirm.html", {"job": job, **question})


@require_http_methods(["GET", "HEAD", "POST"])
def retries(request: HttpRequest, pk: int) -> HttpResponse:
    """This view will ask whether to retry a job, and queue it again."""
    job = _permitted(request, pk, "retry")
    if request.method == "POST":
        return _act(request, job, Job.objects.retryable(), Job.retry, "is queued again")
    question = {
        "verb": "Retry",
        "style": "primary",
        "consequence": "It is queued again with the same arguments and may be begun three more "
        "times.",
    }
    return render(request, "jobs/confirm.html", {"job": job, **question})


def _permitted(request: HttpRequest, pk: int, act: str) -> Job:
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if not ports.scopes.allows(request.user, act, job.scope):
        raise PermissionDenied
    return job


def _act(
    request: HttpRequest,
    job: Job,
    possible: "QuerySet[Job]",
    act: Callable[..., None],
    outcome: str,
) -> HttpResponseRedirect:
    # One that moved on is not among the possible; the act itself raises, and says what is true now.
    found = possible.filter(pk=job.pk).first() or job
    act(found, by=f"user:{request.user.pk}")
    messages.success(request, f"{job} {outcome}.")
    return redirect(reverse("jobs:page", args=[job.pk]))


def _one_of(known: Collection[str], text: str, name: str) -> str:
    """A filter that names nothing must not look like a filter that keeps everything."""
    if text and text not in known:
        shown = text if len(text) <= 40 else f"{text[:39]}…"
        raise BadRequest(f"{name}={shown} is none of: {', '.join(known)}.")
    return text


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
