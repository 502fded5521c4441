"""Enqueues jobs of any registered kind."""

import json
from argparse import ArgumentParser
from typing import Any

from jobs import kinds, queue
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import Policy

MOST = 1_000_000


class Command(Contract):
    """Enqueues jobs; the demo.* kinds show controls and recovery at work."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the kind, its arguments and options."""
        parser.add_argument("kind", help="a registered kind, such as demo.steps")
        parser.add_argument("--arg", action="append", default=[], metavar="k=v", help="an argument")
        parser.add_argument("--count", type=int, default=1, help="how many jobs")
        parser.add_argument("--priority", type=int, default=0, help="higher is claimed first")
        parser.add_argument("--after", type=float, default=0, help="seconds to wait")
        parser.add_argument(
            "--depends", type=int, nargs="+", default=[], metavar="ID", help="jobs to wait for"
        )
        parser.add_argument(
            "--policy", choices=Policy.values, help="when one of them fails; cancel unless told"
        )
        parser.add_argument("--limit-key", metavar="KEY", help="what they share")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will insert the jobs in one statement."""
        if not 1 <= options["count"] <= MOST:
            raise BadInput(f"--count {options['count']}: give a number from 1 to {MOST}")
        if not -32768 <= options["priority"] <= 32767:
            raise BadInput(f"--priority {options['priority']}: give -32768 to 32767")
        if options["policy"] and not options["depends"]:
            raise BadInput(
                f"--policy {options['policy']}: it says how to depend; give --depends ID"
            )
        arguments = dict(_argument(text) for text in options["arg"])
        made = queue.enqueue_many(
            kinds.offered(options["kind"]).name,
            [arguments] * options["count"],
            priority=options["priority"],
            after=options["after"],
            limit_key=_key(options["limit_key"]),
            depends=options["depends"],
            policy=options["policy"] or Policy.CANCEL.value,
            actor=actor(),
        )
        return {"jobs": made}, True

    def show(self, value: Any) -> None:
        """This method will print the ids, or the first and last of many."""
        made = value["jobs"]
        shown = ", ".join(map(str, made)) if len(made) <= 10 else f"{made[0]} … {made[-1]}"
        self.stdout.write(f"enqueued {len(made)}: {shown}")


def _key(text: str | None) -> str:
    if text is None:
        return ""
    if not text:
        raise BadInput("--limit-key: it is empty; name a key, or leave the option out")
    if len(text) > 128 or not text.isprintable():
        raise BadInput(f"--limit-key {text[:40]!r}: give at most 128 printable characters")
    return text


def _argument(text: str) -> tuple[str, Any]:
    """Split k=v; the value is JSON where it reads as such, else text."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise BadInput(f"--arg {text!r}: write name=value")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
