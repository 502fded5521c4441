"""Whom a command acts for."""

from typing import Any

from django.contrib.auth import get_user_model

from factory import parsers
from jobs.management.contract import BadInput


def active(given: str) -> Any:
    """This function will give the active user of a name, or raise BadInput naming USER."""
    user = get_user_model().objects.filter(username=given.replace("\0", "")).first()
    if user is None:
        name = parsers.printable(given)
        raise BadInput(f'USER="{name}": no such user: manage.py createsuperuser makes one')
    if not user.is_active:
        raise BadInput(f'USER="{user}": is not active: allow it in the admin first')
    return user
