"""Restarts one process of the product, or all but the services."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from factory.supervisor import control


class Command(BaseCommand):
    """Ends a process; the supervisor starts it again at once."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare the name."""
        parser.add_argument("name", nargs="?", help="a name that status shows; none means all")

    def handle(self, **options: Any) -> None:
        """This command will restart and wait until the new processes run."""
        self.stdout.write(f"restarted: {', '.join(control.restart(options['name']))}")
