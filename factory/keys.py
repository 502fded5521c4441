"""Secrets the product makes for itself: generated on first need, kept in 0600 files."""

import base64
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from factory.variables import Refused


def secret_key() -> str:
    """This function will make a key that signs."""
    return secrets.token_urlsafe(50)


def field_key() -> str:
    """This function will make a key that encrypts (Fernet)."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()  # what Fernet.generate_key does


def keep(path: Path, make: Callable[[], str]) -> str:
    """This function will read the secret in `path`, made first if there is none.

    Of two processes that race, one wins and both read the winner's: the file is complete before
    os.link gives it its name, and link never replaces.
    """
    with suppress(FileNotFoundError):
        return _read(path)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise Refused(
            f'FACTORY_HOME="{path.parent}": {error.strerror}: '
            "name a directory this account may write to"
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> str:
    try:
        found = path.read_text().strip()
    except PermissionError:
        raise Refused(
            f'FACTORY_HOME="{path.parent}": {path.name} belongs to another account: '
            "run as that one or name another directory"
        ) from None
    if not found:
        raise Refused(f'FACTORY_HOME="{path.parent}": {path.name} is empty: remove that file')
    return found
