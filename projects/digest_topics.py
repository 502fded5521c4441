"""What of the digest and the board a page can watch besides their rows: the lists, and the headings."""

import re
from collections.abc import Collection
from typing import Any

from django.template.loader import render_to_string

from jobs import ports
from projects import digest, plan_topics
from projects.models import Project, TaskState

_HEADING = re.compile(r"(\d{1,18})-([A-Z_]{1,20})")


def register() -> None:
    """This function will make the lists of digests and the headings of boards known as topics."""
    lists = (plan_topics.allowed_projects, plan_topics.digest_fingerprints, render_lists)
    ports.topics.register(ports.Topic("digestlists", *lists, unhurried=True))
    heads = (allowed_headings, counts, render_headings)
    ports.topics.register(ports.Topic("plancount", *heads, unhurried=True))


def render_lists(keys: Collection[str]) -> dict[str, str]:
    """This function will render what is at work and held up as the digest's page does."""
    found = Project.objects.filter(pk__in=plan_topics.numbers(keys))
    name = "projects/plan/_digest_lists.html"
    return {str(one.pk): render_to_string(name, {"digest": digest.of(one)}) for one in found}


def allowed_headings(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the headings of boards a user may see; keys are like 7-BLOCKED."""
    parsed = _parsed(keys)
    seen = plan_topics.allowed_projects(user, {str(pk) for pk, _ in parsed.values()})
    return {key for key, (pk, _) in parsed.items() if str(pk) in seen}


def counts(keys: Collection[str]) -> dict[str, str]:
    """This function will count the tasks below headings: one question for all."""
    parsed = _parsed(keys)
    numbers = digest.counts({pk for pk, _ in parsed.values()})
    return {key: str(numbers[pk][state]) for key, (pk, state) in parsed.items() if pk in numbers}


def render_headings(keys: Collection[str]) -> dict[str, str]:
    """This function will render the numbers in headings as the board does."""
    parsed = _parsed(keys)
    return {
        key: render_to_string(
            "projects/plan/_count.html",
            {"of": parsed[key][0], "state": parsed[key][1], "number": int(number)},
        )
        for key, number in counts(keys).items()
    }


def _parsed(keys: Collection[str]) -> dict[str, tuple[int, str]]:
    matches = {key: _HEADING.fullmatch(key) for key in keys if key.isascii()}
    return {
        key: (int(match[1]), match[2])
        for key, match in matches.items()
        if match and match[2] in TaskState.values
    }
