"""Restarts one process of the product, or all but the services."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from factory.supervisor import control, rolling
from jobs.management.contract import BadInput, Contract, actor


class Command(Contract):
    """Ends a process, waits until the supervisor has started another, and names both."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the name."""
        parser.add_argument("name", nargs="?", help="a name that status shows; none means all")
        parser.add_argument(
            "--rolling",
            action="store_true",
            help="qcluster: the next one works before the last job of the old one ended",
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=3600,
            metavar="SECONDS",
            help="with --rolling: after so long, jobs of the old one are handed back (3600)",
        )

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will restart and wait until the new processes run."""
        if options["rolling"]:
            restarted = [_roll(options["name"], options["wait"])]
        else:
            restarted = control.restart(options["name"])
        return {"restarted": [asdict(each) for each in restarted]}, True

    def show(self, value: Any) -> None:
        """This method will print one line a process."""
        for each in value["restarted"]:
            self.stdout.write(f"restarted {each['name']}: pid {each['before']} → {each['after']}")


def _roll(name: str | None, wait_s: float) -> control.Restarted:
    if name not in (None, rolling.NAME):
        raise BadInput(f"--rolling: {name} holds no jobs: restart it without --rolling")
    if not wait_s >= 0:
        raise BadInput(f"--wait {wait_s}: give seconds from 0")
    return rolling.roll(actor(), wait_s)
