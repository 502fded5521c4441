"""Whole repositories of JavaScript and TypeScript, beside what TypeScript itself makes of them.

The checked-out repositories are named by ORACLE_TREES, with blanks between them; `make oracles`
says them. Each is copied without what is installed or built there. Its packages are linked to each
other as an installer would, and stand-ins are written for what a build would write.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.oracles import ecmascript
from tests.oracles.ecmascript import Pair, Tree

TREES = [Path(name) for name in os.environ.get("ORACLE_TREES", "").split()]
GATE = 0.985
_MOST_READ = 1 << 20


@pytest.mark.parametrize("place", TREES, ids=lambda place: place.name)
def test_the_edges_of_a_repository_are_those_of_typescript(place: Path, tmp_path: Path) -> None:
    tree = _copied(place, tmp_path / place.name)
    ours = tree.ours()
    if not ours:
        pytest.skip("no JavaScript here")
    tree.install()
    built = tree.build()

    asked = {(src, built.get(dst, dst)) for src, dst in ecmascript.theirs([tree], within=False)[0]}

    known = set(tree.scripts())
    theirs = {pair for pair in asked if set(pair) <= known and pair[0] != pair[1]}
    _report(place.name, ours, theirs)
    explained = _explained(place.name)
    assert len(explained) <= 0.001 * len(theirs)
    right = (ours & theirs) | explained
    assert len(right & ours) / len(ours) >= GATE
    assert len(right & theirs) / len(theirs) >= GATE


def _explained(name: str) -> set[Pair]:
    listed = tomllib.loads((ecmascript.HERE / "explained.toml").read_text())
    return {(one["src"], one["dst"]) for one in listed["ecmascript"] if one["tree"] == name}


def _copied(place: Path, to: Path) -> Tree:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=place, capture_output=True, check=True)
    paths = []
    for path in filter(None, os.fsdecode(listed.stdout).split("\0")):
        source = place / path
        if source.is_symlink() or not source.is_file() or "node_modules" in source.parts:
            continue
        paths.append(path)
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        if source.stat().st_size <= _MOST_READ:
            shutil.copyfile(source, to / path)
        else:
            (to / path).touch()
    return Tree(to, sorted(paths))


def _report(name: str, ours: set[Pair], theirs: set[Pair]) -> None:
    right = len(ours & theirs)
    sys.stdout.write(
        f"\n{name}: {len(ours)} edges, {len(theirs)} of TypeScript; "
        f"precision {right / len(ours):.4f}, recall {right / len(theirs):.4f}\n"
    )
    for what, pairs in (("only ours", ours - theirs), ("only TypeScript's", theirs - ours)):
        sys.stdout.writelines(f"  {what}: {src} -> {dst}\n" for src, dst in sorted(pairs)[:20])
