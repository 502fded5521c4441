"""What Prometheus is told of work: the last five minutes by kind, queue, project and runner."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from factory import hot
from jobs import figures, overall, tallies
from jobs.figures import Group
from jobs.models import Verification
from jobs.spans import Chosen, Span

RECENT = timedelta(minutes=5)
"""A rate over less would say little, over more would say it late."""
_QUANTILES = ("0.5", "0.95", "0.99")


def gauge(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    """This function will make a family of one label."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for each, value in sorted(values.items()):
        family.add_metric([each], value)
    return family


def of_work() -> Iterator[GaugeMetricFamily]:
    """This function will tell what ended of late, how long it waited and ran, and why it failed."""
    until = timezone.now()
    recent = Chosen(Span(until - RECENT, until))
    groups = figures.measured(recent).groups
    for by in figures.GROUPS:
        yield from _ended(by, [one for one in groups if one.by == by])
    classes = tallies.counted(recent).classes
    failed: dict[str, float] = {one.failure_class: one.failed for one in classes}
    again: dict[str, float] = {one.failure_class: one.retried for one in classes}
    text = "Attempts that failed in the last five minutes."
    yield gauge("factory_recent_failed", text, "class", failed)
    text = "Those of them that are tried again."
    yield gauge("factory_recent_retried", text, "class", again)


def _ended(by: str, groups: list[Group]) -> Iterator[GaugeMetricFamily]:
    text = f"Attempts that ended in the last five minutes, by {by}; at most {figures.MEASURED}."
    ended: dict[str, float] = {one.name: one.ended for one in groups}
    yield gauge(f"factory_recent_ended_by_{by}", text, by, ended)
    if by in ("kind", "queue"):
        waits = {one.name: (one.wait_p50, one.wait_p95, one.wait_p99) for one in groups}
        yield _quantiles(f"factory_wait_seconds_by_{by}", "From queued to begun.", by, waits)
        runs = {one.name: (one.run_p50, one.run_p95, one.run_p99) for one in groups}
        yield _quantiles(f"factory_run_seconds_by_{by}", "From begun to ended.", by, runs)


def _quantiles(
    name: str, text: str, label: str, values: dict[str, tuple[float | None, ...]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label, "quantile"])
    for each, measured in sorted(values.items()):
        for quantile, value in zip(_QUANTILES, measured, strict=True):
            if value is not None:
                family.add_metric([each, quantile], value)
    return family


def of_the_whole() -> Iterator[GaugeMetricFamily]:
    """This function will tell what should be 0, and when the board was last found true."""
    counted: dict[str, float] = {one.name: one.number for one in overall.counters()}
    text = "What should be 0: stuck, stalled, unserved, old, failed and unread, undelivered, paused queues."
    yield gauge("factory_troubles", text, "trouble", counted)
    last = Verification.objects.order_by("-pk").first()
    green = Verification.objects.filter(ok=True).order_by("-pk").first()
    if last is not None:
        text = "What disagreed when the board was last compared with reality."
        yield GaugeMetricFamily("factory_disagreements", text, len(last.disagreements))
    if green is not None:
        text = "When nothing disagreed last, in seconds since 1970."
        yield GaugeMetricFamily("factory_verified_timestamp_seconds", text, green.at.timestamp())


def of_the_cache() -> Iterator[CounterMetricFamily]:
    """This function will tell how often the answer of many was kept; nothing while Valkey is away."""
    found = hot.counts()
    if found:
        text = (
            "Answers about the present that were found kept, or had to be read, by all processes."
        )
        family = CounterMetricFamily("factory_kept_answers", text, labels=["outcome"])
        for outcome, number in found.items():
            family.add_metric([outcome], number)
        yield family


def of_the_ground() -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    """This function will tell of deliveries, of the database's time and of runners' memory."""
    lag = figures.event_lag()
    text = f"Deliveries on their way, of the newest {figures.DELIVERIES}."
    yield GaugeMetricFamily("factory_deliveries_open", text, lag.open)
    text = "For how long the oldest of them is."
    yield GaugeMetricFamily("factory_delivery_oldest_seconds", text, lag.oldest_s)
    if lag.p95_s is not None:
        text = "From an event to the end of its delivery, 95 of 100."
        yield GaugeMetricFamily("factory_delivery_p95_seconds", text, lag.p95_s)
    database = figures.database()
    text = "One round trip to the database."
    yield GaugeMetricFamily("factory_database_answer_seconds", text, database.answer_s)
    text = "What all sessions of the database worked."
    yield CounterMetricFamily("factory_database_active_seconds", text, database.active_s)
    text = "Resident memory of each live runner."
    rss = {name: float(mb << 20) for name, mb in figures.memory().items()}
    yield gauge("factory_runner_memory_bytes", text, "runner", rss)
