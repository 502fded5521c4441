"""What people do to ideas, specs and tasks: write down, edit, move, tick, tie to one another.

Each act locks the row it changes; the database checks every move and writes its row
(migration 0013). Who edits names the version they saw: whoever comes second is told.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.text import slugify

from jobs import events, people
from jobs.failures import Anticipated, FailureClass
from jobs.models import Refused, Stale
from projects.models import (
    Blocker,
    Idea,
    Item,
    ItemKind,
    Membership,
    PlanChange,
    Project,
    Spec,
    Task,
    TaskState,
)

Planned = Idea | Spec | Task
WORDS: dict[type[Any], str] = {Idea: "idea", Spec: "spec", Task: "task"}
MOST_ITEMS, MOST_BLOCKERS = 200, 100
"""So many boxes, and so many tasks before it, one task may have."""
_TAKEN = "another of this project has it; choose a different one"


class Wrong(Anticipated):
    """A field cannot be taken; `fields` says by name what is wrong with it."""

    failure_class = FailureClass.INVALID_INPUT

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))
        self.fields = dict(fields)


class StillOpen(Refused):
    """A task cannot be completed: `left` says in words what it requires."""

    def __init__(self, task: Task, left: list[str]) -> None:
        named = ", ".join(left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
        super().__init__(
            f"{task} cannot be completed while this is open: {named}. Do it, or say in a sentence "
            "why it may be completed all the same."
        )
        self.left = left


def register() -> None:
    """This function will make the events of ideas, specs and tasks known."""
    for word in WORDS.values():
        article = "An" if word == "idea" else "A"
        _known(f"{word}.created", {word: int}, f"{article} {word} was written down.")
        _known(
            f"{word}.edited",
            {word: int, "fields": list[str]},
            f"Somebody changed these fields of {article.lower()} {word}.",
        )
        _known(
            f"{word}.moved",
            {word: int, "old": str, "new": str, "reason": str},
            f"{article} {word} is in another state.",
        )
        _known(
            f"{word}.removed",
            {word: int, "slug": str, "state": str},
            f"{article} {word} was removed in the admin, with its history.",
        )
    _known(
        "task.ticked",
        {"task": int, "item": int, "text": str, "done": bool},
        "A box of a task was ticked, or opened again.",
    )


def _known(name: str, fields: Mapping[str, Any], meaning: str) -> None:
    events.register(name, version=1, fields=fields, meaning=meaning, lasting=True)


def create(model: type[Any], project: Project, given: Mapping[str, Any], *, by: str) -> Any:
    """This function will write down an idea, a spec or a task.

    `given` holds fields by name; a slug that is missing is made of the title. Of a task,
    `SUBTASK`, `CRITERION` and `CHECK` may hold the texts of its boxes. Raises Wrong and Archived.
    """
    project.demand_use()
    fields = {name: value for name, value in given.items() if name not in ItemKind.values}
    texts = [(kind, text) for kind in ItemKind.values for text in given.get(kind) or ()]
    if len(texts) > MOST_ITEMS:
        raise Wrong({texts[-1][0]: f"{MOST_ITEMS} boxes are the most of a task"})
    with transaction.atomic():
        _demand_fit(model, project, fields)
        if not fields.get("slug"):
            fields["slug"] = _free_slug(model, project, fields["title"])
        _say(by, "")
        row = _kept(lambda: model.objects.create(project=project, created_by=by, **fields))
        Item.objects.bulk_create(Item(task=row, kind=kind, text=text) for kind, text in texts)
        _publish(row, "created", by)
    row.refresh_from_db()
    return row


def edit(row: Planned, version: int, given: Mapping[str, Any], *, by: str) -> list[str]:
    """This function will change fields, and name those that changed.

    `version` is the one whose fields were seen. Raises Stale when somebody edited it since, and
    Wrong.
    """
    with transaction.atomic():
        now = locked(row)
        if now.version != version:
            raise Stale(_edited_since(now, version))
        changed = {name: value for name, value in given.items() if getattr(now, name) != value}
        if not changed:
            return []
        _demand_fit(type(row), now.project, changed, row.pk)
        details = {name: [_plain(getattr(now, name)), _plain(changed[name])] for name in changed}
        _kept(
            lambda: (
                type(row)
                .objects.filter(pk=row.pk)
                .update(**changed, version=F("version") + 1, updated_at=Now())
            )
        )
        row.refresh_from_db()
        _note(row, "edited", by, details)
        _publish(row, "edited", by, fields=sorted(changed))
    return sorted(changed)


def move(
    row: Planned, seen: str, to: str, *, by: str, reason: str = "", override: str = ""
) -> None:
    """This function will move an idea, a spec or a task that is still in the state `seen`.

    A task is completed only when nothing it requires is open, or with `override`, why it is
    completed all the same, which is kept. Raises Stale when it moved since, and Refused.
    """
    with transaction.atomic():
        now = locked(row)
        if now.state != seen:
            raise Stale(f"{now} is no longer {spoken(seen)}: it is {spoken(now.state)} now.")
        if to not in now.next_states:
            may = ", ".join(spoken(state) for state in now.next_states)
            raise Refused(f"{now} is {spoken(now.state)}: it may become {may}.")
        more = _end(now, to, override.strip()) if isinstance(now, Task) else {}
        if to == TaskState.BLOCKED and not reason.strip():
            raise Refused(f"Say why {now} is blocked, so that others can help.")
        why = ". ".join(text for text in (reason.strip(), more.get("override", "")) if text)
        _say(by, why)
        type(row).objects.filter(pk=row.pk).update(state=to, **more)
        row.refresh_from_db()
        _publish(row, "moved", by, old=str(now.state), new=str(to), reason=why[:1000])


def remove(row: Planned, *, by: str) -> None:
    """This function will remove an idea, a spec or a task, with its history; the event stays.

    What waited for a task no longer does, and says so.
    """
    with transaction.atomic():
        now = locked(row)
        for edge in Blocker.objects.filter(blocker=now) if isinstance(now, Task) else ():
            unblock(edge.task, now.pk, by=by)
        _publish(now, "removed", by, slug=now.slug, state=str(now.state))
        now.delete()


def open_ends(task: Task) -> list[str]:
    """This function will say in words what a task requires that is open."""
    boxes = task.items.filter(required=True, done_at=None).order_by("pk")
    before = Task.objects.filter(holds_up__task=task).exclude(state=TaskState.COMPLETED)
    listed = [f"“{text}”" for text in boxes.values_list("text", flat=True)]
    return listed + [f"the task “{one}” before it" for one in before.order_by("pk")]


def add_item(task: Task, kind: str, text: str, *, required: bool, by: str) -> Item:
    """This function will give a task one more box; a completed task takes none that it requires."""
    with transaction.atomic():
        now = locked(task)
        _demand_open(now, required)
        if now.items.count() >= MOST_ITEMS:
            raise Refused(f"{now} has {MOST_ITEMS} boxes, which is the most.")
        item = Item.objects.create(task=now, kind=kind, text=text, required=required)
        _note(now, "added", by, {"kind": kind, "text": text})
        _publish(now, "edited", by, fields=[kind.lower()])
    return item


def remove_item(item: Item, *, by: str) -> None:
    """This function will take a box away from a task; its text stays in the history."""
    with transaction.atomic():
        now = locked(item.task)
        if not Item.objects.filter(pk=item.pk).delete()[0]:
            raise Stale("The box was removed before.")
        _note(now, "removed", by, {"kind": item.kind, "text": item.text})
        _publish(now, "edited", by, fields=[item.kind.lower()])


def tick(item: Item, done: bool, *, by: str) -> None:
    """This function will tick a box, or open it again; one that is so already stays as it is."""
    with transaction.atomic():
        now = locked(item.task)
        if not done:
            _demand_open(now, item.required)
        marks = {"done_at": Now(), "done_by": by} if done else {"done_at": None, "done_by": ""}
        found = Item.objects.filter(pk=item.pk, done_at__isnull=done)
        if not found.update(**marks):
            if not Item.objects.filter(pk=item.pk).exists():
                raise Stale("The box was removed before.")
            return
        _note(now, "ticked" if done else "opened", by, {"kind": item.kind, "text": item.text})
        _publish(now, "ticked", by, item=item.pk, text=item.text, done=done)


def block(task: Task, other: Task, *, by: str) -> None:
    """This function will have a task wait for another of its project; a circle is refused."""
    with transaction.atomic():
        # One at a time in a project: two edges drawn at once may close a circle together.
        Project.objects.select_for_update(no_key=True).get(pk=task.project_id)
        now = locked(task)
        if other.project_id != now.project_id:
            raise Refused(f"{other} belongs to another project.")
        if now.state == TaskState.COMPLETED:
            raise Refused(f"{now} is completed: it waits for nothing any more.")
        if other.pk == now.pk or now.pk in _before(other):
            raise Refused(f"{other} waits for {now} itself: that would be a circle.")
        if now.waits_for.count() >= MOST_BLOCKERS:
            raise Refused(f"{now} waits for {MOST_BLOCKERS} tasks, which is the most.")
        _, new = Blocker.objects.get_or_create(task=now, blocker=other, defaults={"created_by": by})
        if new:
            _note(now, "tied", by, {"text": other.title, "task": other.pk})
            _publish(now, "edited", by, fields=["blockers"])


def unblock(task: Task, other: int, *, by: str) -> None:
    """This function will have a task wait no longer for another."""
    with transaction.atomic():
        now = locked(task)
        found = Blocker.objects.filter(task=now, blocker=other).select_related("blocker").first()
        if found is None:
            raise Stale(f"{now} does not wait for it any more.")
        found.delete()
        _note(now, "untied", by, {"text": found.blocker.title, "task": other})
        _publish(now, "edited", by, fields=["blockers"])


def misfits(
    model: type[Any], project: Project, fields: Mapping[str, Any], pk: int | None = None
) -> dict[str, str]:
    """This function will say what cannot be in a project, by field; `pk` is the row that exists.

    What a row names must be of its project, its slug its own, and who is to do it able to see it.
    """
    wrong = {
        name: "it belongs to another project; choose one of this"
        for name in ("idea", "spec")
        if fields.get(name) and fields[name].project_id != project.pk
    }
    assignee = fields.get("assignee")
    had = model.objects.filter(pk=pk).values_list("assignee", flat=True) if assignee else ()
    if assignee and not people_of(project, *had).filter(pk=assignee.pk).exists():
        wrong["assignee"] = "this person cannot see the project; invite them first"
    same = model.objects.filter(project=project, slug=fields.get("slug") or "").exclude(pk=pk)
    return wrong | ({"slug": _TAKEN} if same.exists() else {})


def people_of(project: Project, *kept: int | None) -> Any:
    """This function will find who may be given tasks of a project: active members and staff.

    And those who are `kept`: whoever has a task has it until somebody gives it to another.
    """
    members = Membership.objects.filter(project=project).values("user")
    able = Q(Q(pk__in=members) | Q(is_staff=True), is_active=True)
    return get_user_model().objects.filter(able | Q(pk__in=[pk for pk in kept if pk]))


def spoken(state: str) -> str:
    """This function will write a state as people do."""
    return str(state).lower().replace("_", " ")


def locked(row: Any) -> Any:
    """This function will read a row anew and hold it until the transaction ends.

    Raises Stale when it is gone, and Archived when nothing is to change in its project.
    """
    found = type(row).objects.select_for_update(of=("self",)).select_related("project")
    now = found.filter(pk=row.pk).first()
    if now is None:
        raise Stale(f"{row} was removed.")
    now.project.demand_use()
    return now


def _end(now: Task, to: str, override: str) -> dict[str, str]:
    """What is written with a task's move: why it ends although something is open, if it does."""
    if to != TaskState.COMPLETED:
        return {"override": ""}
    left = open_ends(now)
    if left and not override:
        raise StillOpen(now, left)
    return {"override": override if left else ""}


