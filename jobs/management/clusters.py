"""What django-q2's monitoring commands show here: clusters and runners, read from runner rows."""

import time
from argparse import ArgumentParser
from typing import Any

from jobs import db, fleet
from jobs.management.contract import BadInput, Contract

ASK_S = 5.0
EVERY_S = 1.0


class Monitor(Contract):
    """Shows the clusters of all hosts; 1 when there is none."""

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will read the clusters."""
        try:
            found = fleet.clusters(ASK_S)
        except (db.Error, db.Silent):
            raise BadInput("the database does not answer: manage.py doctor") from None
        shown = [
            {
                "host": one.host,
                "id": one.name,
                "state": "working" if one.busy else "idle",
                "workers": one.pids,
                "rss_mb": one.rss_mb,
                "since": one.since,
            }
            for one in found
        ]
        return shown, bool(shown)

    def show(self, value: Any) -> None:
        """This method will print one line a cluster."""
        for one in value:
            pids = ", ".join(str(pid) for pid in one["workers"])
            memory = sum(one["rss_mb"].values())
            line = f"{one['host']} {one['id']:<8} {one['state']:<8} {memory} MiB  runners {pids}"
            self.stdout.write(line)
        if not value:
            self.stdout.write("no cluster: start one with manage.py up")


class Repeated(Monitor):
    """Shows the clusters of all hosts once a second until Ctrl-C."""

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare --run-once."""
        parser.add_argument("--run-once", action="store_true", help="show it once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """This command will show what there is, again and again."""
        while True:
            super().handle(*args, **options)
            if options["run_once"] or options["json"]:
                return
            time.sleep(EVERY_S)
