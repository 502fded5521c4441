"""The runners' page and the admin's window on runners: what is shown, and what may be asked."""

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs import queue, version
from jobs.models import Job, Runner
from tests.jobs.conftest import introduce
from tests.pages.conftest import World, browser_of


@pytest.fixture
def pair(world: World) -> tuple[Runner, Runner]:
    """This fixture will lend an idle runner of this code, and a busy one of other code."""
    idle = introduce(version=version.of_this_process())
    busy = introduce(pool="long", host="elsewhere", version="0+other")
    job = queue.enqueue("demo.noop", {}).pk
    Job.objects.filter(pk=job).update(state="running", runner=busy, started_at=Now(), fence=1)
    return idle, busy


def page(client: Client) -> str:
    return client.get("/runners/").content.decode()


def test_the_page_shows_pools_words_jobs_and_other_code(
    pair: tuple[Runner, Runner], as_staff: Client
) -> None:
    text = page(as_staff)

    assert f'id="runner-{pair[0].pk}"' in text
    assert ">idle<" in text
    assert ">busy<" in text
    assert "on elsewhere" in text
    assert text.count("other code than this server") == 1
    assert f'href="/jobs/{Job.objects.get(state="running").pk}/"' in text


@pytest.mark.parametrize("act", ["drain", "recycle", "stop"])
def test_an_act_is_confirmed_then_asked_by_name(
    pair: tuple[Runner, Runner], as_staff: Client, world: World, act: str
) -> None:
    question = as_staff.get("/runners/requests/", {"act": act, "runner": pair[0].pk})
    unasked = Runner.objects.exclude(intent="").count()

    done = as_staff.post("/runners/requests/", {"act": act, "runner": pair[0].pk}, follow=True)

    assert f"{act.capitalize()} 1 runner?" in question.content.decode()
    assert unasked == 0
    assert f"1 runner asked to {act}." in done.content.decode()
    row = Runner.objects.get(pk=pair[0].pk)
    assert (row.intent, row.intent_by) == (act, f"user:{world.staff.pk}")
    assert "by staff, " in page(as_staff)
    assert Runner.objects.get(pk=pair[1].pk).intent == ""


def test_a_whole_pool_is_drained_and_filled_again(
    pair: tuple[Runner, Runner], as_staff: Client
) -> None:
    as_staff.post("/runners/requests/", {"act": "drain", "pool": "long"})
    drained = page(as_staff)
    Runner.objects.filter(pool="long").update(stopped_at=Now())
    emptied = page(as_staff)

    as_staff.post("/runners/requests/", {"act": "fill", "pool": "long"})

    assert ">draining<" in drained
    assert ">emptied<" in emptied
    assert "act=fill&amp;pool=long" in emptied
    assert "act=drain&amp;pool=long" not in emptied
    assert "emptied" not in page(as_staff)


@pytest.mark.parametrize("query", ["", "?act=melt", "?act=drain&runner=x", "?act=drain&runner=²"])
def test_nonsense_is_refused(as_staff: Client, query: str) -> None:
    assert as_staff.get(f"/runners/requests/{query}").status_code == 400


def test_who_came_too_late_is_told_so(pair: tuple[Runner, Runner], as_staff: Client) -> None:
    Runner.objects.update(stopped_at=Now())

    done = as_staff.post("/runners/requests/", {"act": "drain", "runner": pair[0].pk}, follow=True)

    assert "Nothing was asked" in done.content.decode()


def test_only_staff_have_the_page(world: World) -> None:
    client = browser_of(world.contributor)

    assert client.get("/runners/").status_code == 404
    assert "/runners/" not in client.get("/").content.decode()


@pytest.mark.parametrize("act", ["drain", "recycle", "stop"])
def test_the_admin_asks_the_same(pair: tuple[Runner, Runner], as_staff: Client, act: str) -> None:
    told = {"action": act, "_selected_action": [pair[0].pk], "confirmed": "yes"}

    done = as_staff.post("/admin/jobs/runner/", told, follow=True)

    assert f"1 asked to {act}" in done.content.decode()
    assert Runner.objects.get(pk=pair[0].pk).intent == act
    Runner.objects.update(stopped_at=Now())
    as_staff.post("/admin/jobs/runner/", told | {"action": "fill"})
    assert Runner.objects.vacated().count() == 0


def test_the_page_costs_the_same_for_one_runner_and_many(
    pair: tuple[Runner, Runner], as_staff: Client
) -> None:

    page(as_staff)  # which notes the session, once
    with CaptureQueriesContext(connection) as few:
        page(as_staff)
    for _ in range(20):
        introduce()
    with CaptureQueriesContext(connection) as many:
        page(as_staff)

    assert len(few) == len(many)
