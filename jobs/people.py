"""People's names in the place of actors such as user:7."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model

_USER = re.compile(r"\buser:(\d{1,18})\b")


def names_in(texts: Iterable[str]) -> dict[str, str]:
    """This function will name every user that texts speak of, such as user:7, with one question."""
    ids = {int(found[1]) for text in texts for found in _USER.finditer(text)}
    users = get_user_model().objects.in_bulk(ids) if ids else {}
    return {f"user:{pk}": user.get_username() for pk, user in users.items()}


def actors_named(text: str) -> list[str]:
    """This function will give the actors that somebody may mean: by a user's name, or as written."""
    users = get_user_model().objects.filter(username__iexact=text).values_list("pk", flat=True)
    return [text, *(f"user:{pk}" for pk in users)]


def actors_in(text: str) -> set[str]:
    """This function will give the users that a text speaks of, such as user:7."""
    return {found[0] for found in _USER.finditer(text)}


def with_names(text: str, names: Mapping[str, str]) -> str:
    """This function will write names in the place of actors such as user:7."""
    return _USER.sub(lambda found: names.get(found[0], found[0]), text)


def name_actors(rows: Iterable[Any]) -> None:
    """This function will give each row `who`: its actor, with the name of a user."""
    listed = list(rows)
    names = names_in(row.actor for row in listed)
    for row in listed:
        row.who = with_names(row.actor, names)
