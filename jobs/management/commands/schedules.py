"""Lists schedules with their last and next runs; pauses, resumes and runs one."""

from argparse import ArgumentParser
from typing import Any

from jobs import schedules, steering
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import Schedule
from jobs.models.schedule import BadSchedule
from jobs.redaction import visible


class Command(Contract):
    """Shows what is made again and again, and when next."""

    help = __doc__
    bad_input = (*Contract.bad_input, BadSchedule)

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the acts."""
        acts = ("pause", "resume", "run")
        parser.add_argument("act", nargs="?", choices=acts, help="what to do")
        parser.add_argument("name", nargs="?", metavar="NAME", help="the schedule")
        parser.add_argument("--reason", default="", help="pause: why, in a sentence")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will act on one and show it, or list them all."""
        act = options["act"]
        if options["reason"] and act != "pause":
            raise BadInput("--reason: it belongs to a pause; write schedules pause NAME --reason …")
        if not act:
            return schedules.shapes(Schedule.objects.order_by("next_at", "name")), True
        one, by = _schedule(act, options["name"]), actor()
        what = f"schedule {one}"
        if act == "pause":
            reason = options["reason"]
            steering.steer(what, "paused", by, lambda: one.pause(by=by, reason=reason))
        elif act == "resume":
            steering.steer(what, "resumed", by, lambda: one.resume(by=by))
        else:
            schedules.run(one, by=by)
        return schedules.shapes([one]), True

    def show(self, value: Any) -> None:
        """This method will print one line a schedule."""
        for one in value:
            if one["paused"]:
                next_run = f"paused by {one['paused_by']}" + (
                    f": {one['reason']}" if one["reason"] else ""
                )
            else:
                next_run = f"next {one['next_at']:%Y-%m-%d %H:%M} UTC"
            last = f"last job {one['last_job']}" if one["last_job"] else "not run yet"
            line = f"{one['name']:<16} {one['kind']:<20} {one['cron']:<18} {next_run}  {last}"
            self.stdout.write(visible(line))
        if not value:
            self.stdout.write("no schedules: manage.py migrate lays the product's own")


def _schedule(act: str, name: str | None) -> Schedule:
    found = Schedule.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Schedule.objects.order_by("name").values_list("name", flat=True))
        cause = f"there is no schedule {name!r}" if name else f"{act} needs a schedule"
        raise BadInput(f"NAME: {cause}; use {known}")
    return found
