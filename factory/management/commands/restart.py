"""Restarts one process of the product, or all but the services."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from factory.supervisor import control
from jobs.management.contract import Contract


class Command(Contract):
    """Ends a process, waits until the supervisor has started another, and names both."""

    help = __doc__
    requires_system_checks: list[str] = []

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the name."""
        parser.add_argument("name", nargs="?", help="a name that status shows; none means all")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will restart and wait until the new processes run."""
        restarted = control.restart(options["name"])
        return {"restarted": [asdict(each) for each in restarted]}, True

    def show(self, value: Any) -> None:
        """This method will print one line a process."""
        for each in value["restarted"]:
            self.stdout.write(f"restarted {each['name']}: pid {each['before']} → {each['after']}")
