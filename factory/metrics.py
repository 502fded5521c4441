"""`/metrics`: the state of the ledger for Prometheus, read from rows when it is asked for.

Every web process answers the same, so it does not matter which one is asked. For that reason there
is nothing here that a process counts by itself, such as requests and their times: behind two web
processes each scrape would meet another's counts.
"""

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Min, Q
from django.db.models.functions import Extract, Now
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from factory import errors, health
from jobs.models import Job, Queue, Runner
from jobs.states import State


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
        yield _gauge("factory_ready", "Whether a part can do its work.", "part", parts)
        yield from _of_the_ledger()


def _of_the_ledger() -> Iterator[GaugeMetricFamily]:
    states = dict(Job.objects.values_list("state").annotate(Count("pk")))
    counted = {state: states.get(state, 0) for state in State.values}
    yield _gauge("factory_jobs", "Jobs in each state.", "state", counted)
    lost = Job.objects.lost().count()  # type: ignore[attr-defined]
    yield GaugeMetricFamily("factory_jobs_lost", "Held jobs without a live runner.", lost)
    yield from _of_queues()
    live = dict(Runner.objects.fresh().values_list("pool").annotate(Count("pk")))
    wanted = settings.FACTORY_WORKERS
    pools = {pool: live.get(pool, 0) for pool in {**wanted, **live}}
    yield _gauge("factory_runners", "Live runners of each pool.", "pool", pools)
    help_text = "Runners that this machine is to have in each pool."
    yield _gauge("factory_runners_wanted", help_text, "pool", wanted)


def _of_queues() -> Iterator[GaugeMetricFamily]:
    waiting = Q(job__state=State.QUEUED)
    queues = Queue.objects.annotate(
        depth=Count("job", filter=waiting),
        age=Extract(Now() - Min("job__updated_at", filter=waiting), "epoch"),
    ).values_list("name", "depth", "age", "paused")
    listed = list(queues)
    depths = {name: depth for name, depth, _, _ in listed}
    yield _gauge("factory_queue_depth", "Jobs that are due and wait.", "queue", depths)
    ages = {name: float(age or 0) for name, _, age, _ in listed}
    help_text = "How long the oldest of them waits."
    yield _gauge("factory_queue_oldest_seconds", help_text, "queue", ages)
    paused = {name: bool(held) for name, _, _, held in listed}
    yield _gauge("factory_queue_paused", "Whether a person paused it.", "queue", paused)


def _gauge(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for each, value in sorted(values.items()):
        family.add_metric([each], value)
    return family


def _allowed(request: HttpRequest) -> bool:
    token: str = settings.FACTORY_METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return secrets.compare_digest(given.strip().encode(), token.encode())
    headers = [name.lower() for name in request.headers]
    return health.is_direct(request.META.get("REMOTE_ADDR", ""), headers)
