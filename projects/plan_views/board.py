"""The board and the list of a project's tasks, and the lists of its ideas and specs."""

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from projects import digest, plan_topics, planning, thought_topics
from projects.models import Priority, Project, Task, TaskState
from projects.plan_views import frame
from projects.thought_topics import PAGE

ORDERS: dict[str, tuple[Any, ...]] = {
    "priority": ("priority", "pk"),
    "newest": ("-pk",),
    "moved": ("-moved_at", "-pk"),
    "title": ("title", "pk"),
    "estimate": (F("estimate_h").desc(nulls_last=True), "pk"),
}
VIEWS = ("board", "list")
NOBODY = "nobody"


@dataclass(frozen=True)
class Chosen:
    """Which tasks are meant and how they are shown; all of it stands in the address."""

    view: str = "board"
    state: str = ""
    priority: str = ""
    assignee: str = ""
    spec: str = ""
    q: str = ""
    sort: str = "priority"

    @classmethod
    def of(cls, request: HttpRequest) -> "Chosen":
        """This method will read an address; a word nobody knows is as none."""
        known = {
            "view": VIEWS,
            "state": TaskState.values,
            "priority": Priority.names,
            "sort": tuple(ORDERS),
        }
        given = {name: request.GET.get(name, "").replace("\0", "")[:150] for name in asdict(cls())}
        kept = {
            name: text for name, text in given.items() if text and text in known.get(name, (text,))
        }
        return cls(**kept)

    @property
    def filtered(self) -> bool:
        """Whether it leaves something out."""
        return any((self.state, self.priority, self.assignee, self.spec, self.q))

    def query(self, **other: str) -> str:
        """This method will write it as an address does, with something else in it."""
        told = asdict(self) | other
        usual = asdict(Chosen())
        return urlencode({name: text for name, text in told.items() if text != usual[name]})

    def tasks(self, project: Project, user: Any) -> "QuerySet[Task]":
        """This method will find them."""
        found = Task.objects.filter(project=project)
        if self.state:
            found = found.filter(state=self.state)
        if self.priority:
            found = found.filter(priority=Priority[self.priority])
        if self.assignee == NOBODY:
            found = found.filter(assignee=None)
        elif self.assignee:
            name = user.get_username() if self.assignee == "me" else self.assignee
            found = found.filter(assignee__username=name)
        if self.spec:
            found = found.filter(spec__slug=self.spec)
        if self.q:
            words = (
                Q(title__icontains=self.q) | Q(slug__icontains=self.q) | Q(goal__icontains=self.q)
            )
            found = found.filter(words)
        return found


@dataclass(frozen=True)
class Column:
    """The tasks of one state: the first of them, and how many there are."""

    state: str
    tasks: list[Task]
    number: int
    more: str


@require_safe
def tasks(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show the tasks of a project by state, or as a list."""
    found = frame.opened(request, slug, "tasks")
    chosen = Chosen.of(request)
    context = found.context | {
        "chosen": chosen,
        "priorities": Priority.names,
        "states": TaskState.values,
        "orders": list(ORDERS),
        "people": planning.people_of(found.project).order_by("username")[:200],
        "digest": digest.summaries([found.project])[0],
        "views": [(view, chosen.query(view=view)) for view in VIEWS],
    }
    if chosen == Chosen():
        pk = found.project.pk
        context |= {"topic": f"tasks:{pk}", "rows": plan_topics.board_rows([str(pk)])[str(pk)]}
    meant = chosen.tasks(found.project, request.user)
    add = _columns if chosen.view == "board" else _list
    return render(request, "projects/plan/tasks.html", context | add(request, chosen, meant))


@require_safe
def next_task(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will lead to the task to take next."""
    found = frame.opened(request, slug, "tasks")
    task = digest.ready(found.project)
    if task is None:
        messages.info(request, "No task is ready: each is begun, blocked or waits for another.")
        return redirect("projects:tasks", slug=slug)
    return redirect("projects:task", slug=slug, pk=task.pk)


@require_safe
def thoughts(request: HttpRequest, slug: str, word: str) -> HttpResponse:
    """This view will list the ideas or the specs of a project, the newest first."""
    found = frame.opened(request, slug, f"{word}s")
    model = frame.MODELS[word]
    state = request.GET.get("state", "")
    rows = model.objects.filter(project=found.project)
    numbers = dict(rows.values_list("state").annotate(number=Count("pk")).order_by())
    state = state if state in model.states.values else ""
    number = _number(request)
    listed = list(thought_topics.listed(model, found.project.pk, state, number))
    total = numbers.get(state, 0) if state else sum(numbers.values())
    context = found.context | {
        "word": word,
        "state": state,
        "states": [(one, numbers.get(one, 0)) for one in model.states.values],
        "thoughts": listed,
        "topic": f"thoughts:{thought_topics.key(found.project, word, state, number)}",
        "rows": thought_topics.names(word, [(row.pk,) for row in listed]),
        "total": total,
        **_pages(number, total, urlencode({"state": state}) if state else ""),
    }
    return render(request, "projects/plan/thoughts.html", context)


def _columns(
    request: HttpRequest, chosen: Chosen, meant: "QuerySet[Task]"
) -> dict[str, list[Column]]:
    """The board: four questions, however many tasks there are."""
    numbers = dict(meant.values_list("state").annotate(number=Count("pk")).order_by())
    order = [
        F(one) if isinstance(one, str) and one[0] != "-" else one for one in ORDERS[chosen.sort]
    ]
    place = Window(RowNumber(), partition_by=[F("state")], order_by=order)
    first = meant.annotate(place=place).filter(place__lte=digest.COLUMN).order_by("place")
    listed = digest.by_ids(list(first.values_list("pk", flat=True)))
    return {
        "columns": [
            Column(
                state,
                [task for task in listed if task.state == state],
                numbers.get(state, 0),
                chosen.query(view="list", state=state),
            )
            for state in ([chosen.state] if chosen.state else TaskState.values)
        ]
    }


def _list(request: HttpRequest, chosen: Chosen, meant: "QuerySet[Task]") -> dict[str, Any]:
    number, total = _number(request), meant.count()
    ordered = meant.order_by(*ORDERS[chosen.sort]).values_list("pk", flat=True)
    listed = digest.by_ids(list(ordered[(number - 1) * PAGE : number * PAGE]))
    sorts = [(sort, chosen.query(sort=sort), sort == chosen.sort) for sort in ORDERS]
    pages = _pages(number, total, chosen.query())
    return {"tasks": listed, "total": total, "sorts": sorts, **pages}


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _pages(number: int, total: int, query: str) -> dict[str, Any]:
    link = f"{query}&page=" if query else "page="
    return {
        "before": f"{link}{number - 1}" if number > 1 else "",
        "after": f"{link}{number + 1}" if number * PAGE < total else "",
    }
