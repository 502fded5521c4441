"""Lists deliveries of events; delivers a dead letter again."""

from argparse import ArgumentParser
from typing import Any

from jobs import events
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import Delivery
from jobs.redaction import visible

LISTED = 200


class Command(Contract):
    """Lists what was delivered to whom, newest first; replays one that was not."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the filter and the act."""
        parser.add_argument("act", nargs="?", choices=("replay",), help="deliver number N again")
        parser.add_argument("number", nargs="?", type=int, metavar="N", help="a delivery's id")
        parser.add_argument("--dead", action="store_true", help="only what was not delivered")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will replay one, or list."""
        if options["act"]:
            found = Delivery.objects.filter(pk=options["number"] or 0).first()
            if found is None:
                cause = f"there is no delivery {options['number']}"
                raise BadInput(f"N: {cause}; list them with manage.py deliveries --dead")
            job = events.replay(found, by=actor())
            return {"id": found.pk, "job": job.pk, "state": job.state}, True
        wanted = Delivery.objects.select_related("event").order_by("-pk")
        listed = list((wanted.dead() if options["dead"] else wanted)[:LISTED])
        return events.shapes(listed), True

    def show(self, value: Any) -> None:
        """This method will print one line a delivery."""
        if isinstance(value, dict):
            self.stdout.write(f"delivery {value['id']}: job {value['job']} is {value['state']}")
            return
        for one in value:
            why = f"  {one['why']}" if one["why"] else ""
            what = f"{one['event']} #{one['event_id']} → {one['kind']}"
            self.stdout.write(visible(f"{one['id']:>8}  {one['state']:<10} {what}{why}"))
        if not value:
            self.stdout.write("no deliveries")
