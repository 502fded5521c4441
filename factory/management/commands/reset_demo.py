"""A clean slate: projects, maps, jobs, events and clones go; users and settings stay."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from factory import clean_slate
from jobs.management.contract import BadInput, Contract, actor

QUESTION = "Every project, map, job, event and clone goes; users and settings stay. Type yes: "


class Command(Contract):
    """Removes every project, map, job, event and clone. Refused in prod."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the confirmation and how long running jobs are waited for."""
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--wait",
            type=float,
            default=clean_slate.PATIENCE_S,
            metavar="SECONDS",
            help="how long running jobs are waited for",
        )

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will remove everything, or refuse."""
        if settings.FACTORY_ENV == "prod":
            raise BadInput('FACTORY_ENV="prod": reset_demo is refused there: nothing was removed')
        if not 0 <= options["wait"] <= 3600:
            raise BadInput(f"--wait {options['wait']}: give 0 to 3600 seconds")
        if not options["yes"]:
            _confirm()
        return clean_slate.wipe(by=actor(), patience_s=options["wait"]), True

    def show(self, value: Any) -> None:
        """This method will print how much of each went."""
        gone = ", ".join(f"{count:,} {name}" for name, count in value.items())
        self.stdout.write(f"removed: {gone}")


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise BadInput("--yes: nothing is removed without it")
    sys.stderr.write(QUESTION)
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise BadInput("--yes: not confirmed: nothing was removed")
