"""Registers repositories and starts their first jobs."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from projects import access, registration
from projects.addresses import Refused
from projects.management import waiting


class Command(BaseCommand):
    """Creates repositories and their first jobs in one transaction."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare the addresses and options."""
        parser.add_argument(
            "url", nargs="+", help="https, ssh, or an absolute path on this machine"
        )
        parser.add_argument("--project", help="its name; else it is named after the repository")
        parser.add_argument("--branch", default="", help="the branch to map; else the remote's own")
        parser.add_argument("--token-env", metavar="VAR", help="the variable that holds a token")
        parser.add_argument("--wait", action="store_true", help="until every job has ended")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """This command will register; the status is 1 when it waited and a job failed."""
        try:
            found = registration.register(
                options["url"],
                project=options["project"],
                branch=options["branch"],
                token=_token(options["token_env"]),
                actor="command",
            )
        except (Refused, access.Denied) as error:
            raise waiting.refused(error) from error
        sys.exit(waiting.report(self, found, options))


def _token(variable: str | None) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise waiting.refused(f"--token-env: {variable} is not set; export it with the token")
    return value
