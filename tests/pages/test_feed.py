"""The feed: events in sentences, filtered, paged by id, and for nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import events, queue
from jobs.models import Event
from projects import feed, portfolio, removal
from projects.models import Stage
from tests.pages.conftest import World, browser_of, hold, runner
from tests.pages.test_pages import text_of

pytestmark = pytest.mark.django_db


def happened(world: World, name: str = "repository.synced", **more: Any) -> Event:
    """This function will record that the repository of the world was fetched."""
    payload = {"repository": world.repository.pk, "commit": "0123456789abcdef"}
    given = {"scope": world.project.pk, "subject": "quay", **more}
    return Event.objects.create(name=name, version=1, payload=payload, **given)


def test_every_event_has_a_sentence() -> None:
    own = {one.name for one in events.all_schemas() if not one.name.startswith("chaos.")}

    assert own <= set(feed.SENTENCES)


def test_every_sentence_can_be_made_of_what_its_event_says() -> None:
    for schema in events.all_schemas():
        if schema.name in feed.SENTENCES:
            said = {**dict.fromkeys(schema.fields, "x"), "subject": "quay"}
            assert feed.SENTENCES[schema.name].format(**said)


def test_an_event_is_told_with_who_did_it_and_leads_to_what_it_is_about(world: World) -> None:
    event = happened(world, actor=f"user:{world.contributor.pk}", job_id=world.job.pk)

    (item,) = feed.told([event])

    assert item.sentence == "quay was fetched; its newest commit is 0123456789."
    assert (item.who, item.project, item.slug) == ("contributor", "Harbour", "harbour")
    assert item.job == world.job.pk
    assert item.link == f"/projects/harbour/repositories/{world.repository.pk}/map/"


def test_nobody_learns_a_name_by_writing_its_number(world: World) -> None:
    words = f"ask user:{world.staff.pk} first"
    portfolio.move(world.project, Stage.BUILD, actor=f"user:{world.viewer.pk}", reason=words)

    (item,) = feed.told(Event.objects.filter(name="project.moved"))

    assert (item.who, item.sentence.rpartition(": ")[2]) == ("viewer", words)


def test_what_is_not_known_is_shown_by_its_name(world: World) -> None:
    later = happened(world, name="of.later.code", actor="user:999999")
    world.repository.delete()
    gone = happened(world, job_id=10**9)

    items = feed.told([later, gone])

    assert items[0].sentence == "of.later.code: quay"
    assert [(item.link, item.job) for item in items] == [("", None), ("", None)]


def test_a_reason_is_told(world: World) -> None:
    portfolio.move(world.project, Stage.BUILD, actor="user:1", reason="It exists")

    (item,) = feed.told(Event.objects.all())

    assert item.sentence == "Harbour moved from capture to build: It exists"


def test_a_feed_holds_what_one_may_see(world: World) -> None:
    mine = happened(world)
    staff_only = happened(world, scope=None)

    def seen(user: User, **chosen: Any) -> set[int]:
        return {item.event.pk for item in feed.page(user, feed.Filter(**chosen)).items}

    assert seen(world.viewer) == {mine.pk}
    assert seen(world.stranger) == set()
    assert seen(world.stranger, scope=world.project.pk) == set()
    assert seen(world.staff) == {mine.pk, staff_only.pk}


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({"name": "repository"}, "fetched"),
        ({"name": "repository.synced"}, "fetched"),
        ({"name": "map"}, "mapped"),
        ({"name": "nothing.such"}, ""),
        ({"actor": "user:1"}, "mapped"),
    ],
)
def test_a_feed_is_filtered(chosen: dict[str, str], kept: str, world: World) -> None:
    happened(world)
    happened(world, name="map.completed", actor="user:1")

    items = feed.page(world.staff, feed.Filter(**chosen)).items

    assert [item.event.name for item in items] == {
        "": [],
        "fetched": ["repository.synced"],
        "mapped": ["map.completed"],
    }[kept]


def test_a_feed_is_filtered_by_time(world: World) -> None:
    happened(world)
    now, hour = timezone.now(), timedelta(hours=1)

    def count(**chosen: Any) -> int:
        return len(feed.page(world.staff, feed.Filter(**chosen)).items)

    assert count(since=now - hour, until=now + hour) == 1
    assert count(since=now + hour) == count(until=now - hour) == 0


def test_a_feed_is_paged_by_id_with_the_same_number_of_queries(
    world: World, django_assert_num_queries: Any
) -> None:
    made = [happened(world, actor=f"user:{world.viewer.pk}").pk for _ in range(61)]

    with django_assert_num_queries(4):
        first = feed.page(world.viewer, feed.Filter())
    second = feed.page(world.viewer, feed.Filter(), below=first.older)

    told = [item.event.pk for item in (*first.items, *second.items)]
    assert told == made[::-1]
    assert (len(first.items), second.older) == (50, None)


def test_a_feed_is_the_same_whether_the_newest_of_all_are_enough_or_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [happened(world).pk for _ in range(4)]
    happened(world, scope=None)
    found = {}

    for looked in (2_000, 3, 0):
        monkeypatch.setattr(feed, "LOOKED", looked)
        page = feed.page(world.viewer, feed.Filter(name="repository"), limit=3)
        older = feed.page(world.viewer, feed.Filter(), below=made[2], limit=3)
        found[looked] = [item.event.pk for one in (page, older) for item in one.items]

    assert found[2_000] == found[3] == found[0] == [*made[3:0:-1], *made[1::-1]]
    assert feed.page(world.stranger, feed.Filter()).items == []


def test_the_page_filters_by_the_name_of_a_person_and_keeps_that_in_its_links(world: World) -> None:
    for _ in range(51):
        happened(world, actor=f"user:{world.contributor.pk}")
    happened(world, subject="nobody's")

    shown = browser_of(world.viewer).get(
        "/projects/harbour/feed/?actor=contributor&kind=repository"
    )

    page = shown.content.decode()
    assert page.count('data-topic="event:') == 50
    assert "?kind=repository&amp;actor=contributor&amp;below=" in page
    assert "nobody" not in page.partition('<ul class="line feed')[2]


def test_a_page_that_is_not_filtered_by_person_or_time_is_live(world: World) -> None:
    event = happened(world)
    client = browser_of(world.viewer)

    live = client.get("/projects/harbour/feed/?kind=repository").content.decode()
    fixed = client.get("/projects/harbour/feed/?since=2026-01-01").content.decode()

    assert f'data-topic="feed:{world.viewer.pk}:{world.project.pk}:repository"' in live
    assert f'data-rows="event:{event.pk}"' in live
    assert 'data-topic="feed:' not in fixed


def test_a_date_that_is_none_is_refused_by_its_name(world: World) -> None:
    answer = browser_of(world.viewer).get("/feed/?since=yesterday")

    assert answer.status_code == 400
    assert "since: yesterday is no date" in answer.content.decode()


def test_an_empty_feed_and_one_where_nothing_matches_look_different(world: World) -> None:
    client = browser_of(world.viewer)

    assert "Nothing happened yet" in client.get("/projects/harbour/feed/").content.decode()
    assert "Nothing matches" in client.get("/projects/harbour/feed/?kind=map").content.decode()


def test_what_was_removed_stays_in_the_feed_and_the_audit_log(world: World) -> None:
    by = f"user:{world.staff.pk}"
    address = world.repository.address
    removal.remove([world.repository], by=by)
    told = text_of(browser_of(world.viewer), "/projects/harbour/feed/")
    removal.remove([world.project], by=by)

    repository, project = Event.objects.filter(name__endswith=".removed").order_by("pk")
    audit = text_of(browser_of(world.staff), "/system/audit/?book=events")

    assert "quay was removed, with its clone and its maps." in told
    assert repository.payload["address"] == address
    assert "The project Harbour was removed, with its repositories (0)." in audit
    assert (project.scope, project.payload["slug"]) == (None, "harbour")
    assert {"repository.removed", "project.removed"}.isdisjoint(events.passing())


def test_a_removal_that_is_refused_leaves_no_event(world: World) -> None:
    hold(queue.enqueue("demo.noop", {}, scope=world.project.pk), runner())

    with pytest.raises(removal.Held):
        removal.remove([world.project], by="user:1")

    assert not Event.objects.filter(name="project.removed").exists()
