"""The viewer of logs: pages, lines by address, search, colours, and the end that is followed."""

import re

import pytest
from django.db.models.functions import Now
from django.test import Client

from jobs import queue, scrollback
from jobs.models import Job, LogChunk
from jobs.scrollback import Range, Wanted
from tests.pages.conftest import World, hold, runner
from tests.pages.test_pages import text_of

LINES = 2_500


@pytest.fixture
def logged(world: World) -> Job:
    """This fixture will give a job whose second attempt wrote 2,500 lines in chunks of 600."""
    job = world.job
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text="old\nolder\n", levels="ei")
    for seq, first in enumerate(range(1, LINES + 1, 600)):
        numbers = range(first, min(first + 600, LINES + 1))
        LogChunk.objects.create(
            job=job,
            fence=2,
            seq=seq,
            first_line=first,
            text="".join(f"line {number}\n" for number in numbers),
            levels="".join("e" if number in (1777, 2001) else "i" for number in numbers),
        )
    return job


def shown(page: str) -> list[str]:
    """This function will give the anchors of the lines on a page."""
    return re.findall(r'<li id="([^"]+)"', page)


def test_the_pages_hold_every_line_once_in_order(logged: Job, as_staff: Client) -> None:
    pages = [shown(text_of(as_staff, f"/jobs/{logged.pk}/log/?page={page}")) for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [1000, 1000, 502]
    wanted = ["a1-L1", "a1-L2", *(f"L{number}" for number in range(1, LINES + 1))]
    assert [anchor for page in pages for anchor in page] == wanted


def test_the_first_error_of_the_newest_attempt_is_one_click_away(
    logged: Job, as_staff: Client
) -> None:
    page = text_of(as_staff, f"/jobs/{logged.pk}/log/")
    [link] = re.findall(r'href="(\?at=\w+)#L1777">First error', page)

    there = text_of(as_staff, f"/jobs/{logged.pk}/log/{link}")

    assert '<li id="L1777" class="error picked">' in there


def test_a_search_counts_all_that_match_and_leads_to_where_they_stand(
    logged: Job, as_staff: Client
) -> None:
    found = text_of(as_staff, f"/jobs/{logged.pk}/log/?grep=LINE 1")

    # 1, 10 to 19, 100 to 199, 1000 to 1999
    assert "1,111 of 2,502 lines" in found
    assert "page 1 of 2" in found
    assert '?at=L1#L1"' in found
    assert shown(text_of(as_staff, f"/jobs/{logged.pk}/log/?grep=line 1&page=2"))[-1] == "L1999"


@pytest.mark.parametrize(
    ("at", "picked"),
    [
        ("L1205", ["L1205"]),
        ("L1205-L1207", ["L1205", "L1206", "L1207"]),
        ("L1207-1205", ["L1205", "L1206", "L1207"]),
        ("a1-L2", ["a1-L2"]),
    ],
)
def test_lines_have_an_address_on_whatever_page_they_stand(
    at: str, picked: list[str], logged: Job, as_staff: Client
) -> None:
    page = text_of(as_staff, f"/jobs/{logged.pk}/log/?at={at}")

    assert re.findall(r'<li id="([^"]+)" class="\w+ picked"', page) == picked


def test_a_line_that_is_not_there_is_said_not_to_be(logged: Job, as_staff: Client) -> None:
    assert "There is no line L9999" in text_of(as_staff, f"/jobs/{logged.pk}/log/?at=L9999")


def test_who_follows_sees_the_end_and_it_is_read_again_until_the_job_has_ended(
    logged: Job, as_staff: Client
) -> None:
    running = queue.enqueue("demo.steps", {})
    hold(running, runner())
    LogChunk.objects.filter(job=logged, fence=2).update(job=running)

    page = text_of(as_staff, f"/jobs/{running.pk}/log/?follow=on")

    assert shown(page)[0] == "L1501"
    assert shown(page)[-1] == "L2500"
    assert 'data-page="2"' in page
    Job.objects.filter(pk=running.pk).update(state="succeeded", runner=None, finished_at=Now())
    assert "data-page" not in text_of(as_staff, f"/jobs/{running.pk}/log/?follow=on")


def test_colours_become_classes_and_what_was_taken_out_is_marked(
    world: World, as_staff: Client
) -> None:
    text = "\x1b[1;31m<b>bad</b>\x1b[0m token=[redacted] \x1b[2Jend\n"
    LogChunk.objects.create(job=world.job, fence=1, seq=0, first_line=1, text=text)

    page = text_of(as_staff, f"/jobs/{world.job.pk}/log/?wrap=off")
    sent = b"".join(as_staff.get(f"/jobs/{world.job.pk}/log.txt")).decode()

    assert '<span class="sgr-bold sgr-f1">&lt;b&gt;bad&lt;/b&gt;</span>' in page
    assert '<mark class="taken" title="Taken out before it was stored">[redacted]</mark>' in page
    assert 'class="log whole flat"' in page
    assert "\x1b" not in page
    assert sent == "<b>bad</b> token=[redacted] end\n"


def test_a_line_is_found_on_the_page_that_holds_it(logged: Job) -> None:
    page = scrollback.page(logged.pk, Wanted(), at=Range.of("L2400"))

    assert (page.number, page.pages, len(page.lines), page.total) == (3, 3, 502, 2_502)
