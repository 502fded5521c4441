"""A database that exists only for a measurement."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from django.db import connection

from factory.variables import BASE_DIR
from jobs import db, process

NAME = "factory_bench"


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """This function will make a migrated database, point Django at it, and remove it afterwards.

    Gives the environment for processes that are to use it. Locks and notifications are per
    database, so the product's own is not disturbed.
    """
    own = connection.settings_dict["NAME"]
    with _made(f"{NAME}_{os.getpid()}") as name:
        environment = dict(os.environ) | {"DATABASE_URL": _url(name)}
        try:
            words = ("migrate", "--verbosity=0", "--skip-checks")
            argv = [sys.executable, str(BASE_DIR / "manage.py"), *words]
            migrating = process.start(argv, env=environment)
            migrating.communicate()
            connection.close()
            connection.settings_dict["NAME"] = name
            yield environment
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own


@contextmanager
def empty(whose: str) -> Iterator[tuple[dict[str, Any], db.Connection]]:
    """This function will make an empty database, give Django's settings of it and a connection,

    and remove it afterwards.
    """
    with _made(f"{NAME}_{whose}_{os.getpid()}") as name:
        raw = db.connect("factory bench", database=name)
        try:
            yield _settings(name), raw
        finally:
            db.close(raw)


@contextmanager
def _made(name: str) -> Iterator[str]:
    raw = db.connect("factory bench")
    db.rows(raw, f'CREATE DATABASE "{name}"')
    try:
        yield name
    finally:
        db.rows(raw, f'DROP DATABASE "{name}" WITH (FORCE)')
        db.close(raw)


def _settings(name: str) -> dict[str, Any]:
    names = ("ENGINE", "USER", "PASSWORD", "HOST", "PORT")
    return {key: connection.settings_dict[key] for key in names} | {"NAME": name}


def _url(name: str) -> str:
    settings = connection.settings_dict
    user, word, host = (quote(str(settings[key]), safe="") for key in ("USER", "PASSWORD", "HOST"))
    return f"postgresql://{user}:{word}@{host}:{settings['PORT'] or 5432}/{name}"
