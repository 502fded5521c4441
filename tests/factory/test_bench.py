"""What `bench` measures beside us, and what it simulates."""

import json

import pytest

from factory.bench import peers, retries
from jobs import db
from jobs.failures import POLICY
from tests import services


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(peers.PEERS))
def test_a_peer_drains_what_it_was_sent_and_leaves_nothing(name: str) -> None:
    if name == "celery":
        pytest.importorskip("celery")

    found = peers.measure(name, 40)

    assert found["jobs_per_s"] > 0
    assert found["enqueue_per_s"] > 0
    databases = services.query("postgres", "SELECT datname FROM pg_database")
    assert [one for (one,) in databases if one.startswith("factory_bench_peer")] == []


@pytest.mark.django_db
def test_the_peer_django_q2_is_not_slowed_by_connecting_anew() -> None:
    sessions = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"

    with peers.PEERS["django-q2"]() as peer:
        peer.send(40)
        [(opened,)] = db.rows(peer._raw, sessions)

    assert opened < 20


def test_a_peer_that_is_not_installed_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(peers._PACKAGES, "celery", "no_such_package_anywhere")

    with pytest.raises(peers.NotInstalled, match=r"--vs celery: it is not installed: make"):
        peers.require("celery")


def test_the_policy_saves_what_passes_and_nothing_that_never_does() -> None:
    found = retries.run(20_000, seed=3)

    by_class = found["by_class"]
    assert found["failed_percent"]["with"] < found["failed_percent"]["without"] / 2
    for name in retries.MIX:
        assert (by_class[name]["with"] < 100) == (name in POLICY), name
    assert 1 < found["executions_per_job"] < 1.5
    assert found == retries.run(20_000, seed=3)


def test_what_controls_cost_is_measured_beside_each_other() -> None:
    told = json.loads(services.manage("bench", "controls", "--count", "1000", "--json").stdout)

    found = told["controls"]
    assert found["as shipped"]["costs_us"] == 0
    assert {
        "without moves and attempts",
        "its queue has limits",
        "another job waits for it",
    } <= set(found)
    assert all(each["jobs_per_s"] > 0 for each in found.values())


def test_the_simulation_is_printed() -> None:
    told = json.loads(services.manage("bench", "retries", "--count", "500", "--json").stdout)

    assert (told["jobs"], told["failed_percent"]["with"] > 0) == (500, True)
