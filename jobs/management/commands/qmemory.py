"""django-q2's live view of memory, answered from runner rows."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.clusters import Repeated


class Command(Repeated):
    """Shows the memory of the runners of all hosts once a second, until Ctrl-C."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare what django-q2's own command takes."""
        super().declare(parser)
        parser.add_argument("--workers", action="store_true", help="each is shown in any case")

    def show(self, value: Any) -> None:
        """This method will print one line a runner."""
        for one in value:
            for pid, memory in one["rss_mb"].items():
                self.stdout.write(f"{one['host']} {one['id']:<8} pid {pid:<8} {memory} MiB")
        if not value:
            super().show(value)
