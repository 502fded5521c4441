"""`Run`: completing is all or nothing, and reports are bounded, redacted and fenced."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection

from jobs import db, events, kinds, ports, queue
from jobs.context import Run
from jobs.events import BadEvent
from jobs.ledger import Claim
from jobs.models import Event, Job, LogChunk, Progress, Stale
from jobs.ports import Subscriber
from jobs.reporting import HEAD_BYTES, ITEMS_KEPT, LINE_CHARS, TAIL_LINES, Report
from tests.jobs.conftest import Desk, serve, states


@pytest.fixture
def run(running_job: Claim) -> Run:
    """This fixture will lend what the handler of a running job is given."""
    return Run(running_job, Report(running_job), lambda: None)


def write(report: Report, *, last: bool = False) -> None:
    report.write(connection.connection, last=last)


def test_completing_finishes_the_job_with_its_effects(run: Run) -> None:
    with run.completing({"n": 1}):
        effect = queue.enqueue("demo.noop", {})

    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.result, job.runner_id, run.completed) == (
        "succeeded",
        {"n": 1},
        None,
        True,
    )
    assert Job.objects.filter(pk=effect.pk).exists()


def test_an_error_while_completing_undoes_the_end_and_its_effects(run: Run) -> None:
    def effects() -> None:
        with run.completing():
            queue.enqueue("demo.noop", {})
            queue.enqueue("demo.nope", {})

    with pytest.raises(kinds.UnknownKind):
        effects()

    assert states(run.job_id) == ["running"]
    assert (Job.objects.count(), run.completed) == (1, False)


def test_a_job_that_was_lost_is_stale_before_anything_is_written(run: Run, desk: Desk) -> None:
    desk.ledger.hand_back([run.claim], "")
    desk.claim()

    with pytest.raises(Stale), run.completing():
        queue.enqueue("demo.noop", {})

    assert Job.objects.count() == 1


def test_a_job_is_completed_once(run: Run) -> None:
    with run.completing():
        pass

    with pytest.raises(Stale), run.completing():
        queue.enqueue("demo.noop", {})


@pytest.mark.usefixtures("committed")
def test_an_error_after_its_end_does_not_change_it(kind: Callable[..., Any]) -> None:
    @kind("t.late")
    def late(run: Run) -> None:
        with run.completing({"done": True}):
            pass
        raise KeyError("too late")

    job = queue.enqueue("t.late", {})
    serve()

    assert Job.objects.values_list("state", "result").get(pk=job.pk) == (
        "succeeded",
        {"done": True},
    )


def test_a_result_that_cannot_be_stored_completes_nothing(run: Run) -> None:
    with pytest.raises(ValueError, match="NUL"), run.completing({"a": "\x00"}):
        queue.enqueue("demo.noop", {})

    assert states(run.job_id) == ["running"]


def test_a_run_knows_its_job(run: Run) -> None:
    assert (run.attempt, run.fence, run.scope, run.actor) == (1, 1, None, "")
    assert run.key("clone") == f"job:{run.job_id}:clone"
    assert (run.cause.job, run.cause.root) == (run.job_id, run.job_id)


def test_the_latest_progress_is_stored(run: Run) -> None:
    run.progress(1, 4, "first", done=["a"])
    run.progress(2, 4, "second", done=["b"], failed=["c: why"])

    write(run._report)

    progress = Progress.objects.get(job=run.job_id)
    assert (progress.current, progress.percent, progress.item) == (2, 50, "second")
    assert (progress.items_done, progress.items_failed) == (["a", "b"], ["c: why"])


def test_lists_of_items_keep_their_end(run: Run) -> None:
    run.progress(1, done=[str(number) for number in range(500)])

    write(run._report)

    assert Progress.objects.get(job=run.job_id).items_done == [
        str(number) for number in range(500 - ITEMS_KEPT, 500)
    ]


def test_the_fence_refuses_the_reports_of_a_lost_job(run: Run, desk: Desk) -> None:
    desk.ledger.hand_back([run.claim], "")
    desk.claim()
    run.progress(1)
    run.log("late")

    write(run._report, last=True)

    assert not Progress.objects.exists()
    assert not LogChunk.objects.exists()


def test_a_log_is_numbered_across_its_chunks(run: Run) -> None:
    run.log("one\ntwo")
    write(run._report)
    run.log("three")
    write(run._report)

    found = LogChunk.objects.order_by("seq").values_list("seq", "first_line", "text")
    assert list(found) == [(0, 1, "one\ntwo\n"), (1, 3, "three\n")]


def test_no_line_is_lost_when_the_answer_to_a_chunk_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.log("one\ntwo")
    with monkeypatch.context() as lossy:
        store = db.rows
        lossy.setattr(db, "rows", lambda *asked: (store(*asked), lose())[0])
        with pytest.raises(psycopg2.OperationalError):
            write(run._report)
    run.log("three")
    write(run._report)
    run.log("four")
    write(run._report)

    found = LogChunk.objects.order_by("seq").values_list("seq", "first_line", "text")
    assert list(found) == [(0, 1, "one\ntwo\nthree\n"), (1, 4, "four\n")]


def lose() -> None:
    raise psycopg2.OperationalError("the answer was lost")


def test_nothing_new_writes_nothing(run: Run) -> None:
    run.log("one")
    write(run._report)

    write(run._report, last=True)

    assert (LogChunk.objects.count(), run._report.unwritten) == (1, False)


def test_chunks_are_at_most_64_kib(run: Run) -> None:
    run.log("\n".join("ä" * 1000 for _ in range(200)))

    write(run._report)

    sizes = [len(text.encode()) for text in LogChunk.objects.values_list("text", flat=True)]
    assert len(sizes) > 1
    assert max(sizes) <= 65_536


def test_a_long_line_is_cut(run: Run) -> None:
    run.log("x" * 10_000)

    write(run._report)

    assert LogChunk.objects.get().text == "x" * LINE_CHARS + "\n"


@pytest.mark.parametrize("lines_a_call", [1, 200_000])
def test_a_flood_of_lines_keeps_its_head_and_its_end(run: Run, lines_a_call: int) -> None:
    lines = [f"line {number:6}" for number in range(200_000)]

    for start in range(0, len(lines), lines_a_call):
        run.log("\n".join(lines[start : start + lines_a_call]))
    write(run._report, last=True)

    text = "".join(LogChunk.objects.order_by("seq").values_list("text", flat=True)).splitlines()
    head = len(text) - TAIL_LINES - 1
    assert text[:head] == lines[:head]
    assert text[head] == f"… {len(lines) - head - TAIL_LINES:,} lines left out …"
    assert text[head + 1 :] == lines[-TAIL_LINES:]
    assert sum(map(len, text)) <= HEAD_BYTES + TAIL_LINES * LINE_CHARS


def test_secrets_do_not_reach_the_log_or_the_progress(run: Run) -> None:
    run.log("cloning https://ana:hunter2@example.org/x")
    run.progress(1, item="token=abcdefgh", done=["password: hunter2"])

    write(run._report)

    stored = str(list(LogChunk.objects.values())) + str(list(Progress.objects.values()))
    assert "hunter2" not in stored
    assert "abcdefgh" not in stored


@pytest.fixture
def news() -> Iterator[str]:
    """This fixture will make one event publishable, with one subscriber."""
    events.register("t.news", version=2, fields={"a": int, "b": Any}, meaning="A test.")
    ports.subscribers.register(
        "t.news", Subscriber("demo.sleep", lambda event: {"seconds": event.payload["a"]})
    )
    yield "t.news"
    del events._schemas["t.news"], ports.subscribers["t.news"]


@pytest.mark.django_db
def test_an_event_and_its_deliveries_are_one_act(news: str) -> None:
    event = events.publish(news, {"a": 1, "b": 2}, scope=7, subject="s", actor="user:1")

    job = Job.objects.get()
    assert (event.version, event.hops, event.cause) == (2, 0, None)
    assert (job.kind, job.arguments, job.scope, job.subject) == (
        "demo.sleep",
        {"seconds": 1},
        7,
        "s",
    )
    assert (job.event_id, job.created_by) == (event.pk, "user:1")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"a": 1}, "exactly a, b"),
        ({"a": 1, "b": 2, "c": 3}, "exactly a, b"),
        ({"a": 1, "b": "\x00"}, "NUL"),
        ({"a": 1, "b": object()}, "no plain JSON"),
    ],
    ids=["missing", "unknown", "nul", "object"],
)
def test_a_payload_that_does_not_fit_is_refused(news: str, payload: Any, why: str) -> None:
    with pytest.raises(BadEvent, match=why):
        events.publish(news, payload, scope=None)

    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_unknown_event_is_refused_with_the_known_ones(news: str) -> None:
    with pytest.raises(
        BadEvent, match=r"event 't\.nope': nobody registered it; use one of .*t\.news"
    ):
        events.publish("t.nope", {}, scope=None)


@pytest.mark.django_db
def test_a_delivery_that_cannot_be_made_takes_its_event_back(news: str) -> None:
    ports.subscribers.register(news, Subscriber("demo.nope", lambda event: {}))

    with pytest.raises(kinds.UnknownKind):
        events.publish(news, {"a": 1, "b": 2}, scope=None)

    assert not Event.objects.exists()
    assert not Job.objects.exists()


def test_an_event_of_a_delivery_names_its_cause(news: str, desk: Desk) -> None:
    first = events.publish(news, {"a": 0, "b": 0}, scope=None)
    claim = desk.claim()[0]
    cause = Run(claim, Report(claim), lambda: None).cause

    second = events.publish(news, {"a": 0, "b": 0}, scope=None, cause=cause)

    assert (second.cause_id, second.hops, second.job_id) == (first.pk, 1, claim.id)
    assert Job.objects.get(event_id=second.pk).root_id == claim.id


@pytest.mark.usefixtures("committed")
def test_a_flood_is_enqueued_with_its_end() -> None:
    queue.enqueue("demo.flood", {"count": 5}, scope=3)

    serve()

    assert Job.objects.filter(kind="demo.noop", scope=3, state="succeeded").count() == 5


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "soon"])
def test_a_limit_that_is_none_is_refused_where_it_is_given(run: Run, seconds: Any) -> None:
    with pytest.raises(ValueError, match=r"soon|seconds"):
        run.within(seconds)
    assert run.limit_s == float("inf")
