"""What of the lists of ideas and specs a page can watch besides their rows: who is there, and counts."""

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import CharField, Count, QuerySet, Value

from jobs import board, ports, topics
from projects import plan_topics
from projects.models import Idea, Project, Spec

PAGE = 50
"""So many rows a page of a list shows."""
_MODELS: dict[str, type[Any]] = {"idea": Idea, "spec": Spec}
_KEY = re.compile(r"(\d{1,18})-(idea|spec)-([A-Z]{0,11})-([1-9]\d{0,5})")


def register() -> None:
    """This function will make lists of ideas and of specs known as a topic."""
    ports.topics.register(ports.Topic("thoughts", allowed, fingerprints, render, unhurried=True))


def key(project: Project, word: str, state: str, number: int) -> str:
    """This function will name one page of a list."""
    return f"{project.pk}-{word}-{state}-{number}"


def listed(model: type[Any], project: int, state: str, number: int) -> "QuerySet[Any]":
    """This function will give the rows of one page of a list, the newest first."""
    rows = model.objects.filter(project=project).order_by("-pk")
    rows = rows.filter(state=state) if state else rows
    return rows[(number - 1) * PAGE : number * PAGE]


def allowed(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the lists of projects a user may see."""
    parsed = _parsed(keys)
    seen = plan_topics.allowed_projects(user, {one[0] for one in parsed.values()})
    return {key for key, one in parsed.items() if one[0] in seen}


def fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what lists and the counts above them show, in short."""
    parsed, rows = _parsed(keys), _rows(keys)
    counted = {word: _counts(word, parsed) for word in _MODELS}
    return {
        key: board.fingerprint(rows[key], counted[word].get(int(project), []))
        for key, (project, word, _, _) in parsed.items()
    }


def render(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects new rows of a list."""
    return {
        key: topics.render_news(f"thoughts:{key}", names(_parsed([key])[key][1], found))
        for key, found in _rows(keys).items()
    }


def names(word: str, found: Collection[Any]) -> str:
    """This function will name the topics of rows, given with their ids first."""
    return " ".join(f"planword:{word}-{pk}" for pk, *_ in found)


def _rows(keys: Collection[str]) -> dict[str, list[tuple[int, int]]]:
    """The ids and versions of the rows of each list: one question for all of ideas, one of specs."""
    found: dict[str, list[tuple[int, int]]] = {}
    parts: dict[str, list[QuerySet[Any]]] = defaultdict(list)
    for key, (project, word, state, number) in _parsed(keys).items():
        found[key] = []
        rows = listed(_MODELS[word], int(project), state, int(number))
        named = rows.annotate(key=Value(key, output_field=CharField()))
        parts[word].append(named.values_list("key", "pk", "version"))
    for first, *others in parts.values():
        for key, pk, version in first.union(*others, all=True):
            found[key].append((pk, version))
    return found


def _counts(word: str, parsed: dict[str, tuple[str, ...]]) -> dict[int, list[tuple[str, int]]]:
    """How many are in each state, by project."""
    ids = {int(one[0]) for one in parsed.values() if one[1] == word}
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    rows = _MODELS[word].objects.filter(project__in=ids).values_list("project", "state")
    for project, *counted in rows.annotate(number=Count("pk")).order_by("project", "state"):
        found[project].append((counted[0], counted[1]))
    return found


def _parsed(keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    matches = {key: _KEY.fullmatch(key) for key in keys if key.isascii()}
    return {
        key: match.groups()
        for key, match in matches.items()
        if match and match[3] in ("", *_MODELS[match[2]].states.values)
    }
