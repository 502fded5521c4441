"""Lists the processes of the product; starts nothing."""

from dataclasses import asdict
from typing import Any

from factory.supervisor import control
from jobs.management.contract import Contract

SERVICES = ("postgres", "valkey")


class Command(Contract):
    """Shows which processes run, since when, and their last heartbeat; 1 when no supervisor does."""

    help = __doc__

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will list what runs; the answer is no when no supervisor does."""
        shown, running = control.status(), control.is_running()
        return {"running": running, "processes": [asdict(each) for each in shown]}, running

    def show(self, value: Any) -> None:
        """This method will print one line a process."""
        listed, running = value["processes"], value["running"]
        left = not running and any(each["name"] not in SERVICES for each in listed)
        word = "running" if running else "not running"
        self.stdout.write(f"{word}; left by a killed supervisor:" if left else word)
        for each in listed:
            age = each["heartbeat_age_s"]
            beat = "" if age is None else f"   heartbeat {age:.0f} s ago"
            line = f"  {each['name']:<10} {each['pid']:>8}   up {each['uptime_s']:.0f} s{beat}"
            self.stdout.write(line)