def _demand_open(task: Task, required: bool) -> None:
    if required and task.state == TaskState.COMPLETED and not task.override:
        raise Refused(f"{task} is completed and requires this: move it back first.")


def _before(task: Task) -> set[int]:
    """Everything that must be completed before a task, however far away."""
    found: set[int] = set()
    level = {task.pk}
    while level:
        edges = Blocker.objects.filter(task__in=level).values_list("blocker", flat=True)
        level = set(edges) - found
        found |= level
    return found


def _demand_fit(
    model: type[Any], project: Project, fields: Mapping[str, Any], pk: int | None = None
) -> None:
    wrong = misfits(model, project, fields, pk)
    if wrong:
        raise Wrong(wrong)


def _kept(write: Any) -> Any:
    try:
        with transaction.atomic():
            return write()
    except IntegrityError as error:
        if "slug_is_unique" not in str(error):
            raise
        raise Wrong({"slug": _TAKEN}) from None  # by somebody else, just now


def _free_slug(model: type[Any], project: Project, title: str) -> str:
    """A slug made of the title, with a number where others have it already."""
    stem = slugify(title)[:90].strip("-") or WORDS[model]
    taken = model.objects.filter(project=project, slug__startswith=stem)
    known = set(taken.values_list("slug", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(known) + 3))
    return next(slug for slug in (stem, *numbered) if slug not in known)


