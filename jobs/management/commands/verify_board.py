"""Compares the board with rows, runners, locks and processes."""

from typing import Any

from jobs import audit
from jobs.management.contract import Contract
from jobs.redaction import visible


class Command(Contract):
    """Recomputes every invariant; exits with 0 only when nothing disagrees."""

    help = __doc__

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will look, and a second time where something disagreed."""
        made = audit.verify_board()
        return audit.describe(made), made.ok

    def show(self, value: Any) -> None:
        """This method will print one line for each disagreement, and what was looked at."""
        for one in value["disagreements"]:
            said = f"{one['what']}: the board says {one['board']}, but {one['reality']}"
            self.stdout.write(visible(f"{said} (since {one['since']})"))
        for name, covered in value["covered"].items():
            self.stdout.write(f"  {name}: {covered}")
        word = "nothing disagrees" if value["ok"] else f"{len(value['disagreements'])} disagree"
        self.stdout.write(f"verified {value['checked_at']:%H:%M:%S} UTC, {word}")
