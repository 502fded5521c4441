"""Fetches a repository and maps it again."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from projects import maps, registration
from projects.management import waiting


class Command(BaseCommand):
    """Enqueues a fetch, which a map follows."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and options."""
        parser.add_argument("repository", help="its id, address or name")
        parser.add_argument("--wait", action="store_true", help="until every job has ended")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """This command will sync; the status is 1 when it waited and a job failed."""
        repository = maps.named(options["repository"])
        if repository is None:
            raise waiting.refused(maps.unknown(options["repository"]))
        job = registration.sync(repository, actor="command")
        found = [registration.Registration(repository, job, False)]
        sys.exit(waiting.report(self, found, options))
