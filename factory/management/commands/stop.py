"""Ends what `up` started, and the embedded services."""

from typing import Any

from django.core.management.base import BaseCommand

from factory.supervisor import control


class Command(BaseCommand):
    """Ends the supervisor and everything below it; nothing running is fine, too."""

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        """This command will end everything and name what it ended."""
        ended = control.stop()
        self.stdout.write(f"stopped: {', '.join(ended)}" if ended else "nothing was running")
