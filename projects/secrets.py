"""Secrets at rest: encrypted with keys that are not in the database."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from jobs.failures import Anticipated, FailureClass

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Unreadable(Anticipated):
    """A stored secret was encrypted with a key this installation does not have."""

    failure_class = FailureClass.AUTH


@dataclass(frozen=True)
class Sealed:
    """A stored secret; it is decrypted only where it is used, so its row can be read without."""

    text: str = field(repr=False)


def seal(text: str) -> str:
    """This function will encrypt a text with the first of FACTORY_FIELD_KEYS."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """This function will decrypt a text with whichever key sealed it; raises Unreadable."""
    from cryptography.fernet import InvalidToken

    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(
            "FACTORY_FIELD_KEY: a stored token or ssh key was encrypted with another key; "
            "add that key, or give it again"
        ) from error


def opened(secret: str | Sealed) -> str:
    """This function will give a secret in plain, stored or not yet; raises Unreadable."""
    return unseal(secret.text) if isinstance(secret, Sealed) else secret


def _box() -> "MultiFernet":
    # Here and above, not with the models: few commands open a secret.
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in settings.FACTORY_FIELD_KEYS])


class SealedField(models.TextField):  # type: ignore[type-arg]
    """A text that is encrypted in the database and `Sealed` when read; empty stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        """This method will encrypt on the way in, once."""
        if isinstance(value, Sealed):
            return value.text
        return seal(value) if value else ""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """This method will keep it sealed on the way out."""
        return Sealed(value) if value else ""
