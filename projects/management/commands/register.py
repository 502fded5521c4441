"""Registers repositories and starts their first jobs."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from jobs.management.contract import BadInput
from projects import registration
from projects.management.waiting import Waiting
from projects.registration import Registration


class Command(Waiting):
    """Creates repositories and their first jobs in one transaction."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the addresses and options."""
        parser.add_argument(
            "url", nargs="+", help="https, ssh, or an absolute path on this machine"
        )
        parser.add_argument("--project", help="its name; else it is named after the repository")
        parser.add_argument("--branch", default="", help="the branch to map; else the remote's own")
        parser.add_argument("--token-env", metavar="VAR", help="the variable that holds a token")
        super().declare(parser)

    def start(self, options: dict[str, Any]) -> Sequence[Registration]:
        """This method will register."""
        return registration.register(
            options["url"],
            project=options["project"],
            branch=options["branch"],
            token=_token(options["token_env"]),
            actor="command",
        )


def _token(variable: str | None) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise BadInput(f"--token-env: {variable} is not set; export it with the token")
    return value
