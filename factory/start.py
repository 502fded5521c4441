"""How `manage.py` starts: refuse nonsense in one line, start the services a command needs."""

import os
import signal
import sys
from collections.abc import Sequence

from factory import configuration, embedded
from factory.configuration import Refused
from factory.embedded import READS_ONLY, STARTS_SERVICES
from factory.embedded.place import CannotStart

_REFUSED = 2


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
        help_wanted = bool({"-h", "--help"} & set(argv))
        if name in STARTS_SERVICES and not help_wanted and "--once" not in argv:
            embedded.ensure_running()
        if name in READS_ONLY and not help_wanted and not embedded.database_is_there():
            raise Refused("nothing runs: start it with manage.py up")
    except (Refused, CannotStart) as cause:
        if name == "doctor":
            from factory import doctor

            return doctor.without_settings("--json" in argv)
        sys.stderr.write(f"{cause}\n")
        return _REFUSED
    return _execute(list(argv))


def _execute(argv: list[str]) -> int:
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(argv)
        sys.stdout.flush()
    except Refused as cause:
        sys.stderr.write(f"{cause}\n")
        return _REFUSED
    except BrokenPipeError:
        # The reader had enough (`| head -1`); what Python flushes at its exit must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0
