"""The boxes of a task, and what it waits for."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from jobs import sending
from jobs.models import Refused
from projects import planning
from projects.models import Item, Project, Task
from projects.plan_forms import ItemForm
from projects.plan_views import frame, one


@require_POST
@sending.once
def items(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will give a task one more box, or say beside the field what is wrong."""
    found = frame.opened(request, slug, "tasks", "plan")
    task = frame.row(found.project, "task", pk)
    form = ItemForm(request.POST)
    if not form.is_valid():
        return one.shown(request, found, task, 400, item_form=form)
    by = frame.actor(request)
    planning.add_item(task, **form.cleaned_data, by=by)
    return _back(task, f"list-{form.cleaned_data['kind']}")


@require_POST
def ticks(request: HttpRequest, slug: str, pk: int, item: int) -> HttpResponse:
    """This view will tick a box, or with `done=` empty open it again."""
    found = frame.opened(request, slug, "tasks", "plan")
    box = _item(found.project, pk, item)
    planning.tick(box, bool(request.POST.get("done")), by=frame.actor(request))
    return _back(box.task, f"item-{box.pk}")


@require_POST
def item_removals(request: HttpRequest, slug: str, pk: int, item: int) -> HttpResponse:
    """This view will take a box away; the history keeps its text."""
    found = frame.opened(request, slug, "tasks", "plan")
    box = _item(found.project, pk, item)
    planning.remove_item(box, by=frame.actor(request))
    messages.success(request, f"Removed: {box}. The history keeps it.")
    return _back(box.task, f"list-{box.kind}")


@require_POST
def blockers(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will have a task wait for another, or say beside the field why it cannot."""
    found = frame.opened(request, slug, "tasks", "plan")
    task = frame.row(found.project, "task", pk)
    given = request.POST.get("blocker", "").replace("\0", "").strip()[:100]
    other = _named(found.project, given)
    if other is None:
        wrong = f"No task of this project is called “{given}”. Give its number or its slug."
        return one.shown(request, found, task, 400, wrong_blocker=wrong, given_blocker=given)
    try:
        planning.block(task, other, by=frame.actor(request))
    except Refused as error:
        return one.shown(request, found, task, 409, wrong_blocker=str(error), given_blocker=given)
    return _back(task, "before")


@require_POST
def blocker_removals(request: HttpRequest, slug: str, pk: int, blocker: int) -> HttpResponse:
    """This view will have a task wait no longer for another."""
    found = frame.opened(request, slug, "tasks", "plan")
    task = frame.row(found.project, "task", pk)
    planning.unblock(task, blocker, by=frame.actor(request))
    return _back(task, "before")


def _item(project: Project, task: int, pk: int) -> Item:
    mine = Item.objects.filter(task__project=project, task=task)
    return get_object_or_404(mine.select_related("task__project"), pk=pk)


def _named(project: Project, text: str) -> Task | None:
    """The task somebody means by a number, with or without a mark before it, or by its slug."""
    tasks = Task.objects.filter(project=project)
    number = text.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 19:
        found = tasks.filter(pk=int(number)).first()
        if found is not None:
            return found
    return tasks.filter(slug=text).first()


def _back(task: Task, anchor: str) -> HttpResponse:
    return HttpResponseRedirect(f"{frame.address(task)}#{anchor}")
