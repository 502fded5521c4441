"""`/metrics`: the state of the ledger for Prometheus, read from rows when it is asked for.

Every web process answers the same, so it does not matter which one is asked; only how many jobs are
finished may be a minute old, and that minute is each process's own. For that reason there is
nothing here that a process counts by itself, such as requests and their times: behind two web
processes each scrape would meet another's counts.
"""

import secrets
import time
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Min
from django.db.models.functions import Extract, Now
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from factory import errors, gauges, health
from factory.gauges import gauge
from jobs.models import Job, Queue, Runner
from jobs.states import FINISHED, State

_COUNTED_EVERY_S = 60.0
"""Counting what is finished reads the whole table: 0.2 to 0.4 s for a million jobs. No index is worth
its price at each move for that."""


@login_not_required
@never_cache
@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """This view will answer whoever has the token, or asks on this very machine.

    401 asks for the token where one is set; else there is nothing here, 404.
    """
    if not _allowed(request):
        return errors.answer(request, 401 if settings.FACTORY_METRICS_TOKEN else 404)
    registry = CollectorRegistry()
    registry.register(Rows())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Rows(Collector):
    """What the rows say now. With the database away this is a 503, like every page."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """This method will describe nothing, so that registering asks no question."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """This method will read everything."""
        parts = {part.name: not part.trouble for part in health.parts()}
        yield gauge("factory_ready", "Whether a part can do its work.", "part", parts)
        yield from _of_the_ledger()
        yield from gauges.of_work()
        yield from gauges.of_the_whole()
        yield from gauges.of_the_ground()
        yield from gauges.of_the_cache()


def _of_the_ledger() -> Iterator[GaugeMetricFamily]:
    live = Job.objects.live().values_list("state").annotate(Count("pk"))
    counted = dict.fromkeys(State.values, 0) | _finished.counts() | dict(live)
    help_text = "Jobs in each state; finished ones as they were at most a minute ago."
    yield gauge("factory_jobs", help_text, "state", counted)
    lost = Job.objects.lost().count()
    yield GaugeMetricFamily("factory_jobs_lost", "Held jobs without a live runner.", lost)
    yield from _of_queues()
    live = dict(Runner.objects.fresh().values_list("pool").annotate(Count("pk")))
    wanted = settings.FACTORY_WORKERS
    pools = {pool: live.get(pool, 0) for pool in {**wanted, **live}}
    yield gauge("factory_runners", "Live runners of each pool.", "pool", pools)
    help_text = "Runners that this machine is to have in each pool."
    yield gauge("factory_runners_wanted", help_text, "pool", wanted)


class Finished:
    """How many jobs are finished, in each state; counted once a minute at most."""

    def __init__(self) -> None:
        self._at = -_COUNTED_EVERY_S
        self._counts: dict[str, int] = {}

    def counts(self) -> dict[str, int]:
        """This method will give the counts of a moment ago."""
        if time.monotonic() - self._at >= _COUNTED_EVERY_S:
            finished = Job.objects.filter(state__in=FINISHED).values_list("state")
            self._counts = dict(finished.annotate(Count("pk")))
            self._at = time.monotonic()
        return self._counts


_finished = Finished()


def _of_queues() -> Iterator[GaugeMetricFamily]:
    waiting = Job.objects.filter(state=State.QUEUED).values("queue_id")
    age = Extract(Now() - Min("updated_at"), "epoch")
    found = list(
        waiting.annotate(depth=Count("pk"), age=age).values_list("queue_id", "depth", "age")
    )
    paused = dict(Queue.objects.values_list("name", "paused"))
    none = dict.fromkeys(paused, 0)
    depths = none | {name: depth for name, depth, _ in found}
    yield gauge("factory_queue_depth", "Jobs that are due and wait.", "queue", depths)
    ages = none | {name: float(age) for name, _, age in found}
    help_text = "How long the oldest of them waits."
    yield gauge("factory_queue_oldest_seconds", help_text, "queue", ages)
    yield gauge("factory_queue_paused", "Whether a person paused it.", "queue", paused)


def _allowed(request: HttpRequest) -> bool:
    token: str = settings.FACTORY_METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return secrets.compare_digest(given.strip().encode(), token.encode())
    headers = [name.lower() for name in request.headers]
    return health.is_direct(request.META.get("REMOTE_ADDR", ""), headers)
