"""People's names in the place of actors such as user:7.

Only where the product itself put an actor: in a field that holds one, and where the reason it gave a
move begins with one. What people typed stays as they typed it, whatever it looks like: else the names
of all accounts could be asked for by their numbers.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model

_USER = re.compile(r"user:([0-9]{1,18})")
# As `jobs/sql/act_*.sql` and `ends.sql` begin a reason; what was typed comes after it.
_DONE_BY = re.compile(
    r"(?:(?:Cancelled|Paused|Repaired|Resumed|Retried) by "
    r"|It ended before the [a-z]+ took effect that was asked by )(user:[0-9]{1,18})(?=[:. ])"
)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """This function will name every user among actors, such as user:7, with one question."""
    ids = {int(found[1]) for actor in actors if (found := _USER.fullmatch(actor))}
    users = get_user_model().objects.in_bulk(ids) if ids else {}
    return {f"user:{pk}": user.get_username() for pk, user in users.items()}


def actors_named(text: str) -> list[str]:
    """This function will give the actors that somebody may mean: by a user's name, or as written."""
    users = get_user_model().objects.filter(username__iexact=text).values_list("pk", flat=True)
    return [text, *(f"user:{pk}" for pk in users)]


def actor_in(reason: str) -> str:
    """This function will give the user whom a reason of the product begins with, or nobody."""
    found = _DONE_BY.match(reason)
    return found[1] if found else ""


def named(actor: str, names: Mapping[str, str]) -> str:
    """This function will call an actor by name, if that is known."""
    return names.get(actor, actor)


def told(reason: str, names: Mapping[str, str]) -> str:
    """This function will write a name in the place of the user whom a reason begins with."""
    found = _DONE_BY.match(reason)
    if found is None:
        return reason
    return reason[: found.start(1)] + named(found[1], names) + reason[found.end(1) :]


def name_actors(rows: Iterable[Any]) -> None:
    """This function will give each row `who`: its actor, with the name of a user."""
    listed = list(rows)
    names = names_of(row.actor for row in listed)
    for row in listed:
        row.who = named(row.actor, names)
