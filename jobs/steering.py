"""What people do to queues, keys, schedules and runners: each is an event, in the act's transaction."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from jobs import events
from jobs.fleet import FILL
from jobs.models import Intent, Schedule
from jobs.models.runner import RunnerQuerySet

EVENT = "system.steered"
events.register(
    EVENT,
    version=1,
    fields={"what": str, "done": str},
    meaning="Somebody paused, resumed or limited a queue, a key or a schedule, or asked runners to end.",
    lasting=True,
)


def steer(what: str, done: str, by: str, act: Callable[[], Any]) -> Any:
    """This function will do an act and record it, unless it says that it changed nothing.

    `what` is as in "queue short", `done` as in "paused". Gives what the act gives; one that gives
    None counts as done.
    """
    with transaction.atomic():
        found = act()
        if found is None or found:
            told = {"what": what, "done": done}
            events.publish(EVENT, told, scope=None, subject=what[:200], actor=by)
    return found


def steer_schedule(one: Schedule, done: str, by: str) -> bool:
    """This function will have a schedule "paused" or "resumed", and say whether that changed it."""
    act = one.pause if done == "paused" else one.resume
    return bool(steer(f"schedule {one}", done, by, lambda: act(by=by)))


def bounds_in_words(bounds: dict[str, Any]) -> str:
    """This function will write the limits that somebody set."""
    given = [f"{name.replace('_', ' ')} {value}" for name, value in bounds.items() if value]
    return f"limited to {', '.join(given)}" if given else "freed of its limits"


def ask(runners: RunnerQuerySet, act: str, by: str) -> int:
    """This function will ask runners to end, or let emptied places be filled; gives how many."""
    names = ", ".join(str(pk) for pk in runners.order_by("pk").values_list("pk", flat=True)[:10])
    what, done = f"runners {names}", "filled" if act == FILL else f"asked to {act}"
    if act == FILL:
        return int(steer(what, done, by, runners.fill))
    return int(steer(what, done, by, lambda: runners.ask(Intent(act), by=by)))
