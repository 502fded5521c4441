"""A map and its rows as of one moment, whatever is published between two statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """This function will show all statements within the database as the first of them found it.

    Nothing can be written within. A transaction that is under way stays as it is: only the first
    statement of one may say how it reads.
    """
    under_way = connection.in_atomic_block
    with transaction.atomic():
        if not under_way:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
