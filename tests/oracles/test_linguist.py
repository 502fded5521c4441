"""The shares of languages of whole repositories, beside those github-linguist gives them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from projects.git import door, reading
from projects.mapping import build, extraction

TREES = [Path(name) for name in os.environ.get("ORACLE_TREES", "").split()]
GATE = 1.0  # percentage points


@pytest.mark.skipif(not shutil.which("github-linguist"), reason="needs ruby-github-linguist")
@pytest.mark.parametrize("place", TREES, ids=lambda place: place.name)
def test_the_shares_of_a_repository_are_those_of_linguist(place: Path) -> None:
    tools = extraction.Tools()
    git_dir = door.git_dir(place)
    commit = reading.head(git_dir, tools.watch)

    made = build.build(git_dir, commit, tools, build.NoCache())

    argv = ["github-linguist", str(place), "--json"]
    told = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    theirs = {name: float(one["percentage"]) for name, one in told.items()}
    ours = {name: one["share"] for name, one in made.languages.items() if one["share"]}
    apart = {
        name: (ours.get(name, 0), theirs.get(name, 0))
        for name in ours.keys() | theirs.keys()
        if abs(ours.get(name, 0) - theirs.get(name, 0)) > GATE
    }
    assert apart == {}
