"""The status that many ask for at once: kept for all web processes, and never a stale one."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from factory import hot
from tests import services
from tests.live.stack import Stack, free_port, stack

TOKEN = "m" * 40


class Two:
    """Two web processes on one database and one Valkey, and a member's token."""

    def __init__(self, one: Stack, other: Stack, token: str) -> None:
        self.urls, self.ids, self.token = (one.url, other.url), one.ids, token

    def ask(self, which: int, path: str, post: bool = False, **more: str) -> tuple[Any, str]:
        """This method will ask one of them: the answer and its ETag."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 — http: our own address
            f"{self.urls[which]}{path}", b"{}" if post else None, headers | more
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.read().decode(), answer.headers["ETag"]

    def jobs(self, which: int) -> dict[str, int]:
        """This method will read the unfinished jobs that the status tells of."""
        told: dict[str, int] = json.loads(self.ask(which, "/api/status")[0])["jobs"]
        return told

    def counted(self, which: int, outcome: str) -> float:
        """This method will read how often a kept answer served."""
        page, _ = self.ask(which, "/metrics", Authorization=f"Bearer {TOKEN}")
        name = f'factory_kept_answers_total{{outcome="{outcome}"}} '
        return next(float(line[len(name) :]) for line in page.splitlines() if line.startswith(name))


@pytest.fixture(scope="module")
def two(scratch_database: services.ScratchDatabase) -> Iterator[Two]:
    """This fixture will start both."""
    with stack(scratch_database, "web", FACTORY_METRICS_TOKEN=TOKEN) as one:
        port = free_port()
        other = Stack(scratch_database, one.environment | {"PORT": str(port)}, port)
        other.start("web")
        told = services.manage(
            "api_token", "member", "--scope", "write", "--json", environment=one.environment
        )
        try:
            yield Two(one, other, json.loads(told.stdout)["token"])
        finally:
            other.end("web")


def test_an_act_on_one_process_is_in_the_very_next_status_of_the_other(two: Two) -> None:
    job = f"/api/jobs/{two.ids['job']}"
    for which in (0, 1) * 4:
        assert two.jobs(which) == two.jobs(1 - which) == {"scheduled": 1}
        two.ask(which, f"{job}/pauses", post=True)
        assert two.jobs(1 - which) == two.jobs(which) == {"paused": 1}
        two.ask(1 - which, f"{job}/resumptions", post=True)


def test_what_one_process_read_serves_the_other_until_something_is_committed(two: Two) -> None:
    found, read = two.counted(0, "hit"), two.counted(0, "miss")

    for which in (0, 1) * 10:
        two.jobs(which)

    assert two.counted(1, "hit") > found + 5
    assert two.counted(0, "miss") > read
    assert hot.FRESH_S == 1


def test_a_status_that_is_the_same_is_304_from_either(two: Two) -> None:
    _, etag = two.ask(0, "/api/status")

    with pytest.raises(urllib.error.HTTPError) as same:
        two.ask(1, "/api/status", **{"If-None-Match": etag})

    assert same.value.code == 304
