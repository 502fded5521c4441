"""How `manage.py` starts: refuse nonsense in one line, start the services a command needs."""

import difflib
import errno
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from factory import configuration, embedded
from factory.configuration import Refused
from factory.embedded import READS_ONLY, STARTS_SERVICES
from factory.embedded.living import CannotEnd
from factory.embedded.place import CannotStart
from factory.parsers import printable
from jobs.redaction import redact

_REFUSED = 2
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_UNDEFINED_TABLE = "42P01"


def command(argv: Sequence[str]) -> int:
    """This function will run one management command and give the exit status.

    A refused variable or a service that does not start is one line on stderr and status 2.
    """
    name = argv[1] if len(argv) > 1 else "help"
    if name == "up":
        # It collects the static files, and its processes serve them under hashed names.
        os.environ.setdefault("FACTORY_STATIC", "collected")
    try:
        configuration.load()
        if not {"-h", "--help", "--once"} & set(argv):
            _provide(name)
    except (Refused, CannotStart) as cause:
        if name == "doctor":
            from factory import doctor

            return doctor.without_settings("--json" in argv, sys.stdout)
        sys.stderr.write(f"{cause}\n")
        return _REFUSED
    return _execute(list(argv))


def _provide(name: str) -> None:
    if name in READS_ONLY:
        if not embedded.database_is_there():
            raise Refused("nothing runs: start it with manage.py up")
        embedded.examine("DATABASE_URL")  # what cannot be pushed can still be read
    elif name in STARTS_SERVICES:
        embedded.ensure_running()
        # `up` has examined what is given; what goes away later is waited for, not given up.
        if configuration.SUPERVISED not in os.environ:
            embedded.examine()


def _execute(argv: list[str]) -> int:
    try:
        return _run(argv)
    except BrokenPipeError:
        _write_nothing_more()  # the reader had enough (`| head -1`)
    except OSError as cause:
        if cause.errno not in _NO_ROOM:
            raise
        _write_nothing_more()
        sys.stderr.write(f"No room to write to: {cause.strerror}: free some, then try again\n")
        return _REFUSED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _run(argv: list[str]) -> int:
    from django.core.management import ManagementUtility, get_commands
    from django.db import InterfaceError, OperationalError, ProgrammingError

    class Utility(ManagementUtility):
        """Django's, but a command that does not exist is one line and status 2."""

        def fetch_command(self, subcommand: str) -> Any:
            """This method will give the command of that name, or raise Refused."""
            known = get_commands()
            if subcommand in known:
                return super().fetch_command(subcommand)
            near = difflib.get_close_matches(subcommand, known, 1)
            hint = f"did you mean {near[0]}?" if near else "manage.py help lists them all"
            raise Refused(f'"{printable(subcommand)}" is no command: {hint}')

    try:
        Utility(argv).execute()
        sys.stdout.flush()
    except (Refused, CannotStart, CannotEnd) as cause:
        sys.stderr.write(f"{cause}\n")
        return _REFUSED
    except (OperationalError, InterfaceError, ProgrammingError) as cause:
        if (sentence := _of_the_database(cause)) is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        return _REFUSED
    return 0


def _write_nothing_more() -> None:
    # What Python flushes at its exit must go nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _of_the_database(cause: Exception) -> str | None:
    """This function will say in one line that the database is away or empty; None: it is a defect."""
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    if getattr(cause.__cause__, "pgcode", None) == _UNDEFINED_TABLE:
        return f"The database lacks a table ({printable(lines[0])}): manage.py migrate makes it"
    if type(cause).__name__ == "ProgrammingError":
        return None
    return f"The database is away: {redact(lines[0])}: manage.py doctor examines it"
