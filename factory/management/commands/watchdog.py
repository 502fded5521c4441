"""Does the upkeep of the ledger once a second, beside the broker's loop."""

from typing import Any

from factory import watchdog
from jobs.management.contract import OneLine


class Command(OneLine):
    """Runs until SIGTERM; the supervisor starts it."""

    help = __doc__

    def handle(self, **options: Any) -> None:
        """This command will tick until it is told to end."""
        watchdog.watch()
