"""Registers repositories and starts their first jobs."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from jobs.management.contract import BadInput, actor
from projects import registration
from projects.management.keys import private_key
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
        parser.add_argument("--key-file", metavar="PATH", help="an ssh key's private half")
        super().declare(parser)

    def start(self, options: dict[str, Any]) -> Sequence[Registration]:
        """This method will register."""
        return registration.register(
            options["url"],
            project=options["project"],
            branch=options["branch"],
            token=_token(options["token_env"]),
            key=_key(options["key_file"]),
            actor=actor(),
        )


def _key(path: str | None) -> str:
    return private_key(path, "--key-file") if path else ""


def _token(variable: str | None) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise BadInput(f"--token-env: {variable} is not set; export it with the token")
    return value