def _edited_since(now: Planned, version: int) -> str:
    last = now.changes.filter(what="edited").order_by("-pk").first()
    names = people.names_of([last.actor]) if last else {}
    who = f" by {people.named(last.actor, names)} at {last.at:%H:%M:%S} UTC" if last else ""
    return (
        f"{now} was edited{who}: version {now.version} is there now, you saw {version}. Nothing of "
        "yours was written; compare both and save again."
    )


def _note(row: Planned, what: str, by: str, details: Mapping[str, Any]) -> None:
    PlanChange.objects.create(**{WORDS[type(row)]: row}, actor=by, what=what, details=dict(details))


def _publish(row: Planned, what: str, by: str, **payload: Any) -> None:
    word = WORDS[type(row)]
    events.publish(
        f"{word}.{what}",
        {word: row.pk, **payload},
        scope=row.project_id,
        subject=row.title,
        actor=by,
    )


def _plain(value: Any) -> Any:
    """A field's value as a history keeps it: of another row its name and id."""
    if value is None or isinstance(value, bool | int | str):
        return value
    number = getattr(value, "pk", None)
    return f"{value} (#{number})" if number else str(value)


def _say(by: str, reason: str) -> None:
    """Tell the database who acts and why: it writes the row of the move."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('factory.actor', %s, true), set_config('factory.reason', %s, true)",
            [by, reason],
        )
