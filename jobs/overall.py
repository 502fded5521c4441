"""How the whole is: counters of what is stuck, old, failed or undelivered, and one word for all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from jobs import liveness
from jobs.models import Delivery, Job, Queue, Runner, Verification
from jobs.states import HELD, LIVE, Intent, State

CAP = 10_000
"""Nobody counts further than this."""
OLD = timedelta(hours=24)
PATIENCE = timedelta(seconds=60)
"""A runner confirms what was asked of it within its grace; longer is stuck."""
_NAMED = 5
UNSERVED = timedelta(seconds=liveness.LOOK_S)
"""So long a job may wait in a queue that no live runner serves, as while runners are replaced."""
_OF_THE_LIVING = ("stuck", "unserved", "old")
_WAITING = (State.QUEUED, State.BLOCKED, State.PAUSED)


class Counter(NamedTuple):
    """A number that should be 0, whether any other is bad, what it means, and the first jobs."""

    name: str
    number: int
    bad: bool
    meaning: str
    jobs: list[int]

    @property
    def capped(self) -> str:
        """The number as it is shown."""
        return f"{CAP:,}+" if self.number > CAP else f"{self.number:,}"


class Overall(NamedTuple):
    """One word for all: well, attention or broken; what it comes from, and the last verification."""

    word: str
    counters: list[Counter]
    verified: Verification | None
    green: Verification | None


def overall(user: Any = None) -> Overall:
    """This function will count what should not be: of the jobs `user` may see, or of all."""
    found = counters(user)
    verified = Verification.objects.order_by("-pk").first()
    green = Verification.objects.filter(ok=True).order_by("-pk").first()
    wrong = [one.bad for one in found if one.number]
    if any(wrong) or (verified is not None and not verified.ok):
        word = "broken"
    else:
        word = "attention" if wrong else "well"
    return Overall(word, found, verified, green)


def counters(user: Any = None) -> list[Counter]:
    """This function will give every counter, 0 or not."""
    return [one(user) for one in _COUNTERS]


def stuck() -> "QuerySet[Job]":
    """This function will keep held jobs without evidence of life, or deaf to a cancel."""
    held: QuerySet[Job] = Job.objects.with_evidence().filter(state__in=HELD)
    deaf = Q(intent=Intent.CANCEL, intent_at__lt=Now() - PATIENCE)
    return held.exclude(~deaf & Q(("evident", True)))


def old() -> "QuerySet[Job]":
    """This function will keep what waits or runs for longer than a day, but not in a paused queue."""
    paused = Queue.objects.filter(paused=True).values("pk")
    waits = Q(state__in=_WAITING, updated_at__lt=Now() - OLD) & ~Q(queue__in=paused)
    # Named apart from the rest, the unfinished are found by their index.
    unfinished = Job.objects.filter(state__in=LIVE)
    return unfinished.filter(waits | Q(state__in=HELD, started_at__lt=Now() - OLD))


def unserved() -> "QuerySet[Job]":
    """This function will keep what waits in open queues of which no live runner takes anything."""
    served = Runner.objects.fresh().values_list("pool", flat=True)
    alone = list(Queue.objects.filter(paused=False).exclude(pk__in=served))
    return Job.objects.filter(state=State.QUEUED, queue__in=alone, updated_at__lt=Now() - UNSERVED)


def describe(found: Overall) -> dict[str, Any]:
    """This function will give the whole as commands and the API show it."""
    return {
        "health": found.word,
        "counters": {
            one.name: {"count": one.number, "bad": one.bad, "jobs": one.jobs}
            for one in found.counters
        },
        "verified_at": found.verified.at if found.verified else None,
        "last_green_at": found.green.at if found.green else None,
    }


def _stuck(user: Any) -> Counter:
    meaning = "held without evidence of life, or deaf to a cancel for a minute"
    return _counted("stuck", _seen(stuck(), user), True, meaning)


def _old(user: Any) -> Counter:
    return _counted("old", _seen(old(), user), False, "waiting or running for more than 24 h")


def _unserved(user: Any) -> Counter:
    return _counted("unserved", _seen(unserved(), user), True, "waiting where no runner serves")


def unread(user: Any) -> Counter:
    """This function will count the failures nobody has read, of the jobs `user` may see."""
    jobs = _seen(Job.objects.filter(state=State.FAILED, acknowledged_at=None), user)
    return _counted("failed", jobs, False, "failed and read by nobody")


def _dead(user: Any) -> Counter:
    letters = Delivery.objects.dead()
    letters = letters if user is None else letters.visible_to(user)
    found = list(letters.order_by("-pk").values_list("job_id", flat=True)[: CAP + 1])
    jobs = [pk for pk in found[:_NAMED] if pk]
    return Counter("undelivered", len(found), False, "deliveries of events that failed", jobs)


def _paused(user: Any) -> Counter:
    count = Queue.objects.filter(paused=True).count()
    return Counter("paused queues", count, False, "queues from which nothing is claimed", [])


def _stalled(user: Any) -> Counter:
    connection.ensure_connection()
    waiting = [one.waiting for one in liveness.stalls(connection.connection) if one.waiting]
    seen = _seen(Job.objects.filter(pk__in=waiting), user)
    return _counted("stalled", seen, True, "due, and waiting beside an idle runner")


def _seen(jobs: "QuerySet[Job]", user: Any) -> "QuerySet[Job]":
    if user is None:
        return jobs
    return jobs.visible_to(user)  # type: ignore[attr-defined,no-any-return]


def _counted(name: str, jobs: "QuerySet[Job]", bad: bool, meaning: str) -> Counter:
    # Not by "pk" itself: the planner would look for the first few among all that is finished.
    order = F("pk") + 0 if name in _OF_THE_LIVING else F("pk")
    found = list(jobs.order_by(order).values_list("pk", flat=True)[: CAP + 1])
    return Counter(name, len(found), bad, meaning, found[:_NAMED])


_COUNTERS: tuple[Callable[[Any], Counter], ...] = (
    _stuck,
    _stalled,
    _unserved,
    _old,
    unread,
    _dead,
    _paused,
)
