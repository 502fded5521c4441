"""Lists the runners of all machines, and asks them to end."""

from argparse import ArgumentParser
from typing import Any

from django.db.models import QuerySet

from jobs import fleet, steering, version
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import Intent, Runner


class Command(Contract):
    """Shows who executes jobs; drains, recycles or stops runners, and fills emptied places again."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the acts and whom they concern."""
        acts = (*Intent.values, "fill")
        parser.add_argument("act", nargs="?", choices=acts, help="what to ask of them")
        parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="which runners")
        parser.add_argument("--all", action="store_true", help="every runner of every machine")
        parser.add_argument("--pool", help="the runners of this pool")
        parser.add_argument("--host", help="the runners of this machine")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will act, then list; the answer is no when no runner lives."""
        if options["act"]:
            _act(options["act"], _chosen(options))
        found = fleet.seats(version.on_disk())
        return [fleet.shape(seat) for seat in found], any(
            not seat.runner.stopped_at for seat in found
        )

    def show(self, value: Any) -> None:
        """This method will print one line a runner."""
        for one in value or ():
            told = f"{one['name']:<12} pid {one['pid']:<8} on {one['host']}  {one['state']:<9}"
            told += f" job {one['job'] or '-'}  seen {one['seen_age_s']} s ago  {one['rss_mb']} MiB"
            if one["asked_by"]:
                told += f"  asked to {one['asked']} by {one['asked_by']}"
            self.stdout.write(told + ("  runs other code" if one["skewed"] else ""))
        if not value:
            self.stdout.write("no runner: start one with manage.py up, or manage.py qcluster")


def _chosen(options: dict[str, Any]) -> "QuerySet[Runner]":
    named = {"pk__in": options["ids"], "pool": options["pool"], "host": options["host"]}
    wanted = {field: value for field, value in named.items() if value}
    if not wanted and not options["all"]:
        raise BadInput(f"ID: {options['act']} needs runners: give ids, --pool, --host or --all")
    told = _told(options) or "--all"
    if wanted and options["all"]:
        raise BadInput(f"--all: it means every runner; leave it out, or leave out {told}")
    chosen = Runner.objects.filter(**wanted)
    if not chosen.exists():
        raise BadInput(f"ID: there is no runner with {told}; manage.py runners lists them")
    return chosen


def _told(options: dict[str, Any]) -> str:
    ids = " or ".join(str(number) for number in options["ids"])
    said = {"id": ids, "pool": options["pool"], "host": options["host"]}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value)


def _act(act: str, chosen: Any) -> None:
    cause = "no place of them is empty" if act == "fill" else "none of them is present"
    if not steering.ask(chosen, act, actor()):
        raise BadInput(f"ID: {act}: {cause}; manage.py runners lists them")
