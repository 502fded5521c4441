"""The page of queues: what stands in each, what bounds it, and what staff does about that."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from jobs import board, lines, people, ports, steering
from jobs.models import BadLimit, Limit, Queue

_WHOLE = {"invalid": "Give a whole number from 1 on, such as 20, or leave it empty."}


class Bounds(forms.Form):
    """Limits as a person writes them; what is left empty is no limit."""

    most = forms.IntegerField(
        required=False, label="At once", help_text="So many run at a time.", error_messages=_WHOLE
    )
    per_minute = forms.IntegerField(
        required=False,
        label="A minute",
        help_text="So many begin in a minute.",
        error_messages=_WHOLE,
    )
    burst = forms.IntegerField(
        required=False,
        label="In a burst",
        help_text="So many begin at once after a quiet time.",
        error_messages=_WHOLE,
    )


class KeyBounds(Bounds):
    """Limits of a key. Without any, one of its jobs runs at a time."""

    key = forms.CharField(max_length=128, label="Key", help_text="The limit key that jobs name.")
    field_order = ("key",)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This view will show what stands in each queue, and the keys with limits of their own."""
    _only_staff(request)
    version, found, keys = board.clock(), lines.of_queues(), lines.of_keys()
    queues = [line.queue for line in found]
    _name_people(queues, "paused")
    _name_people([*queues, *(key.limit for key in keys)], "limited")
    return render(request, "jobs/queues.html", {"v": version, "lines": found, "keys": keys})


@require_http_methods(["GET", "HEAD", "POST"])
def pauses(request: HttpRequest, name: str) -> HttpResponse:
    """This view will ask whether to pause a queue, and pause it."""
    return _act(
        request,
        name,
        ("Pause", "Nothing of it begins until somebody resumes it. What runs goes on to its end."),
        lambda queue, by: queue.pause(by=by),
        "is paused",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def resumptions(request: HttpRequest, name: str) -> HttpResponse:
    """This view will ask whether to resume a queue, and resume it."""
    return _act(
        request,
        name,
        ("Resume", "What waits in it begins as soon as a runner is free."),
        lambda queue, by: queue.resume(),
        "is served again",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: HttpRequest, name: str) -> HttpResponse:
    """This view will show and set the limits of a queue."""
    _only_staff(request)
    queue = get_object_or_404(Queue, pk=name)
    initial = {"most": queue.most_running, "per_minute": queue.per_minute, "burst": queue.burst}
    form = Bounds(request.POST if request.method == "POST" else None, initial=initial)
    return _limit(request, form, f"the queue {name}", lambda **told: queue.limit(**told))


@require_http_methods(["GET", "HEAD", "POST"])
def key_limits(request: HttpRequest) -> HttpResponse:
    """This view will show and set the limits of a key."""
    _only_staff(request)
    known = Limit.objects.filter(pk=request.GET.get("key", "")).first()
    initial = {
        "key": request.GET.get("key", "")[:128],
        "most": known.most_running if known else 1,
        "per_minute": known.per_minute if known else None,
        "burst": known.burst if known else None,
    }
    form = KeyBounds(request.POST if request.method == "POST" else None, initial=initial)
    return _limit(request, form, "a key", lambda **told: Limit.on(**told))


class _Deed:
    """What somebody did to a queue or a key; `people.name_actors` says who that was."""

    def __init__(self, actor: str) -> None:
        self.actor = self.who = actor


def _name_people(rows: Iterable[Queue | Limit], did: str) -> None:
    """Give each row `paused_who` or `limited_who`: the name of whoever did that."""
    deeds = [(row, _Deed(getattr(row, f"{did}_by"))) for row in rows]
    people.name_actors(deed for _, deed in deeds)
    for row, deed in deeds:
        setattr(row, f"{did}_who", deed.who)


def _limit(request: HttpRequest, form: Bounds, name: str, act: Callable[..., Any]) -> HttpResponse:
    if form.is_bound and form.is_valid():
        try:
            _set(form.cleaned_data, name, f"user:{request.user.pk}", act)
        except BadLimit as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"The limits of {form.cleaned_data.get('key', name)} are set."
            )
            return redirect("queues:list")
    status = 400 if form.errors else 200
    return render(request, "jobs/queue_limits.html", {"form": form, "name": name}, status=status)


def _set(given: dict[str, Any], name: str, by: str, act: Callable[..., Any]) -> None:
    what = f"key {given['key']}" if "key" in given else name.removeprefix("the ")
    bounds = {field: value for field, value in given.items() if field != "key"}
    done = steering.bounds_in_words(bounds)
    steering.steer(what, done, by, lambda: act(**given, by=by))


def _act(
    request: HttpRequest,
    name: str,
    words: tuple[str, str],
    act: Callable[[Queue, str], None],
    outcome: str,
) -> HttpResponse:
    _only_staff(request)
    queue = get_object_or_404(Queue, pk=name)
    if request.method == "POST":
        by, done = f"user:{request.user.pk}", f"{words[0].lower()}d"
        steering.steer(f"queue {name}", done, by, lambda: act(queue, by))
        messages.success(request, f"The queue {name} {outcome}.")
        return redirect("queues:list")
    context = {"queue": queue, "verb": words[0], "consequence": words[1]}
    return render(request, "jobs/queue_act.html", context)


def _only_staff(request: HttpRequest) -> None:
    if not ports.scopes.allows(request.user, "queues", None):
        raise Http404
