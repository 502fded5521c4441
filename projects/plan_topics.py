"""What of ideas, specs and tasks a page can watch: a card, a row, a word, a history, a digest."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, Max
from django.template.loader import render_to_string

from jobs import board as jobs_board
from jobs import people, ports, topics
from jobs.topics import numbers
from projects import digest, planning
from projects.models import Blocker, Idea, PlanChange, Project, Spec, Task, TaskState

CHANGES = 50
"""So much of a history is shown at once."""
_MODELS: dict[str, type[Any]] = {"idea": Idea, "spec": Spec, "task": Task}
_ROW = re.compile(r"(idea|spec|task)-(\d{1,18})")
_PEOPLES_NAMES = {"estimate_h": "estimate", "body": "text"}


def register() -> None:
    """This function will make the topics of what is planned known."""
    for name, template in (("task", "_card"), ("taskrow", "_row")):
        ports.topics.register(ports.Topic(name, allowed_tasks, fingerprints, _renderer(template)))
    ports.topics.register(
        ports.Topic("digest", allowed_projects, digest_fingerprints, render_digests, unhurried=True)
    )
    ports.topics.register(
        ports.Topic("tasks", allowed_projects, board_rows, render_board, unhurried=True)
    )
    ports.topics.register(ports.Topic("planword", allowed_rows, word_fingerprints, render_words))
    ports.topics.register(ports.Topic("plannews", allowed_rows, history_rows, render_history))
    ports.topics.register(
        ports.Topic("planchange", allowed_changes, change_fingerprints, render_changes)
    )


def allowed_tasks(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the tasks a user may see."""
    found = Task.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in found.values_list("pk", flat=True)}


def fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what tasks show, in short."""
    tasks = Task.objects.filter(pk__in=numbers(keys)).with_counts()
    before: dict[int, list[int]] = defaultdict(list)
    edges = Blocker.objects.filter(task__in=numbers(keys)).order_by("blocker")
    for task, blocker in edges.exclude(blocker__state=TaskState.COMPLETED).values_list(
        "task", "blocker"
    ):
        before[task].append(blocker)
    rows = tasks.values_list("pk", "version", "state", "moved_at", "boxes", "ticked")
    return {str(row[0]): jobs_board.fingerprint(*row, *before[row[0]]) for row in rows}


def _renderer(template: str) -> Any:
    def render(keys: Collection[str]) -> dict[str, str]:
        found = digest.named(Task.objects.filter(pk__in=numbers(keys)))
        name = f"projects/plan/{template}.html"
        return {str(task.pk): render_to_string(name, {"task": task}) for task in found}

    return render


def allowed_projects(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the projects a user may see."""
    visible = Project.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in visible.values_list("pk", flat=True)}


def digest_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what digests show, in short: three questions for all."""
    ids = numbers(keys)
    projects = Project.objects.filter(pk__in=ids).values_list("pk", "slug", "goal", "archived_at")
    told = {row[0]: [*row] for row in projects}
    tasks = Task.objects.filter(project__in=told).order_by().values_list("project")
    for row in tasks.annotate(Count("pk"), Max("moved_at"), Max("updated_at")):
        told[row[0]] += row[1:]
    edges = Blocker.objects.filter(task__project__in=told).order_by().values_list("task__project")
    for row in edges.annotate(Count("pk"), Max("pk")):
        told[row[0]] += row[1:]
    return {str(pk): jobs_board.fingerprint(*parts) for pk, parts in told.items()}


def render_digests(keys: Collection[str]) -> dict[str, str]:
    """This function will render digests as the pages do."""
    found = digest.summaries(Project.objects.filter(pk__in=numbers(keys)))
    return {
        str(one.project.pk): render_to_string("projects/plan/_digest.html", {"digest": one})
        for one in found
    }


def board_rows(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which tasks the boards of projects show."""
    found = digest.on_boards(numbers(keys))
    return {
        str(project): " ".join(f"task:{pk}" for pk in sorted(ids)) for project, ids in found.items()
    }


def render_board(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects what is new on boards."""
    return {key: topics.render_news(f"tasks:{key}", rows) for key, rows in board_rows(keys).items()}


def allowed_rows(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the ideas, specs and tasks a user may see; keys are like task-7."""
    return {
        f"{word}-{pk}"
        for word, ids in _parsed(keys).items()
        for pk in _MODELS[word]
        .objects.visible_to(user)
        .filter(pk__in=ids)
        .values_list("pk", flat=True)
    }


def word_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell where ideas, specs and tasks stand."""
    return {
        f"{word}-{pk}": str(state)
        for word, ids in _parsed(keys).items()
        for pk, state in _MODELS[word].objects.filter(pk__in=ids).values_list("pk", "state")
    }


def render_words(keys: Collection[str]) -> dict[str, str]:
    """This function will render where ideas, specs and tasks stand."""
    return {
        key: render_to_string("projects/plan/_word.html", {"key": key, "state": state})
        for key, state in word_fingerprints(keys).items()
    }


def history_rows(keys: Collection[str]) -> dict[str, str]:
    """This function will name the newest of what was done to ideas, specs and tasks."""
    there = word_fingerprints(keys)
    return {
        key: " ".join(f"planchange:{pk}" for pk in _newest(*_ROW.fullmatch(key).groups()))  # type: ignore[union-attr]
        for key in there
    }


def render_history(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that says how much was done since."""
    found = history_rows(keys)
    return {key: topics.render_news(f"plannews:{key}", rows) for key, rows in found.items()}


def allowed_changes(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep what was done in projects a user may see."""
    seen = PlanChange.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in seen.values_list("pk", flat=True)}


def change_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what is still there; the database lets none of it change."""
    found = PlanChange.objects.filter(pk__in=numbers(keys)).values_list("pk", flat=True)
    return {str(pk): "there" for pk in found}


def render_changes(keys: Collection[str]) -> dict[str, str]:
    """This function will render what was done."""
    found = told(PlanChange.objects.filter(pk__in=numbers(keys)))
    return {
        str(one.pk): render_to_string("projects/plan/_change.html", {"change": one})
        for one in found
    }


def told(changes: Iterable[PlanChange]) -> list[Any]:
    """This function will give each change `who` and `said`, what was done in words."""
    listed: list[Any] = list(changes)
    people.name_actors(listed)
    for change in listed:
        change.said = _said(change)
    return listed


def _said(change: PlanChange) -> str:
    """What was done; the values of an edit are shown beside it."""
    if change.what == "edited":
        names = ", ".join(_PEOPLES_NAMES.get(name, name) for name in change.details)
        return f"changed {names}"
    text = change.details.get("text", "")
    words = {
        "created": "wrote it down",
        "moved": f"moved it from {planning.spoken(change.old)}",
        "added": f"added “{text}”",
        "removed": f"removed “{text}”",
        "ticked": f"ticked “{text}”",
        "opened": f"opened “{text}” again",
        "tied": f"has it wait for “{text}”",
        "untied": f"has it wait no longer for “{text}”",
    }
    return words.get(change.what, change.what)


def _newest(word: str, pk: str) -> list[int]:
    found = PlanChange.objects.filter(**{word: int(pk)}).order_by("-pk")
    return list(found.values_list("pk", flat=True)[:CHANGES])


def _parsed(keys: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        match = _ROW.fullmatch(key)
        if match and match[2].isascii():
            found[match[1]].add(int(match[2]))
    return found
