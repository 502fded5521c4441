"""Django's migrate, one at a time on one database."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

_LOCK = 0x66616374  # "fact"; runners lock by two numbers, this is one


class Command(migrate.Command):
    """Brings the schema up to date; a second one, from another machine, waits and finds it done."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """This command will migrate while it holds a lock, which its connection's end frees, too."""
        connection = connections[options["database"]]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            super().handle(*args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
