"""Raw connections to the database, for the statements that must be fast and the locks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg2
import psycopg2.extensions
from django.db import connection as django_connection

Connection: TypeAlias = psycopg2.extensions.connection
LostConnection = (psycopg2.OperationalError, psycopg2.InterfaceError)
UniqueViolation = psycopg2.errors.UniqueViolation


def connect(application_name: str) -> Connection:
    """This function will open an autocommitting connection beside Django's own."""
    parameters: dict[str, Any] = dict(django_connection.get_connection_params())
    parameters.pop("cursor_factory", None)
    parameters["application_name"] = application_name
    parameters.setdefault("connect_timeout", 5)
    raw: Connection = psycopg2.connect(**parameters)
    raw.autocommit = True
    return raw


def rows(raw: Connection, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """This function will run one statement and give the rows it returns."""
    with raw.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def close(raw: Connection | None) -> None:
    """This function will close a connection, however broken it is."""
    if raw is not None:
        with quiet():
            raw.close()


@contextmanager
def quiet() -> Iterator[None]:
    """This function will pass over the loss of a connection."""
    try:
        yield
    except LostConnection:
        return
