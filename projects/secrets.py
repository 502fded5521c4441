"""Secrets at rest: encrypted with keys that are not in the database."""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Unreadable(Exception):
    """A stored secret was encrypted with a key this installation does not have."""


def seal(text: str) -> str:
    """This function will encrypt a text with the first of FACTORY_FIELD_KEYS."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """This function will decrypt a text with whichever key sealed it; raises Unreadable."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(
            "FACTORY_FIELD_KEY: a stored token was encrypted with another key; "
            "add that key, or give the token again"
        ) from error


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FACTORY_FIELD_KEYS])


class SealedField(models.TextField):  # type: ignore[type-arg]
    """A text that is plain in Python and encrypted in the database; empty stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        """This method will encrypt on the way in."""
        return seal(value) if value else ""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """This method will decrypt on the way out."""
        return unseal(value) if value else ""
