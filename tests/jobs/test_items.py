"""Jobs of many items: done once each, failed ones named and alone repeated, paused in between."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from jobs import events, queue
from jobs.context import Run
from jobs.failures import Anticipated, Failed, FailureClass
from jobs.items import CAUSES_KEPT
from jobs.models import Event, Job, Progress, Stale
from tests import services
from tests.factory.conftest import wait_for
from tests.jobs.conftest import moves, serve

pytestmark = pytest.mark.usefixtures("committed")


class Refusal(Anticipated):
    """Something a person has to mend."""

    failure_class = FailureClass.AUTH


class Work:
    """A kind that goes through items, what it did so far, and who fails."""

    def __init__(self, kind: Callable[..., Any]) -> None:
        self.done: list[Any] = []
        self.keys: list[Any] = ["a", "b", "c", "d"]
        self.fails: dict[Any, BaseException | Failed] = {}
        self.between: Callable[[Run, Any], None] = lambda run, key: None
        kind("t.items", max_attempts=1)(self.handle)

    def handle(self, run: Run) -> Failed | dict[str, int]:
        """This method will be the handler."""
        items = run.items(self.keys, noun="letters", label=lambda key: f"letter {key}")
        for item in items:
            with item:
                self.between(run, item.key)
                error = self.fails.get(item.key)
                if isinstance(error, Failed):
                    item.fail(error)
                    continue
                if error is not None:
                    raise error
                self.done.append(item.key)
        return items.outcome() or {"letters": len(self.keys)}

    def run(self) -> Job:
        """This method will run one job to its end."""
        return self.go_on(queue.enqueue("t.items", {}))

    def go_on(self, job: Job) -> Job:
        """This method will let a runner serve until nothing is left to do."""
        serve()
        return Job.objects.get(pk=job.pk)


@pytest.fixture
def work(kind: Callable[..., Any]) -> Work:
    """This fixture will lend a job of four items."""
    return Work(kind)


def told() -> tuple[Any, ...]:
    return Progress.objects.values_list("current", "total", "items_done", "items_failed").get()


def test_every_item_is_done_once_and_listed(work: Work) -> None:
    job = work.run()

    assert (job.state, job.result, work.done) == ("succeeded", {"letters": 4}, work.keys)
    assert told() == (4, 4, ["letter a", "letter b", "letter c", "letter d"], [])


def test_an_item_that_fails_stops_nobody_and_fails_the_whole(work: Work) -> None:
    work.fails = {"b": Refusal("No entry."), "d": Failed(FailureClass.AUTH, "No way.")}

    job = work.run()

    assert work.done == ["a", "c"]
    assert (job.state, job.failure_class) == ("failed", "auth")
    assert job.failure_message == "2 of 4 letters failed: No entry.; No way."
    assert told()[2:] == (["letter a", "letter c"], ["letter b: No entry.", "letter d: No way."])


def test_a_retry_repeats_only_what_failed(work: Work) -> None:
    work.fails = {"b": Refusal("No entry.")}
    job = work.run()
    work.done.clear()
    work.fails.clear()

    job.retry(by="user:1")
    job = work.go_on(job)

    assert (job.state, work.done) == ("succeeded", ["b"])
    assert told() == (4, 4, ["letter a", "letter c", "letter d", "letter b"], [])


def test_what_fails_again_is_still_all_that_is_left(work: Work) -> None:
    work.fails = {"b": Refusal("No entry."), "c": Refusal("No entry.")}
    job = work.run()
    del work.fails["c"]
    job.retry(by="user:1")
    job = work.go_on(job)
    assert job.failure_message == "1 of 4 letters failed: No entry."
    work.fails.clear()
    work.done.clear()

    job.retry(by="user:1")

    assert work.go_on(job).state == "succeeded"
    assert work.done == ["b"]


def test_a_job_that_broke_off_goes_on_with_the_next_item(work: Work) -> None:
    work.fails = {"b": Refusal("No entry."), "c": SystemExit("out")}
    job = work.run()
    assert (job.state, work.done) == ("failed", ["a"])
    work.fails.clear()

    job.retry(by="user:1")
    job = work.go_on(job)

    assert (job.state, work.done) == ("succeeded", ["a", "c", "d", "b"])


def test_a_pause_comes_between_two_items_and_repeats_none(work: Work) -> None:
    def pause(run: Run, key: str) -> None:
        if key == "b":
            Job.objects.get(pk=run.job_id).pause(by="user:1")

    seen: list[list[str]] = []

    def resume() -> None:
        wait_for(lambda: Job.objects.filter(state="paused").exists())
        seen.append(list(work.done))
        work.between = lambda run, key: None
        Job.objects.get().resume(by="user:1")
        connection.close()

    work.between = pause
    person = threading.Thread(target=resume)
    person.start()
    job = work.run()
    person.join(60)

    assert (job.state, seen, work.done) == ("succeeded", [["a", "b"]], ["a", "b", "c", "d"])
    assert told() == (4, 4, [f"letter {key}" for key in work.keys], [])
    assert moves(job.pk) == ["queued", "running", "paused", "queued", "running", "succeeded"]


def test_another_list_of_items_is_gone_through_whole(work: Work) -> None:
    work.fails = {"d": Refusal("No entry.")}
    job = work.run()
    work.fails.clear()
    work.done.clear()
    work.keys = ["a", "x"]

    job.retry(by="user:1")

    assert work.go_on(job).state == "succeeded"
    assert work.done == ["a", "x"]


def test_a_bug_in_one_item_is_its_failure_alone(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.fails = {"b": KeyError("name")}

    job = work.run()

    assert (job.failure_class, work.done) == ("bug", ["a", "c", "d"])
    assert "letters failed: KeyError: 'name'" in job.failure_message
    assert "Traceback" in caplog.text


def test_one_failure_that_may_pass_makes_the_whole_worth_another_attempt(work: Work) -> None:
    work.fails = {
        "a": Refusal("No entry."),
        "b": Failed(FailureClass.TRANSIENT_NETWORK, "Away."),
    }

    assert work.run().failure_class == "transient-network"


def test_many_causes_are_cut_and_counted(work: Work) -> None:
    work.keys = list(range(30))
    work.fails = {key: Refusal(f"No {key}.") for key in work.keys}

    said = work.run().failure_message

    assert said.count("No ") == CAUSES_KEPT
    assert said.endswith(f"and {30 - CAUSES_KEPT} more")


def test_a_lost_job_stops_at_once(work: Work) -> None:
    work.fails = {"b": Stale("another runner holds it now")}

    job = work.run()

    assert (job.failure_class, work.done) == ("unknown", ["a"])


def test_an_item_that_is_not_wanted_any_more_is_neither_done_nor_failed(
    kind: Callable[..., Any],
) -> None:
    @kind("t.dropped")
    def dropped(run: Run) -> Failed | None:
        items = run.items([1, 2])
        for item in items:
            with item:
                if item.key == 1:
                    item.drop()
        return items.outcome()

    queue.enqueue("t.dropped", {})
    serve()

    assert Job.objects.get().state == "succeeded"
    assert told() == (2, 2, ["2"], [])


@pytest.fixture
def recorded_event() -> Iterator[None]:
    """This fixture will lend an event that items publish."""
    events.register("t.recorded", version=1, fields={"item": int}, meaning="A test.")
    yield
    del events._schemas["t.recorded"]


TAKEN = (
    "UPDATE job SET fence = fence + 1, state = 'failed', failure_class = 'worker-lost',"
    " runner_id = NULL, finished_at = clock_timestamp()"
)
"""What settling the runner, and another that claims the job and fails, come to."""


def publish_each(
    kind: Callable[..., Any], after: Callable[[Run, int], None], before: Callable[[Run, int], None]
) -> None:
    @kind("t.recorded", max_attempts=1)
    def recorded(run: Run) -> Failed | None:
        items = run.items([1, 2, 3])
        for item in items:
            with item:
                before(run, int(item.key))
                with item.recording():
                    events.publish("t.recorded", {"item": item.key}, scope=None)
                after(run, int(item.key))
        return items.outcome()


def published() -> list[int]:
    rows = Event.objects.filter(name="t.recorded").order_by("pk")
    return [events.payload(row)["item"] for row in rows]


@pytest.mark.parametrize("error", [SystemExit("out"), ValueError("a bug"), OperationalError("?")])
def test_what_an_item_records_happens_once_though_the_job_breaks_off_after_it(
    kind: Callable[..., Any], recorded_event: None, error: BaseException
) -> None:
    breaks = {2}

    def broken(run: Run, key: int) -> None:
        if key in breaks:
            breaks.clear()
            raise error

    publish_each(kind, broken, lambda run, key: None)
    queue.enqueue("t.recorded", {})
    serve()
    half = published(), Job.objects.get().state
    Job.objects.get().retry(by="user:1")
    serve()

    assert half == ([1, 2], "failed")
    assert (published(), Job.objects.get().state) == ([1, 2, 3], "succeeded")


def test_an_item_whose_recording_fails_leaves_nothing_and_is_repeated(
    kind: Callable[..., Any], recorded_event: None
) -> None:
    refused = {2}

    @kind("t.refused", max_attempts=1)
    def refusing(run: Run) -> Failed | None:
        items = run.items([1, 2, 3])
        for item in items:
            with item, item.recording():
                events.publish("t.recorded", {"item": item.key}, scope=None)
                if item.key in refused:
                    raise Refusal("No entry.")
        return items.outcome()

    queue.enqueue("t.refused", {})
    serve()
    half = published()
    refused.clear()
    Job.objects.get().retry(by="user:1")
    serve()

    assert (half, published()) == ([1, 3], [1, 3, 2])


def test_an_item_of_a_job_that_is_another_runners_records_nothing(
    kind: Callable[..., Any], recorded_event: None
) -> None:
    def lose(run: Run, key: int) -> None:
        if key == 2:
            connection.cursor().execute(TAKEN)

    publish_each(kind, lambda run, key: None, lose)
    queue.enqueue("t.recorded", {})
    serve()

    assert published() == [1]


def test_a_job_lost_while_an_item_is_recorded_takes_the_record_back(
    kind: Callable[..., Any], recorded_event: None, committed: services.ScratchDatabase
) -> None:
    @kind("t.lost")
    def lost(run: Run) -> Failed | None:
        items = run.items([1, 2, 3])
        for item in items:
            with item, item.recording():
                events.publish("t.recorded", {"item": item.key}, scope=None)
                if item.key == 2:
                    committed.rows(TAKEN)
        return items.outcome()

    queue.enqueue("t.lost", {})
    serve()

    assert published() == [1]


def test_a_pause_after_a_recorded_item_repeats_nothing(
    kind: Callable[..., Any], recorded_event: None
) -> None:
    def pause(run: Run, key: int) -> None:
        if key == 2:
            Job.objects.get(pk=run.job_id).pause(by="user:1")

    publish_each(kind, pause, lambda run, key: None)
    job = queue.enqueue("t.recorded", {})
    person = threading.Thread(target=_resume_when_paused)
    person.start()
    serve()
    person.join(60)

    assert published() == [1, 2, 3]
    assert moves(job.pk) == ["queued", "running", "paused", "queued", "running", "succeeded"]


def _resume_when_paused() -> None:
    wait_for(lambda: Job.objects.filter(state="paused").exists())
    Job.objects.get().resume(by="user:1")
    connection.close()
