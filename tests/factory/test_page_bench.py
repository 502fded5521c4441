"""What `bench pages` fills and measures."""

import json

from tests import services


def test_pages_are_timed_for_each_person_on_a_database_of_that_size() -> None:
    words = ("bench", "pages", "--projects", "30", "--jobs", "2000", "--only", "failures", "--json")

    told = json.loads(services.manage(*words, check=False).stdout)

    assert {page["who"] for page in told["pages"]} == {"staff", "member", "few"}
    assert all(page["status"] == 200 for page in told["pages"] if page["who"] == "staff")
    assert all(0 < page["p50_ms"] <= page["p95_ms"] for page in told["pages"])
    assert all(1 < page["queries"] < 40 for page in told["pages"])
    databases = services.query("postgres", "SELECT datname FROM pg_database")
    assert [one for (one,) in databases if one.startswith("factory_bench")] == []


def test_a_size_of_nothing_is_refused() -> None:
    told = services.manage("bench", "pages", "--projects", "0", check=False)

    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "--projects" in told.stderr
