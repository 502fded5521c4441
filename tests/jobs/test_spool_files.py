"""What others put into the spool: it is set aside, and stops nothing."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jobs import ledger, queue, spool, upkeep
from jobs.models import Runner
from tests.jobs.conftest import GONE_PID, states
from tests.jobs.test_spool import dead, home, raw

__all__ = ["dead", "home", "raw"]


def foreign(runner: Runner, *ids: Any) -> str:
    """This function will write what a runner could have left, if it were not for the ids."""
    end = ledger.Ending(0, 1, "succeeded", None, "", "", "", 0)._asdict()
    said = {"runner": runner.pk, "pid": runner.pid, "ticks": runner.pid_ticks}
    said |= {"boot_id": runner.boot_id, "ended_at": "2026-01-01T00:00:00+00:00"}
    return json.dumps(said | {"endings": [end | one for one in ids]})


FOREIGN = {
    "a number": lambda dead: "5",
    "nothing": lambda dead: "null",
    "a text": lambda dead: '"x"',
    "a list": lambda dead: "[]",
    "too deep": lambda dead: "[" * 100_000,
    "ids of two types": lambda dead: foreign(dead, {"id": 1}, {"id": "2"}),
    "half a character": lambda dead: foreign(dead, {"id": 1, "reason": "\ud800"}),
    "a NUL": lambda dead: foreign(dead, {"id": 1, "reason": "\0"}),
    "a result too deep": lambda dead: foreign(dead, {"id": 1, "result": "[" * 100_000}),
    "a process too large": lambda dead: foreign(dead).replace(str(GONE_PID), "9" * 5000),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_file_in_the_spool_stops_nothing_of_upkeep(
    raw: Any, dead: Runner, case: str
) -> None:
    job = queue.enqueue("demo.noop", {}, after=0.001).pk
    spool.folder().mkdir()
    (spool.folder() / "1-1.json").write_text(FOREIGN[case](dead))

    tick = upkeep.tick(raw)

    assert (tick.settled, states(job)) == ([dead.pk], ["queued"])
    assert [path.name for path in spool.folder().iterdir()] == ["1-1.json.broken"]


def test_each_field_of_a_file_in_the_spool_must_be_of_its_type(
    raw: Any, dead: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    file = json.loads(foreign(dead, {"id": 1}))
    wrong: dict[str, Any] = {name: {name: [True]} for name in file if name != "endings"}
    wrong |= {"endings": {"endings": {}}, "other": {"other": 1}}
    wrong |= {
        one: {"endings": [file["endings"][0] | {one: [True]}]} for one in ledger.Ending._fields
    }
    wrong["a truth"] = {"endings": [file["endings"][0] | {"id": True}]}
    spool.folder().mkdir()
    for number, said in enumerate(wrong.values()):
        (spool.folder() / f"1-{number}.json").write_text(json.dumps(file | said))

    assert spool.replay() == []

    assert len(list(spool.folder().glob("*.broken"))) == len(wrong)
    assert caplog.text.count("Malformed") == len(wrong)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_in_the_spool_is_left_alone(raw: Any, home: Path, make: Any) -> None:
    spool.folder().mkdir()
    make(spool.folder() / "1-1.json")

    assert (upkeep.tick(raw).failures, spool.waiting()) == ([], [])
