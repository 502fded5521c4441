"""Ends what `up` started, and the embedded services."""

from typing import Any

from factory.supervisor import control
from jobs.management.contract import Contract


class Command(Contract):
    """Ends the supervisor and everything below it; nothing running is fine, too."""

    help = __doc__

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will end everything and name what it ended."""
        return {"stopped": control.stop()}, True

    def show(self, value: Any) -> None:
        """This method will print what was ended."""
        ended = ", ".join(value["stopped"])
        self.stdout.write(f"stopped: {ended}" if ended else "nothing was running")
