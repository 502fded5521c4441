"""Raw connections to the database, for the statements that must be fast and the locks."""

import os
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakSet

import psycopg2
import psycopg2.extensions
from django.db import connection as django_connection

Connection: TypeAlias = psycopg2.extensions.connection
_IN_WORK = (1, 2, 3)  # libpq's PQTRANS_ACTIVE, PQTRANS_INTRANS and PQTRANS_INERROR
_INVALID_TRANSACTION, _LIMIT_EXCEEDED = "25", "54"  # classes of SQLSTATE
LostConnection = (psycopg2.OperationalError, psycopg2.InterfaceError)
Blocked = psycopg2.errors.LockNotAvailable
"""Another transaction holds what a session with a `lock_timeout` asked for: try again later."""
Error = psycopg2.Error
UniqueViolation = psycopg2.errors.UniqueViolation
_VIGILANT = (
    "SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '3', false),"
    " set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '15000', false)"
)


@cache
def statement(name: str) -> str:
    """This function will read one statement of `jobs/sql`."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()


class Silent(Exception):
    """A server that did not answer before the deadline."""


def connect(
    application_name: str, *, timeout_s: int | None = None, database: str | None = None
) -> Connection:
    """This function will open an autocommitting connection beside Django's own.

    `timeout_s` bounds the opening, instead of what the settings say; libpq waits 2 s at least.
    `database` is another one of the same server.
    """
    parameters: dict[str, Any] = dict(django_connection.get_connection_params())
    parameters.pop("cursor_factory", None)
    parameters["application_name"] = application_name
    if timeout_s is not None:
        parameters["connect_timeout"] = timeout_s
    if database is not None:
        parameters["dbname"] = database
    raw: Connection = psycopg2.connect(**parameters)
    raw.autocommit = True
    be_missed(raw)
    _open.add(raw)
    return raw


def be_missed(raw: Connection) -> None:
    """This function will have the server notice within 15 s that this machine is gone.

    By its own settings it keeps the connection for two hours, and with it every lock: of a machine
    that lost its power nothing could be proved until then. Not asked on a Unix socket.
    """
    if not raw.info.host.startswith("/"):
        rows(raw, _VIGILANT)


_open: "WeakSet[Connection]" = WeakSet()


def _let_go() -> None:
    """Leave the sockets to the parent: a child that kept them would hold its parent's locks.

    The numbers stay taken, by nothing: libpq says goodbye on them when the child ends.
    """
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for raw in list(_open):
        if not raw.closed:
            os.dup2(nothing, raw.fileno(), inheritable=False)
    os.close(nothing)


os.register_at_fork(after_in_child=_let_go)


class Impatient:
    """A connection with one deadline for all its waits: the server may be far away or frozen.

    libpq's own connect_timeout ends with the log-in, and nothing of libpq bounds a statement.
    Only the resolution of the host's name is not bounded.
    """

    def __init__(self, parameters: Mapping[str, Any], seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._raw: Connection = psycopg2.connect(**parameters, async_=True)
        self._wait()

    def ask(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """This method will run one statement and give its rows; raises Silent or Error."""
        with self._raw.cursor() as cursor:
            cursor.execute(sql, parameters)
            self._wait()
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """This method will close the connection, whatever it waits for."""
        close(self._raw)

    @property
    def version(self) -> int:
        """The server's version as libpq writes it: 180004."""
        return int(self._raw.server_version)

    @property
    def greeted_by(self) -> int:
        """The process id in the server's greeting; a pooler greets with a number of its own."""
        return int(self._raw.get_backend_pid())

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return bool(self._raw.closed)

    def _wait(self) -> None:
        waiting = select.poll()  # not select(): a busy server has more than 1,024 files open
        while (state := self._raw.poll()) != psycopg2.extensions.POLL_OK:
            left = self._until - time.monotonic()
            reading = state == psycopg2.extensions.POLL_READ
            waiting.register(self._raw.fileno(), select.POLLIN if reading else select.POLLOUT)
            if left <= 0 or not waiting.poll(left * 1000):
                raise Silent


def rows(raw: Connection, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """This function will run one statement and give the rows it returns."""
    with _loss_named(), raw.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def changed(raw: Connection, sql: str) -> int:
    """This function will run one statement and say how many rows it changed."""
    with _loss_named(), raw.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


def query(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """This function will run one statement on Django's own connection and give the rows it returns."""
    with django_connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def in_transaction(raw: Connection) -> bool:
    """This function will say whether a transaction is open, or the next statement opens one."""
    return not raw.closed and (not raw.autocommit or raw.info.transaction_status in _IN_WORK)


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
    """Raise what a caller expects when the server goes away, and only then.

    After an immediate shutdown psycopg2 raises its bare DatabaseError on a connection it calls open;
    and after a failover the old server says that it can only be read.
    """
    try:
        yield
    except psycopg2.DatabaseError as error:
        sort = (error.pgcode or "")[:2]
        if type(error) is psycopg2.DatabaseError or sort == _INVALID_TRANSACTION:
            raise psycopg2.OperationalError(str(error)) from error
        if sort == _LIMIT_EXCEEDED:
            raise psycopg2.DataError(str(error)) from error
        raise


@contextmanager
def quiet() -> Iterator[None]:
    """This function will pass over the loss of a connection."""
    try:
        yield
    except LostConnection:
        return
