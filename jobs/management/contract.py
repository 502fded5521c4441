"""What every command keeps to: one JSON document, one line for bad input, statuses 0, 1 and 2."""

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from jobs import plain
from jobs.failures import Anticipated
from jobs.kinds import BadArguments, UnknownKind
from jobs.models import Refused, Stale

NO = 1
BAD_INPUT = 2
_CURES = {
    "invalid int value": ": give a whole number",
    "invalid float value": ": give a number",
}
"""What argparse says of a value, and what it leaves out."""


class BadInput(Exception):
    """An argument cannot be used; the text names it, the cause and the cure in one line."""


class OneLine(BaseCommand):
    """A command that refuses wrong arguments in one line.

    The checks of the system read every page and the API, a third of a short command's time; `make
    check` and `migrate` run them.
    """

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """This method will make wrong arguments one line, and status 2."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def refuse(message: str) -> NoReturn:
            cure = next((cure for cause, cure in _CURES.items() if cause in message), "")
            refused(f"{subcommand}: {message}{cure}; see manage.py {subcommand} --help")

        parser.error = refuse  # type: ignore[method-assign]
        return parser


class Contract(OneLine):
    """A command that answers for people, or with `--json` for machines.

    Subclasses write `answer(options)`, which gives a JSON value and whether the answer is yes, and
    `show(value)`, which prints it for people.
    """

    bad_input: tuple[type[Exception], ...] = (
        BadInput,
        BadArguments,
        UnknownKind,
        Refused,
        Stale,
        Anticipated,
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare `--json` and what the command itself takes."""
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        self.declare(parser)

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the command's own arguments."""

    def handle(self, *args: Any, **options: Any) -> None:
        """This method will answer, and exit with 1 for no and 2 for bad input."""
        try:
            value, yes = self.answer(options)
        except self.bad_input as error:
            refused(str(error))
        if options["json"]:
            self.stdout.write(json.dumps(value, default=_plain))
        else:
            self.show(value)
        self.stdout.flush()
        if not yes:
            sys.exit(NO)

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will do the work."""
        raise NotImplementedError

    def show(self, value: Any) -> None:
        """This method will print the answer for people."""
        raise NotImplementedError


def _plain(value: Any) -> str:
    """What JSON has no word for: times as the API writes them."""
    return str(DjangoJSONEncoder().default(value)) if isinstance(value, datetime) else str(value)


def refused(text: str) -> NoReturn:
    """This function will say in one line why it cannot be done, and end with status 2."""
    sys.stderr.write(f"{' '.join(plain.printable(text).split())}\n")
    sys.exit(BAD_INPUT)


def actor() -> str:
    """This function will name who types commands, as moves show it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in containers
        name = str(os.geteuid())
    return f"command:{name}"[:64]
