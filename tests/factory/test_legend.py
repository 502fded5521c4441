"""The legend names every word that pages show, with numbers of the code that keeps them."""

from django.contrib.auth.models import User
from django.test import Client

from factory import legend
from jobs import kinds
from jobs.board import WORDS
from jobs.heartbeat import LEASE_S


def test_every_word_of_jobs_has_its_meaning_its_time_and_its_cure() -> None:
    found = legend.of_jobs()

    assert [one.word for one in found] == list(WORDS)
    assert all(one.means and one.lasts and one.cure for one in found)
    assert str(LEASE_S) in found[-1].lasts


def test_the_legend_leads_nowhere_but_into_the_runbook() -> None:
    assert legend.dead_ends() == []


def test_every_kind_is_listed_with_how_long_it_may_take(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ana"))

    page = client.get("/legend/").content.decode()

    missing = [
        kind.name for kind in kinds.all_kinds() if not kind.internal and kind.name not in page
    ]
    assert missing == []
    assert page.count("<caption") >= 6
