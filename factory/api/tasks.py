"""Tasks: those of a project, one by one, and the acts on them; and the digest."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from ninja.errors import HttpError

from factory import errors, task_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from factory.api.plans import stored
from projects import access, digest, plan_forms, planning
from projects.models import Item, Priority, Project, Task
from projects.plan_views.board import Chosen
from projects.planning import Wrong

CHANGES = 50
_ASKED = Query(...)


@api.get(
    "/projects/{int:pk}/tasks",
    response={200: task_shapes.Tasks, **ERRORS},
    summary="Tasks of a project",
)
def tasks(request: HttpRequest, pk: int, asked: task_shapes.AskedTasks = _ASKED) -> HttpResponse:
    """The tasks of a project that match, by id."""
    user = caller(request, "read").user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    words = {name: getattr(asked, name) for name in ("state", "priority", "assignee", "spec", "q")}
    chosen = Chosen(**{name: text.replace("\0", "") for name, text in words.items()})
    meant = digest.named(chosen.tasks(project, user)).filter(pk__gt=asked.after)
    found = list(meant.order_by("pk")[: asked.limit + 1])
    listed = found[: asked.limit]
    further = listed[-1].pk if len(found) > asked.limit else None
    return fresh(request, {"tasks": [digest.brief(one) for one in listed], "next": further})


@api.get(
    "/projects/{int:pk}/digest",
    response={200: task_shapes.Digest, **ERRORS},
    summary="Where the tasks of a project stand",
)
def digests(request: HttpRequest, pk: int) -> HttpResponse:
    """What is worked on, held up and done, counted now, and the task to take next."""
    user = caller(request, "read").user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    return fresh(request, digest.described(digest.of(project)))


@api.post(
    "/projects/{int:pk}/tasks",
    response={201: task_shapes.Task, **ACT_ERRORS},
    summary="Write a task down",
)
def new_task(request: HttpRequest, pk: int, given: task_shapes.NewTask) -> HttpResponse:
    """Writes a task down with its boxes. 400 says what is wrong with which field."""
    user = caller(request, "write").user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    _demand(user, project)
    form = plan_forms.NewTaskForm(_plain(project, given.dict()), project=project)
    return _answer(request, stored(form, lambda: form.create(by=f"user:{user.pk}")), 201)


@api.get("/tasks/{int:pk}", response={200: task_shapes.Task, **ERRORS}, summary="One task")
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """One task with its boxes, what it waits for, and what was done to it."""
    found = _task(caller(request, "read").user, pk)
    return fresh(request, _described(found))


@api.patch("/tasks/{int:pk}", response={200: task_shapes.Task, **ACT_ERRORS}, summary="Edit a task")
def edit_task(request: HttpRequest, pk: int, given: task_shapes.ChangedTask) -> HttpResponse:
    """Changes what is given. 409 when somebody edited it since the version that was seen."""
    user, found = _permitted(request, pk)
    changed = _plain(found.project, given.dict(exclude_unset=True))
    form = plan_forms.TaskForm(plan_forms.with_given(found, changed), instance=found)
    stored(form, lambda: form.edit(by=f"user:{user.pk}"))
    return _answer(request, found)


@api.post(
    "/tasks/{int:pk}/moves", response={200: task_shapes.Task, **ACT_ERRORS}, summary="Move a task"
)
def move_task(request: HttpRequest, pk: int, given: task_shapes.TaskMove) -> HttpResponse:
    """Moves a task. 409 says what is true when it moved before, or what is still open."""
    user, found = _permitted(request, pk)
    words = {"reason": given.reason, "override": given.override}
    planning.move(found, given.seen or found.state, given.to, by=f"user:{user.pk}", **words)
    return _answer(request, found)


@api.post(
    "/tasks/{int:pk}/ticks",
    response={200: task_shapes.Task, **ACT_ERRORS},
    summary="Tick a box of a task",
)
def tick_task(request: HttpRequest, pk: int, given: task_shapes.Tick) -> HttpResponse:
    """Ticks a box, or with `done` false opens it again; one that is so already stays."""
    user, found = _permitted(request, pk)
    box = get_object_or_404(Item.objects.select_related("task__project"), task=found, pk=given.item)
    planning.tick(box, given.done, by=f"user:{user.pk}")
    return _answer(request, found)


@api.post(
    "/tasks/{int:pk}/blockers",
    response={200: task_shapes.Task, **ACT_ERRORS},
    summary="Have a task wait for another",
)
def tie_task(request: HttpRequest, pk: int, given: task_shapes.Tie) -> HttpResponse:
    """Another of its project must be completed first; no longer with `waits` false. 409: a circle."""
    user, found = _permitted(request, pk)
    if given.waits:
        other = get_object_or_404(Task, project=found.project, pk=given.blocker)
        planning.block(found, other, by=f"user:{user.pk}")
    else:
        planning.unblock(found, given.blocker, by=f"user:{user.pk}")
    return _answer(request, found)


def _task(user: Any, pk: int) -> Task:
    return get_object_or_404(digest.named(Task.objects.visible_to(user)), pk=pk)


def _permitted(request: HttpRequest, pk: int) -> tuple[Any, Task]:
    user = caller(request, "write").user
    found = _task(user, pk)
    _demand(user, found.project)
    return user, found


def _demand(user: Any, project: Project) -> None:
    if not access.allows(user, "plan", project.pk):
        raise HttpError(403, errors.WORDS[403].message)


def _plain(project: Project, given: dict[str, Any]) -> dict[str, Any]:
    """What a program gives, as forms take it: names become ids, and null means none."""
    if given.get("priority"):
        given["priority"] = Priority[given["priority"]].value
    name = given.get("assignee")
    if name:
        person = planning.people_of(project).filter(username=name.replace("\0", "")).first()
        if person is None:
            raise Wrong({"assignee": "nobody of this name can see the project; invite them first"})
        given["assignee"] = person.pk
    return {name: "" if value is None else value for name, value in given.items()}


def _answer(request: HttpRequest, found: Task, status: int = 200) -> HttpResponse:
    fresher = get_object_or_404(digest.named(Task.objects.all()), pk=found.pk)
    return api.create_response(request, _described(fresher), status=status)


def _described(found: Any) -> dict[str, Any]:
    names = ("goal", "override", "version", "created_by", "created_at", "next_states")
    box = ("id", "kind", "text", "required", "done_at", "done_by")
    change = ("at", "actor", "what", "old", "new", "reason", "details")
    return {
        **digest.brief(found),
        **{name: getattr(found, name) for name in names},
        "project": found.project.slug,
        "idea": found.idea.slug if found.idea else None,
        "open_ends": planning.open_ends(found),
        "items": list(found.items.order_by("pk").values(*box)),
        "changes": list(found.changes.order_by("-pk").values(*change)[:CHANGES]),
    }
