"""django-q2's summary of its clusters, answered from runner rows and the ledger."""

from argparse import ArgumentParser
from typing import Any

from jobs.management.clusters import Monitor
from jobs.management.contract import BadInput


class Command(Monitor):
    """Shows the clusters of all hosts and their runners; manage.py queues shows what waits."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare what django-q2's own command takes."""
        parser.add_argument("--ids", action="store_true", help="only the ids of the clusters")
        parser.add_argument("--config", action="store_true", help="refused: see manage.py doctor")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will read the clusters, or their ids."""
        if options["config"]:
            raise BadInput("--config: django-q2's settings are fixed here: manage.py doctor")
        found, yes = super().answer(options)
        return ([one["id"] for one in found] if options["ids"] else found), yes

    def show(self, value: Any) -> None:
        """This method will print one line a cluster, or one id a line."""
        if value and isinstance(value[0], str):
            self.stdout.write("\n".join(value))
        else:
            super().show(value)
