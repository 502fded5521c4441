"""Examines the installation; starts nothing and works with everything down."""

import sys
from argparse import ArgumentParser
from typing import Any

from factory import doctor
from jobs.management.contract import OneLine


class Command(OneLine):
    """Shows every variable, program, service and process, and the cure of what is wrong."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare --json."""
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """This command will examine everything; the status is 1 when something is wrong."""
        found = list(doctor.examine())
        sys.exit(doctor.report(found, options["json"], sys.stdout))
