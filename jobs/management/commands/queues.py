"""Lists queues; pauses, resumes and limits them, and limits keys."""

from argparse import ArgumentParser
from typing import Any

from jobs import lines, steering
from jobs.management.contract import BadInput, Contract, actor
from jobs.models import BadLimit, Limit, Queue
from jobs.redaction import visible

_BOUNDS = ("most", "per_minute", "burst")


class Command(Contract):
    """Shows how much waits in each queue and what bounds it; pauses, resumes or limits one."""

    help = __doc__
    bad_input = (*Contract.bad_input, BadLimit)

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the acts."""
        acts = ("pause", "resume", "limit", "keys")
        parser.add_argument("act", nargs="?", choices=acts, help="what to do, or list keys")
        parser.add_argument("name", nargs="?", metavar="NAME", help="the queue")
        parser.add_argument("--key", help="limit: this limit key instead of a queue")
        parser.add_argument("--most", type=int, help="limit: so many run at once")
        parser.add_argument("--per-minute", type=int, help="limit: so many begin in a minute")
        parser.add_argument("--burst", type=int, help="limit: so many begin at once")
        parser.add_argument("--none", action="store_true", help="limit: take the limits away")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will act, then list."""
        act, bounds = options["act"], {name: options[name] for name in _BOUNDS}
        said = {name: options[name] for name in (*_BOUNDS, "key", "none")}
        given = [name for name, value in said.items() if value is not None and value is not False]
        if given and act != "limit":
            option = f"--{given[0].replace('_', '-')}"
            raise BadInput(f"{option}: it belongs to a limit; write queues limit NAME {option}")
        if act == "keys" or options["key"] is not None:
            if act == "limit":
                _limit_key(options["key"], options["name"], bounds, none=options["none"])
            return [lines.key_shape(key) for key in lines.of_keys()], True
        if act:
            self._act(act, _queue(act, options["name"]), bounds, none=options["none"])
        return [lines.shape(line) for line in lines.of_queues()], True

    def show(self, value: Any) -> None:
        """This method will print one line a queue, or a key."""
        for one in value:
            bounds = Limit(**{name: one[name] for name in ("most_running", "per_minute", "burst")})
            words = f"  limited to {bounds.limit_words}" if bounds.is_limited else ""
            if "key" in one:
                self.stdout.write(visible(f"{one['key']:<24} {one['running']} running{words}"))
                continue
            word = f"paused by {one['paused_by']}" if one["paused"] else "open"
            counts = f"{one['queued']} queued  {one['running']} running"
            self.stdout.write(visible(f"{one['name']:<10} {word:<7} {counts}{words}"))
        if not value:
            self.stdout.write("no key has limits of its own: of each, one job runs at a time")

    def _act(self, act: str, queue: Queue, bounds: dict[str, int | None], *, none: bool) -> None:
        by, what = actor(), f"queue {queue}"
        if act == "pause":
            steering.steer(what, "paused", by, lambda: queue.pause(by=by))
        elif act == "resume":
            steering.steer(what, "resumed", by, queue.resume)
        else:
            _wanted(bounds, none=none)
            done = steering.bounds_in_words(bounds)
            steering.steer(what, done, by, lambda: queue.limit(**bounds, by=by))


def _limit_key(key: str, name: str | None, bounds: dict[str, int | None], *, none: bool) -> None:
    if name is not None:
        raise BadInput(f"NAME: --key {key} is a limit of its own; leave out {name}")
    if not key or len(key) > 128 or not key.isprintable():
        raise BadInput(f"--key {key[:40]!r}: give 1 to 128 printable characters")
    _wanted(bounds, none=none)
    by, what, done = actor(), f"key {key}", steering.bounds_in_words(bounds)
    if none:
        steering.steer(what, done, by, lambda: Limit.objects.filter(pk=key).delete()[0])
    else:
        steering.steer(what, done, by, lambda: Limit.on(key, **bounds, by=by))


def _wanted(bounds: dict[str, int | None], *, none: bool) -> None:
    given = [name for name, value in bounds.items() if value is not None]
    if none and given:
        option = f"--{given[0].replace('_', '-')}"
        raise BadInput(f"--none: it takes the limits away; leave it out, or leave out {option}")
    if not none and not given:
        raise BadInput("limit: give --most or --per-minute, or --none to take the limits away")


def _queue(act: str, name: str | None) -> Queue:
    queue = Queue.objects.filter(name=name).first()
    if queue is None:
        known = ", ".join(Queue.objects.order_by("name").values_list("name", flat=True))
        cause = f"there is no queue {name!r}" if name else f"{act} needs a queue"
        raise BadInput(f"NAME: {cause}; use {known}")
    return queue
