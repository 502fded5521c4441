"""A database that exists only for a measurement."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.db import connection

from factory.configuration import BASE_DIR
from jobs import db, process

NAME = "factory_bench"


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """This function will make a migrated database, point Django at it, and remove it afterwards.

    Gives the environment for processes that are to use it. Locks and notifications are per
    database, so the product's own is not disturbed.
    """
    own = connection.settings_dict["NAME"]
    name = f"{NAME}_{os.getpid()}"
    raw = db.connect("factory bench")
    db.rows(raw, f'CREATE DATABASE "{name}"')
    environment = dict(os.environ) | {"DATABASE_URL": _url(name)}
    try:
        migrating = process.start(
            [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--verbosity=0"],
            env=environment,
        )
        migrating.communicate()
        connection.close()
        connection.settings_dict["NAME"] = name
        yield environment
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        db.rows(raw, f'DROP DATABASE "{name}" WITH (FORCE)')
        db.close(raw)


def _url(name: str) -> str:
    settings = connection.settings_dict
    user, word, host = (quote(str(settings[key]), safe="") for key in ("USER", "PASSWORD", "HOST"))
    return f"postgresql://{user}:{word}@{host}:{settings['PORT'] or 5432}/{name}"
