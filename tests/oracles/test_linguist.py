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
EXPLAINED = {
    "zlib.inc": "RPG, which its classifier takes for Pascal; no rule of its heuristics holds",
    ".gradle.kts": "data in the tables we have; Kotlin for 7.22, which Debian has",
}
"""Ends of names, and why both sides leave them out."""
NEWER = {"MDX"}
"""Languages of the tables we have that Debian's 7.22 lacks."""


@pytest.mark.skipif(not shutil.which("github-linguist"), reason="needs ruby-github-linguist")
@pytest.mark.parametrize("place", TREES, ids=lambda place: place.name)
def test_the_shares_of_a_repository_are_those_of_linguist(place: Path) -> None:
    tools = extraction.Tools()
    git_dir = door.git_dir(place)
    commit = reading.head(git_dir, tools.watch)

    made = build.build(git_dir, commit, tools, build.NoCache())

    argv = ["github-linguist", str(place), "--breakdown", "--json"]
    told = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    left_out = {
        file.path: file.bytes for file in made.files if file.path.endswith(tuple(EXPLAINED))
    }
    theirs = _shares(
        {
            name: one["size"] - sum(left_out.get(path, 0) for path in one["files"])
            for name, one in told.items()
        }
    )
    own = {name: one["share"] for name, one in made.languages.items() if one["share"]}
    ours = _shares({name: share for name, share in own.items() if name not in NEWER})
    apart = {
        name: (ours.get(name, 0), theirs.get(name, 0))
        for name in ours.keys() | theirs.keys()
        if abs(ours.get(name, 0) - theirs.get(name, 0)) > GATE
    }
    assert apart == {}


def _shares(sizes: dict[str, int]) -> dict[str, float]:
    whole = sum(sizes.values()) or 1
    return {name: 100 * size / whole for name, size in sizes.items()}
