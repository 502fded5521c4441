"""One idea, spec or task: its page, writing it down, editing and moving it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from jobs import people, sending
from jobs.models import Refused, Stale
from projects import digest, plan_forms, plan_topics, planning
from projects.frame import Opened
from projects.models import Idea, ItemKind, Spec, Task, TaskState
from projects.plan_forms import FORMS, MoveForm
from projects.plan_views import frame
from projects.planning import StillOpen

RELATED = 100
"""So many tasks and specs of an idea or a spec its page lists."""


@require_safe
def page(request: HttpRequest, slug: str, word: str, pk: int) -> HttpResponse:
    """This view will show an idea, a spec or a task with its history."""
    found = frame.opened(request, slug, f"{word}s")
    return shown(request, found, frame.row(found.project, word, pk))


def shown(
    request: HttpRequest, found: Opened, row: Any, status: int = 200, **more: Any
) -> HttpResponse:
    """This function will show the page of a row; `more` is what a form refused."""
    word = planning.WORDS[type(row)]
    context = found.context | {
        "row": row,
        "word": word,
        "row_key": f"{word}-{row.pk}",
        "moves": [(state, _asks(row, state), _goes_on(row, state)) for state in row.next_states],
        "author": _author(row),
        **_history(row, word, request.GET.get("below", "")),
        **_RELATED[type(row)](row),
        **more,
    }
    return render(request, f"projects/plan/{word}.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@sending.once
def new(request: HttpRequest, slug: str, word: str) -> HttpResponse:
    """This view will write an idea, a spec or a task down, or say what is wrong beside the field."""
    found = frame.opened(request, slug, f"{word}s", "plan")
    model = frame.MODELS[word]
    kind = FORMS[model][0]
    if request.method != "POST":
        asked = {name: request.GET[name] for name in ("spec", "idea") if request.GET.get(name)}
        given = {"checks": plan_forms.last_checks(found.project)} if model is Task else {}
        form = kind(project=found.project, initial=given | asked)
        return _form(request, found, form, word)
    form = kind(request.POST, project=found.project)
    row = form.create(by=frame.actor(request)) if form.is_valid() else None
    if row is None:
        return _form(request, found, form, word, status=400)
    messages.success(request, f"Written down: {row}.")
    return redirect(frame.address(row))


@require_http_methods(["GET", "HEAD", "POST"])
def edits(request: HttpRequest, slug: str, word: str, pk: int) -> HttpResponse:
    """This view will edit a row; who saves what somebody edited meanwhile is shown both."""
    found = frame.opened(request, slug, f"{word}s", "plan")
    row = frame.row(found.project, word, pk)
    kind = FORMS[type(row)][1]
    if request.method != "POST":
        return _form(request, found, kind(instance=row), word, row=row)
    form = kind(request.POST, instance=row)
    if not form.is_valid():
        return _form(request, found, form, word, row=row, status=400)
    try:
        stored = form.edit(by=frame.actor(request))
    except Stale as error:
        return _again(request, found, form, str(error))
    if not stored:
        return _form(request, found, form, word, row=row, status=400)
    messages.success(request, f"Saved: {row}.")
    return redirect(frame.address(row))


@require_http_methods(["GET", "HEAD", "POST"])
def moves(request: HttpRequest, slug: str, word: str, pk: int) -> HttpResponse:
    """This view will move a row, and ask for a reason where one is needed."""
    found = frame.opened(request, slug, f"{word}s", "plan")
    row = frame.row(found.project, word, pk)
    if request.method != "POST":
        return _move(request, row, request.GET.get("to", ""))
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _move(request, row, request.POST.get("to", ""), form=form, status=400)
    given = form.cleaned_data
    if given["to"] == TaskState.BLOCKED and not given["reason"]:
        wrong = "Say why, so that others can help."
        return _move(request, row, given["to"], form=form, wrong=wrong, status=400)
    try:
        planning.move(row, given.pop("seen"), given.pop("to"), by=frame.actor(request), **given)
    except StillOpen as error:
        return _move(request, row, TaskState.COMPLETED, form=form, wrong=str(error), status=409)
    except (Refused, Stale) as error:
        now = frame.row(found.project, word, pk)
        return _move(request, now, form.data["to"], form=form, wrong=str(error), status=409)
    messages.success(request, f"{row} is {planning.spoken(row.state)} now.")
    return redirect(frame.address(row))


def _form(
    request: HttpRequest,
    found: Opened,
    form: Any,
    word: str,
    *,
    row: Any = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = found.context | {"form": form, "word": word, "row": row, **more}
    del context["v"]  # what stands in fields is as of the load: nothing here is live
    return render(request, "projects/plan/form.html", context, status=status)


def _again(request: HttpRequest, found: Opened, form: Any, said: str) -> HttpResponse:
    """The same form with what was typed, and beside it what is there by now."""
    word = planning.WORDS[type(form.instance)]
    now = frame.row(found.project, word, form.instance.pk)
    fresh = FORMS[type(now)][1](instance=now)
    given = request.POST.copy()
    given["version"] = str(now.version)  # whoever saves again has seen both
    again = FORMS[type(now)][1](given, instance=now)
    for field in again:
        held = getattr(now, field.name, None)
        field.field.now = "" if held is None else str(held)
        typed = str(again[field.name].value() or "")
        field.field.differs = typed != str(fresh[field.name].value() or "")
    return _form(request, found, again, word, row=now, status=409, stale=said)


def _move(
    request: HttpRequest, row: Any, to: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    left = planning.open_ends(row) if to == TaskState.COMPLETED else []
    context = {"row": row, "to": to, "left": left, "back": frame.address(row), **more}
    context["legal"] = to in row.next_states
    return render(request, "projects/plan/move.html", context, status=status)


def _asks(row: Any, state: str) -> bool:
    """Whether a move needs words: why it is blocked, or why it ends with something open."""
    if state == TaskState.COMPLETED:
        return bool(planning.open_ends(row))
    return state == TaskState.BLOCKED


def _goes_on(row: Any, state: str) -> bool:
    """Whether a move is the usual one, and leads on rather than back."""
    words = list(row.states)
    usual: bool = state == row.next_states[0]
    return usual and words.index(state) > words.index(row.state)


def _author(row: Any) -> str:
    return people.named(row.created_by, people.names_of([row.created_by]))


def _history(row: Any, word: str, below: str) -> dict[str, Any]:
    """One page of what was done; the first says when there is news."""
    changes = row.changes.order_by("-pk")
    if below.isascii() and below.isdecimal() and len(below) < 19:
        changes = changes.filter(pk__lt=int(below))
    listed = list(changes[: plan_topics.CHANGES + 1])
    shown_ones = plan_topics.told(listed[: plan_topics.CHANGES])
    older = shown_ones[-1].pk if len(listed) > len(shown_ones) else None
    news = {
        "topic": f"plannews:{word}-{row.pk}",
        "rows": " ".join(f"planchange:{one.pk}" for one in shown_ones),
    }
    return {"changes": shown_ones, "older": older, "below": bool(below), **({} if below else news)}


def _of_task(row: Task) -> dict[str, Any]:
    items = list(row.items.order_by("pk"))
    people_ = people.names_of(item.done_by for item in items)
    for item in items:
        item.who = people.named(item.done_by, people_)
    lists = [
        (kind, ItemKind(kind).label.partition(":")[0], [one for one in items if one.kind == kind])
        for kind in ItemKind.values
    ]
    before = Task.objects.filter(holds_up__task=row).order_by("pk")
    after = Task.objects.filter(waits_for__blocker=row).order_by("pk")
    return {
        "lists": lists,
        "ticked": sum(item.done_at is not None for item in items),
        "boxes": len(items),
        "before": list(before),
        "after": list(after),
        "waits": any(one.state != TaskState.COMPLETED for one in before),
    }


def _of_spec(row: Spec) -> dict[str, Any]:
    return {"tasks": digest.shown(row.tasks.all(), RELATED)}


def _of_idea(row: Idea) -> dict[str, Any]:
    specs = list(row.specs.order_by("-pk")[:RELATED])
    return {"tasks": digest.shown(row.tasks.all(), RELATED), "specs": specs}


_RELATED: dict[type[Any], Any] = {Idea: _of_idea, Spec: _of_spec, Task: _of_task}
