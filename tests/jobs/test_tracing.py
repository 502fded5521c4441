"""The trace of a request goes with the jobs it causes, and with theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from factory.logs import RequestLog
from jobs import queue, summary, tracing
from jobs.context import Run
from jobs.models import Job
from tests.jobs.conftest import Desk, serve

TRACE = "0af7651916cd43dd8448eb211c80319c"


def request(view: Callable[[HttpRequest], Any]) -> None:
    """This function will make one request that somebody else traces."""

    def answer(request: HttpRequest) -> HttpResponse:
        view(request)
        return HttpResponse()

    RequestLog(answer)(
        RequestFactory().get("/", headers={"traceparent": f"00-{TRACE}-{1:016x}-01"})
    )


@pytest.mark.django_db
def test_a_job_carries_the_trace_of_the_request_that_caused_it(desk: Desk) -> None:
    request(lambda _: queue.enqueue("demo.noop", {}))

    job = Job.objects.get()
    assert (job.trace, summary.describe(job)["trace"]) == (TRACE, TRACE)
    assert desk.claim()[0].trace == TRACE
    assert tracing.carried() == ""


@pytest.mark.django_db
def test_a_job_nobody_asked_for_in_a_request_carries_none() -> None:
    assert queue.enqueue("demo.noop", {}).trace == ""


@pytest.mark.usefixtures("committed")
def test_the_lines_of_a_job_and_the_jobs_it_causes_carry_it_on(kind: Callable[..., Any]) -> None:
    seen: list[Any] = []

    @kind("t.traced")
    def traced(run: Run) -> None:
        seen.append(tracing.ids()["trace_id"])
        queue.enqueue("demo.noop", {}, root=run.job_id)

    request(lambda _: queue.enqueue("t.traced", {}))
    queue.enqueue("t.traced", {})
    serve()

    plain = Job.objects.get(kind="t.traced", trace="").pk
    assert seen == [TRACE, f"job:{plain}"]
    caused = Job.objects.filter(kind="demo.noop").order_by("pk").values_list("trace", flat=True)
    assert list(caused) == [TRACE, ""]


def test_a_trace_longer_than_is_kept_is_cut() -> None:
    with tracing.request("x" * 200):
        assert len(tracing.carried()) == tracing.MOST
