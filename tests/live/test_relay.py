"""The relay's passes: what is sent, to whom, and as of when."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.template import Engine
from django.test.utils import CaptureQueriesContext

from jobs import board, live, queue
from jobs.models import Job

pytestmark = pytest.mark.django_db
LATE = 2**62


def changed(job: Job, subject: str) -> None:
    """This function will change a job's row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET subject = %s, updated_at = clock_timestamp() WHERE id = %s",
            [subject, job.pk],
        )


@pytest.fixture
def job() -> Job:
    """This fixture will be a job that waits."""
    return queue.enqueue("demo.noop", {}, after=3600)


@pytest.fixture
def relay(job: Job) -> live.Relay:
    """This fixture will be a relay that has sent what one socket watches."""
    made = live.Relay()
    made.watch("one", {f"job:{job.pk}": 0})
    made.news()
    return made


def test_what_is_new_to_the_relay_is_sent_to_all_who_watch(job: Job) -> None:
    relay = live.Relay()
    relay.watch("one", {f"job:{job.pk}": LATE})

    (frame,) = relay.news()

    assert frame.to == ()
    assert f'data-topic="job:{job.pk}"' in frame.html


def test_what_did_not_change_is_not_sent_again(relay: live.Relay) -> None:
    assert relay.news() == []


def test_a_change_is_rendered_once_however_many_watch(relay: live.Relay, job: Job) -> None:
    for number in range(300):
        relay.watch(f"socket {number}", {f"job:{job.pk}": LATE})
    changed(job, "new subject")

    frames = relay.news()

    assert len(frames) == 1
    assert "new subject" in frames[0].html


def test_a_socket_that_shows_an_older_version_alone_gets_the_frame(
    relay: live.Relay, job: Job
) -> None:
    relay.watch("late", {f"job:{job.pk}": 1})
    relay.watch("current", {f"job:{job.pk}": board.clock()})

    (frame,) = relay.news()

    assert frame.to == ("late",)


def test_the_version_of_a_frame_is_read_between_its_fingerprint_and_its_rows(
    relay: live.Relay, job: Job
) -> None:
    before = board.clock()
    changed(job, "between")

    (frame,) = relay.news()

    assert before < frame.version < board.clock()


def test_a_row_that_is_gone_is_sent_as_nothing(relay: live.Relay, job: Job) -> None:
    job.cancel(by="test")
    relay.news()
    Job.objects.filter(pk=job.pk).delete()

    (frame,) = relay.news()

    assert frame.html == ""


