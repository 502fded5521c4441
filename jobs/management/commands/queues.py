"""Lists, pauses and resumes queues."""

from argparse import ArgumentParser
from typing import Any

from django.db.models import Count, Q

from jobs.management.contract import BadInput, Contract
from jobs.models import Queue
from jobs.states import State


class Command(Contract):
    """Shows how much waits in each queue; pauses and resumes one."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the acts."""
        parser.add_argument("act", nargs="?", choices=("pause", "resume"), help="what to do")
        parser.add_argument("name", nargs="?", metavar="NAME", help="the queue")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will act, then list."""
        if options["act"]:
            queue = _queue(options["act"], options["name"])
            queue.pause() if options["act"] == "pause" else queue.resume()
        queues = Queue.objects.annotate(
            queued=Count("job", filter=Q(job__state=State.QUEUED)),
            running=Count("job", filter=Q(job__state=State.RUNNING)),
        )
        fields = ("name", "paused", "batch", "queued", "running")
        return list(queues.order_by("name").values(*fields)), True

    def show(self, value: Any) -> None:
        """This method will print one line a queue."""
        for one in value:
            word = "paused" if one["paused"] else "open"
            self.stdout.write(
                f"{one['name']:<10} {word:<7} {one['queued']} queued  {one['running']} running"
            )


def _queue(act: str, name: str | None) -> Queue:
    queue = Queue.objects.filter(name=name).first()
    if queue is None:
        known = ", ".join(Queue.objects.order_by("name").values_list("name", flat=True))
        cause = f"there is no queue {name!r}" if name else f"{act} needs a queue"
        raise BadInput(f"NAME: {cause}; use {known}")
    return queue
