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
    with _loss_named(), raw.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def notified(raw: Connection) -> None:
    """This function will take in what arrived on a listening connection."""
    with _loss_named():
        raw.poll()
    raw.notifies.clear()


def cancel(raw: Connection | None) -> None:
    """This function will end the statement that another thread waits for; that thread gets an error.

    libpq's PQcancel, which is made for this.
    """
    if raw is not None and not raw.closed:
        with quiet():
            raw.cancel()


def close(raw: Connection | None) -> None:
    """This function will close a connection, however broken it is."""
    if raw is not None:
        with quiet():
            raw.close()


@contextmanager
def _loss_named() -> Iterator[None]:
    """Raise what a caller expects when the server goes away.

    After an immediate shutdown psycopg2 raises its bare DatabaseError on a connection it calls open.
    """
    try:
        yield
    except psycopg2.DatabaseError as error:
        if type(error) is psycopg2.DatabaseError:
            raise psycopg2.OperationalError(str(error)) from error
        raise


@contextmanager
def quiet() -> Iterator[None]:
    """This function will pass over the loss of a connection."""
    try:
        yield
    except LostConnection:
        return