def test_what_nobody_renews_is_forgotten(
    relay: live.Relay, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = live.time.monotonic()
    monkeypatch.setattr(live.time, "monotonic", lambda: now + live.FORGET_S + 1)

    relay.news()

    assert relay.watched == {}


@pytest.mark.parametrize(
    "text", ["job", "job:", ":1", "nobody:1", "job:1 2", "job:<b>", "job:" + "1" * 100, None, 3]
)
def test_what_cannot_be_a_topic_is_none(text: object) -> None:
    assert not live.is_topic(text)


def test_all_watched_rows_are_read_in_as_many_queries_as_one(relay: live.Relay) -> None:
    from django.db import connection

    with CaptureQueriesContext(connection) as one:
        relay.news()
    made = queue.enqueue_many("demo.noop", [{}] * 100, after=3600)
    relay.watch("one", dict.fromkeys((f"job:{pk}" for pk in made), 0))
    relay.news()

    with CaptureQueriesContext(connection) as many:
        relay.news()

    assert len(many) == len(one)


def test_a_tick_says_what_was_sent_to_all_since_the_one_before(relay: live.Relay, job: Job) -> None:
    changed(job, "new subject")
    relay.watch("late", {f"job:{job.pk}": 1})
    (frame,) = relay.news()
    relay.sent.note(frame)

    first, second = relay.sent.tick(frame.version), relay.sent.tick(frame.version)

    assert (first["n"], first["sent"]) == (1, {f"job:{job.pk}": frame.version})
    assert (second["n"], second["sent"]) == (1, {})


def test_what_one_socket_alone_got_is_not_told_to_all(relay: live.Relay, job: Job) -> None:
    relay.watch("late", {f"job:{job.pk}": 1})
    (frame,) = relay.news()

    relay.sent.note(frame)

    assert relay.sent.tick(frame.version)["sent"] == {}
    assert relay.sent.newest[-1]["sockets"] == 1


def test_the_newest_messages_alone_are_kept(relay: live.Relay) -> None:
    for number in range(live.KEPT + live.MOST_TOLD):
        relay.sent.note(live.Frame(f"job:{number}", 1, ""))

    numbers = [one["n"] for one in relay.sent.newest]

    assert numbers == list(range(live.MOST_TOLD + 1, live.MOST_TOLD + live.KEPT + 1))
    assert len(relay.sent.tick(1)["sent"]) == live.MOST_TOLD


def watched_by(user: User, job: Job) -> live.Relay:
    """This function will be a relay that has sent somebody's list, counts and inbox, and a row."""
    relay = live.Relay()
    lists = (f"jobs:{user.pk}::", f"views:{user.pk}", f"inbox:{user.pk}", f"home:{user.pk}")
    relay.watch("one", dict.fromkeys((*lists, f"job:{job.pk}"), LATE))
    relay.news()
    return relay


def test_lists_and_counts_are_not_asked_for_at_each_pass(
    job: Job, django_user_model: type[User]
) -> None:
    user = django_user_model.objects.create_superuser("ana")
    relay = watched_by(user, job)
    queue.enqueue("demo.noop", {}, after=3600)
    changed(job, "at once")

    with CaptureQueriesContext(connection) as asked:
        at_once = relay.news(unhurried=False)
    with_the_tick = relay.news(unhurried=True)

    assert [frame.topic for frame in at_once] == [f"job:{job.pk}"]
    assert not any("auth_user" in query["sql"] for query in asked)
    assert f"jobs:{user.pk}::" in {frame.topic for frame in with_the_tick}


def test_a_tick_claims_no_more_than_what_was_read_first(
    job: Job, django_user_model: type[User]
) -> None:
    relay = watched_by(django_user_model.objects.create_superuser("ana"), job)
    relay.news(unhurried=False)
    as_of = relay.as_of

    relay.news(unhurried=True)

    assert relay.as_of == as_of


def test_a_relay_that_is_prepared_loads_nothing_with_its_first_news(job: Job) -> None:
    templates: Any = Engine.get_default().template_loaders[0]
    templates.reset()
    live.prepare()
    loaded = set(templates.get_template_cache)
    relay = live.Relay()
    relay.watch("one", {f"job:{job.pk}": 0, f"jobpage:{job.pk}": 0})

    relay.news()

    assert set(templates.get_template_cache) == loaded


def test_a_storm_of_changes_costs_what_is_watched_and_not_what_changed(
    django_user_model: type[User],
) -> None:
    made = queue.enqueue_many("demo.noop", [{}] * 1000, after=3600)
    user = django_user_model.objects.create_superuser("ana")
    shown = dict.fromkeys((f"job:{pk}" for pk in made[:20]), LATE) | {f"jobs:{user.pk}::": LATE}
    relay = live.Relay()
    relay.watch("one", shown)
    relay.news()
    passes = []

    for turn in range(3):
        for number in range(7):  # as many committed changes of every row between two passes
            Job.objects.filter(pk__in=made).update(subject=f"{turn} {number}", updated_at=Now())
        with CaptureQueriesContext(connection) as asked:
            passes.append((len(relay.news()), len(asked)))

    frames, questions = zip(*passes, strict=True)
    assert max(frames) <= len(shown)
    assert len(set(questions)) == 1
