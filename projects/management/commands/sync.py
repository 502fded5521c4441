"""Fetches a repository and maps it again."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from jobs.management.contract import BadInput, actor
from projects import maps, registration
from projects.management.waiting import Waiting
from projects.registration import Registration


class Command(Waiting):
    """Enqueues a fetch, which a map follows."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and options."""
        parser.add_argument("repository", help="its id, address, name or project")
        super().declare(parser)

    def start(self, options: dict[str, Any]) -> Sequence[Registration]:
        """This method will enqueue the fetch."""
        repository = maps.named(options["repository"])
        if repository is None:
            raise BadInput(maps.unknown(options["repository"]))
        job = registration.sync(repository, actor=actor())
        return [Registration(repository, job, False)]
