"""Does the upkeep of the ledger once a second, beside the broker's loop."""

from typing import Any

from django.core.management.base import BaseCommand

from factory import watchdog


class Command(BaseCommand):
    """Runs until SIGTERM; the supervisor starts it."""

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """This command will tick until it is told to end."""
        watchdog.watch()
