"""How `manage.py` starts: refuse nonsense in one line, start the services a command needs."""

import difflib
import errno
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from factory import configuration, embedded
from factory.embedded import READS_ONLY, STARTS_SERVICES, place
from factory.embedded.living import CannotEnd
from factory.embedded.place import CannotStart
from factory.parsers import printable
from factory.variables import Refused
from jobs.redaction import redact

_REFUSED = 2
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
    elif name in STARTS_SERVICES and configuration.SUPERVISED not in os.environ:
        # The processes of `up` need not: it has done so, and what goes away later is waited for.
        embedded.examine()
        embedded.ensure_running()


def _execute(argv: list[str]) -> int:
    try:
        _utility(argv).execute()
        sys.stdout.flush()
    except BrokenPipeError:
        _write_nothing_more()  # the reader had enough (`| head -1`)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as cause:
        if (sentence := _sentence(cause)) is None:
            raise  # a defect: its traceback is wanted
        if isinstance(cause, OSError):
            _write_nothing_more()
        sys.stderr.write(f"{sentence}\n")
        return _REFUSED
    return 0


def _write_nothing_more() -> None:
    # What Python flushes at its exit must go nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _utility(argv: list[str]) -> Any:
    from django.core.management import ManagementUtility, get_commands

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

    return Utility(argv)


def _sentence(cause: Exception) -> str | None:
    """This function will say in one line what was refused, full or away; None: it is a defect."""
    from django.db import InterfaceError, OperationalError

    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    match cause:
        case Refused() | CannotStart() | CannotEnd():
            return str(cause)
        case OSError(strerror=str(said), filename=str(where)) if place.has_cure(said):
            return f"{where}: {said}: {place.cure(said)}"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT, strerror=said):
            return f"No room to write to: {said}: free some, then try again"
        case OperationalError() | InterfaceError():
            return f"The database failed: {redact(lines[0])}: manage.py doctor examines it"
    if getattr(cause.__cause__, "pgcode", None) == _UNDEFINED_TABLE:
        return f"The database lacks a table ({printable(lines[0])}): manage.py up or manage.py migrate makes it"
    return None
