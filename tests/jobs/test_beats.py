"""Heartbeats are whole for whoever reads them, at whatever moment."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from factory.supervisor import record
from jobs import beats, process


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This fixture will give an installation in which nobody beats."""
    settings.FACTORY_HOME = tmp_path
    monkeypatch.setattr(beats, "_written", {})
    return tmp_path


def test_no_reader_meets_a_beat_that_is_half_written(home: Path) -> None:
    mine = (os.getpid(), process.started_ticks(os.getpid()))
    beats.beat("relay")
    ended, seen = threading.Event(), set()

    def read() -> None:
        while not ended.is_set():
            seen.add((beats.who("relay"), beats.trouble("relay")))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(500):
        beats._written.clear()  # as a process does that follows another
        beats.beat("relay")
    ended.set()
    reader.join()

    assert seen == {(mine, "")}


def test_who_is_awaited_is_never_seen_to_beat(home: Path) -> None:
    beats.await_first("relay")

    assert beats.who("relay") is None
    assert beats.trouble("relay") == "has not begun yet"


def test_a_beat_whose_file_was_taken_away_names_its_process_again(home: Path) -> None:
    beats.beat("relay")
    (home / "run" / "relay.beat").unlink()

    beats.beat("relay")

    assert beats.who("relay") == (os.getpid(), process.started_ticks(os.getpid()))


def test_what_a_kill_left_of_a_beat_counts_for_nobody_and_goes_with_the_others(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factory.configuration.home", lambda: home)
    beats.await_first("relay")
    (home / "run" / "relay.beat.4194304").write_text("41")

    assert beats.trouble("relay") == "has not begun yet"
    record.forget()

    assert list((home / "run").iterdir()) == []
