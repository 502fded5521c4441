"""The ledger's pages, and the acts on one job."""

import re
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board, groups, kinds, ports, topics
from jobs.levels import Level
from jobs.models import Artefact, Job


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This view will list jobs, newest first; filters and page are in the address."""
    chosen = filter_of(request.GET)
    below = _number(request.GET.get("below", ""))
    version = board.clock()
    page = board.page(request.user, chosen, below)
    context = {"v": version, "page": page, "below": below, "chosen": chosen}
    context |= {"words": board.WORDS, "kinds": [one.name for one in kinds.all_kinds()]}
    if below is None and not chosen.error:  # what is new belongs to the first page
        context["topic"] = f"jobs:{topics.list_key(request.user, chosen)}"
        context["rows"] = topics.rows_of(page.jobs)
    return render(request, "jobs/list.html", context)


@require_safe
def failures(request: HttpRequest) -> HttpResponse:
    """This view will group the failures nobody has archived by what they have in common."""
    seen = Job.objects.visible_to(request.user)
    context = {"v": board.clock(), "groups": groups.of(seen), "newest": groups.NEWEST}
    return render(request, "jobs/failures.html", context)


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


@require_safe
def artefact(request: HttpRequest, pk: int, artefact: int) -> HttpResponse:
    """This view will send one artefact as a file; a browser neither runs nor shows it."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    found = get_object_or_404(Artefact.objects.filter(job=job), pk=artefact)
    response = HttpResponse(bytes(found.data), content_type=found.media_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, found.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Digest"] = f"sha-256={b64encode(bytes.fromhex(found.sha256)).decode()}"
    return response


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
    outcome = f"was asked to {found.intent}" if found.intent else outcome
    messages.success(request, f"{job} {outcome}.")
    return redirect(reverse("jobs:page", args=[job.pk]))


def filter_of(given: Mapping[str, str]) -> board.Filter:
    """This function will read what an address or a form says of the jobs that are meant."""
    return board.Filter(
        state=_one_of(board.WORDS, given.get("state", ""), "state"),
        kind=_one_of([one.name for one in kinds.all_kinds()], given.get("kind", ""), "kind"),
        error=_hexadecimal(given.get("error", "")),
    )


def _hexadecimal(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{0,12}", text):
        raise BadRequest("error= is no fingerprint: take one of the page of failures.")
    return text


def _one_of(known: Collection[str], text: str, name: str) -> str:
    """A filter that names nothing must not look like a filter that keeps everything."""
    if text and text not in known:
        shown = text if len(text) <= 40 else f"{text[:39]}…"
        raise BadRequest(f"{name}={shown} is none of: {', '.join(known)}.")
    return text


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
