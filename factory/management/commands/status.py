"""Lists the processes of the product; starts nothing."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from factory.supervisor import control

SERVICES = ("postgres", "valkey")


class Command(BaseCommand):
    """Shows which processes run, since when, and their last heartbeat."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare --json."""
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """This command will list what runs; the status is 1 when no supervisor does."""
        shown, running = control.status(), control.is_running()
        if options["json"]:
            answer = {"running": running, "processes": [asdict(each) for each in shown]}
            self.stdout.write(json.dumps(answer))
        else:
            left = not running and any(each.name not in SERVICES for each in shown)
            word = "running" if running else "not running"
            self.stdout.write(f"{word}; left by a killed supervisor:" if left else word)
            for each in shown:
                age = each.heartbeat_age_s
                beat = "" if age is None else f"   heartbeat {age:.0f} s ago"
                self.stdout.write(
                    f"  {each.name:<10} {each.pid:>8}   up {each.uptime_s:.0f} s{beat}"
                )
        if not running:
            sys.exit(1)
