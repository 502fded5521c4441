"""`bench live`: the small version of what is measured with 500 sockets and 1,000 jobs a second."""

import json

import pytest

from factory.bench import chromium, live
from factory.bench.product import ROWS
from tests import services

TIMED = """
import json, os
from factory.bench import live
print(json.dumps(live.timed(dict(os.environ), sockets=3, rate=20, seconds=3)))
"""


def test_news_is_timed_and_the_last_state_of_every_row_is_seen(
    scratch_database: services.ScratchDatabase,
) -> None:
    words = ("shell", "--verbosity=0", "-c", TIMED)

    told = json.loads(services.manage(*words, environment=scratch_database.environment).stdout)

    assert (told["sockets"], told["lost"], told["closed"]) == (3, 0, 0)
    assert told["changes"] > 10
    assert 0 < told["fanout_ms"]["p50"] <= told["fanout_ms"]["max"]
    assert (told["paint_ms"] is None) == (chromium.found() is None)


def test_a_change_that_only_a_later_one_shows_took_until_then() -> None:
    sent = {1: 10.0, 2: 11.0, 3: 12.0}

    assert live._delays(sent, {"2": 11.5}) == [0.5, 1.5]  # the newest first; the third never came
    assert live._delays(sent, {}) == []


@pytest.mark.parametrize(
    ("beats", "last", "lost"),
    [({"1": 1.0}, "succeeded", 0), ({}, "succeeded", 1), ({"1": 1.0}, "running", 1)],
)
def test_what_is_not_seen_at_the_end_is_lost(beats: dict[str, float], last: str, lost: int) -> None:
    final = {f"job:{number}": "succeeded" for number in range(ROWS)}

    assert live._lost({1: 1.0}, final, beats, final | {"job:0": last}) == lost


def test_without_load_that_can_be_made_the_cause_is_said_in_one_line() -> None:
    refused = services.manage("bench", "live", "--sockets", "-1", check=False)

    assert refused.returncode == 2
    assert refused.stderr.strip().splitlines() == [
        "--sockets, --rate: give numbers from 0; --seconds: give a number from 1"
    ]
